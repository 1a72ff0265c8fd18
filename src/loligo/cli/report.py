"""What the commands print: what was written, what the cells did, where the time went."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loligo.cli.clock import STARTED, imported

if TYPE_CHECKING:
    import xarray

    from loligo.explanation import Explanation
    from loligo.program.cost import Cost

_SHOWN = 8  # spikes listed one by one


class Stopwatch:
    """Seconds by stage, from the start of the program."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {"start": time.perf_counter() - STARTED}
        self.inner: dict[str, float] = {}  # within the stage "simulate"

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block under ``name``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            if name == "import":
                imported()
            self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - start

    @property
    def total(self) -> float:
        """Since the program began (but for the interpreter's own start)."""
        return time.perf_counter() - STARTED

    def table(self) -> str:
        """One line for each stage."""
        inner = {f"  {name}": seconds for name, seconds in self.inner.items()}
        rows: dict[str, float] = {}
        for name, seconds in self.stages.items():
            rows[name] = seconds
            rows |= inner if name == "simulate" else {}
        rows["other"] = max(self.total - sum(self.stages.values()), 0.0)
        rows["total"] = self.total
        width = max(len(name) for name in rows)
        return "\n".join(f"{name:<{width}}  {seconds:8.3f} s" for name, seconds in rows.items())


@contextmanager
def notes() -> Iterator[None]:
    """Warnings become one line each on the error stream."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            yield
        finally:
            told = dict.fromkeys(str(w.message) for w in _meant_for_people(caught))
            for message in told:
                from loligo.cli.wording import in_its_words

                print(f"note: {in_its_words(message)}", file=sys.stderr)


def _meant_for_people(caught: list[warnings.WarningMessage]) -> list[warnings.WarningMessage]:
    # those of other packages about their own future are not, of whatever class they are
    passing = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
    return [
        w
        for w in caught
        if issubclass(w.category, UserWarning) and not issubclass(w.category, passing)
    ]


def report(
    where: Path | None, what: str, rec: xarray.Dataset, watch: Stopwatch, timings: bool,
    note: str = "",
) -> None:  # fmt: skip
    """Say what was written, what happened in it, and how long it took."""
    with watch.stage("spikes"):
        happened = _happened(rec)
    if where:
        facts = ", ".join(filter(None, [what, size(where)]))
        print(f"wrote {where} ({facts})")
    if note:
        print(f"note: {note}", file=sys.stderr)
    if happened:
        print(happened)
    print(watch.table() if timings else f"{watch.total:.1f} s")


def _happened(rec: xarray.Dataset) -> str:
    if "position" in rec.dims and "spike_count" in rec:
        return waves(rec)
    return spikes(rec) if "V" in rec or "spike_count" in rec else ""


def size(path: Path) -> str:
    """How large a file is, in words."""
    count = path.stat().st_size
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


_BECAME = {
    "no spike": "no action potential travelled along the middle of the axon",
    "blocked": "the action potential was blocked on its way",
    "skipped places": "the action potential went on beyond places that did not fire themselves",
    "collided": "two action potentials met and vanished",
    "began inside": "the action potential began in the middle of the axon",
}


def waves(rec: xarray.Dataset) -> str:
    """How fast the action potential travelled, or what became of it."""
    from loligo.analysis import conduction_velocity

    if rec.sizes["position"] < 2:
        return spikes(rec)
    velocity = conduction_velocity(rec)
    if velocity.ndim:
        fast = velocity.values[velocity.outcome.values == "travelled"]
        span = f" at {fast.min():.4g} to {fast.max():.4g} m/s" if fast.size else ""
        return f"{velocity.size} axons: in {fast.size} an action potential travelled{span}"
    outcome = str(velocity.outcome.values)
    if outcome == "travelled":
        way = "" if float(velocity) > 0 else ", towards the left"
        return f"conduction velocity {abs(float(velocity)):.4g} m/s{way}"
    return _BECAME[outcome]


def spikes(rec: xarray.Dataset) -> str:
    """How many spikes there were, with their peaks where V was recorded."""
    from loligo.analysis import spike_times

    counted = rec.get("spike_count")
    if counted is not None and counted.ndim:
        counts = counted.values
        return _of_many(counts.clip(0), counts < 0, list(counts.shape))
    times = spike_times(rec)
    lanes = [dim for dim in times.dims if dim != "spike"]
    if lanes:
        counts = times.notnull().sum("spike").values
        return _of_many(counts, counts < 0, [rec.sizes[dim] for dim in lanes])
    count = times.size
    if not count:
        return f"no spikes: V did not rise through {times.attrs['threshold']:g} mV"
    shown = times.values[:_SHOWN]
    more = ", …" if count > _SHOWN else ""
    text = f"{count} spike{'s' if count > 1 else ''} at {_list(shown, '.2f')}{more} ms"
    return text + (f", {_peaks(rec, more)}" if "V" in rec else "")


def _peaks(rec: xarray.Dataset, more: str) -> str:
    from loligo.analysis import spike_shape

    peaks = spike_shape(rec).peak_voltage.values[:_SHOWN]
    known = [peak for peak in peaks if peak == peak]
    if not known:
        return "cut off before the peak"
    return f"peaking at {_list(known, '+.1f')}{more} mV"


def _list(values: Any, form: str) -> str:
    return ", ".join(format(value, form) for value in values)


def _of_many(counts: Any, lost: Any, shape: list[int]) -> str:
    cells = " × ".join(str(n) for n in shape)
    total = f" = {counts.size}" if len(shape) > 1 else ""
    ran = counts[~lost]
    failed = f", {lost.sum()} could not run" if lost.any() else ""
    if not ran.size:
        return f"{cells} cells{failed}"
    silent = int((ran == 0).sum())
    return (
        f"{cells}{total} cells, {ran.min()} to {ran.max()} spikes each "
        f"({ran.sum()} in all, {silent} cells silent{failed})"
    )


def operations(costs: Sequence[Cost]) -> str:
    """A table for each solver: the operations of a step after each transformation."""
    kinds = tuple(costs[0].counts)
    heads = ("", "total", *kinds, "in float32", "once a lane")
    tables: list[str] = []
    for solver, group in groupby(costs, key=lambda row: row.solver):
        rows = [
            (r.transformation, r.total, *(r.counts[kind] for kind in kinds), r.narrow, r.once)
            for r in group
        ]
        lines = [(f"{solver}:", *heads[1:]), *rows]
        widths = [max(len(str(line[i])) for line in lines) for i in range(len(heads))]
        tables.append("\n".join(aligned(line, widths) for line in lines))
    return "\n\n".join(tables)


def aligned(line: Sequence[object], widths: Sequence[int]) -> str:
    """Cells of a row, the first from the left, all others from the right."""
    first, *rest = (str(cell) for cell in line)
    numbers = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
    return "  ".join([first.ljust(widths[0]), *numbers])


_NARROWEST, _WIDEST = 60, 100  # columns in which text is set
_STYLES = {"heading": "bold", "title": "bold cyan", "new": "green", "gone": "red"}


def print_explanation(told: Explanation) -> None:
    """As wide as the terminal, with colours where it has them; plain in a pipe."""
    if not sys.stdout.isatty():
        print(told)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    width = min(max(console.width, _NARROWEST), _WIDEST)
    for kind, row in told.rows(width):
        console.print(Text(row, style=_STYLES.get(kind, "")), soft_wrap=True)
