"""What an animation costs in each kind of file: processor time, all processes together.

    python -m benchmarks.films [ROUNDS] [SIZE]

The demonstration and the wave along the squid's axon are drawn at 1920 x 1080 into GIF, WebP and
MP4, whose frames are the same; turns alternate, and what counts is the time that loligo and the
encoder used on all cores, which other work on the machine moves less than the clock. Simulating is
not counted.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import loligo as lo
from loligo.figures.film.video import check_mp4

KINDS = ("gif", "webp", "mp4")
WARM_UP = 9  # frames


def used() -> float:
    """Processor time of this process and of those that it waited for, s."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(spent.ru_utime + spent.ru_stime for spent in both)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Processor time and time by the clock, s."""
    clock, processor = time.perf_counter(), used()
    work()
    return used() - processor, time.perf_counter() - clock


def recordings() -> dict[str, object]:
    """What is animated."""
    squid = lo.load("hodgkin-huxley-1952")
    fibre = lo.Axon(squid.replace(celsius=18.5), "10 cm", 476, 35.4)
    shock = lo.at(0, lo.Pulse(0.2, 0.3, 50e3))
    return {
        "demonstration": lo.simulate(squid, lo.Pulse(5, 40, 10), 50),
        "axon": lo.simulate(fibre, shock, 8, sample_interval=0.02),
    }


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    size = sys.argv[2] if len(sys.argv) > 2 else "1920x1080"
    check_mp4()
    with tempfile.TemporaryDirectory() as folder:
        for name, rec in recordings().items():
            paths = {kind: Path(folder, f"{name}.{kind}") for kind in KINDS}
            spent: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
            for path in paths.values():  # what is found once: fonts, formats
                lo.animate(rec, path, size=size, frames=WARM_UP, progress=False)
            for _ in range(rounds):
                for kind, path in paths.items():
                    spent[kind].append(
                        timed(lambda rec=rec, path=path: lo.animate(
                            rec, path, size=size, progress=False))
                    )  # fmt: skip
            told(name, spent, paths)


def told(name: str, spent: dict[str, list[tuple[float, float]]], paths: dict[str, Path]) -> None:
    """A line for each kind of file."""
    for kind, turns in spent.items():
        processor, clock = (statistics.median(each) for each in zip(*turns, strict=True))
        ratios = [own[0] / gif[0] for own, gif in zip(turns, spent["gif"], strict=True)]
        print(
            f"{name} {kind:>4}: processor {processor:.2f} s, clock {clock:.2f} s, "
            f"{statistics.median(ratios):.2f} of the GIF's processor time, "
            f"{paths[kind].stat().st_size / 1e6:.2f} MB"
        )


if __name__ == "__main__":
    main()
