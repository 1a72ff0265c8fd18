"""An axon: stretches of membrane on a cylinder or a cone, one after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from loligo.errors import LoligoError, ModelError
from loligo.lanes import Labelled, Value, from_plain, to_plain
from loligo.model.membrane import Membrane
from loligo.model.reading import freeze, label
from loligo.model.region import Region, one
from loligo.units import read

SEALED, KILLED = "sealed", "killed"
_KILLED_AT = 0.0  # mV: an open end short-circuits the inside to the outside


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
        compartments the axon is cut, and how long a step is. Where an impulse may be close to
        dying out, so that small errors have large effects, a short pilot finds what is needed.
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
        accuracy = one(accuracy, "accuracy", "1", above=0.0)
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
            **{**kept, **own},
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
            membranes: list[Membrane] = [Membrane.from_dict(each) for each in document["membranes"]]
            return Axon(
                regions=[_region(membranes, entry) for entry in document["regions"]],
                axial_resistivity=_unplain(document["axial_resistivity"]),
                ends=tuple(document["ends"]),
                accuracy=document["accuracy"],
                name=document["name"],
            )
        except LoligoError:
            raise
        except (KeyError, TypeError, AttributeError) as problem:
            raise ModelError(
                f"this document does not describe an axon: {problem!r:.200}"
            ) from problem

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


def _region(membranes: Sequence[Membrane], entry: Mapping[str, Any]) -> Region:
    rest: dict[str, Any] = {name: _unplain(entry[name]) for name in _REGION}
    which: Any = entry["membrane"]
    if which not in range(len(membranes)):
        raise ModelError(
            f"this axon's document has {len(membranes)} membranes, and none {which!r:.40}"
        )
    return Region(membranes[int(which)], **rest)


def _changed(region: Region, shape: Mapping[str, Any], values: Mapping[str, Any]) -> Region:
    its = {n: v for n, v in values.items() if n in region.membrane.parameters}
    kept: dict[str, Any] = {n: getattr(region, n) for n in _REGION}
    membrane = region.membrane.replace(**its) if its else region.membrane
    return Region(membrane, **{**kept, **shape})


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
    if not isinstance(regions, Region | Iterable):
        raise ModelError(f"regions is {regions!r:.60}; give a list of lo.Region or lo.Myelin")
    stretches: tuple[Any, ...] = (
        (regions,) if isinstance(regions, Region) else tuple(cast(Iterable[Any], regions))
    )
    if not stretches:
        raise ModelError("regions is empty: an axon needs at least one lo.Region(...)")
    for place, each in enumerate(stretches, start=1):
        if not isinstance(each, Region):
            raise ModelError(f"region {place} is {each!r:.60}; give lo.Region or lo.Myelin")
    return stretches


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
    if hasattr(ends, "tolist"):  # an array
        ends = ends.tolist()
    pair = cast(Sequence[Any], ends) if isinstance(ends, list | tuple) else (ends, ends)
    if len(pair) != 2:
        raise ModelError(f"ends has {len(pair)} entries; give one for both, or (left, right)")
    return _end(pair[0], "left"), _end(pair[1], "right")


def _end(end: Any, side: str) -> End:
    if isinstance(end, End):
        return end
    if isinstance(end, str) and end == SEALED:
        return End()
    if isinstance(end, str) and end == KILLED:
        return End(_KILLED_AT)
    try:
        return End(one(end, f"the {side} end", "mV"))
    except LoligoError:
        raise ModelError(
            f"the {side} end is {end!r:.40}; it can be 'sealed', 'killed' (V held at 0 mV), or a "
            "voltage at which it is clamped, in mV"
        ) from None
