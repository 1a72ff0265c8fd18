"""What a run is asked to do, read and checked: the common ground of all solvers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from loligo import units
from loligo.engine.kernel import Floats
from loligo.errors import RunError, StimulusError, UnitError, UsageError, nearest
from loligo.lanes import Grid, Labelled, Value, block_width, grid
from loligo.memory import available, spell
from loligo.model import Membrane
from loligo.model.expression import Call, Expression
from loligo.model.tree import walk
from loligo.program.drive import EDGE_TOLERANCE
from loligo.run.equilibrium import guess
from loligo.stimulus import Clamp, Placed, Shape, Stimulus, check

SPIKES = "spikes"
_MOST_SAMPLES = 2.0**53  # beyond it, sample numbers are no longer exact
_NA_PER_UM2 = 1e5  # 1 nA/um2 in uA/cm2


@dataclass(frozen=True)
class Initial:
    """Where a run begins.

    Attributes
    ----------
    voltage
        A holding potential, or None for rest.
    states
        States given one by one, after the others took their steady values.
    """

    voltage: Value | None = None
    states: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """A run, ready for a solver.

    Attributes
    ----------
    shapes
        The stimulus, shape by shape; its numbers are called ``stimulus0.start``, … in ``lanes``.
    lanes
        Every number of the run over the lanes.
    duration, sample_interval, threshold
        ms, ms, mV.
    records
        Names to record along time, in order.
    """

    membrane: Membrane
    shapes: tuple[Shape, ...]
    lanes: Grid
    duration: float
    sample_interval: float
    threshold: float
    records: tuple[str, ...]
    initial: Initial

    @cached_property
    def samples(self) -> int:
        """Samples at 0, 1, 2, … sample intervals, none after the end."""
        return int(np.floor(self.duration / self.sample_interval * (1 + 1e-12) + 1e-9)) + 1

    @cached_property
    def times(self) -> Floats:
        """Of the samples, ms."""
        return np.arange(self.samples, dtype=np.float64) * self.sample_interval

    @cached_property
    def states(self) -> tuple[str, ...]:
        gates = (g.name for g in self.membrane.gates if not g.instantaneous)
        return ("V", *gates, *(s.name for s in self.membrane.states))

    @cached_property
    def obstacle(self) -> str | None:
        """Why this problem has no power series between the edges of its stimulus, or None."""
        for shape in self.shapes:
            if shape.sampled:
                return f"{type(shape).__name__} is a sampled stimulus"
        for text in _expressions(self.membrane):
            if any(isinstance(n, Call) and n.op in _CONDITIONAL for n in walk(text.tree)):
                return f"{text} depends on a condition"
        return None

    def prefix(self, index: int) -> str:
        return f"stimulus{index}"

    def parameter(self, name: str) -> Floats:
        """One of the program's parameters in every lane, a total current made a density."""
        return self._density(name, self.lanes.flat)

    def _density(self, name: str, read: Callable[[str], Any]) -> Any:
        values = read(name)
        owner, _, which = name.partition(".")
        if which in ("amplitude", "mean"):
            shape = self.shapes[int(owner.removeprefix("stimulus"))]
            if shape.unit == "nA":
                values = values * (_NA_PER_UM2 / read("area"))
        return values

    def shape_in_lane(self, index: int, lane: int) -> Shape:
        """A shape with the numbers of one lane, as a density."""
        prefix, where = self.prefix(index), np.unravel_index(lane, self.lanes.shape)

        def read(name: str) -> Any:
            # not from a row of all lanes: this is asked for lane after lane
            return self.lanes.array(name)[where]

        numbers = {
            p: float(self._density(f"{prefix}.{p}", read)) for p in self.shapes[index].parameters
        }
        return self.shapes[index].at(**numbers)

    @cached_property
    def scales(self) -> dict[str, float]:
        """What a tolerance is relative to: 100 mV, 1 for a gate, as declared for the rest."""
        scales = dict.fromkeys(self.states, 1.0) | {"V": 100.0}
        return scales | {s.name: s.scale for s in self.membrane.states}

    def in_lane(self, lane: int) -> str:
        """`` in the lane g_Na = 60, amplitude = 10``, for messages; nothing if there is one.

        A lane that only fills a vector is a copy of the last.
        """
        where = self.lanes.label(min(lane, self.lanes.size - 1))
        label = ", ".join(f"{dim} = {value:.6g}" if isinstance(value, float) else f"{dim} = {value}"
                          for dim, value in where.items())  # fmt: skip
        return f" in the lane {label}" if label else ""


# what has a kink or a jump
_CONDITIONAL = frozenset({"where", "abs", "min", "max"})
_FORMULAS = ("alpha", "beta", "inf", "tau", "rate")


def _expressions(membrane: Membrane) -> list[Expression]:
    """Every formula of a membrane."""
    gates = (getattr(gate, key) for gate in membrane.gates for key in _FORMULAS)
    written = [*gates, *membrane.helpers.values(), *(s.derivative for s in membrane.states)]
    for channel in membrane.channels:
        written += [channel.current, channel.E]
    return [text for text in written if isinstance(text, Expression)]


def onto(edges: Floats, times: Floats) -> Floats:
    """Sample times, those that miss one of the sorted edges by an ulp moved onto it.

    >>> onto(np.array([0.3, 0.7]), 0.1 * np.array([2, 3, 7])).tolist()
    [0.2, 0.30000000000000004, 0.7000000000000001]
    >>> onto(np.array([0.3]), np.array([0.1 + 0.2 - 1e-12])).tolist()
    [0.3]
    """
    if not edges.size:
        return times
    nearest = edges[np.minimum(np.searchsorted(edges, times), edges.size - 1)]
    return np.where((nearest > times) & (nearest - times <= EDGE_TOLERANCE), nearest, times)


def recordable(membrane: Membrane) -> tuple[str, ...]:
    """Everything that can be recorded along time, in the order of a full recording."""
    gates = [gate.name for gate in membrane.gates]
    states = [state.name for state in membrane.states]
    rest = [name for name in membrane.quantities if name not in gates]
    return ("V", *gates, *states, *rest, "I_stim")


def pose(
    membrane: Any, stimulus: Any, duration: Any, *, record: Any, sample_interval: Any,
    initial: Any, threshold: Any,
) -> Problem:  # fmt: skip
    """Read the arguments of :func:`loligo.simulate`.

    Raises
    ------
    LoligoError
        Naming the argument, what is wrong with it and what to write instead.
    """
    if not isinstance(membrane, Membrane):
        hint = f'; lo.load("{membrane}") gives it' if isinstance(membrane, str) else ""
        raise UsageError(f"model must be a Membrane or an Axon, not {membrane!r:.80}{hint}")
    if isinstance(stimulus, Clamp) or _clamps(stimulus):
        raise StimulusError(
            f"{stimulus!r}: V is clamped at a place of an axon, lo.at(0, lo.Clamp(...)) with an "
            "lo.Axon, and this is a membrane, which cannot be clamped yet; initial=-65 alone "
            "gives it a holding potential to start from"
        )
    if isinstance(stimulus, Placed):
        raise StimulusError(
            f"{stimulus!r} is injected at a place, and a membrane has no places: give the "
            "stimulus alone, or simulate an lo.Axon"
        )
    if stimulus is not None and not isinstance(stimulus, Stimulus):
        raise UsageError(
            "stimulus must be a stimulus such as lo.Pulse(5, 40, 10), or None, "
            f"not {stimulus!r:.80}"
        )
    length, interval, level = read_times(duration, sample_interval, threshold)
    shapes = () if stimulus is None else stimulus.shapes
    if stimulus is not None:
        check(stimulus, length)
    begin = read_initial(initial, membrane)
    values = _values(membrane, shapes, begin)
    lanes = grid(values)
    if lanes.size == 0:
        empty = next(dim for dim, n in zip(lanes.dims, lanes.shape, strict=True) if n == 0)
        raise UsageError(f"the array along {empty!r} is empty: there is nothing to simulate")
    known = recordable(membrane)
    check_dimensions(lanes, known)
    records = read_records(record, known, lanes.size)
    problem = Problem(membrane, shapes, lanes, length, interval, level, records, begin)
    _check_memory(problem)
    return problem


def _clamps(stimulus: Any) -> bool:
    return isinstance(stimulus, Placed) and any(
        isinstance(point.stimulus, Clamp) for point in stimulus.points
    )


def read_times(duration: Any, sample_interval: Any, threshold: Any) -> tuple[float, float, float]:
    """The duration (ms), the sample interval (ms) and the threshold (mV) of a run."""
    length = _single(duration, "ms", "duration", above=0)
    interval = _single(sample_interval, "ms", "sample_interval", above=0)
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
    return length, interval, _single(threshold, "mV", "threshold")


def _single(value: Any, unit: str, name: str, above: float | None = None) -> float:
    number = units.read(value, unit, name, above=above)
    if isinstance(number, Labelled):
        raise UsageError(
            f"{name} must be one number: all lanes of a run share it. Arrays go where the model's, "
            "the stimulus's or the initial values stand"
        )
    return number


def _values(membrane: Membrane, shapes: tuple[Shape, ...], initial: Initial) -> dict[str, Value]:
    """Every number of the run by its name in :attr:`Problem.lanes`."""
    values = {name: p.value for name, p in membrane.parameters.items()}
    values |= {guess(s.name): s.initial for s in membrane.states if s.initial is not None}
    for i, shape in enumerate(shapes):
        if shape.unit == "nA" and membrane.area is None:
            raise StimulusError(
                f"{shape!r} is a total current (nA), but the membrane has no area to spread it "
                "over; give one, model.replace(area=1000) in um2, or the current in uA/cm2"
            )
        values |= {f"stimulus{i}.{p}": getattr(shape, p) for p in shape.parameters}
    if initial.voltage is not None:
        values["initial.V"] = initial.voltage
    return values | {f"initial.{name}": value for name, value in initial.states.items()}


def read_initial(initial: Any, membrane: Membrane) -> Initial:
    """Where a run begins, from what a person wrote."""
    if isinstance(initial, str) and initial == "rest":
        return Initial()
    if hasattr(initial, "data_vars"):
        return _continued(initial, membrane)
    if isinstance(initial, Mapping):
        return _given(initial, membrane)
    try:
        return Initial(units.read(initial, "mV", "initial"))
    except (UsageError, UnitError) as problem:
        raise type(problem)(
            f"{problem}. initial may be 'rest', a holding potential in mV, a mapping of states "
            "such as {'V': -60, 'h': 0.2}, or a recording to continue from"
        ) from None


def _given(initial: Mapping[Any, Any], membrane: Membrane) -> Initial:
    states: dict[str, Value] = {}
    pools = {state.name: state for state in membrane.states}
    gates = [gate.name for gate in membrane.gates if not gate.instantaneous]
    for name, value in initial.items():
        if name == "V":
            continue
        if name not in pools and name not in gates:
            known = ("V", *gates, *pools)
            raise UsageError(
                f"initial: there is no state {name!r} in the model{nearest(str(name), known)}; "
                f"its states are {', '.join(known)}"
            )
        if name in gates:
            states[name] = units.read(value, "1", f"initial_{name}", at_least=0, below=1 + 1e-12)
        else:
            states[name] = units.read(value, pools[name].unit, f"initial_{name}")
    voltage = units.read(initial["V"], "mV", "initial_V") if "V" in initial else None
    return Initial(voltage, states)


def _continued(rec: Any, membrane: Membrane) -> Initial:
    """The last sample of a recording."""
    needed = ("V", *(g.name for g in membrane.gates if not g.instantaneous),
              *(s.name for s in membrane.states))  # fmt: skip
    missing = [name for name in needed if name not in rec.data_vars]
    if missing:
        raise UsageError(
            f"initial: the recording to continue from lacks {', '.join(missing)}; "
            f"record all states in the first run: record={list(needed)}"
        )
    timed = all("time" in rec[name].dims for name in needed)
    if timed and not rec.sizes["time"]:
        raise UsageError("initial: the recording to continue from has no samples")
    # a recording of which one moment was selected is continued from there
    last = {name: rec[name].isel(time=-1, drop=True) if timed else rec[name] for name in needed}
    return _given(last, membrane)


def read_records(record: Any, known: tuple[str, ...], lanes: int) -> tuple[str, ...]:
    """What to record along time, of what is known."""
    if record is None:
        return known if lanes == 1 else ("V",)
    if isinstance(record, str):
        record = [record]
    try:
        wanted = list(dict.fromkeys(record))
    except TypeError:
        raise UsageError(f"record must be a list of names, not {record!r:.80}") from None
    for name in wanted:
        if name not in (*known, SPIKES):
            raise UsageError(
                f"record: the model has no {name!r}{nearest(str(name), known)}; it has "
                f"{', '.join(known)}, and {SPIKES!r} stands for the spikes alone"
            )
    return tuple(name for name in wanted if name != SPIKES)


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


def _check_memory(problem: Problem) -> None:
    """Say how much a run needs before it begins, if there is not so much."""
    block = block_width(problem.lanes.size, 1, _LARGEST_BLOCK)
    filled = -(-problem.lanes.size // block) * block  # kernels fill their last vectors
    needed = 8 * filled * (problem.samples * len(problem.records) + 64)
    needed += 8 * problem.samples  # their times
    there = available()
    if there is not None and needed > there:
        fewer = "record=['spikes'] keeps the spikes alone" if problem.records else "use fewer lanes"
        raise RunError(
            f"this run needs {spell(needed)} of memory ({problem.lanes.size:,} lanes × "
            f"{problem.samples:,} samples × {len(problem.records)} recorded), but {spell(there)} "
            f"is free; {fewer}, or take a longer sample_interval"
        )
