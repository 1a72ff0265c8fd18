"""A GPU beside this processor and beside JAX on the same card: first the same bits, then how fast.

    python -m benchmarks --gpu

Under four minutes. Random lanes of every model in the library are run on both machines, and every
sample and spike compared, several models at once; then a million squid axons for one second, spikes
alone. JAX, where it is installed with its plugin for the card, makes the same exponential steps; it
is timed over a part of the second, which says how much the whole takes.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

import numpy as np

import loligo as lo
from benchmarks.squid import CURRENTS, Work
from loligo.cores import cores

LANES = 10_000  # random ones, over all models of the library
SAMPLES, LONGEST = 2000, 500.0  # of each lane; ms
AT_ONCE = 14  # models under a solver: what takes time is to compile them
CELLS, DURATION = 1_000_000, 1000.0  # ms
ROUNDS = 3
JAX_DT, JAX_PART = 0.01, 50.0  # ms; ms of the second that JAX is timed over
DIFFERENT = 20_000  # membranes, of which each is sought its own rest

SOLVERS: dict[str, Callable[[str], Any]] = {
    "Taylor(1e-7)": lambda engine: lo.Taylor(1e-7, engine=engine),
    "Taylor(1e-10)": lambda engine: lo.Taylor(1e-10, engine=engine),
    "Exponential(0.01), float64": lambda engine: lo.Exponential(0.01, engine=engine),
    "Exponential(0.01), float32": lambda engine: lo.Exponential(
        0.01, engine=engine, precision="float32"
    ),
}


def everything(say: Callable[[str], None], small: bool = False) -> dict[str, Any]:
    """All of it; ``small`` only shows that it works.

    Raises
    ------
    LoligoError
        If there is no GPU that can be used.
    """
    from loligo.engine.cuda.driver import gpu

    card = gpu()
    results: dict[str, Any] = {
        "card": card.name, "capability": ".".join(map(str, card.capability)),
        "driver": f"{card.version // 1000}.{card.version % 1000 // 10}",
        "processors": card.processors, "memory": card.free(),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }  # fmt: skip
    say(f"{card.name}, compute capability {results['capability']}, CUDA {results['driver']}")
    lanes, cells = (200, 2000) if small else (LANES, CELLS)
    results["bits"] = bits(lanes, say)
    results["kernels"] = kernels(say)
    results["speed"] = speed(cells, say)
    results["jax"] = jax(cells, say)
    return results


# ---- the same bits


def bits(lanes: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Random lanes of every model under every solver: in how many a number differs."""
    names = lo.models()
    works = [(name, solver, lanes // len(names), seed)
             for seed, name in enumerate(names) for solver in SOLVERS]  # fmt: skip
    rows: list[dict[str, Any]] = []
    with ProcessPoolExecutor(min(AT_ONCE, cores()), mp_context=get_context("spawn")) as pool:
        for row in pool.map(on_both, works):
            rows.append(row)
            say("{model}, {solver}: {lanes} lanes, {spikes} spikes, {different} different".format(
                **row))  # fmt: skip
    return rows


def on_both(work: tuple[str, str, int, int]) -> dict[str, Any]:
    """One model under one solver on both machines."""
    warnings.simplefilter("ignore", UserWarning)  # random lanes do what they like
    name, solver, lanes, seed = work
    model, stimulus, lasts = random_lanes(name, lanes, seed)
    if solver.startswith("Exponential"):  # a GPU takes noise by equal steps alone
        step = float(lo.library().loc[name]["step"])
        stimulus = stimulus + lo.Noise(0.1 * lasts, 0.1 * lasts, 0.2 * step, seed=seed, tau=1)
    asked: dict[str, Any] = {"record": ["V"], "sample_interval": lasts / SAMPLES}
    here, there = (
        lo.simulate(model, stimulus, lasts, solver=SOLVERS[solver](engine), progress=False, **asked)
        for engine in ("llvm", "cuda")
    )
    return {
        "model": name, "solver": solver, "lanes": int(here.spike_count.size),
        "spikes": int(here.spike_count.where(here.spike_count > 0).sum()),
        "samples": int(here.V.size), "lost": int((here.status > 1).sum()),
        "different": different(here, there),
    }  # fmt: skip


def random_lanes(name: str, lanes: int, seed: int) -> tuple[Any, Any, float]:
    """A model with conductances up to a fifth from its own, under random pulses and a
    sine; of what size, and for how long, its page says."""
    draw, model, about = np.random.default_rng(seed), lo.load(name), lo.library().loc[name]
    conductances = [p for p in model.parameters if p.startswith("g_")]
    own: dict[str, Any] = {p: model.parameters[p].value for p in conductances}
    varied = {p: draw.uniform(0.8, 1.2, lanes) * float(value) for p, value in own.items()}
    along = {p: _lanes(values) for p, values in varied.items()}
    lasts, step = min(LONGEST, float(about["lasts"])), float(about["step"])
    stimulus = lo.Pulse(
        _lanes(draw.uniform(0, 0.1 * lasts, lanes)), _lanes(draw.uniform(0.01, 0.9, lanes) * lasts),
        _lanes(draw.uniform(-0.5, 3, lanes) * step),
    ) + lo.Sine(0.2 * lasts, 0.6 * lasts, 0.3 * step, 0.1)  # fmt: skip
    return model.replace(**along), stimulus, lasts


def _lanes(values: Any) -> Any:
    import xarray as xr

    return xr.DataArray(values, dims="lane")


def different(here: Any, there: Any) -> int:
    """Lanes in which any sample, spike, peak, trough or count is another."""
    unequal = np.zeros(here.spike_count.size, dtype=bool)
    for name in here.data_vars:
        one, other = (rec[name].values.reshape(unequal.size, -1) for rec in (here, there))
        if one.shape != other.shape:
            return unequal.size
        same = (one == other) | ((one != one) & (other != other))
        unequal |= ~same.all(axis=1)
    return int(unequal.sum())


# ---- speed


def kernels(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """What the loops of the squid axon take of the card."""
    from loligo.engine.cuda.cache import kernel_of
    from loligo.run.pose import pose
    from loligo.run.recipes import recipes_of

    problem = pose(
        lo.load("hodgkin-huxley-1952"), lo.Pulse(0, 1, [0.0, 1.0]), 1.0, record=["spikes"],
        sample_interval=1.0, initial=None, threshold=0.0, until=None,
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    for solver, make in SOLVERS.items():
        kernel, _ = kernel_of(recipes_of(problem, make("cuda"))[0])
        loop = "adapt" if solver.startswith("Taylor") else "run"
        rows.append({"solver": solver, **kernel.functions.costs(loop)})
        say("{solver}: {registers} registers, {local} bytes of stack, {resident} threads at once "
            "on each multiprocessor".format(**rows[-1]))  # fmt: skip
    return rows


def speed(cells: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Many squid axons for one second, spikes alone."""
    model = lo.load("hodgkin-huxley-1952")
    spread = np.linspace(*CURRENTS, cells)
    mixed = np.random.default_rng(0).permutation(spread)
    few = max(100, cells * DIFFERENT // CELLS)
    own = np.random.default_rng(1).uniform(90, 150, few)
    works = {
        "currents from 0 to 20 µA/cm², in order": (model, lo.Pulse(0, DURATION, spread), cells),
        "the same, mixed": (model, lo.Pulse(0, DURATION, mixed), cells),
        "10 µA/cm², g_Na from 90 to 150 mS/cm²": (
            model.replace(g_Na=own), lo.Pulse(0, DURATION, 10), few,
        ),
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    for solver, make in SOLVERS.items():
        if solver == "Taylor(1e-10)":
            continue
        warm = {"record": ["spikes"], "progress": False}
        lo.simulate(model, lo.Pulse(0, 1, [0.0, 1.0]), 1.0, solver=make("cuda"), **warm)
        exact = solver.startswith("Taylor")
        for what, (cell, stimulus, count) in list(works.items())[: None if exact else 2]:
            for _ in range(ROUNDS if exact else 1):
                row = timed(cell, stimulus, make("cuda"))
                rows.append({"solver": solver, "work": what, "cells": count, **row})
                say("{solver}, {cells:,} cells, {work}: kernel {kernel:.3f} s, whole call "
                    "{whole:.2f} s ({stages}); {spikes:,} spikes".format(**rows[-1]))  # fmt: skip
    return rows


def timed(model: Any, stimulus: Any, solver: Any) -> dict[str, Any]:
    """Seconds of the kernel alone, and of the call."""
    stages: dict[str, float] = {}
    with on_the_card() as spent:
        started = time.perf_counter()
        rec = lo.simulate(
            model, stimulus, DURATION, solver=solver, record=["spikes"], timings=stages,
            progress=False,
        )  # fmt: skip
        whole = time.perf_counter() - started
    told = ", ".join(f"{name} {seconds:.2f}" for name, seconds in stages.items())
    return {
        "kernel": spent[0], "whole": whole, "stages": told, "spikes": int(rec.spike_count.sum()),
        "steps": rec.attrs.get("steps"),
    }  # fmt: skip


@contextmanager
def on_the_card() -> Iterator[list[float]]:
    """Seconds that functions run there."""
    from loligo.engine.cuda.driver import Gpu

    spent, start = [0.0], Gpu.start

    def start_and_time(*arguments: Any) -> None:
        started = time.perf_counter()
        start(*arguments)
        spent[0] += time.perf_counter() - started

    Gpu.start = start_and_time  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        Gpu.start = start  # type: ignore[method-assign]


# ---- JAX


def jax(cells: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """The same scheme as Exponential by JAX on the same card, the best of its settings."""
    try:
        import jax as module  # pyright: ignore[reportMissingImports]  # a peer, never installed

        device = module.devices("gpu")[0]
    except (ImportError, RuntimeError) as problem:
        say(f"JAX: {problem}; skipped")
        return []
    from benchmarks.peers import jax as peer

    rows: list[dict[str, Any]] = []
    work = Work(cells, JAX_PART)
    for dtype in ("float64", "float32"):
        best: dict[str, Any] = {}
        for phi, unroll in (("exp", 1), ("expm1", 1), ("exp", 4)):
            with module.default_device(device):
                run = peer.make(work, JAX_DT, dtype, unroll, phi)
                seconds = min(run().seconds for _ in range(2))
            whole = seconds * DURATION / JAX_PART
            if not best or whole < best["seconds"]:
                best = {"dtype": dtype, "seconds": whole, "phi": phi, "unroll": unroll}
        rows.append({**best, "cells": cells, "version": module.__version__})
        say("JAX {version}, exponential, {dtype}, dt 0.01: {seconds:.2f} s for one second of "
            "{cells:,} cells (phi {phi}, unroll {unroll})".format(**rows[-1]))  # fmt: skip
    return rows


def without_warnings(say: Callable[[str], None], small: bool = False) -> dict[str, Any]:
    """:func:`everything`, without warnings about what random lanes do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return everything(say, small)
