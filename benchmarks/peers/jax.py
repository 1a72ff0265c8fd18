"""JAX: loligo's own exponential scheme (gates half a step ahead of V) by ``lax.scan``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import squid
from benchmarks.peers import Family, Peer, Run, every
from benchmarks.squid import Result, Work

STEPS = (0.05, 0.025, 0.01, 0.005)  # ms


def make(work: Work, dt: float, dtype: str = "float64", unroll: int = 1, phi: str = "expm1") -> Run:
    import jax

    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    kind = jnp.dtype(dtype)
    current = jnp.asarray(work.current, kind)
    like = jnp.ones_like(current)
    start = tuple(like * jnp.asarray(x, kind) for x in squid.rest())
    step = jnp.asarray(dt, kind)
    scheme = _scheme(work, dt, unroll, PHI[phi])

    def run() -> Result:
        started = time.perf_counter()
        found = scheme(start, current, step)
        jax.block_until_ready(found)
        seconds = time.perf_counter() - started
        return Result(seconds, np.asarray(found, float) if work.keep else None)

    if not work.keep:
        run()  # compile
    return run


def _scheme(work: Work, dt: float, unroll: int, phi: Any) -> Any:
    """A compiled function: (states, current, dt) -> final V, or V at the samples."""
    import jax
    from jax import lax

    late = round(work.keep / dt)
    early = round(work.duration / dt) - late
    stride = round(squid.EVERY / dt)

    @jax.jit
    def integrate(states: Any, current: Any, step: Any) -> Any:
        def one(states: Any, _: Any) -> Any:
            return _step(states, current, step, phi), None

        def many(states: Any, count: int) -> Any:
            return lax.scan(one, states, None, length=count, unroll=unroll)[0]

        def sample(states: Any, _: Any) -> Any:
            states = many(states, stride)
            return states, states[0]

        states = many(states, early)
        if not late:
            return states[0]
        V = lax.scan(sample, states, None, length=late // stride)[1]
        return jax.numpy.concatenate([states[0][None], V])

    return integrate


def _step(states: Any, current: Any, dt: Any, phi: Any) -> Any:
    """One step: each state along the exact solution of its own equation."""
    import jax.numpy as jnp

    V, *gates = states
    pairs = squid.rates(V, jnp.exp, lambda x: 1.0 / phi(-x)).values()
    m, h, n = (
        x + dt * (a * (1.0 - x) - b * x) * phi(-dt * (a + b))
        for x, (a, b) in zip(gates, pairs, strict=True)
    )
    flow = squid.derivatives((V, m, h, n), current, jnp.exp, lambda x: x)[0]
    total = squid.G_NA * m**3 * h + squid.G_K * n**4 + squid.G_L
    return V + dt * flow * phi(-dt * total / squid.C_M), m, h, n


def _phi(minus_1: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """(exp(z) - 1)/z, safe at 0."""

    def phi(z: Any) -> Any:
        import jax.numpy as jnp

        small = jnp.abs(z) < 1e-5
        safe = jnp.where(small, 1.0, z)
        return jnp.where(small, 1.0 + 0.5 * z, minus_1(jnp, safe) / safe)

    return phi


# exp(z) - 1 loses digits beside 0 that do not matter here, and is the faster of the two
PHI = {
    "expm1": _phi(lambda jnp, z: jnp.expm1(z)),
    "exp": _phi(lambda jnp, z: jnp.exp(z) - 1.0),
}
AXES = {"phi": ("expm1", "exp"), "unroll": (1, 2, 4, 8)}

PEER = Peer(
    title="JAX",
    package="jax",
    differs=(
        "Locates no spikes and watches for no divergence. Its scan is compiled for one number of "
        "steps and of cells; the compilation is outside the clock."
    ),
    families=(
        Family("JAX exponential, float64", "dt", every(STEPS), axes=AXES, share=0.2),
        Family(
            "JAX exponential, float32", "dt", every(STEPS), {"dtype": "float32"}, AXES, share=0.2
        ),
    ),
    make=make,
    first={"dt": 0.01},
)
