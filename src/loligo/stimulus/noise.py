"""Noise: Ornstein–Uhlenbeck or white, one path for every solver, step and lane."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from loligo import units
from loligo.errors import StimulusError
from loligo.lanes import Floats, Labelled, Value
from loligo.stimulus.applied import Quantity, within
from loligo.stimulus.base import (
    DENSITY,
    MOST_EDGES,
    TOTAL,
    VOLTAGE,
    Shape,
    Times,
    cell,
    plain,
    too_many_edges,
)  # fmt: skip
from loligo.stimulus.lines import Gridded, Lines
from loligo.stimulus.path import NUMPY, OWN, Path, path
from loligo.stimulus.pulses import BOX, local

# whole numbers below this are exact as floats, and so survive in arrays and in JSON
_SEEDS = 2**53
_MOST_POINTS = 1e10  # of a path; they take minutes to make


@dataclass(frozen=True, eq=False, repr=False)
class Noise(Shape):
    """mean + amplitude · path from `start` to `start` + `duration`, and 0 outside.

    With `tau`, an Ornstein–Uhlenbeck process, exact at the grid points
    start + k·interval and linear between them. Without, white noise: constant between
    grid points, of variance amplitude²/interval, so that its effect on a membrane does
    not depend on `interval`.

    The path depends on seed, interval and tau only; its value at a grid point on those
    and the point's number. A longer run, another solver or another lane sees the same.

    Parameters
    ----------
    start, duration : Value
        ms; `duration` above 0.
    amplitude : Value
        With `tau` the stationary standard deviation, in µA/cm² or nA (of a clamp's command, with
        ``unit="mV"``, in mV); without, in µA/cm²·√ms or nA·√ms.
    seed : int or sequence of int, optional
        0 ≤ seed < 2**53. Several are a dimension, ``seed``. Without, one is drawn, and
        kept in this field.
    tau : Value, optional
        Correlation time, ms; above 0.
    mean : Value
        µA/cm² or nA.
    interval : float
        Distance of the grid points, ms; above 0, the same in all lanes.
    generator : int
        How the seed becomes a path: 2, the same on every machine; 1, NumPy's, as recordings were
        made before there was a choice.

    Raises
    ------
    StimulusError, UnitError
        As for :class:`loligo.Pulse`.

    Examples
    --------
    >>> background = Noise(0, 1000, 2, tau=3, seed=7)
    >>> bool(background.value(12.5) == Noise(0, 20, 2, tau=3, seed=7).value(12.5))
    True
    >>> Noise(0, 100, 2, tau=3, seed=[1, 2, 3]).seed
    <seed: 3, 1 … 3>
    """

    kind: ClassVar[str] = "noise"
    sampled: ClassVar[bool] = True
    noisy: ClassVar[bool] = True
    kinds: ClassVar[tuple[str, ...]] = (DENSITY, TOTAL, VOLTAGE)
    before: ClassVar[Mapping[str, Any]] = {"generator": NUMPY}
    example: ClassVar[str] = "Noise(start=0, duration=100, amplitude=2, tau=3, seed=1)"
    quantities: ClassVar[Any] = {
        **BOX,
        "mean": Quantity(linear=True, bounds=None),
        "tau": Quantity("ms", bounds=None),
        "seed": Quantity("1", bounds=None),
    }
    caption: ClassVar[str] = "noise of {current}, τ {tau}, {when}"

    start: Value
    duration: Value
    amplitude: Value
    _: KW_ONLY
    seed: Value | None = None
    tau: Value | None = None
    mean: Value = 0.0
    interval: float = 0.025
    generator: int = OWN

    def __post_init__(self) -> None:
        given = self.unit
        stated = any(units.has_unit(each) for each in (self.amplitude, self.mean))
        self._set("said", (isinstance(given, str) and given != "") or stated)
        super().__post_init__()
        mean, _ = self._read_current(self.mean, "mean", self._either("mean"), given or self.unit)
        self._set("mean", mean)
        self._set("seed", self._read_seed())
        if self.tau is None:
            self._set("parameters", tuple(name for name in self.parameters if name != "tau"))
        else:
            self._set("tau", self._read(self.tau, "ms", "tau", above=0.0))
        interval = self._read(self.interval, "ms", "interval", above=0.0)
        if isinstance(interval, Labelled):
            raise StimulusError(
                "Noise: interval is one number for all lanes, because it is the grid that the "
                f"path is made on; it was given as {interval!r}"
            )
        self._set("interval", interval)
        if type(self.generator) is not int or self.generator not in (NUMPY, OWN):
            raise StimulusError(
                f"Noise: generator is {self.generator!r:.40}; there are {OWN}, and {NUMPY}, which "
                "is NumPy's, for recordings made with it"
            )

    def _read_amplitude(self) -> None:
        try:
            super()._read_amplitude()
        except units.DimensionError as problem:
            kind = (
                "without tau= the noise is white and its amplitude a density of noise; "
                "with tau=3 (ms) it is a standard deviation"
                if self.tau is None
                else "with tau= the amplitude is a standard deviation"
            )
            raise units.DimensionError(f"{problem} ({kind})") from None

    def _either(self, name: str) -> tuple[str, ...]:
        if self.tau is None and name == "amplitude":
            return tuple(f"{unit}*sqrt(ms)" for unit in self.kinds)
        return super()._either(name)

    @classmethod
    def sentence(cls, document: Mapping[str, Any]) -> str:
        white = document.get("tau") is None
        return "white noise of {amplitude}·√ms {when}" if white else cls.caption

    def _read_seed(self) -> Value:
        if self.seed is None:
            return secrets.randbelow(_SEEDS)
        seed = self._read(self.seed, "1", "seed", at_least=0.0, below=float(_SEEDS))
        numbers = seed.values if isinstance(seed, Labelled) else np.float64(seed)
        if np.any(numbers != np.floor(numbers)):
            raise StimulusError(
                f"Noise: a seed is a whole number from 0 to 2**53 - 1, but is {self.seed!r}"
            )
        if not isinstance(seed, Labelled):
            return int(seed)
        whole = {
            dim: labels.astype(np.int64) if np.array_equal(labels, seed.values) else labels
            for dim, labels in seed.coords.items()
        }
        return Labelled(seed.dims, seed.values, whole)

    def path(self, count: int) -> Floats:
        """The first `count` grid values of the path of amplitude 1 and mean 0."""
        return self._path().values(count)

    def value(self, t: Times) -> Any:
        start, duration, amplitude, mean = self._numbers("start", "duration", "amplitude", "mean")
        t = np.asarray(t, dtype=np.float64)
        on = (t >= start) & (t < start + duration)
        k, into = cell(np.where(on, t, start).ravel(), start, self.interval)
        unit_path, _ = self._path().look_up(k.astype(np.int64), into)
        return plain(np.where(on, mean + amplitude * unit_path.reshape(t.shape), 0.0))

    def held(self, t: Times) -> tuple[Floats, Floats, Floats]:
        """Its value, its integral from its start and its slope while it is on."""
        start, duration, amplitude, mean = self._numbers("start", "duration", "amplitude", "mean")
        t = np.clip(np.asarray(t, dtype=np.float64), start, start + duration)
        k, into = (each.ravel() for each in cell(t, start, self.interval))
        first = k.astype(np.int64)
        value, charge = self._path().look_up(first, into)
        ends = [self._path().look_up(first + i, np.zeros(first.size))[0] for i in (0, 1)]
        slope = (ends[1] - ends[0]) / self.interval
        return (
            mean + amplitude * value.reshape(t.shape),
            mean * (t - start) + amplitude * charge.reshape(t.shape),
            amplitude * slope.reshape(t.shape),
        )

    def cumulative(self, edges: Times) -> Floats:
        """Charge of the path of amplitude 1 and mean 0 from time 0 to each edge (ms).

        Made for large arrays in consecutive pieces: each part of the path is made once.
        """
        start, _ = self._numbers("start", "duration")
        charge = self._charge(np.asarray(edges, dtype=np.float64))
        return charge - self._charge(np.zeros(())) if start < 0 else charge

    def integral(self, a: Times, b: Times) -> Any:
        start, duration, amplitude, mean = self._numbers("start", "duration", "amplitude", "mean")
        a, b = (np.asarray(edge, dtype=np.float64) for edge in (a, b))
        constant = mean * (local(b, start, duration) - local(a, start, duration))
        return plain(constant + amplitude * (self._charge(b) - self._charge(a)))

    def most_knots(self, duration: float) -> float:
        return duration / self.interval

    def lines(self) -> Lines:
        """Its unit path from knot to knot."""
        start, duration = self._numbers("start", "duration")
        return Gridded(self._path(), start, duration)

    def breakpoints(self, duration: float) -> Floats:
        """Beginning, end and every grid point between, for the path bends at each."""
        start, length = self._numbers("start", "duration")
        first = max(np.floor(-start / self.interval), 0)
        last = np.floor(min(duration - start, length) / self.interval)
        if last - first > MOST_EDGES:
            raise too_many_edges(self, last - first)
        grid_points = start + np.arange(first, last + 1) * self.interval
        inside = grid_points[grid_points < start + length]
        return within(np.append(inside, start + length), duration)

    def check_span(self, longest: float) -> None:
        """Refuse a path that could never be made: it begins where the noise begins."""
        points = longest / self.interval
        if points > _MOST_POINTS:
            raise StimulusError(
                f"{self!r} would have {points:.3g} grid points up to the end of the run; make its "
                "interval longer, or start it later (both are in ms)"
            )

    def _charge(self, t: Floats) -> Floats:
        """Charge of the unit path from its start."""
        start, duration = self._numbers("start", "duration")
        k, into = cell(np.clip(t, start, start + duration).ravel(), start, self.interval)
        return self._path().look_up(k.astype(np.int64), into)[1].reshape(t.shape)

    def _path(self) -> Path:
        (seed,) = self._numbers("seed")
        tau = None if self.tau is None else self._numbers("tau")[0]
        return path(int(seed), self.interval, tau, self.generator)

    def _unsaid(self) -> set[str]:
        return super()._unsaid() | ({"generator"} if self.generator == OWN else set())
