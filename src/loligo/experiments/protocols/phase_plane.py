"""Two states against each other: where each stands still, how both move, and paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError, nearest
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.plane import Box, Plane, contour, kind_of
from loligo.experiments.reduced import Rest, reduced
from loligo.experiments.runs import protocol, run
from loligo.lanes import Labelled
from loligo.model import Membrane
from loligo.stimulus import Step, VoltageClamp
from loligo.system.outline import outline_of
from loligo.theory.rest import rest
from loligo.words import reworded, say

if TYPE_CHECKING:
    import xarray

_GRID = (241, 161)  # of the search for nullclines
_ARROWS = (25, 17)
_SAMPLES = 6000
_SHOCKS = (0.04, 0.15)  # of the range of x
_TRIED = np.geomspace(0.01, 0.8, 60)  # of it, where neither of these excites
_AROUND = (0.8, 1.25)  # times the least of those that does
_RISES = 0.1  # of the range of x: by so much x goes on rising by itself where a shock excites
_LASTS, _LONGEST = 60.0, 4000.0  # ms
_LATE, _STILL = 0.1, 0.004  # of the time at the end, in which what moves by less has come to rest
_TURNS = 3  # rounds that show a cycle


@protocol("following paths")
def phase_plane(
    membrane: Membrane, x: str = "V", y: str | None = None, *, current: Any = 0.0,
    others: Any = None, shock: Any = None, start: Any = None, x_range: Any = None,
    y_range: Any = None, duration: Any = None, progress: bool | None = None
) -> xarray.Dataset:  # fmt: skip
    """The plane of two states: nullclines, the field, fixed points and what paths do around them.

    The other states are made steady, or held, so that the two are all that moves (FitzHugh 1961,
    Biophys. J. 1:445, doi:10.1016/S0006-3495(61)86902-6).

    Parameters
    ----------
    membrane : Membrane
    x : str
        The state across.
    y : str, optional
        The state upwards; ``n`` where there is one, else the last.
    current : float
        uA/cm2 that is injected all the time.
    others : str or mapping, optional
        ``"steady"``: each gate follows the two at once; other states are frozen. ``"frozen"``:
        each stays as it is at rest without current. Or for some of them one of these, a number,
        or a formula: ``{"m": "steady", "h": "0.8 - n"}``. Of what nothing is said: faster than y
        is steady, slower frozen; a gate of about the same pace that V moves the other way is as
        large a part of 1 - y as at rest.
    shock : sequence of float, optional
        By which x is displaced from rest, in its unit, for a path each; if not given two, of
        which one excites if any does.
    start : sequence of pairs, optional
        Where paths begin instead, ``[(-60, 0.4), ...]``, or one pair.
    x_range, y_range : pair of float, optional
        From where to where; if not given, what the equations suggest.
    duration : float, optional
        ms of the paths; if not given 60, or so long that they come to rest or go round.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``field_x`` and ``field_y`` over (``y``, ``x``): the rates, per ms. ``nullcline_x``, the y
        at which x stands still, over coordinates of its own, the values of x; ``nullcline_y``
        likewise; NaN between branches. ``fixed_y`` over ``fixed_x``: the fixed points, and of each
        its ``kind``, whether it is ``stable``, ``eigenvalue_real`` and ``eigenvalue_imag`` (per
        ms, over ``mode``), of the two states alone. ``path_x`` and ``path_y`` over (``shock`` or
        ``start``, ``time``). Of a membrane with one state all is NaN.

    Raises
    ------
    UsageError
        If it is no membrane, or its parameters vary, or it has no such states, or the others
        cannot be so.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.phase_plane(lo.load("hodgkin-huxley-1952"))
    >>> found.kind.values.tolist()
    ['stable focus', 'saddle', 'unstable node']
    """
    patch = membrane_of(membrane, "phase_plane")
    if y is None and outline_of(patch).states == (x,):
        return _alone(patch, x)
    x, y = _chosen(patch, x, y)
    held = one(current, "uA/cm2", "current")
    lasts = None if duration is None else one(duration, "ms", "duration", above=0.0)
    if shock is not None and start is not None:
        raise UsageError("give shocks or starts of the paths, not both")
    still = Rest.of(patch, rest(patch))
    plane = Plane(reduced(patch, x, y, others, still), x, y, held)
    box = Box.around(plane, still, x_range, y_range)
    paths = _shown(plane, _starts(plane, still, box, shock, start), box, lasts)
    if shock is None and start is None and not paths.excited(box).any():
        paths = _exciting(plane, paths, box, lasts)
    box = box.with_room_for(paths.values)
    across, up = (np.linspace(*side, count) for side, count in zip(box.sides, _GRID, strict=True))
    nullclines = [contour(lambda a, b, k=k: plane.rates(a, b)[k], across, up) for k in (0, 1)]
    fixed, values = plane.fixed(nullclines[0])
    kinds, stable = [kind_of(each) for each in values], values.real.max(axis=1, initial=-np.inf) < 0
    coords, field = _field(plane, box)
    return dataset(
        EXPERIMENT, f"Phase plane of {x} and {y}",
        {
            "fixed_y": ("fixed_x", fixed[:, 1], plane.told(1, "of the fixed point")),
            "stable_y": ("fixed_x", np.where(stable, fixed[:, 1], np.nan), plane.told(
                1, "of the fixed point", label="stable",
            )),
            "unstable_y": ("fixed_x", np.where(stable, np.nan, fixed[:, 1]), plane.told(
                1, "of the fixed point", label="unstable",
            )),
            "kind": ("fixed_x", np.array(kinds, dtype=str), told("1", "kind of fixed point")),
            "stable": ("fixed_x", stable, told("1", "whether the two states alone stay there")),
            "eigenvalue_real": (("fixed_x", "mode"), values.real, told(
                "1/ms", "eigenvalue, real part",
            )),
            "eigenvalue_imag": (("fixed_x", "mode"), values.imag, told(
                "1/ms", "eigenvalue, imaginary part",
            )),
            **paths.variables(plane),
            **_curves(plane, nullclines),
            **field,
        },
        {
            **coords, **paths.coords(plane), **_along(plane, nullclines),
            "fixed_x": ("fixed_x", fixed[:, 0], plane.told(0, "of the fixed point")),
        },
        patch, kind=f"{x}, {y}", summary=_summary(plane, fixed, kinds),
    )  # fmt: skip


def _chosen(membrane: Membrane, x: Any, y: Any) -> tuple[str, str]:
    """Two different states."""
    states = outline_of(membrane).states
    if y is None:
        y = "n" if "n" in states and x != "n" else next((s for s in states[::-1] if s != x), None)
    for role, name in (("x", x), ("y", y)):
        if name not in states:
            raise UsageError(
                f"{role}={name!r:.60} is no state that moves{nearest(str(name), states)}; there "
                f"are {', '.join(states)}"
            )
    if x == y:
        raise UsageError(f"x and y are both {x}: a plane needs two different states")
    return x, y


def _alone(membrane: Membrane, x: str) -> xarray.Dataset:
    """What is found where there is no plane."""
    about = told("1", "nothing")
    fields = {name: (("y", "x"), np.full((2, 2), np.nan), about) for name in ("field_x", "field_y")}
    rows = {f"nullcline_{role}": (f"along_{role}", [np.nan], about) for role in "xy"}
    fixed = {
        f"{name}_y": ("fixed_x", np.zeros(0), about) for name in ("fixed", "stable", "unstable")
    }
    paths = {
        "path_x": (("shock", "time"), [[0.0, 1.0]], about),
        "path_y": (("shock", "time"), [[np.nan] * 2], about),
    }
    coords = {
        "x": ("x", [0.0, 1.0], told("mV", x)), "y": ("y", [0.0, 1.0], about),
        "shock": ("shock", [np.nan], about), "time": ("time", [0.0, 1.0], told("ms", "time")),
        "fixed_x": ("fixed_x", np.zeros(0), about),
        **{f"along_{role}": (f"along_{role}", [np.nan], about) for role in "xy"},
    }  # fmt: skip
    return dataset(
        EXPERIMENT, "Phase plane", {**fixed, **paths, **rows, **fields}, coords, membrane,
        summary=say("{x} alone moves, and a plane needs two states: there is none.", x=x),
    )  # fmt: skip


# ------------------------------------------------------------------------ paths


@dataclass(frozen=True, eq=False)
class _Starts:
    """Where paths begin, (paths, 2), and what tells them apart: a dimension and its labels."""

    points: np.ndarray
    dim: str
    labels: np.ndarray


def _starts(plane: Plane, still: Rest, box: Box, shock: Any, start: Any) -> _Starts:
    if start is not None:
        rows = list(start) if np.iterable(start) else [start]
        alone = not np.iterable(start) or (len(rows) == 2 and not any(map(_pairs, rows)))
        pairs = [_start(each, plane) for each in ([start] if alone else rows)]
        if not pairs:
            raise UsageError("start is empty; give at least one pair, [(-60, 0.4)]")
        return _Starts(np.array(pairs), "start", np.arange(1.0, len(pairs) + 1))
    at = np.array([still.states[plane.x], still.states[plane.y]])
    if not np.isfinite(at).all():
        if shock is not None:
            raise UsageError("it has no rest that a shock could displace; give start=[(x, y), ...]")
        at = np.array([sum(side) / 2 for side in box.sides])
    low, high = box.sides[0]
    sizes = varied(shock, np.array(_SHOCKS) * (high - low), plane.unit(0), "shock").values
    return _Starts(at + np.outer(sizes, [1.0, 0.0]), "shock", sizes)


def _pairs(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _start(pair: Any, plane: Plane) -> list[float]:
    if not _pairs(pair) or len(pair) != 2:
        raise UsageError(
            f"start is a row of pairs, of {plane.x} and {plane.y} each, [(-60, 0.4), ...], and "
            f"{pair!r:.40} is none"
        )
    return [one(value, plane.unit(k), "start") for k, value in enumerate(pair)]


@dataclass(frozen=True, eq=False)
class _Paths:
    """Of the two states, (2, paths, samples)."""

    starts: _Starts
    time: np.ndarray
    values: np.ndarray

    def variables(self, plane: Plane) -> dict[str, Any]:
        dims = (self.starts.dim, "time")
        return {
            f"path_{role}": (dims, self.values[k], plane.told(k)) for k, role in enumerate("xy")
        }

    def coords(self, plane: Plane) -> dict[str, Any]:
        shock = self.starts.dim == "shock"
        about = told(plane.unit(0), "shock") if shock else told("1", "start")
        return {
            self.starts.dim: (self.starts.dim, self.starts.labels, about),
            "time": ("time", self.time, told("ms", "time")),
        }

    def excited(self, box: Box) -> np.ndarray:
        """(paths,): whether x goes on rising by itself."""
        x = self.values[0]
        return np.nanmax(x, axis=1) - x[:, 0] > _RISES * float(np.ptp(box.sides[0]))

    def ended(self, box: Box) -> bool:
        """Whether all have come to rest, or go round and round."""
        late = self.values[:, :, -int(_LATE * _SAMPLES) :]
        sides = np.ptp(np.array(box.sides), axis=1)[:, None]
        still = (np.ptp(late, axis=2) <= _STILL * sides).all(axis=0)
        x = self.values[0]
        above = x > (x.min(axis=1) + x.max(axis=1))[:, None] / 2
        rounds = (above[:, 1:] & ~above[:, :-1]).sum(axis=1)
        return bool((still | (rounds >= _TURNS) | ~np.isfinite(x).all(axis=1)).all())


def _shown(plane: Plane, starts: _Starts, box: Box, lasts: float | None) -> _Paths:
    """Where the two states go, until they show where in the end, if no time is given."""
    if lasts is not None:
        return _paths(plane, starts, lasts)
    lasts = _LASTS
    paths = _paths(plane, starts, lasts)
    while not paths.ended(box) and 2 * lasts <= _LONGEST:
        lasts *= 2
        paths = _paths(plane, starts, lasts)
    return paths


def _exciting(plane: Plane, paths: _Paths, box: Box, lasts: float | None) -> _Paths:
    """Paths of a shock that just excites and of one that does not; those that were there, where
    none does."""
    starts = paths.starts
    if starts.dim != "shock":
        return paths
    rest_at = starts.points[0] - [starts.labels[0], 0.0]

    def by(sizes: np.ndarray) -> _Starts:
        return _Starts(rest_at + np.outer(sizes, [1.0, 0.0]), "shock", sizes)

    tried = _TRIED * float(np.ptp(box.sides[0]))
    excites = np.flatnonzero(_paths(plane, by(tried), float(paths.time[-1])).excited(box))
    if not excites.size:
        return paths
    sizes = [float(f"{part * tried[excites[0]]:.3g}") for part in _AROUND]
    return _shown(plane, by(np.array(sizes)), box, lasts)


def _paths(plane: Plane, starts: _Starts, lasts: float) -> _Paths:
    """Where the two states go."""
    points = dict(zip((plane.x, plane.y), starts.points.T, strict=True))
    voltage = plane.reduced.voltage
    stimulus: Any = Step(0.0, plane.current)
    if voltage is not None:
        points["V"] = np.full(len(starts.points), voltage)
        stimulus = VoltageClamp(0.0, 2 * lasts, voltage)
    rec = run(
        plane.reduced.membrane, stimulus, lasts, record=[plane.x, plane.y],
        initial={name: Labelled(("path",), row) for name, row in points.items()},
        sample_interval=lasts / _SAMPLES,
    )  # fmt: skip
    rows = [rec[name].transpose("path", "time").values for name in (plane.x, plane.y)]
    return _Paths(starts, rec.time.values, np.stack(rows))


# ------------------------------------------------------------------------ what is drawn


def _field(plane: Plane, box: Box) -> tuple[dict[str, Any], dict[str, Any]]:
    """The grid, and the rates on it."""
    row, column = (np.linspace(*side, n) for side, n in zip(box.sides, _ARROWS, strict=True))
    rates = plane.rates(*np.meshgrid(row, column))
    coords = {"x": ("x", row, plane.told(0)), "y": ("y", column, plane.told(1))}
    field = {
        f"field_{role}": (("y", "x"), rates[k], told(
            _rate(plane.unit(k)), f"rate of {(plane.x, plane.y)[k]}",
        ))
        for k, role in enumerate("xy")
    }  # fmt: skip
    return coords, field


def _rate(unit: str) -> str:
    return "1/ms" if unit == "1" else f"{unit}/ms"


def _curves(plane: Plane, nullclines: list[np.ndarray]) -> dict[str, Any]:
    return {
        f"nullcline_{role}": (f"along_{role}", nullclines[k][:, 1], plane.told(
            1, f"where {(plane.x, plane.y)[k]} stands still",
            label=f"{(plane.x, plane.y)[k]} stands still",
        ))
        for k, role in enumerate("xy")
    }  # fmt: skip


def _along(plane: Plane, nullclines: list[np.ndarray]) -> dict[str, Any]:
    return {
        f"along_{role}": (f"along_{role}", nullclines[k][:, 0], plane.told(0))
        for k, role in enumerate("xy")
    }


def _summary(plane: Plane, fixed: np.ndarray, kinds: list[str]) -> str:
    words = plane.reduced.words
    said = f"{say('Of the others, {words}.', words=words)} " if words else ""
    if not kinds:
        return say(
            "{said}{x} and {y} nowhere stand still together.", said=said, x=plane.x, y=plane.y
        )
    units = [_spaced(plane.unit(k)) for k in (0, 1)]
    each = "; ".join(
        say(
            "{kind} at {x} = {x_value:.4g}{x_unit}, {y} = {y_value:.4g}{y_unit}",
            kind=reworded(kind),
            x=plane.x,
            x_value=x,
            x_unit=units[0],
            y=plane.y,
            y_value=y,
            y_unit=units[1],
        )
        for (x, y), kind in zip(fixed, kinds, strict=True)
    )
    return f"{said}{each[0].upper()}{each[1:]}."


def _spaced(unit: str) -> str:
    return "" if unit == "1" else f" {unit}"


EXPERIMENT = Experiment(
    phase_plane, theme="membrane", model="membrane",
    chart=Plan((
        Panel(
            ("path_y",), ("nullcline_x", "nullcline_y"), across="path_x",
            field=("field_x", "field_y"), points=("stable_y", "unstable_y"),
        ),
    )),
    facts={
        "x": Facts(), "y": Facts(), "current": Facts("uA/cm2"), "others": Facts(),
        "shock": Facts(many=True), "start": Facts(many=True), "x_range": Facts(many=True),
        "y_range": Facts(many=True), "duration": Facts("ms"),
    },
)  # fmt: skip
