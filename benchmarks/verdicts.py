"""From the rows to what is claimed: the cheapest good setting of each family, and the ratios."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.peers import CELL, ENSEMBLE

GOOD = 1e-2  # mV: what "equal error" means
Row = dict[str, Any]
Results = dict[str, Any]

OURS, FIXED, FIXED32 = "loligo Taylor", "loligo Exponential", "loligo Exponential, float32"
WHOLE = "loligo Taylor, the whole call"
JAX64, JAX32 = "JAX exponential, float64", "JAX exponential, float32"
ARBOR = "Arbor"


def best(row: Row) -> float:
    return min(row["seconds"])


def median(row: Row) -> float:
    return statistics.median(row["seconds"])


def error(row: Row) -> float:
    return math.inf if row["error_mV"] is None else row["error_mV"]


def good(row: Row) -> bool:
    return error(row) <= GOOD


def families(rows: Iterable[Row], kind: str, parallel: bool = False) -> dict[str, list[Row]]:
    """Family -> its rows, for one kind of work, on one core or on all."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row["kind"] == kind and (row["cores"] > 1) == parallel and row["seconds"]:
            found.setdefault(row["family"], []).append(row)
    return found


def cheapest(rows: list[Row]) -> Row:
    """Of one family: the cheapest row that is good enough; if none is, the most accurate one."""
    enough = [row for row in rows if good(row)]
    return min(enough, key=best) if enough else min(rows, key=error)


def chosen(results: Results, kind: str, parallel: bool = False) -> list[Row]:
    """The cheapest good row of every family, cheapest first; those that are not good last."""
    rows = [cheapest(r) for r in families(results["rows"], kind, parallel).values()]
    return sorted(rows, key=lambda row: (not good(row), best(row)))


def heyoka(results: Results, kind: str) -> Row | None:
    """Its cheapest good row, whichever way its equations are written."""
    rows = [r for r in chosen(results, kind) if r["family"].startswith("heyoka") and good(r)]
    return rows[0] if rows else None


def at(results: Results, kind: str, family: str, value: float) -> Row | None:
    """The row of one family at one value of its knob, on one core."""
    rows = families(results["rows"], kind).get(family, [])
    return next((row for row in rows if row["value"] == value), None)


def ours(results: Results, kind: str) -> Row | None:
    rows = families(results["rows"], kind).get(OURS)
    return cheapest(rows) if rows else None


@dataclass(frozen=True)
class Target:
    """One thing that was promised: how many times, against whom, and what came out."""

    what: str
    asked: str
    found: float | None
    met: bool | None
    note: str = ""


def targets(results: Results) -> list[Target]:
    """Everything that the project set out to reach, measured."""
    many, one = ours(results, ENSEMBLE), ours(results, CELL)
    step = 0.01
    fixed, fixed32 = (at(results, ENSEMBLE, f, step) for f in (FIXED, FIXED32))
    jax64, jax32 = (at(results, ENSEMBLE, f, step) for f in (JAX64, JAX32))
    arbor = at(results, ENSEMBLE, ARBOR, step)
    cells = f"{results['made']['plan']['cells']:,} cells"
    return [
        _times(f"{cells}, equal error: heyoka's best batch", 2, heyoka(results, ENSEMBLE), many),
        _times(f"{cells}: JAX, exponential, dt 0.01, float64", 8, jax64, many),
        _times(f"{cells}: Arbor, dt 0.01", 10, arbor, many),
        _times("one cell, equal error: heyoka's scalar mode", 1, heyoka(results, CELL), one),
        _times(f"{cells}, dt 0.01: Exponential, JAX's same scheme, float64", 4, jax64, fixed),
        _times(f"{cells}, dt 0.01: Exponential, JAX's same scheme, float32", 4, jax32, fixed32),
        *_scaling(results),
    ]


def _times(what: str, asked: float, theirs: Row | None, mine: Row | None) -> Target:
    promised = f"at least {asked:g} times"
    if theirs is None or mine is None:
        return Target(what, promised, None, None)
    found = best(theirs) / best(mine)
    note = f"errors {_mV(theirs)} and {_mV(mine)}"
    return Target(what, promised, found, found >= asked, note)


def _mV(row: Row) -> str:
    return f"{error(row):.2g} mV"


def _scaling(results: Results) -> list[Target]:
    seconds = results.get("scaling", {}).get("seconds", {})
    if not all(seconds.get(k) for k in ("one core", "all cores", "spikes", "V", "V again")):
        return []
    faster = paired(seconds["one core"], seconds["all cores"])
    dearer = {
        "memory of the run before": paired(seconds["V again"], seconds["spikes"]),
        "fresh memory": paired(seconds["V"], seconds["spikes"]),
    }
    cells = results["made"]["plan"]["cells"]
    cores, lanes = results["scaling"]["cores"], results["scaling"]["lanes"]
    return [
        Target(
            f"{lanes:,} lanes: {cores} cores over one", "at least 1.85 times", faster,
            faster >= 1.85 if cores == 2 else None,
        ),
        *(
            Target(
                f"{cells:,} cells: V at 0.05 ms over spikes alone, the whole call, {memory}",
                "at most 1.3 times", times, times <= 1.3,
            )
            for memory, times in dearer.items()
        ),
    ]  # fmt: skip


def paired(above: list[float], below: list[float]) -> float:
    """The median of the ratios, round by round: what disturbs a round disturbs both."""
    return statistics.median(a / b for a, b in zip(above, below, strict=False))
