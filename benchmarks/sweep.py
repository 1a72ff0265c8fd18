"""A sweep beside the plain kernel: time, what blocks cost, the most memory.

``python -m benchmarks.sweep [LANES [DURATION [BLOCK]]]``: a million squid cells for a second each,
spikes alone, if nothing is said. Each part in a process of its own; on an otherwise idle machine.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TOLERANCE = 1e-7


def cells(lanes: int, duration: float):
    """A grid of so many lanes, and what is done to them."""
    import loligo as lo

    side = max(1, round(lanes**0.5))
    squid = lo.load("hodgkin-huxley-1952").replace(g_Na=np.linspace(100, 140, side))
    pulse = lo.Pulse(5, duration, np.linspace(8, 20, -(-lanes // side)))
    return squid, pulse, {"solver": lo.Taylor(TOLERANCE), "record": "spikes"}


def plain(lanes: int, duration: float, block: int) -> None:
    """The kernel alone, as many lanes at a time as a block has; nothing is made of its answer."""
    import loligo as lo
    from loligo.run.boxes import boxed
    from loligo.run.compiled import integrate
    from loligo.run.pace import Pace
    from loligo.simulation import asked_of
    from loligo.sweeps.boxes import Boxes

    model, pulse, how = cells(lanes, duration)
    solver = how["solver"]
    posed = asked_of(
        model, pulse, duration, solver, positions=None, at_once=False, record="spikes",
        sample_interval=0.05, initial=None, threshold=0.0, until=None,
    )  # fmt: skip
    boxes = Boxes.of(posed.lanes.dims, posed.lanes.shape, block)
    lo.simulate(model.replace(g_Na=[100.0, 101.0]), pulse, 10, **how)
    began = time.perf_counter(), time.process_time()
    for number in range(boxes.count):
        integrate(boxed(posed, boxes.where(number)), solver, lambda _: None, Pace())
    _say(began, boxes.count)


def swept(lanes: int, duration: float, block: int) -> None:
    """The same as a sweep, whole and in its store."""
    import loligo as lo

    model, pulse, how = cells(lanes, duration)
    lo.simulate(model.replace(g_Na=[100.0, 101.0]), pulse, 10, **how)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        began = time.perf_counter(), time.process_time()
        timings: dict[str, float] = {}
        lo.sweep(
            model, pulse, duration, store=Path(folder, "s.zarr"), block=block, progress=False,
            timings=timings, **how,
        )  # fmt: skip
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        _say(began, lo.sweep_status(Path(folder, "s.zarr")).blocks, bytes=size, stages=timings)


def _say(began: tuple[float, float], blocks: int, **more: object) -> None:
    wall, work = time.perf_counter() - began[0], time.process_time() - began[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": wall, "of cores": work, "blocks": blocks, "memory": peak, **more}))


def main(lanes: int = 1_000_000, duration: float = 1000.0, block: int = 10_000) -> None:
    told = {}
    for part in (plain, swept):
        words = [sys.executable, "-m", "benchmarks.sweep", part.__name__, lanes, duration, block]
        ran = subprocess.run([str(word) for word in words], capture_output=True, text=True)
        if ran.returncode:
            sys.exit(ran.stderr)
        told[part.__name__] = json.loads(ran.stdout.splitlines()[-1])
        print(f"{part.__name__}: {told[part.__name__]}")
    more = told["swept"]["of cores"] / told["plain"]["of cores"] - 1
    print(
        f"{lanes:,} cells for {duration:g} ms: {told['swept']['seconds']:.1f} s, the kernel alone "
        f"{told['plain']['seconds']:.1f} s; {100 * more:+.1f} % of the cores' work; at most "
        f"{told['swept']['memory'] / 1e9:.2f} GB"
    )


if __name__ == "__main__":
    words = sys.argv[1:]
    parts = {"plain": plain, "swept": swept}
    which = parts[words.pop(0)] if words and words[0] in parts else main
    which(*(kind(word) for kind, word in zip((int, float, int), words, strict=False)))
