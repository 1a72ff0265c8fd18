"""The travelling wave of an axon: its velocity and profile, without simulating it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import RunError, UsageError
from loligo.lanes import Grid, distinct, grid
from loligo.run.cells import numbers_of
from loligo.system.outline import outline_of
from loligo.theory import wave

if TYPE_CHECKING:
    import xarray

_TOLERANCE = 1e-7  # of the collocation: the velocity is then good to about 1e-8
_SAMPLE = 0.01  # ms


def travelling_wave(axon: Any) -> xarray.Dataset:
    """The action potential that travels along a uniform axon, solved directly.

    A wave that keeps its shape turns the cable equation into an ordinary boundary-value problem
    (Hodgkin & Huxley 1952, doi:10.1113/jphysiol.1952.sp004764, equation 30), whose solution is
    the velocity and the profile of an infinitely long axon: a check of a simulated one that has
    no compartments and no time steps.

    Parameters
    ----------
    axon : Axon
        Of one region. Numbers may be arrays over lanes; its length and ends do not matter.

    Returns
    -------
    xarray.Dataset
        ``velocity`` (m/s) over the lanes, with its numerical ``uncertainty`` (m/s); ``V`` (mV) and
        the gates over (lanes..., ``time``) as they pass one point, ``time`` (ms) counted from the
        peak of V. Lanes without a travelling wave are NaN.

    Raises
    ------
    UsageError
        If the axon is not uniform.
    RunError
        If no wave travels (in none of the lanes), or there is no resting potential.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
    >>> axon = lo.Axon(squid, length="10 cm", diameter=476, axial_resistivity=35.4)
    >>> wave = lo.travelling_wave(axon)
    >>> round(float(wave.velocity), 2)
    18.73
    """
    region = _uniform(axon)
    membrane = numbers_of(outline_of(region.membrane))
    shape = {"diameter": region.diameter, "axial_resistivity": axon.axial_resistivity}
    lanes = grid({**membrane, **shape})
    states, waves, which = _waves(region.membrane, lanes, tuple(membrane))
    K = np.array([np.nan if w is None else w.K for w in waves])[which]
    off = np.array([np.nan if w is None else w.uncertainty for w in waves])[which]
    velocity = _velocity(K, lanes)
    time, profile = _profiles(states, waves)
    return _dataset(axon, lanes, velocity, velocity * off / (2 * K), time, profile[:, which])


def _uniform(axon: Any) -> Any:
    regions = getattr(axon, "regions", None)
    if not regions:
        raise UsageError(f"a travelling wave is that of an axon, lo.Axon(...), not {axon!r:.60}")
    if len(regions) > 1 or getattr(regions[0], "diameter_end", None) is not None:
        raise UsageError(
            "a wave keeps its shape on a uniform axon only: give one region of one diameter, or "
            "simulate this axon and ask lo.conduction_velocity(rec)"
        )
    return regions[0]


def _waves(
    membrane: Any, lanes: Grid, names: tuple[str, ...]
) -> tuple[tuple[str, ...], list[wave.Wave | None], np.ndarray]:
    """The wave of every different membrane, and which of them each lane has."""
    from loligo.run.initial import plain_kernel

    kernel = plain_kernel(membrane)
    first, which = distinct(np.stack([lanes.flat(name) for name in names]))
    found: list[wave.Wave | None] = []
    for lane in first:
        numbers = {name: float(lanes.flat(name)[lane]) for name in names}
        try:
            found.append(wave.find(kernel, numbers, _TOLERANCE))
        except wave.NoWaveError:
            if len(first) == 1:
                raise
            found.append(None)
    if all(one is None for one in found):
        raise RunError("an action potential dies out on each of these membranes: no wave travels")
    return kernel.program.states, found, which


def _velocity(K: np.ndarray, lanes: Grid) -> np.ndarray:
    """m/s: sqrt(K a/(2 R C)), a in cm, R in ohm cm, C in F/cm2, K in 1/s."""
    radius = lanes.flat("diameter") * 0.5e-4
    spread = radius / (2 * lanes.flat("axial_resistivity") * lanes.flat("C_m") * 1e-6)
    return np.sqrt(1e3 * K * spread) / 100


def _profiles(
    states: tuple[str, ...], waves: list[wave.Wave | None]
) -> tuple[np.ndarray, np.ndarray]:
    """A common time, and (states, waves, time); outside its own span a wave is at rest."""
    real = [w for w in waves if w is not None]
    before = max(w.peak - w.span[0] for w in real)
    after = max(w.span[1] - w.peak for w in real)
    count = np.ceil(np.array([before, after]) / _SAMPLE).astype(int)
    time = _SAMPLE * np.arange(-count[0], count[1] + 1)
    profile = np.full((len(states), len(waves), time.size), np.nan)
    for lane, w in enumerate(waves):
        if w is not None:
            profile[:, lane] = w.at(np.clip(time + w.peak, *w.span))
    return time, profile


def _dataset(
    axon: Any, lanes: Grid, velocity: np.ndarray, uncertainty: np.ndarray,
    time: np.ndarray, profile: np.ndarray,
) -> xarray.Dataset:  # fmt: skip
    import xarray as xr

    from loligo.recording.numbers import dimension_attrs
    from loligo.system.outline import outline_of

    membrane = axon.regions[0].membrane
    outline = outline_of(membrane)
    variables: dict[str, Any] = {
        "velocity": (
            lanes.dims, velocity.reshape(lanes.shape),
            {"units": "m/s", "long_name": "conduction velocity"},
        ),
        "uncertainty": (
            lanes.dims, uncertainty.reshape(lanes.shape),
            {"units": "m/s", "long_name": "numerical uncertainty of the velocity"},
        ),
    }  # fmt: skip
    for name, rows in zip(outline.states, profile, strict=True):
        values = rows.reshape(*lanes.shape, time.size)
        variables[name] = ((*lanes.dims, "time"), values, dict(outline.about[name]))
    coords: dict[str, Any] = {
        "time": ("time", time, {"units": "ms", "long_name": "time from the peak of V"})
    }
    for dim, labels in lanes.coords.items():
        units = _SHAPE.get(dim) or dimension_attrs(dim, outline.parameters, lanes.values.get(dim))
        coords[dim] = (dim, np.array(labels), units)
    attrs = {
        "title": getattr(axon, "title", "") or membrane.title or membrane.name or "axon",
        "model": membrane.name or "unnamed",
        "method": "travelling wave by collocation",
    }
    return xr.Dataset(variables, coords, attrs)


_SHAPE = {
    "diameter": {"units": "um", "long_name": "diameter"},
    "axial_resistivity": {"units": "ohm*cm", "long_name": "axial resistivity"},
}
