"""diffrax: adaptive Runge-Kutta methods in JAX, one ``diffeqsolve`` vectorised over the cells."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks import squid
from benchmarks.peers import CELL, ENSEMBLE, Family, Peer, Run
from benchmarks.squid import Result, Work

TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10)
METHODS = ("Tsit5", "Dopri8")


def make(work: Work, tolerance: float, method: str = "Tsit5") -> Run:
    import diffrax
    import jax

    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy

    def linoid(x: Any) -> Any:
        apart = jnp.where(jnp.abs(x) < 1e-7, 1.0, x)
        return jnp.where(jnp.abs(x) < 1e-7, 1.0 + 0.5 * x, -apart / jnp.expm1(-apart))

    def flow(t: Any, states: Any, current: Any) -> Any:
        return jnp.stack(squid.derivatives(states, current, jnp.exp, linoid))

    kept = diffrax.SaveAt(ts=jnp.asarray(work.grid)) if work.keep else diffrax.SaveAt(t1=True)
    start = jnp.array(squid.rest())

    def one(current: Any) -> Any:
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(flow), getattr(diffrax, method)(), 0.0, work.duration, 0.01, start,
            current, saveat=kept, max_steps=100_000,
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
        )  # fmt: skip
        return found.ys[:, 0]

    current = jnp.asarray(work.current)
    solve = jax.jit(jax.vmap(one) if work.cells > 1 else lambda i: one(i[0])[None])

    def run() -> Result:
        started = time.perf_counter()
        found = solve(current).block_until_ready()
        seconds = time.perf_counter() - started
        return Result(seconds, np.asarray(found).T if work.keep else None)

    if not work.keep:
        run()  # compile
    return run


PEER = Peer(
    title="diffrax",
    package="diffrax",
    differs=(
        "The cells of an ensemble are one loop that goes on until the last of them has arrived. "
        "Locates no spikes. The compilation is outside the clock."
    ),
    families=tuple(
        Family(
            f"diffrax {method}", "tolerance", {CELL: TOLERANCES, ENSEMBLE: TOLERANCES[:5]},
            {"method": method}, judged=4, stride=20,
        )
        for method in METHODS
    ),
    make=make,
    first={"tolerance": 1e-8},
)  # fmt: skip
