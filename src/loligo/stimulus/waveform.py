"""A current given by samples: a recording, a file, a formula of one's own."""

from __future__ import annotations

from dataclasses import KW_ONLY, InitVar, dataclass
from typing import Any, ClassVar

import numpy as np

from loligo import units
from loligo.errors import StimulusError
from loligo.lanes import Floats, Labelled, Value
from loligo.stimulus.applied import ROUNDING, START, Quantity, within
from loligo.stimulus.base import (
    AMPLITUDE,
    CONDUCTANCES,
    DENSITY,
    TOTAL,
    VOLTAGE,
    Shape,
    Times,
    plain,
)
from loligo.stimulus.lines import Lines, Listed


@dataclass(frozen=True, eq=False, repr=False)
class Waveform(Shape):
    """amplitude · samples, in straight lines from sample to sample, and 0 outside; or as steps.

    Three ways to write it::

        Waveform(time, values)
        Waveform(values, interval=0.1)     # evenly spaced, the first at `start`
        Waveform(array)                    # a DataArray with its own "time"

    Parameters
    ----------
    time : sequence of float
        ms, not decreasing; two equal times in a row are a jump.
    values : sequence of float, or DataArray with a dimension "time"
        µA/cm² or nA; or, for :class:`VoltageClamp` and :class:`Conductance` to follow, with
        ``unit="mV"``, ``"mS/cm2"`` or ``"uS"``. The other dimensions of a DataArray are lanes.
    amplitude : Value
        A factor.
    start : Value
        ms by which the samples are shifted; with `interval`, the time of the first.
    interval : float
        ms between samples, in place of `time`.
    hold : bool
        Whether each sample lasts until the next, and the last to the end of the run: steps in
        place of straight lines.
    case : Value
        Which row of `values` a lane has; found from the dimensions of `values`.

    Raises
    ------
    StimulusError
        If times and values do not fit together, or times go back.
    UnitError
        If a unit is unknown or of another kind.

    Examples
    --------
    >>> triangle = Waveform([0, 10, 20], [0, 5, 0])
    >>> triangle.value(5), triangle.integral(0, 20)
    (2.5, 50.0)
    >>> Waveform([0, 5, 0], interval=10) == triangle
    True
    >>> staircase = Waveform([0, 10, 20], [1, 5, 2], hold=True)
    >>> staircase.value(15), staircase.value(1000), staircase.integral(0, 30)
    (5.0, 2.0, 80.0)
    """

    kind: ClassVar[str] = "waveform"
    caption: ClassVar[str] = "given waveform"
    sampled: ClassVar[bool] = True
    kinds: ClassVar[tuple[str, ...]] = (DENSITY, TOTAL, VOLTAGE, *CONDUCTANCES)
    example: ClassVar[str] = (
        "Waveform(time=[0, 10, 20], values=[0, 5, 0]) or Waveform([0, 5, 0], interval=10)"
    )
    quantities: ClassVar[Any] = {
        "start": START,
        "amplitude": AMPLITUDE,
        "case": Quantity("1", bounds=None),
    }
    # so that every sampled shape is mean·box + amplitude·path
    mean: ClassVar[float] = 0.0

    time: Any
    values: Any = None
    _: KW_ONLY
    amplitude: Value = 1.0
    start: Value = 0.0
    hold: bool = False
    case: Value | None = None
    interval: InitVar[Any] = None

    def __post_init__(self, interval: Any) -> None:  # type: ignore[override]
        if not isinstance(self.hold, bool | np.bool_):
            raise StimulusError(
                f"Waveform: hold is True, for steps that last, or False, for straight lines from "
                f"sample to sample; it cannot be {self.hold!r:.60}"
            )
        self._set("hold", bool(self.hold))
        values = self.time if self.values is None else self.values
        self._set(
            "said", (isinstance(self.unit, str) and self.unit != "") or units.has_unit(values)
        )
        given_time, given_values = self.time, self.values
        if given_values is None:
            given_time, given_values = None, given_time
        if self.case is None:
            self._read_values(given_values)
        else:  # already a table: from a document or another Waveform
            self._set("values", _table(given_values))
            self._set("unit", self.unit or DENSITY)
        own_time = _own_time(given_values) if given_time is None else given_time
        self._set("time", self._read_time(own_time, interval))
        super().__post_init__()

    def _either(self, name: str) -> tuple[str, ...]:
        return ("1",) * len(self.kinds)  # the amplitude is a factor

    def _read_amplitude(self) -> None:
        self._set("amplitude", self._read(self.amplitude, "1", "amplitude"))

    def _read_values(self, given: Any) -> None:
        """The samples as a table, one row for each case, and which lanes have which row."""
        samples, which = self._read_current(
            given, "values", self.kinds, self.unit, units.read_samples
        )
        if "time" not in samples.dims:
            raise StimulusError(
                f"Waveform: values has the dimensions {', '.join(samples.dims)}, and none is "
                '"time"; name the one along which time runs with .rename({...: "time"})'
            )
        dims = tuple(dim for dim in samples.dims if dim != "time")
        order = [samples.dims.index(dim) for dim in (*dims, "time")]
        values = samples.values.transpose(order)
        lanes = values.shape[:-1]
        coords = {dim: labels for dim, labels in samples.coords.items() if dim != "time"}
        numbered = np.arange(int(np.prod(lanes)), dtype=np.float64).reshape(lanes)
        self._set("values", np.ascontiguousarray(values.reshape(-1, values.shape[-1])))
        self._set("case", Labelled(dims, numbered, coords) if dims else 0.0)
        self._set("unit", self.kinds[which])

    def _read_time(self, given: Any, interval: Any) -> Floats:
        count = self.values.shape[-1]
        if given is not None and interval is not None:
            raise StimulusError("Waveform: give either the times or an interval, not both")
        if interval is not None:
            step = self._read(interval, "ms", "interval", above=0.0)
            if isinstance(step, Labelled):
                raise StimulusError(f"Waveform: interval is one number, not {step!r}")
            return np.arange(count) * step
        if given is None:
            raise StimulusError(f"Waveform: the samples need times; write {self.example}")
        samples = self._guarded(lambda: units.read_samples(given, "ms", "time"))
        if samples.values.ndim != 1:
            raise StimulusError(f"Waveform: time has one dimension, not {samples.values.ndim}")
        return samples.values

    @property
    def still(self) -> bool:  # type: ignore[override]
        """Whether it is constant between edges."""
        return self.hold

    @property
    def leaps(self) -> bool:
        """Whether it jumps."""
        return self.hold or bool((np.diff(self.time) == 0).any())

    def _check(self) -> None:
        time, values = self.time, self.values
        if time.shape != values.shape[-1:]:
            raise StimulusError(
                f"Waveform: {time.size} times for {values.shape[-1]} values; give as many of "
                "one as of the other"
            )
        # that one of two equal times is a little less than the other is rounding
        back = np.flatnonzero(np.diff(time) < -ROUNDING * np.abs(time[1:]))
        if back.size:
            k = int(back[0])
            raise StimulusError(
                f"Waveform: time goes back, from {time[k]:g} to {time[k + 1]:g} ms after sample "
                f"{k}; sort the samples by time"
            )
        time = np.maximum.accumulate(time)
        self._set("time", time)
        if time.size < 2 or time[0] == time[-1]:
            raise StimulusError("Waveform: give at least two samples at different times")
        self._set(
            "case", self._read(self.case, "1", "case", at_least=0.0, below=float(len(values)))
        )
        if np.any(np.asarray(getattr(self.case, "values", self.case)) % 1):
            raise StimulusError(f"Waveform: case numbers the rows of values: not {self.case!r}")
        for array in (time, values):
            array.flags.writeable = False
        self._prepare()

    def _prepare(self) -> None:
        """What every look-up needs, once: the times of the samples and the charge up to each."""
        if isinstance(self.start, Labelled) or isinstance(self.case, Labelled):
            return
        row = self.values[int(self.case or 0)]
        if self.hold:
            charge = np.concatenate([[0.0], np.cumsum(row[:-1] * np.diff(self.time))])
            self._set("_lines", (self.start + self.time, row, np.zeros(row.size), charge))
            return
        with np.errstate(all="ignore"):
            # at a jump it is infinite or NaN, but no time lies within a jump
            slope = np.diff(row) / np.diff(self.time)
        slope[~np.isfinite(slope)] = 0.0  # a jump, also where times differ by next to nothing
        pieces = 0.5 * (row[1:] + row[:-1]) * np.diff(self.time)
        charge = np.concatenate([[0.0], np.cumsum(pieces)])
        self._set("_lines", (self.start + self.time, row, slope, charge))

    def value(self, t: Times) -> Any:
        (amplitude,) = self._numbers("amplitude")
        return plain(amplitude * self._look_up(np.asarray(t, dtype=np.float64))[0])

    def cumulative(self, edges: Times) -> Floats:
        """Charge of the samples as given (amplitude 1) from time 0 to each edge (ms)."""
        charge = self._look_up(np.asarray(edges, dtype=np.float64))[1]
        starts_before = self._lines_of_one_lane()[0][0] < 0
        return charge - self._look_up(np.zeros(()))[1] if starts_before else charge

    def integral(self, a: Times, b: Times) -> Any:
        (amplitude,) = self._numbers("amplitude")
        a, b = (np.asarray(edge, dtype=np.float64) for edge in (a, b))
        return plain(amplitude * (self._look_up(b)[1] - self._look_up(a)[1]))

    def most_knots(self, duration: float) -> float:
        span = float(self.time[-1] - self.time[0])
        return float(self.time.size) * min(1.0, duration / span)

    def lines(self, shift: float = 0.0) -> Lines:
        """The samples as given from knot to knot, so much later (ms)."""
        knots, row, slope, _ = self._lines_of_one_lane()
        if self.hold:
            return Listed(shift + knots, row, slope)
        return Listed(shift + knots, np.append(row[:-1], 0.0), np.append(slope, 0.0))

    def breakpoints(self, duration: float) -> Floats:
        """The time of every sample."""
        return within(self._lines_of_one_lane()[0], duration)

    def window(self) -> tuple[Value, Value]:
        first, length = float(self.time[0]), float(self.time[-1] - self.time[0])
        length = np.inf if self.hold else length
        start = self.start
        if isinstance(start, Labelled):
            return start.with_values(start.values + first), length
        return start + first, length

    def _lines_of_one_lane(self) -> tuple[Floats, Floats, Floats, Floats]:
        self._numbers("start", "case")
        return self.__dict__["_lines"]

    def _look_up(self, t: Floats) -> tuple[Floats, Floats]:
        """Value and charge so far at `t`, for amplitude 1."""
        knots, row, slope, charge = self._lines_of_one_lane()
        if self.hold:
            k = np.maximum(np.searchsorted(knots, t, side="right") - 1, 0)
            since = np.maximum(t - knots[k], 0.0)
            return np.where(t >= knots[0], row[k], 0.0), charge[k] + row[k] * since
        k = np.clip(np.searchsorted(knots, t, side="right") - 1, 0, knots.size - 2)
        u = np.clip(t - knots[k], 0.0, knots[k + 1] - knots[k])
        steep = np.where(u > 0, slope[k], 0.0)
        value = np.where((t >= knots[0]) & (t < knots[-1]), row[k] + steep * u, 0.0)
        so_far = charge[k] + u * (row[k] + 0.5 * steep * u)
        return value, np.where(t >= knots[-1], charge[-1], so_far)

    def to_dict(self) -> dict[str, Any]:
        document = super().to_dict()
        if not self.hold:
            del document["hold"]
        return document

    def __repr__(self) -> str:
        cases = f"{len(self.values)} × " if len(self.values) > 1 else ""
        shown = [f"{cases}{self.time.size} samples, {self.time[0]:g} … {self.time[-1]:g} ms"]
        shown += [f"start={self.start!r}"] if self.start != 0 else []
        shown += [f"amplitude={self.amplitude!r}"] if self.amplitude != 1 else []
        shown += ["hold=True"] if self.hold else []
        shown += [f"unit={self.unit!r}"] if self.unit != DENSITY else []
        return f"Waveform({', '.join(shown)})"


def _table(rows: Any) -> Floats:
    """Rows of samples as a document holds them."""
    try:
        table = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError):
        table = np.empty(0)
    if table.ndim != 2 or not table.size or not np.all(np.isfinite(table)):
        raise StimulusError(
            "Waveform: together with case=, values is a table of finite numbers: a row for each "
            "case, a column for each time"
        )
    return table


def _own_time(values: Any) -> Any:
    """The time coordinate of a DataArray, if it is one and has it."""
    if units.is_dataarray(values) and "time" in values.coords:
        return values.coords["time"]
    return None
