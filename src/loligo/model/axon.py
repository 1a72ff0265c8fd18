"""An axon: stretches of membrane on a cylinder or a cone, one after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from loligo.errors import LoligoError, ModelError
from loligo.lanes import Labelled, Value, from_plain, to_plain
from loligo.model.membrane import Membrane
from loligo.model.parts import Channel
from loligo.model.reading import freeze, label
from loligo.units import read

SEALED, KILLED = "sealed", "killed"
_KILLED_AT = 0.0  # mV: an open end short-circuits the inside to the outside
_MOST_COMPARTMENTS = 10_000_000

# Myelin as a row of membranes in series (McIntyre, Richardson & Grill 2002,
# doi:10.1152/jn.00353.2001, table 1: each layer has two, of 0.1 uF/cm2 and 1 mS/cm2).
_LAYER_C, _LAYER_G = 0.05, 0.5  # uF/cm2, mS/cm2 of one layer
_PERIOD = 0.018  # um: the thickness of a layer, 17 to 19 nm in fresh nerve


@dataclass(frozen=True, init=False)
class Region:
    """A stretch of an axon: one membrane on a cylinder, or on a cone.

    Parameters
    ----------
    membrane
        Its membrane; numbers may be arrays over lanes.
    length
        um, or text such as ``"2 mm"``; one number.
    diameter
        um at the left end, and all along if no other is given. May be an array over lanes.
    diameter_end
        um at the right end: the diameter changes evenly in between.
    start
        Where it begins, um from the left end of the axon. Need not be given: regions follow
        each other. Where it is given it is checked.
    compartments
        Into how many equal pieces it is cut; by default as the axon's accuracy asks.
    name
        Such as ``"node"``: it stands in the recording.
    myelin
        Whether a figure draws it as myelinated; :func:`Myelin` makes such regions.

    Raises
    ------
    ModelError, UnitError, UsageError
        A length or a diameter is not above 0; something is no number.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> lo.Region(squid, length="1 cm", diameter=400, diameter_end=800).length
    10000.0
    """

    membrane: Membrane
    length: float
    diameter: Value
    diameter_end: Value | None
    start: float | None
    compartments: int | None
    name: str
    myelin: bool

    def __init__(
        self,
        membrane: Membrane,
        length: Any,
        diameter: Any,
        diameter_end: Any = None,
        start: Any = None,
        compartments: int | None = None,
        name: str = "",
        myelin: bool = False,
    ) -> None:
        if not isinstance(membrane, Membrane):  # pyright: ignore[reportUnnecessaryIsInstance]
            hint = f'; lo.load("{membrane}") gives it' if isinstance(membrane, str) else ""
            raise ModelError(f"a region needs a Membrane, not {membrane!r:.60}{hint}")
        freeze(
            self,
            membrane=membrane,
            length=_one(length, "length", above=0.0),
            diameter=read(diameter, "um", "diameter", above=0.0),
            diameter_end=None
            if diameter_end is None
            else read(diameter_end, "um", "diameter_end", above=0.0),
            start=None if start is None else _one(start, "start", at_least=0.0),
            compartments=None if compartments is None else _count(compartments),
            name=label(name, "name of a region"),
            myelin=bool(myelin),
        )

    def __repr__(self) -> str:
        what = self.name or ("myelin" if self.myelin else self.membrane.name or "membrane")
        cone = "" if self.diameter_end is None else f" to {_shown(self.diameter_end)}"
        return f"<Region {what}; {self.length:g} um × {_shown(self.diameter)}{cone} um>"


def Myelin(  # noqa: N802  (written like the region that it makes)
    length: Any,
    diameter: Any,
    g_ratio: Any = 0.7,
    *,
    C_m: Any = None,
    g_L: Any = None,
    E_L: Any = -65.0,
    start: Any = None,
    compartments: int | None = None,
    name: str = "internode",
) -> Region:
    """A myelinated stretch of an axon: an internode.

    The sheath is a row of membranes in series, one layer every 18 nm from the axon's surface to
    the fibre's, so that, per area of the axon of radius r,

        C_m = 0.05 uF/cm2 · 18 nm/(r ln(1/g_ratio)),    g_L = 0.5 mS/cm2 · the same

    (a layer's values from McIntyre, Richardson & Grill 2002, doi:10.1152/jn.00353.2001; the
    logarithm sums its capacitors from cylinder to cylinder).

    Parameters
    ----------
    length, diameter
        um; the diameter is the axon's, inside the myelin.
    g_ratio
        The axon's diameter over the fibre's, between 0 and 1; may be an array over lanes.
    C_m, g_L
        uF/cm2 and mS/cm2 per area of the axon, where they are known; else as above.
    E_L
        mV, the leak's reversal potential.
    start, compartments, name
        As for :class:`Region`.

    Raises
    ------
    ModelError, UnitError, UsageError
        As for :class:`Region`; a g-ratio outside 0 to 1.

    Examples
    --------
    >>> import loligo as lo
    >>> internode = lo.Myelin(length="1 mm", diameter=10, g_ratio=0.7)
    >>> round(internode.membrane.parameters["C_m"].value, 6)
    0.000505
    """
    width = read(diameter, "um", "diameter", above=0.0)
    ratio = read(g_ratio, "1", "g_ratio", above=0.0, below=1.0)
    sheath = None if C_m is not None and g_L is not None else _layers(width, ratio)
    membrane = Membrane(
        C_m=_scaled(sheath, _LAYER_C) if C_m is None else C_m,
        channels=[
            Channel("L", g=_scaled(sheath, _LAYER_G) if g_L is None else g_L, E=E_L, meaning="leak")
        ],
        name="myelin",
        title="Myelin",
    )
    return Region(
        membrane, length, width, start=start, compartments=compartments, name=name, myelin=True
    )


def _layers(diameter: Value, ratio: Value) -> Value:
    """What one layer's capacitance is multiplied by, over the lanes of both."""
    import numpy as np

    from loligo.lanes import grid

    lanes = grid({"diameter": diameter, "g_ratio": ratio})
    factor = _PERIOD / (-0.5 * lanes.array("diameter") * np.log(lanes.array("g_ratio")))
    return Labelled(lanes.dims, factor, lanes.coords) if lanes.dims else float(factor)


def _scaled(value: Value | None, factor: float) -> Value:
    assert value is not None
    return value * factor


@dataclass(frozen=True)
class End:
    """An end of an axon: sealed (no current leaves), or V held at a number (mV)."""

    voltage: float | None = None

    def to_plain(self) -> str | float:
        return SEALED if self.voltage is None else self.voltage


@dataclass(frozen=True, init=False, repr=False)
class Axon:
    """An axon: the cable equation on one or several stretches of membrane.

        C_m dV/dt = (1/(4 R d)) d/dx(d^2 dV/dx) - ionic currents

    d the diameter, R the axial resistivity (Hodgkin & Huxley 1952,
    doi:10.1113/jphysiol.1952.sp004764, equation 29).

    Parameters
    ----------
    membrane, length, diameter
        Of a uniform axon: its membrane, um (or ``"10 cm"``), um.
    axial_resistivity
        Of the axoplasm, ohm cm: 35.4 in the squid.
    regions
        Instead of the first three: what the axon is made of, from left to right.
    ends
        ``"sealed"``, ``"killed"`` (V held at 0 mV, as at a cut) or a voltage at which the end
        is clamped; a pair for left and right: ``ends=("sealed", -65)``.
    accuracy
        How exact the velocity of an impulse shall be, relative: it decides into how many
        compartments the axon is cut.
    compartments
        How many, for a uniform axon, if you would rather say so yourself.
    name
        Where it comes from.

    Raises
    ------
    ModelError, UnitError, UsageError
        A length, diameter or resistivity is not above 0, regions overlap or leave a gap: with the
        place.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
    >>> axon = lo.Axon(squid, length="10 cm", diameter=476, axial_resistivity=35.4)
    >>> axon.length
    100000.0
    """

    regions: tuple[Region, ...]
    axial_resistivity: Value
    ends: tuple[End, End]
    accuracy: float
    name: str

    def __init__(
        self,
        membrane: Membrane | None = None,
        length: Any = None,
        diameter: Any = None,
        axial_resistivity: Any = None,
        *,
        regions: Region | Iterable[Region] | None = None,
        ends: Any = SEALED,
        accuracy: Any = 1e-3,
        compartments: int | None = None,
        name: str = "",
    ) -> None:
        if axial_resistivity is None:
            raise ModelError("an axon needs its axial_resistivity, in ohm cm; the squid's is 35.4")
        accuracy = _one(accuracy, "accuracy", "1", above=0.0)
        if not 1e-8 <= accuracy <= 0.1:
            raise ModelError(f"accuracy is {accuracy:g}; give a fraction from 1e-8 to 0.1")
        freeze(
            self,
            regions=_regions(membrane, length, diameter, regions, compartments),
            axial_resistivity=read(axial_resistivity, "ohm*cm", "axial_resistivity", above=0.0),
            ends=_ends(ends),
            accuracy=accuracy,
            name=label(name, "name of the axon"),
        )
        _check_joints(self.regions)

    @property
    def length(self) -> float:
        """um."""
        return math.fsum(region.length for region in self.regions)

    @property
    def title(self) -> str:
        """For figures: its own name, or its first membrane's title."""
        first = next((r.membrane for r in self.regions if not r.myelin), self.regions[0].membrane)
        return self.name or first.title or first.name or "axon"

    def replace(self, /, **values: Any) -> Axon:
        """The same axon with other values: of its own, or of the membranes' parameters.

        Parameters
        ----------
        **values
            ``axial_resistivity``, ``ends``, ``accuracy``, ``name``; for a uniform axon also
            ``length``, ``diameter`` and ``compartments``; or the symbol of a parameter, which is
            changed in every membrane that has it.

        Raises
        ------
        ModelError
            There is no such value.

        Examples
        --------
        >>> import loligo as lo
        >>> axon = lo.Axon(lo.load("hodgkin-huxley-1952"), "10 cm", 476, 35.4)
        >>> axon.replace(celsius=18.5, diameter=238).regions[0].diameter
        238.0
        """
        own = {n: values.pop(n) for n in ("axial_resistivity", "ends", "accuracy", "name")
               if n in values}  # fmt: skip
        shape = {n: values.pop(n) for n in ("length", "diameter", "compartments") if n in values}
        if shape and len(self.regions) > 1:
            raise ModelError(
                f"{', '.join(shape)} cannot be replaced in an axon of {len(self.regions)} "
                "regions; make it anew from regions of the size that you want"
            )
        kept: dict[str, Any] = {
            "axial_resistivity": self.axial_resistivity,
            "ends": tuple(end.to_plain() for end in self.ends),
            "accuracy": self.accuracy,
            "name": self.name,
        }
        return Axon(
            regions=[_changed(region, shape, values) for region in self._with(values)],
            **kept | own,
        )

    def _with(self, values: Mapping[str, Any]) -> tuple[Region, ...]:
        """The regions, once it is known that each value has its parameter somewhere."""
        for name in values:
            if not any(name in region.membrane.parameters for region in self.regions):
                self.regions[0].membrane.replace(**{name: values[name]})  # raises, and says why
        return self.regions

    def to_dict(self) -> dict[str, Any]:
        """The whole axon as a document of plain values; JSON keeps it exactly."""
        membranes: list[Membrane] = []
        regions: list[dict[str, Any]] = []
        for region in self.regions:
            if region.membrane not in membranes:
                membranes.append(region.membrane)
            entry = {name: _plain(getattr(region, name)) for name in _REGION}
            regions.append({"membrane": membranes.index(region.membrane), **entry})
        return {
            "kind": "axon",
            "membranes": [membrane.to_dict() for membrane in membranes],
            "regions": regions,
            "axial_resistivity": to_plain(self.axial_resistivity),
            "ends": [end.to_plain() for end in self.ends],
            "accuracy": self.accuracy,
            "name": self.name,
        }

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> Axon:
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        ModelError, UnitError, UsageError
            The document does not describe an axon.
        """
        try:
            membranes = [Membrane.from_dict(each) for each in document["membranes"]]
            regions = [
                Region(membranes[entry["membrane"]], **{n: _unplain(entry[n]) for n in _REGION})
                for entry in document["regions"]
            ]
            return Axon(
                regions=regions,
                axial_resistivity=_unplain(document["axial_resistivity"]),
                ends=tuple(document["ends"]),
                accuracy=document["accuracy"],
                name=document["name"],
            )
        except LoligoError:
            raise
        except (KeyError, TypeError, IndexError, AttributeError) as problem:
            raise ModelError(f"this document does not describe an axon: {problem!r}") from problem

    def __repr__(self) -> str:
        if len(self.regions) == 1:
            (only,) = self.regions
            return f"<Axon {repr(only)[len('<Region ') : -1]}>"
        return f"<Axon of {len(self.regions)} regions; {self.length:g} um>"


_REGION = ("length", "diameter", "diameter_end", "start", "compartments", "name", "myelin")


def _plain(value: Any) -> Any:
    return to_plain(value) if isinstance(value, Labelled) else value


def _unplain(value: Any) -> Any:
    return from_plain(value) if isinstance(value, Mapping) else value


def _changed(region: Region, shape: Mapping[str, Any], values: Mapping[str, Any]) -> Region:
    mine = {n: v for n, v in values.items() if n in region.membrane.parameters}
    kept = {n: getattr(region, n) for n in _REGION}
    return Region(region.membrane.replace(**mine) if mine else region.membrane, **kept | shape)


def _one(
    value: Any, name: str, unit: str = "um", above: float | None = None,
    at_least: float | None = None,
) -> float:  # fmt: skip
    number = read(value, unit, name, above=above, at_least=at_least)
    if isinstance(number, Labelled):
        raise ModelError(
            f"{name} must be one number: all lanes of a run share the places along the axon. Run "
            "one after the other, or vary the diameter or a parameter of the membrane"
        )
    return number


def _count(value: Any) -> int:
    number = _one(value, "compartments", "1", above=0.0)
    if not number.is_integer() or number > _MOST_COMPARTMENTS:
        raise ModelError(
            f"compartments is {number:g}; give a whole number from 1 to {_MOST_COMPARTMENTS:,}"
        )
    return int(number)


def _shown(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)


def _regions(
    membrane: Any, length: Any, diameter: Any, regions: Any, compartments: Any
) -> tuple[Region, ...]:
    if regions is None:
        missing = {"membrane": membrane, "length": length, "diameter": diameter}
        lacks = [name for name, value in missing.items() if value is None]
        if lacks:
            raise ModelError(
                f"an axon needs its {' and '.join(lacks)}: lo.Axon(membrane, length, diameter, "
                "axial_resistivity), or regions=[lo.Region(...), ...]"
            )
        return (Region(membrane, length, diameter, compartments=compartments),)
    if not (membrane is None and length is None and diameter is None and compartments is None):
        raise ModelError(
            "give either regions, or membrane, length, diameter and compartments of a uniform "
            "axon: each region has its own"
        )
    found = (regions,) if isinstance(regions, Region) else tuple(regions)
    if not found:
        raise ModelError("regions is empty: an axon needs at least one lo.Region(...)")
    for place, each in enumerate(found, start=1):
        if not isinstance(each, Region):
            raise ModelError(f"region {place} is {each!r:.60}; give lo.Region or lo.Myelin")
    return found


def _check_joints(regions: Sequence[Region]) -> None:
    """Regions that say where they begin begin where the one before ends."""
    end = 0.0
    for place, region in enumerate(regions, start=1):
        tolerance = 1e-9 * max(end, 1.0)
        if region.start is not None and abs(region.start - end) > tolerance:
            before = "the axon begins" if place == 1 else f"region {place - 1} ends"
            what = "overlap" if region.start < end else "leave a gap"
            low, high = sorted((region.start, end))
            raise ModelError(
                f"region {place} ({region!r}) begins at {region.start:g} um, but {before} at "
                f"{end:g} um: they {what} from {low:g} to {high:g} um"
            )
        end += region.length


def _ends(ends: Any) -> tuple[End, End]:
    pair = cast(Sequence[Any], ends) if isinstance(ends, list | tuple) else (ends, ends)
    if len(pair) != 2:
        raise ModelError(f"ends has {len(pair)} entries; give one for both, or (left, right)")
    return _end(pair[0], "left"), _end(pair[1], "right")


def _end(end: Any, side: str) -> End:
    if isinstance(end, End):
        return end
    if end == SEALED:
        return End()
    if end == KILLED:
        return End(_KILLED_AT)
    try:
        return End(_one(end, f"the {side} end", "mV"))
    except LoligoError:
        raise ModelError(
            f"the {side} end is {end!r:.40}; it can be 'sealed', 'killed' (V held at 0 mV), or a "
            "voltage at which it is clamped, in mV"
        ) from None
