"""Leak subtraction: what flows in proportion to the command, taken off what was measured."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo import units
from loligo.again import rerun
from loligo.errors import LoligoError, UsageError, nearest
from loligo.lanes import Labelled, Value, grid
from loligo.stimulus.base import Stimulus, Sum
from loligo.stimulus.clamp import VoltageClamp
from loligo.stimulus.document import from_dict
from loligo.stimulus.noise import Noise

if TYPE_CHECKING:
    import xarray

SEEN, WHOLE = "I_out", "I_clamp"
RESULT, LINEAR = "I_subtracted", "I_linear"
_APART = 1e-9  # ms: what an edge is known to


def leak_subtracted(
    rec: xarray.Dataset, parts: float = -4, *, holding: Any = None, base: Any = None,
    current: str | None = None,
) -> xarray.Dataset:  # fmt: skip
    """Subtract leak and capacitive current from those of a voltage clamp, as by P/4 or P/-4.

    The run is made again with every step of its command `parts` times smaller, from `base`
    instead of `holding`; `parts` times the current of these small steps is what flows in
    proportion to the command, and is taken off. Both are measured from what flows with V held at
    `holding`, and at `base`, throughout: so a membrane that is all leak leaves nothing, whatever
    stands between it and the command, and one that is not leaves what its channels let through
    more than at `holding`, less what those let through that open in the small steps.

    Parameters
    ----------
    rec : xarray.Dataset
        Of a membrane under voltage clamps, one at a time, from :func:`loligo.simulate`; of many
        lanes, a family. Commands may be steps, ramps, waveforms or noise.
    parts : float
        n of P/n: 4 for steps of a quarter; -4 for steps of a quarter the other way. 1 at least,
        or -1 at most.
    holding : float, optional
        From which the steps go, mV; the command of the first clamp if not given.
    base : float, optional
        From which the small steps go, mV; `holding` if not given.
    current : str, optional
        Of what: ``"I_out"``, what an amplifier shows, where it was recorded, else ``"I_clamp"``.

    Returns
    -------
    xarray.Dataset
        ``I_subtracted`` and what was taken off, ``I_linear``, in the unit of the current; the
        current itself, and V if it was recorded. ``lo.plot(found, panels=["V", "I_subtracted"])``
        draws it.

    Raises
    ------
    UsageError
        If the recording is of no such run, or an argument cannot be.

    Notes
    -----
    Armstrong & Bezanilla 1974, doi:10.1085/jgp.63.5.533. Noise is the same in all runs, and so
    subtracted with the leak: no experiment can do that.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> clamp = lo.VoltageClamp(0, 5, -65) + lo.VoltageClamp(5, 10, 0)
    >>> rec = lo.simulate(squid, clamp, 15)
    >>> found = leak_subtracted(rec, -4, base=-100)
    >>> ionic = rec.I_Na + rec.I_K
    >>> round(float(found.I_subtracted.min() / ionic.min()), 2)
    1.0
    """
    clamps, others, told = _done(rec)
    name = _measured(rec, current)
    ratio = _ratio(parts)
    before = _first(clamps) if holding is None else units.read(holding, "mV", "holding")
    instead = before if base is None else units.read(base, "mV", "base")

    def again(steps: list[VoltageClamp]) -> xarray.DataArray:
        every: tuple[Any, ...] = (*steps, *others)
        document = Sum(every).to_dict()
        run = {**told, "stimulus": document, "record": [name]}
        return _of(rec, _made(run)[name])

    held = again([_moved(each, 0.0, before, before) for each in clamps])
    small = again([_moved(each, 1.0 / ratio, before, instead) for each in clamps])
    still = held if base is None else again([_moved(each, 0.0, before, instead) for each in clamps])
    linear = ratio * (small - still)
    left = rec[name] - held - linear
    return _told(rec, name, left, linear, ratio)


def _made(run: dict[str, Any]) -> xarray.Dataset:
    import xarray as xr

    return rerun(xr.Dataset(attrs={"provenance": json.dumps(run)}), progress=False)


def _of(rec: xarray.Dataset, found: xarray.DataArray) -> xarray.DataArray:
    """Of the lanes and times that the recording still has."""
    some = {str(d): rec[d] for d in found.dims if d in rec.coords}
    # the small commands are labelled by the whole ones
    return found.drop_vars([name for name in found.coords if name not in rec.coords]).sel(some)


# ---- what was asked


def _done(rec: xarray.Dataset) -> tuple[list[VoltageClamp], list[Any], dict[str, Any]]:
    """The clamps of a run in the order of their times, what was done besides, and all that it
    takes to make it again."""
    try:
        told = json.loads(rec.attrs["provenance"])
        document = told["stimulus"]
        found: Stimulus | None = None if document is None else from_dict(document)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        if isinstance(problem, LoligoError) and told["model"].get("kind") != "axon":
            raise
        raise UsageError(
            "leak_subtracted takes a recording of a membrane under lo.VoltageClamp, as "
            "lo.simulate returns it"
        ) from None
    shapes = () if found is None else found.shapes
    clamps: list[Any] = [each for each in shapes if isinstance(each, VoltageClamp)]
    if not clamps:
        raise UsageError(
            "leak_subtracted: in this recording nothing holds V; simulate with "
            "lo.VoltageClamp(0, 5, -65) + lo.VoltageClamp(5, 10, 0)"
        )
    return _in_order(clamps), [shape for shape in shapes if shape not in clamps], told


def _in_order(clamps: list[VoltageClamp]) -> list[VoltageClamp]:
    numbers = {f"start{k}": each.start for k, each in enumerate(clamps)}
    numbers |= {f"duration{k}": each.duration for k, each in enumerate(clamps)}
    table = grid(numbers)
    starts = np.stack([table.flat(f"start{k}") for k in range(len(clamps))])
    ends = starts + np.stack([table.flat(f"duration{k}") for k in range(len(clamps))])
    order = [int(k) for k in np.argsort(starts[:, 0], kind="stable")]
    for one, other in itertools.pairwise(order):
        if np.any(ends[one] > starts[other] + _APART):
            raise UsageError(
                f"leak_subtracted: {clamps[one]!r} and {clamps[other]!r} are on at the same time "
                "or change places, so that no command of either goes from a holding potential; "
                "let them follow one another"
            )
    return [clamps[k] for k in order]


def _measured(rec: xarray.Dataset, current: str | None) -> str:
    there = [name for name in (SEEN, WHOLE) if name in rec.data_vars]
    if current is None and there:
        return there[0]
    if current in there:
        return str(current)
    wanted = f"no {current!r}{nearest(current, there)}" if current else "neither I_out nor I_clamp"
    raise UsageError(
        f"leak_subtracted: the recording has {wanted}; simulate again with record=['V', 'I_clamp'] "
        "(or 'I_out' under an amplifier)"
    )


def _ratio(parts: Any) -> float:
    ratio = units.read(parts, "1", "parts")
    if isinstance(ratio, Labelled) or abs(ratio) < 1:
        raise UsageError(
            f"leak_subtracted: parts is the n of P/n, such as 4 or -4, and not {parts!r:.60}"
        )
    return ratio


def _first(clamps: list[VoltageClamp]) -> Value:
    if len(clamps) == 1:
        raise UsageError(
            f"leak_subtracted: {clamps[0]!r} is the only clamp, so that its command goes from no "
            "holding potential: say it, holding=-65, or clamp V there first, "
            "lo.VoltageClamp(0, 5, -65) + ..."
        )
    if clamps[0].path is not None:
        raise UsageError(
            f"leak_subtracted: the first clamp, {clamps[0]!r}, follows a path, so that the command "
            "goes from no holding potential: say it, holding=-65"
        )
    return clamps[0].voltage


def _moved(clamp: VoltageClamp, share: float, holding: Value, base: Value) -> VoltageClamp:
    """With a part of the step from `holding`, from `base`."""
    if clamp.path is not None:
        return replace(clamp, voltage=_played(clamp.path, share, holding, base))
    ends = {"voltage": clamp.voltage} | ({} if clamp.to is None else {"to": clamp.to})
    return replace(clamp, **{n: _scaled(v, share, holding, base) for n, v in ends.items()})


def _played(path: Any, share: float, holding: Value, base: Value) -> Any:
    """The same of a waveform, or of noise."""
    if isinstance(path, Noise):
        size = _scaled(path.amplitude, share, 0.0, 0.0)
        return replace(path, amplitude=size, mean=_scaled(path.mean, share, holding, base))
    numbers = (path.amplitude, holding, base)
    if any(isinstance(number, Labelled) for number in numbers):
        raise UsageError(
            f"leak_subtracted: the samples of {path!r} cannot be made smaller where its amplitude, "
            "holding or base is an array; give the family as the waveform's own rows"
        )
    return replace(
        path, amplitude=1.0, values=base + share * (path.amplitude * path.values - holding)
    )


def _scaled(voltage: Value, share: float, holding: Value, base: Value) -> Value:
    table = grid({"voltage": voltage, "holding": holding, "base": base})
    made = table.array("base") + share * (table.array("voltage") - table.array("holding"))
    return Labelled(table.dims, made, table.coords) if table.dims else float(made)


# ---- what was found


def _told(rec: xarray.Dataset, name: str, left: Any, linear: Any, ratio: float) -> xarray.Dataset:
    import xarray as xr

    unit, method = rec[name].attrs["units"], f"P/{ratio:g}"
    about = {"units": unit, "role": "current"}
    variables = {
        RESULT: left.assign_attrs(about, long_name=f"current less leak ({method})"),
        LINEAR: linear.assign_attrs(
            {**about, "role": "clamp"}, long_name=f"leak and capacitive current ({method})"
        ),
        **{kept: rec[kept] for kept in ("V", name) if kept in rec.data_vars},
    }
    found = xr.Dataset(variables, attrs={k: v for k, v in rec.attrs.items() if k != "not_recorded"})
    low, high = float(left.min()), float(left.max())
    peak = low if -low > high else high
    said = f"{name} less leak and capacitive current by {method}"
    return found.assign_attrs(summary=f"{said}: {peak:.6g} {unit} at its peak")
