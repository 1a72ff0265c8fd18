"""The squid's bifurcation diagram beside XPPAUT's AUTO: which points each finds, and how long it
takes.

    python -m benchmarks.continuation [ROUNDS]

XPPAUT's own code is driven without its windows by ``xpplab`` (``pip install xpplab``; its numerics
are those of XPPAUT 8.0, and AUTO runs as XPPAUT's AUTO window runs it). It is given the equations
below, first with the settings with which XPPAUT begins, then with those that were best of some 35
tried while the truth was known, then with steps so short that it sees what lies close together. Its
clock stops where the cycles have come to the upper Hopf point: how many steps that takes is found
before. loligo is asked ``lo.experiments.bifurcation(squid, current=(0, 180))``; it has no settings,
and finds each point a second time by another way, inside the clock. Time is the processor's, in
turns, the best of ``ROUNDS``; kernels are made before.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import loligo as lo
from benchmarks.measure import processor

# uA/cm2; two folds and the first doubling by SciPy's DOP853 and single shooting
# (tests/science/test_bifurcations.py), the other two by loligo's two ways, 6e-12 and 5e-11 apart
TRUTH = {
    "Hopf point": 9.775437995393,
    "upper Hopf point": 154.522433665808,
    "fold of cycles": 6.260321276,
    "second fold": 7.842347120,
    "third fold": 7.917785494,
    "period doubling": 7.845337398,
    "second doubling": 7.917777676,
}
RIGHT = 1e-6
UPPER = 154.5  # uA/cm2: from here on the cycles have come to their end
SQUID = """
par i=0
v'=i-120*m^3*h*(v-50)-36*n^4*(v+77)-0.3*(v+54.387)
m'=0.1*(v+40)/(1-exp(-(v+40)/10))*(1-m)-4*exp(-(v+65)/18)*m
h'=0.07*exp(-(v+65)/20)*(1-h)-h/(1+exp(-(v+35)/10))
n'=0.01*(v+55)/(1-exp(-(v+55)/10))*(1-n)-0.125*exp(-(v+65)/80)*n
init v=-65,m=0.05,h=0.6,n=0.32
done
"""


@dataclass(frozen=True)
class Way:
    """Settings of AUTO.

    Attributes
    ----------
    still, moving
        While equilibria are followed, and cycles.
    """

    title: str
    still: Mapping[str, float]
    moving: Mapping[str, float]


def _exact(to: float) -> dict[str, float]:
    return {"epsl": to, "epsu": to, "epss": to}


RANGE = {"parmin": 0.0, "parmax": 180.0, "normmax": 1e3, "npr": 1e6, "nmax": 2000}
BEGINS = {**RANGE, "ds": 0.02, "dsmin": 1e-3, "dsmax": 0.5}
STILL = {**BEGINS, "dsmin": 1e-5, **_exact(1e-9)}
WAYS = (
    Way("AUTO, as XPPAUT begins", BEGINS, {"ntst": 15}),
    Way("AUTO, the best of 35", STILL, {"ntst": 50, "dsmax": 5.0, **_exact(1e-8)}),
    Way("AUTO, short steps", STILL, {"ntst": 60, "dsmax": 0.05, "dsmin": 1e-7, **_exact(1e-8)}),
)


def auto(folder: Path, way: Way, most: int) -> tuple[float, list[float], int]:
    """Seconds, what is varied at each special point, and after how many steps cycles came to the
    upper Hopf point; as many as there were where they did not."""
    import xpplab

    path = folder / "squid.ode"
    path.write_text(SQUID, encoding="ascii")
    model = xpplab.load(str(path))
    began = time.process_time()
    still = model.auto.equilibria("i", **way.still)
    moving = model.auto.continue_from(still.first("HB"), "periodic", **way.moving, nmax=most)
    spent = time.process_time() - began
    ended = next((k for k, each in enumerate(moving, 1) if each.value > UPPER), len(moving))
    return spent, [p.value for d in (still, moving) for p in d.special()], ended


def ours() -> tuple[float, list[float]]:
    """The same of loligo."""
    squid = lo.load("hodgkin-huxley-1952")
    began = time.process_time()
    special = lo.experiments.bifurcation(squid, current=(0, 180), progress=False)["special"]
    return time.process_time() - began, special.current.values.tolist()


def off(found: list[float]) -> dict[str, float]:
    """How far from each true point the nearest is."""
    return {name: min(abs(p - true) for p in found) for name, true in TRUTH.items()}


def measured(rounds: int) -> dict[str, tuple[float, list[float]]]:
    """Of each way the best time, and what it found."""
    best: dict[str, tuple[float, list[float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, turns = Path(name), dict[str, Callable[[], tuple[float, list[float]]]]()
        for way in WAYS:
            steps = auto(folder, way, 900)[2]
            print(f"{way.title}: {steps} steps", flush=True)
            turns[way.title] = lambda way=way, steps=steps: auto(folder, way, steps)[:2]
        ours()
        turns["loligo"] = ours
        for _ in range(rounds):
            for title, turn in turns.items():
                now = turn()
                if title not in best or now[0] < best[title][0]:
                    best[title] = now
    return best


def main(rounds: int = 3) -> None:
    """The table."""
    best = measured(rounds)
    print(processor())
    print(f"{'':24}" + "".join(f"{title.removeprefix('AUTO, '):>18}" for title in best))
    errors = {title: off(found) for title, (_, found) in best.items()}
    for name in TRUTH:
        row = (errors[title][name] for title in best)
        print(
            f"{name:24}" + "".join(f"{each:16.0e} {'*' if each < RIGHT else ' '}" for each in row)
        )
    right = (sum(each < RIGHT for each in errors[title].values()) for title in best)
    print(f"{'right to 1e-6':24}" + "".join(f"{each:16d}  " for each in right))
    print(f"{'processor, s':24}" + "".join(f"{spent:16.2f}  " for spent, _ in best.values()))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
