"""The peer of ``cell_step.py``: loligo's own exponential scheme, written in JAX.

Gates half a step ahead of V, each state along its own exact solution; ``lax.scan`` over the
steps, ``vmap``-free array arithmetic over the lanes. Nothing is recorded but the final V.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax


def phi(z):
    """(exp(z) - 1)/z, safe at 0."""
    small = jnp.abs(z) < 1e-5
    safe = jnp.where(small, 1.0, z)
    return jnp.where(small, 1.0 + 0.5 * z, jnp.expm1(safe) / safe)


def rates(v):
    """alpha and beta of m, h, n (Hodgkin & Huxley 1952, modern frame)."""
    return (
        (1.0 / phi(-(v + 40.0) / 10.0), 4.0 * jnp.exp(-(v + 65.0) / 18.0)),
        (0.07 * jnp.exp(-(v + 65.0) / 20.0), 1.0 / (1.0 + jnp.exp(-(v + 35.0) / 10.0))),
        (0.1 / phi(-(v + 55.0) / 10.0), 0.125 * jnp.exp(-(v + 65.0) / 80.0)),
    )


def step(state, _, current, dt):
    v, gates = state
    gates = tuple(
        x + dt * (a * (1.0 - x) - b * x) * phi(-dt * (a + b))
        for x, (a, b) in zip(gates, rates(v), strict=True)
    )
    m, h, n = gates
    g_na, g_k, g_l = 120.0 * m**3 * h, 36.0 * n**4, 0.3
    f = current - g_na * (v - 50.0) - g_k * (v + 77.0) - g_l * (v + 54.387)
    v = v + dt * f * phi(-dt * (g_na + g_k + g_l))
    return (v, gates), None


def make(steps: int, dt: float, dtype):
    """A compiled function: currents over lanes -> final V."""

    @jax.jit
    def run(current):
        like = jnp.ones_like(current)
        state = (-65.0 * like, (0.0529 * like, 0.596 * like, 0.3177 * like))
        (v, _), _ = lax.scan(
            lambda s, x: step(s, x, current, jnp.asarray(dt, dtype)), state, None, length=steps
        )
        return v

    return run
