"""Runs with adaptive steps: a problem goes through a kernel, some rounds at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from loligo.engine.kernel import COUNTERS, STIFF, Course, Floats, Journey, Kernel, padded
from loligo.errors import RunError
from loligo.lanes import distinct
from loligo.run.compiled import (
    Outcome,
    Travelled,
    compute,
    crew,
    empty_rows,
    everywhere,
    paced,
    shares,
    sources,
    threads,
)
from loligo.run.problem import Problem
from loligo.solvers import Taylor

_CAUTIOUS = 1 << 17  # lanes x rounds in the first call: some 30 ms


def integrate(problem: Problem, solver: Taylor, advance: Callable[[float], None]) -> Outcome:
    """Run a problem with an adaptive solver.

    Parameters
    ----------
    advance
        Called with the fraction done.

    Raises
    ------
    RunError
        If a state ceases to be finite, the model is stiff, or there is no resting potential
        to start from.
    UsageError
        If the model or the stimulus is not smooth between edges.
    """
    scales = problem.scales

    def loop(kernel: Kernel, constants: Floats, states: Floats) -> Travelled:
        journey = _journey(problem, kernel, states)
        _run(problem, kernel, _course(problem, kernel.width), constants, journey, advance)
        settings = {
            "tolerance": solver.tolerance,
            "accuracy": "local error of a step below tolerance x 100 mV in V, x 1 in gates",
            "order": solver.order,
            "steps": int(journey.counters[COUNTERS.index("steps"), : problem.lanes.size].sum()),
        }
        return Travelled(journey.out, journey.spikes, settings)

    return compute(
        problem,
        solver.engine,
        {"solver": [solver.name, solver.order, solver.wide(scales.values())], "scales": scales},
        lambda system: solver.program(system, sources(problem), problem.records, scales),
        {".tolerance": solver.tolerance},
        loop,
    )


def _course(problem: Problem, width: int) -> Course:
    edges = _edges(problem)
    return Course(
        problem.duration, problem.sample_interval, problem.samples, problem.threshold,
        padded(edges, width),
    )  # fmt: skip


def _edges(problem: Problem) -> Floats:
    """(rows, lanes): each lane's breakpoints, increasing, filled up with the end."""
    end = problem.duration
    timing = [
        f"{problem.prefix(i)}.{p}"
        for i, shape in enumerate(problem.shapes)
        for p in shape.parameters
        if p not in ("amplitude", "mean", "phase")
    ]
    table = np.stack([problem.lanes.flat(n) for n in timing] or [np.zeros(problem.lanes.size)])
    # lanes that are stimulated at the same times have the same edges
    first, which = distinct(table)
    lists: list[Floats] = []
    for lane in first:
        shapes = (problem.shape_in_lane(i, int(lane)) for i in range(len(problem.shapes)))
        points = np.unique(np.concatenate([*(s.breakpoints(end) for s in shapes), [end]]))
        lists.append(points[(points > 0) & (points <= end)])
    edges = np.full((max(map(len, lists)), len(lists)), end)
    for column, points in enumerate(lists):
        edges[: len(points), column] = points
    return edges[:, which]


def _journey(problem: Problem, kernel: Kernel, states: Floats) -> Journey:
    filled = padded(states, kernel.width).copy()
    lanes = filled.shape[1]
    return Journey(
        states=filled,
        clock=np.stack([np.zeros(lanes), filled[0] < problem.threshold, np.zeros(lanes)]),
        counters=np.zeros((len(COUNTERS), lanes), dtype=np.int64),
        status=np.zeros(lanes, dtype=np.int64),
        finished=np.zeros(lanes // kernel.width, dtype=np.int64),
        out=empty_rows(problem, kernel),
    )


def _run(
    problem: Problem, kernel: Kernel, course: Course, constants: Floats, journey: Journey,
    advance: Callable[[float], None],
) -> None:  # fmt: skip
    """Call the kernel on all cores, for a short time each, until every lane has arrived."""
    parts = shares(len(journey.finished), threads())
    # the first call is a guess; no call of many lanes may take long
    rounds = max(1, min(8, _CAUTIOUS // problem.lanes.size))
    with crew(parts) as pool:
        while not journey.finished.all():
            work = partial(kernel.adapt, course, constants, journey, rounds=rounds)
            took = everywhere(pool, parts, work)
            if journey.status.any():
                raise _failure(problem, kernel, journey)
            advance(min(1.0, float(journey.clock[0].mean()) / course.end))
            rounds = paced(rounds, took)
            parts = [p for p in parts if not journey.finished[p.start : p.stop].all()]


def _failure(problem: Problem, kernel: Kernel, journey: Journey) -> RunError:
    lane = int(np.flatnonzero(journey.status)[0])
    t = journey.clock[0, lane]
    where = problem.in_lane(lane)
    values = dict(zip(kernel.program.states, journey.states[:, lane].tolist(), strict=True))
    last = ", ".join(f"{n} = {v:.6g}" for n, v in values.items())
    # steps also shrink where a state runs away to infinity in finite time
    far = [n for n, scale in problem.scales.items() if abs(values[n]) > 100 * scale]
    if journey.status[lane] == STIFF and not far:
        return RunError(
            f"the model is too stiff for lo.Taylor: at t = {t:.6g} ms{where} its steps stay "
            f"under 1 us ({last}); use solver=lo.Exponential(dt=0.01), or make a gate that fast "
            "instantaneous=True"
        )
    return RunError(
        f"the run diverged at t = {t:.6g} ms{where}: {' and '.join(far) or 'a state'} is no longer "
        f"finite; the last values were {last}. Check the parameters and the stimulus, or use "
        "solver=lo.Exponential(dt=0.001)"
    )
