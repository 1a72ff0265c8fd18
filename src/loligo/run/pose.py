"""What a person asked for, read and checked. Nothing is compiled here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from loligo import units
from loligo.errors import StimulusError, UsageError, nearest
from loligo.lanes import Grid, Labelled, Value, block_width, grid
from loligo.memory import refuse_too_large
from loligo.model import Membrane
from loligo.run.begin import beginning, initial_values, read_initial
from loligo.run.cells import Cells, Driven, Initial, Times, numbers_of
from loligo.run.doing import (
    driven_by,
    refuse_two_clamps,
    refuse_whole,
    warn_of_clamps_in_volts,
)
from loligo.run.pace import Pace
from loligo.run.problem import EDGE, EDGE_TIME, Q_CLAMP, Problem
from loligo.run.rig import at_rig
from loligo.run.sensitivities import differentiated
from loligo.run.until import read_until
from loligo.stimulus.base import Stimulus, refuse_played
from loligo.stimulus.following import Following
from loligo.stimulus.place import Placed
from loligo.stimulus.window import check
from loligo.system.driven import CLAMP_CURRENT
from loligo.system.driven import driven as driven_system
from loligo.system.outline import Outline, outline_of
from loligo.system.tangent import recorded

SPIKES = "spikes"
_MOST_SAMPLES = 2.0**53  # beyond it, sample numbers are no longer exact


def pose(
    membrane: Any, stimulus: Any, duration: Any, *, record: Any, sample_interval: Any,
    initial: Any, threshold: Any, until: Any = None, sensitivities: Any = None,
    at_once: bool = True,
) -> Problem:  # fmt: skip
    """Read the arguments of :func:`loligo.simulate` for a membrane.

    Parameters
    ----------
    at_once
        Whether all lanes are run together, and so must fit into the memory.

    Raises
    ------
    LoligoError
        Naming the argument, what is wrong with it and what to write instead.
    """
    if not isinstance(membrane, Membrane):
        hint = f'; lo.load("{membrane}") gives it' if isinstance(membrane, str) else ""
        raise UsageError(f"model must be a Membrane or an Axon, not {membrane!r:.80}{hint}")
    refuse_placed(stimulus)
    refuse_played(() if stimulus is None else stimulus.shapes)
    times = read_times(duration, sample_interval, threshold)
    shapes = () if stimulus is None else stimulus.shapes
    if stimulus is not None:
        check(stimulus, times.duration)
    warn_of_clamps_in_volts(shapes)
    driven = driven_by(shapes) + followed(membrane)
    outline = driven_system(outline_of(membrane), (name for each in driven for name in each.inputs))
    outline, driven = at_rig(membrane, outline, driven)
    _refuse_axon(initial)
    begin = read_initial(beginning(initial, membrane), outline)
    usual = outline.records
    outline, by = differentiated(outline, sensitivities, driven, begin)
    lanes = grid_of(_values(membrane, outline, driven, begin))
    jumps = (Q_CLAMP, EDGE, EDGE_TIME) if any(each.noted for each in driven) else ()
    check_dimensions(lanes, (*outline.records, *jumps))
    refuse_two_clamps(driven, lanes, times.duration)
    if record is None and lanes.size > 1:
        record = _of_several(replace(outline, records=usual))
    records = read_records(record, outline.records, lanes.size, jumps[:1], usual)
    if record is None or "V" in records:
        more = (recorded("V", each) for each in by)
        records = tuple(dict.fromkeys([*records, *more]))
    cells = Cells(outline, lanes, begin, records)
    if at_once:
        check_memory(lanes.size, times, records, sum(each.shape.sampled for each in driven))
    stops = read_until(until, records, lambda name: str(outline.about[name]["units"]))
    return Problem(membrane, driven, (), lanes, times, records, begin, (cells,), until=stops, by=by)


def followed(membrane: Membrane) -> tuple[Driven, ...]:
    """The courses of its parameters, as things that are done to it."""
    return tuple(
        Driven(f"course{k}", Following(name, course.time, course.values))
        for k, (name, course) in enumerate(membrane.courses.items())
    )


def refuse_placed(stimulus: Any) -> None:
    """What can be done to an axon alone."""
    if isinstance(stimulus, Placed):
        raise StimulusError(
            f"{stimulus!r} is injected at a place, and a membrane has no places: give the "
            "stimulus alone, or simulate an lo.Axon"
        )
    if stimulus is not None and not isinstance(stimulus, Stimulus):
        number = isinstance(stimulus, int | float) and not isinstance(stimulus, bool)
        meant = f"; a constant current is lo.Step(0, {stimulus!r:.20})" if number else ""
        if isinstance(stimulus, list | tuple) and stimulus:
            meant = "; several are done at once when they are added: add them with +"
        raise UsageError(
            "stimulus must be a stimulus such as lo.Pulse(5, 40, 10), or None, "
            f"not {stimulus!r:.80}{meant}"
        )


def read_times(duration: Any, sample_interval: Any, threshold: Any) -> Times:
    """How long, how often, and what counts as a spike."""
    length = _single(duration, "ms", "duration", above=0)
    interval = _single(sample_interval, "ms", "sample_interval", above=0)
    if length < interval <= length * (1 + 1e-12):  # 0.1*3 and 0.3 are one time
        interval = length
    if interval > length:
        raise UsageError(
            f"sample_interval is {interval:g} ms, longer than the run of {length:g} ms; "
            f"make it {length:g} ms or less"
        )
    if length / interval > _MOST_SAMPLES:
        raise UsageError(
            f"a run of {length:g} ms with a sample_interval of {interval:g} ms would have "
            f"{length / interval:.3g} samples; make it shorter or the interval longer"
        )
    return Times(length, interval, _single(threshold, "mV", "threshold"))


def _single(value: Any, unit: str, name: str, above: float | None = None) -> float:
    number = units.read(value, unit, name, above=above)
    if isinstance(number, Labelled):
        raise UsageError(
            f"{name} must be one number: all lanes of a run share it. Arrays go where the model's, "
            "the stimulus's or the initial values stand"
        )
    return number


def grid_of(values: Mapping[str, Value]) -> Grid:
    """The lanes of a run."""
    lanes = grid(values)
    if lanes.size == 0:
        empty = next(dim for dim, n in zip(lanes.dims, lanes.shape, strict=True) if n == 0)
        raise UsageError(f"the array along {empty!r} is empty: there is nothing to simulate")
    return lanes


def _values(
    membrane: Membrane, outline: Outline, driven: tuple[Driven, ...], initial: Initial
) -> dict[str, Value]:
    """Every number of the run by its name in :attr:`Problem.lanes`."""
    values = numbers_of(outline)
    for each in driven:
        if membrane.area is None:
            refuse_whole(each.shape)
        values |= {each.name(p): getattr(each.shape, p) for p in each.shape.parameters}
    return values | initial_values(initial)


def _refuse_axon(initial: Any) -> None:
    """A recording along an axon, of which a membrane can continue one place."""
    if hasattr(initial, "data_vars") and "position" in initial.dims:
        places = initial.sizes["position"]
        raise UsageError(
            f"initial: this is a recording of {places} places along an axon, and the model is one "
            "membrane; continue one of them: initial=rec.isel(position=0), or "
            "rec.sel(position=5000, method='nearest')"
        )


def _of_several(outline: Outline) -> list[str]:
    """What is recorded of several lanes if nothing is asked for: V; under a clamp, of which V says
    little, its current and those that it is made of."""
    if CLAMP_CURRENT not in outline.records:
        return ["V"]
    roles = ("voltage", "current", "clamp")
    return [name for name in outline.records if outline.about[name]["role"] in roles]


def read_records(
    record: Any, known: tuple[str, ...], lanes: int, besides: tuple[str, ...] = (),
    usual: tuple[str, ...] | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """What to record along time, of what is known; what is recorded ``besides`` is so anyway. Of
    one lane all is, or what is ``usual``."""
    if record is None:
        return (usual or known) if lanes == 1 else ("V",)
    if isinstance(record, str):
        record = [record]
    try:
        wanted = list(dict.fromkeys(record))
    except TypeError:
        raise UsageError(f"record must be a list of names, not {record!r:.80}") from None
    for name in wanted:
        if name not in (*known, *besides, SPIKES):
            raise UsageError(
                f"record: the model has no {name!r}{nearest(str(name), known)}; it has "
                f"{', '.join((*known, *besides))}, and {SPIKES!r} stands for the spikes alone"
            )
    return tuple(name for name in wanted if name not in (*besides, SPIKES))


def check_dimensions(lanes: Grid, known: tuple[str, ...]) -> None:
    """Refuse a dimension with the name of one of the recording's variables."""
    taken = (*known, "spike_count", "spike_time")
    for dim in lanes.dims:
        if dim in taken:
            raise UsageError(
                f"an array over lanes cannot have the dimension {dim!r}: the recording has a "
                f"variable of that name; rename it, for example .rename({{{dim!r}: 'case'}})"
            )


_LARGEST_BLOCK = 64  # lanes that a kernel takes together, at most
_OWN = 160  # numbers that a lane has besides: states, parameters, edges, where it is


# Paths of noise and waveforms are read in portions of so many bytes (`Pace.stream`), of which six
# are held at once: by its paths, stacked, over the lanes, by streams, filled up, and the last one.
_PORTIONS = 6
_STEP = 0.01  # ms, of fixed steps


def check_memory(lanes: int, times: Times, records: tuple[str, ...], sampled: int) -> None:
    """Refuse a run that would not fit."""
    fewer = "record=['spikes'] keeps the spikes alone" if records else "use fewer lanes"
    what = f"{lanes:,} lanes × {times.samples:,} samples × {len(records)} recorded"
    needed = memory_of(lanes, times, records, sampled)
    refuse_too_large(needed, what, f"{fewer}, or take a longer sample_interval")


def memory_of(lanes: int, times: Times, records: tuple[str, ...], sampled: int) -> float:
    """Bytes that a run holds, ``sampled`` of its shapes being noise or waveforms."""
    samples = times.samples
    block = block_width(lanes, 1, _LARGEST_BLOCK)
    filled = -(-lanes // block) * block  # kernels fill their last vectors
    needed = 8 * filled * (samples * len(records) + _OWN)
    needed += 8 * samples  # their times
    if sampled:
        needed += _PORTIONS * min(Pace.stream, 8 * filled * sampled * times.duration / _STEP)
    if sampled and "I_stim" in records:
        needed += 2 * 8 * filled * samples * sampled  # its values, besides what is recorded
    return needed
