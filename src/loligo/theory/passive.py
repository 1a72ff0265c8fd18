"""What an axon is to small currents: its length constant and its input resistance.

Cable theory of a linear membrane (Rall 1977, Handbook of Physiology 1:39; Hodgkin & Rushton 1946,
doi:10.1098/rspb.1946.0024) around each region's own rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import RunError, UsageError
from loligo.lanes import Grid, Labelled, grid
from loligo.run.cells import numbers_of
from loligo.system.outline import outline_of
from loligo.units import read

if TYPE_CHECKING:
    import xarray

_PROBE = 1e-3  # mV
_KINDS = ("steady", "frozen")


def length_constant(axon: Any, *, gates: str = "steady") -> xarray.DataArray:
    """How far a steady small potential reaches: it falls to 1/e over this length.

    lambda = sqrt(d/(4 R G)), with d the diameter, R the axial resistivity and G the membrane's
    slope conductance at rest.

    Parameters
    ----------
    axon : Axon
        Of one region; numbers may be arrays over lanes.
    gates : str
        ``"steady"``: gates follow V, as they do in time (the slope conductance).
        ``"frozen"``: gates stay as at rest (the chord conductance, what a brief pulse meets).

    Returns
    -------
    xarray.DataArray
        um, over the lanes.

    Raises
    ------
    UsageError
        If the axon has several regions or a taper.
    RunError
        If there is no rest, or G is not positive there.

    Examples
    --------
    >>> import loligo as lo
    >>> axon = lo.Axon(lo.load("hodgkin-huxley-1952"), "10 cm", 476, 35.4)
    >>> round(float(lo.length_constant(axon, gates="frozen")), -1)
    7040.0
    """
    cable = _Cable(axon, gates)
    if len(cable.regions) > 1:
        raise UsageError(
            f"an axon of {len(cable.regions)} regions has a length constant in each; make an axon "
            "of the region that you mean"
        )
    return cable.labelled(cable.scale(0), "length_constant", "um", "length constant")


def input_resistance(axon: Any, place: Any = 0, *, gates: str = "steady") -> xarray.DataArray:
    """V over current, for a small steady current injected at one place of the axon.

    Regions of constant diameter are joined exactly (Rall's recursion for cables in series);
    ends count as they are, sealed or held.

    Parameters
    ----------
    axon : Axon
    place : float or quantity
        um from the left end, or text such as ``"2 cm"``.
    gates : str
        As for :func:`length_constant`.

    Returns
    -------
    xarray.DataArray
        MOhm, over the lanes.

    Raises
    ------
    UsageError
        If the place is off the axon, or the axon tapers.
    RunError
        If there is no rest, or the membrane's conductance is not positive there.

    Examples
    --------
    >>> import loligo as lo
    >>> axon = lo.Axon(lo.load("hodgkin-huxley-1952"), "10 cm", 476, 35.4)
    >>> middle = lo.input_resistance(axon, "5 cm")
    >>> bool(abs(lo.input_resistance(axon, 0) / middle - 2) < 1e-3)  # one arm instead of two
    True
    """
    cable = _Cable(axon, gates)
    where = read(place, "um", "place", at_least=0.0)
    if isinstance(where, Labelled) or where > axon.length * (1 + 1e-12):
        raise UsageError(
            f"place={place!r:.40} is not one place of the axon, which is {axon.length:g} um long"
        )
    conductance = cable.arm(where, -1) + cable.arm(where, +1)  # uS
    return cable.labelled(1.0 / conductance, "input_resistance", "MOhm", "input resistance")


class _Cable:
    """The linear cable that an axon is around rest."""

    def __init__(self, axon: Any, gates: str) -> None:
        if not getattr(axon, "regions", None):
            raise UsageError(f"this is asked of an axon, lo.Axon(...), not of {axon!r:.60}")
        if not isinstance(gates, str) or gates not in _KINDS:
            raise UsageError(f"gates={gates!r} is neither {' nor '.join(map(repr, _KINDS))}")
        for region in axon.regions:
            if region.diameter_end is not None:
                raise UsageError(
                    "a region that tapers has no length constant of its own; give each a diameter"
                )
        self.axon, self.regions = axon, axon.regions
        named: dict[str, Any] = {"axial_resistivity": axon.axial_resistivity}
        for i, region in enumerate(axon.regions):
            named[f"diameter.{i}"] = region.diameter
            own = numbers_of(outline_of(region.membrane))
            named |= {f"{name}.{i}": value for name, value in own.items()}
        self.lanes: Grid = grid(named)
        known: list[tuple[Any, np.ndarray]] = []  # internodes are many and alike
        self.conductance: list[np.ndarray] = []
        for i, region in enumerate(axon.regions):
            same = [found for membrane, found in known if membrane == region.membrane]
            found = same[0] if same else _slope(region.membrane, self.lanes, i, gates)
            known += [] if same else [(region.membrane, found)]
            self.conductance.append(found)

    def scale(self, index: int) -> np.ndarray:
        """The length constant of a region, um."""
        d = self.lanes.flat(f"diameter.{index}")
        # um/(ohm cm mS/cm2) = 1e-4 cm * 1e3 cm = 0.1 cm2 = 1e7 um2
        squared = 1e7 * d / (4 * self.lanes.flat("axial_resistivity") * self.conductance[index])
        return np.sqrt(squared)

    def infinite(self, index: int) -> np.ndarray:
        """The input conductance of a region that goes on for ever one way, uS."""
        d = self.lanes.flat(f"diameter.{index}")
        return np.pi * d * self.scale(index) * self.conductance[index] * 1e-5

    def arm(self, place: float, side: int) -> np.ndarray:
        """The input conductance of all that lies on one side of a place, uS."""
        held = self.axon.ends[0 if side < 0 else 1].voltage is not None
        load = np.full(self.lanes.size, np.inf if held else 0.0)
        begins = np.cumsum([0.0, *(region.length for region in self.regions)])
        order = range(len(self.regions)) if side < 0 else range(len(self.regions) - 1, -1, -1)
        for i in order:
            low, high = begins[i], begins[i + 1]
            length = min(high, place) - low if side < 0 else high - max(low, place)
            if length > 0:
                load = _loaded(load, self.infinite(i), np.tanh(length / self.scale(i)))
        return load

    def labelled(self, values: np.ndarray, name: str, units: str, meaning: str) -> Any:
        import xarray as xr

        return xr.DataArray(
            values.reshape(self.lanes.shape),
            dims=self.lanes.dims,
            coords={dim: (dim, np.array(labels)) for dim, labels in self.lanes.coords.items()},
            name=name,
            attrs={"units": units, "long_name": meaning},
        )


def _loaded(load: np.ndarray, own: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """A cable's input conductance with ``load`` at its far end; ``reach`` is tanh(l/lambda)."""
    held = np.isinf(load)
    ratio = np.where(held, 1.0, load) / own
    return own * np.where(held, 1 / reach, (ratio + reach) / (1 + ratio * reach))


def _slope(membrane: Any, lanes: Grid, index: int, gates: str) -> np.ndarray:
    """dI/dV (mS/cm2) at rest, in every lane."""
    from loligo.run.equilibrium import hold, rest
    from loligo.run.initial import plain_kernel

    kernel = plain_kernel(membrane)
    own = numbers_of(outline_of(membrane))
    numbers = {name: lanes.flat(f"{name}.{index}") for name in own}
    states, _ = rest(kernel, numbers)
    current = []
    for off in (_PROBE, -_PROBE):
        if gates == "steady":
            moved = hold(kernel, numbers, states[0] + off)
        else:
            moved = states.copy()
            moved[0] += off
        rows = dict(zip(kernel.program.states, moved, strict=True))
        none = np.zeros(lanes.size)
        found = kernel.map("derivative", {**numbers, **rows, "I_stim": none})
        current.append(-found["V"] * numbers["C_m"])
    slope = (current[0] - current[1]) / (2 * _PROBE)
    if not (slope > 0).all():
        raise RunError(
            "the membrane's conductance is not positive at rest, so that a potential has no length "
            'constant; gates="frozen" gives the one that a brief pulse meets'
        )
    return slope
