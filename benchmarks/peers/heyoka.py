"""heyoka: Taylor series compiled by LLVM, one cell (scalar) or several at once (batch)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from benchmarks import squid
from benchmarks.peers import CELL, ENSEMBLE, Family, Peer, Run
from benchmarks.squid import Result, Work

# one of every order from 5 to 16: its step follows from the order, not from the tolerance itself
TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 3e-7, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13)
# in the order in which they are tried
AXES = {
    "compact_mode": (False, True),
    "high_accuracy": (False, True),
    "fast_math": (False, True),
    "force_avx512": (False, True),
    "slp_vectorize": (False, True),
}


def make(
    work: Work, tolerance: float, batch: int = 8, equations: str = "paper",
    precision: str = "float64", **options: Any,
) -> Run:  # fmt: skip
    import heyoka as hy

    options["fp_type"] = np.dtype(precision).type
    start = np.tile(np.array(squid.rest(), options["fp_type"])[:, None], (1, batch))
    if work.cells == 1:
        one = _integrator(equations, 1, tolerance, tuple(options.items()))
        return lambda: _scalar(one, work)
    many = _integrator(equations, batch, tolerance, tuple(options.items()))
    if work.cores > 1:
        hy.set_nthreads(work.cores)
        return lambda: _everywhere(hy, many, start, work)
    return lambda: _batches(many, start, work)


@cache
def _integrator(equations: str, batch: int, tolerance: float, options: tuple[Any, ...]) -> Any:
    """Scalar for a batch of one; the state and the currents are set before every run."""
    import heyoka as hy

    system = EQUATIONS[equations](hy)
    rest = np.array(squid.rest())
    if batch == 1:
        return hy.taylor_adaptive(
            system, rest, tol=tolerance, pars=[squid.ONE_CURRENT], **dict(options)
        )
    real = dict(options)["fp_type"]
    start, none = np.tile(rest[:, None], (1, batch)), np.zeros((1, batch))
    return hy.taylor_adaptive_batch(
        system, start.astype(real), tol=real(tolerance), pars=none.astype(real), **dict(options)
    )


def _scalar(run: Any, work: Work) -> Result:
    run.time = 0.0
    run.state[:] = squid.rest()
    if work.keep:
        found = run.propagate_grid(work.grid_from_0)[-1]
        return Result(0.0, found[-work.samples :, :1])
    started = time.perf_counter()
    run.propagate_until(work.duration)
    return Result(time.perf_counter() - started)


def _parts(work: Work, batch: int) -> np.ndarray:
    """The currents in rows of one batch, the last row filled up with its last current."""
    current = work.current
    return np.pad(current, (0, -len(current) % batch), mode="edge").reshape(-1, batch)


def _batches(run: Any, start: np.ndarray, work: Work) -> Result:
    kept = []
    batch = start.shape[1]
    parts = _parts(work, batch)
    real = start.dtype.type
    grid = np.tile(work.grid_from_0[:, None].astype(real), (1, batch)) if work.keep else None
    started = time.perf_counter()
    for part in parts:
        run.set_time(real(0.0))
        run.state[:] = start
        run.pars[:] = part
        if work.keep:
            found = run.propagate_grid(grid)
            kept.append(
                (found[-1] if isinstance(found, tuple) else found)[-work.samples :, 0].copy()
            )
        else:
            run.propagate_until(real(work.duration))
    seconds = time.perf_counter() - started
    V = np.concatenate(kept, axis=1)[:, : len(work.current)].astype(float) if kept else None
    return Result(seconds, V)


def _everywhere(hy: Any, run: Any, start: np.ndarray, work: Work) -> Result:
    parts = _parts(work, start.shape[1])

    def give(copy: Any, i: int) -> Any:
        copy.set_time(start.dtype.type(0.0))
        copy.state[:] = start
        copy.pars[:] = parts[i]
        return copy

    started = time.perf_counter()
    hy.ensemble_propagate_until_batch(
        run,
        start.dtype.type(work.duration),
        len(parts),
        give,
        algorithm="thread",
        max_workers=work.cores,
    )
    return Result(time.perf_counter() - started)


def _as_in_the_paper(hy: Any) -> list[Any]:
    states = hy.make_vars("V", "m", "h", "n")
    flows = squid.derivatives(states, hy.par[0], hy.exp, lambda x: x / (1.0 - hy.exp(-x)))
    return list(zip(states, flows, strict=True))


def _sharing_exponentials(hy: Any) -> list[Any]:
    """The same rates from two exponentials: exp(-V/18), and u = exp(-V/80) with its powers."""
    states = hy.make_vars("V", "m", "h", "n")
    V = states[0]
    u = hy.exp(-V / 80.0)
    u4 = (u * u) * (u * u)
    tenth = u4 * u4  # exp(-V/10)
    known = {80.0: u, 20.0: u4, 10.0: tenth, 18.0: hy.exp(-V / 18.0)}

    def fall(shift: float, scale: float) -> Any:
        return float(np.exp(-shift / scale)) * known[scale]

    m, h, n = states[1:]
    pairs = (
        (0.1 * (V + 40.0) / (1.0 - fall(40.0, 10.0)), 4.0 * fall(65.0, 18.0)),
        (0.07 * fall(65.0, 20.0), 1.0 / (1.0 + fall(35.0, 10.0))),
        (0.01 * (V + 55.0) / (1.0 - fall(55.0, 10.0)), 0.125 * fall(65.0, 80.0)),
    )
    flow = squid.derivatives(states, hy.par[0], hy.exp, lambda x: x)[0]
    gates = [a - (a + b) * x for x, (a, b) in zip((m, h, n), pairs, strict=True)]
    return list(zip(states, [flow, *gates], strict=True))


EQUATIONS = {"paper": _as_in_the_paper, "shared": _sharing_exponentials}

WAYS = {"paper": "", "shared": ", exponentials shared by hand"}


def _families() -> Iterator[Family]:
    for equations, words in WAYS.items():
        options = {"equations": equations}
        yield Family(f"heyoka, scalar{words}", "tolerance", {CELL: TOLERANCES}, options, AXES)
        axes = {"batch": (8, 2, 4, 16), **AXES}
        yield Family(f"heyoka, batch{words}", "tolerance", {ENSEMBLE: TOLERANCES}, options, axes)
    half = {ENSEMBLE: (1e-4, 1e-5, 1e-6, 3e-7)}
    axes = {"batch": (16, 8, 32), **AXES}
    yield Family("heyoka, batch, float32", "tolerance", half, {"precision": "float32"}, axes)


PEER = Peer(
    title="heyoka",
    package="heyoka",
    differs=(
        "Locates no spikes and watches for no divergence (loligo does both). Its equations have "
        "the rates' 0/0 at -40 and -55 mV, which no cell meets exactly here. Its tolerance is "
        "relative to the largest state (V), loligo's to each state's scale: compare at equal "
        "error, not at equal tolerance. In float32 all of it is float32, where loligo's Taylor "
        "has only the coefficients of high order so; V may then meet the 0/0, and become NaN. "
        "The clock starts when the integrator is built."
    ),
    families=tuple(_families()),
    make=make,
    first={"tolerance": 1e-8},
    caches=True,
)  # fmt: skip
