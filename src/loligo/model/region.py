"""What an axon is made of: stretches of membrane, bare or under myelin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loligo.errors import ModelError
from loligo.lanes import Labelled, Value
from loligo.model.combining import combined
from loligo.model.course import refuse_courses
from loligo.model.membrane import Membrane
from loligo.model.parts import Channel
from loligo.model.reading import freeze, label
from loligo.units import read

_MOST_COMPARTMENTS = 10_000_000

# Myelin as a row of membranes in series (McIntyre, Richardson & Grill 2002,
# doi:10.1152/jn.00353.2001, table 1: each layer has two, of 0.1 uF/cm2 and 1 mS/cm2).
LAYER_C, LAYER_G, LAYER_E = 0.05, 0.5, -65.0  # uF/cm2, mS/cm2 and mV of one layer
PERIOD = 0.018  # um: the thickness of a layer, 17 to 19 nm in fresh nerve


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
        refuse_courses(membrane.courses, "a region of an axon")
        if not isinstance(myelin, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ModelError(f"myelin is {myelin!r:.60}; give True or False")
        freeze(
            self,
            membrane=membrane,
            length=one(length, "length", above=0.0),
            diameter=read(diameter, "um", "diameter", above=0.0),
            diameter_end=None
            if diameter_end is None
            else read(diameter_end, "um", "diameter_end", above=0.0),
            start=None if start is None else one(start, "start", at_least=0.0),
            compartments=None if compartments is None else _count(compartments),
            name=label(name, "name of a region"),
            myelin=myelin,
        )

    def __repr__(self) -> str:
        what = self.name or ("myelin" if self.myelin else self.membrane.name or "membrane")
        cone = "" if self.diameter_end is None else f" to {shown(self.diameter_end)}"
        return f"<Region {what}; {self.length:g} um × {shown(self.diameter)}{cone} um>"


def Myelin(
    length: Any,
    diameter: Any,
    g_ratio: Any = 0.7,
    *,
    C_m: Any = None,
    g_L: Any = None,
    E_L: Any = LAYER_E,
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
        C_m=_scaled(sheath, LAYER_C) if C_m is None else C_m,
        channels=[
            Channel("L", g=_scaled(sheath, LAYER_G) if g_L is None else g_L, E=E_L, meaning="leak")
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

    return combined(
        {"diameter": diameter, "g_ratio": ratio},
        lambda each: PERIOD / (-0.5 * each["diameter"] * np.log(each["g_ratio"])),
    )


def _scaled(value: Value | None, factor: float) -> Value:
    assert value is not None
    return value * factor


def one(
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
    number = one(value, "compartments", "1", above=0.0)
    if not number.is_integer() or number > _MOST_COMPARTMENTS:
        raise ModelError(
            f"compartments is {number:g}; give a whole number from 1 to {_MOST_COMPARTMENTS:,}"
        )
    return int(number)


def shown(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)
