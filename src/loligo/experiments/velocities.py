"""Conduction velocity against a property of the axon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis import conduction_velocity
from loligo.errors import UsageError
from loligo.experiments.common import (
    LASTS,
    MEASURED,
    START,
    THEORY,
    given,
    numbers,
    shock,
    slenderness,
    table,
    threshold,
    told,
    uniform,
)
from loligo.model import Axon
from loligo.simulation import simulate
from loligo.theory import travelling_wave
from loligo.theory.wave import NoWaveError

if TYPE_CHECKING:
    import xarray

_SHAPE = {"diameter": ("um", "diameter"), "axial_resistivity": ("ohm*cm", "axial resistivity")}
_SLOWEST = 2.0  # m/s in the axon of 1952; thinner ones in proportion


def velocity(
    axon: Axon | None = None, *, check: bool = False, progress: bool | None = None, **values: Any
) -> xarray.Dataset:
    """Conduction velocity against one property: diameter, temperature, resistivity, any other.

    Every axon is as long as the given one in length constants, shocked at its left end and
    measured along its middle half. Above some temperature the action potential becomes too brief
    to excite what lies ahead (heat block): there the velocity is NaN and ``outcome`` says
    ``"blocked"`` or ``"no spike"``.

    Parameters
    ----------
    axon : Axon, optional
        A uniform one; the squid's of 1952 if not given (476 um, 35.4 ohm cm, 18.5 degC).
    check : bool
        Also solve for the travelling wave (`loligo.travelling_wave`), which knows neither
        compartments nor time steps; it takes a few seconds for each different membrane.
    progress : bool, optional
        Whether to show a bar.
    **values : sequence of float
        One property and its values: ``diameter=`` (um), ``axial_resistivity=`` (ohm cm) or a
        parameter of the membrane, such as ``celsius=`` or ``g_Na=``.

    Returns
    -------
    xarray.Dataset
        ``velocity`` (m/s), its ``uncertainty`` and ``outcome`` over the property; with ``check``
        also ``travelling_wave`` (m/s).

    Raises
    ------
    UsageError
        If not one property is given, or the axon is not uniform.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.velocity(diameter=[119, 476])
    >>> ratio = found.velocity[1] / found.velocity[0]
    >>> round(float(ratio), 2)  # as the root of the diameter
    2.0
    """
    from loligo.progress import progress as bar

    base = uniform(given(axon))
    if len(values) != 1:
        raise UsageError(
            "velocity takes one property and its values, such as diameter=[100, 200, 500], "
            f"celsius=[5, 10, 20] or g_Na=[60, 120]; {len(values)} were given"
        )
    ((name, row),) = values.items()
    unit, meaning = _about(base, name)
    row = numbers(row, unit, name)
    found, waves = [], []
    with bar("measuring velocities", progress) as advance:
        for k, value in enumerate(row):
            one = scaled(base, name, float(value))
            found.append(_measured(one))
            waves.append(_wave(one) if check else np.nan)
            advance((k + 1) / row.size)
    variables: dict[str, Any] = {
        "velocity": (name, [float(v) for v in found], told("m/s", "conduction velocity", MEASURED)),
        "uncertainty": (
            name, [float(v.uncertainty) for v in found],
            told("m/s", "uncertainty of the velocity"),
        ),
        "outcome": (name, [str(v.outcome.values) for v in found], told("1", "what became of it")),
    }  # fmt: skip
    if check:
        variables["travelling_wave"] = (
            name, waves,
            told("m/s", "velocity of the travelling wave", THEORY, label="travelling wave"),
        )  # fmt: skip
    elif name in _SHAPE:
        fit = _root_law(name, row, np.array([float(v) for v in found]))
        power = "√diameter" if name == "diameter" else "1/√resistivity"
        variables["root_law"] = (
            name, fit, told("m/s", f"proportional to {power}", THEORY, label=f"∝ {power}"),
        )  # fmt: skip
    coords = {name: (name, row, told(unit, meaning))}
    title = f"Conduction velocity and {meaning}"
    return table("velocity", title, variables, coords, base)


def _about(axon: Axon, name: str) -> tuple[str, str]:
    if name in _SHAPE:
        return _SHAPE[name]
    membrane = axon.regions[0].membrane
    if name not in membrane.parameters:
        membrane.replace(**{name: 0.0})  # raises, and says why
    parameter = membrane.parameters[name]
    return parameter.unit, parameter.meaning or {"celsius": "temperature"}.get(name, name)


def scaled(axon: Axon, name: str, value: float) -> Axon:
    """``axon`` with one property changed, and its length in proportion to its length constant."""
    region = axon.regions[0]
    before = float(region.diameter) / float(axon.axial_resistivity)  # type: ignore[arg-type]
    changed = axon.replace(**{name: value})
    after = float(changed.regions[0].diameter) / float(changed.axial_resistivity)  # type: ignore[arg-type]
    return changed.replace(length=region.length * (after / before) ** 0.5)


def _measured(axon: Axon) -> xarray.DataArray:
    return conduction_velocity(passage(axon))


def passage(axon: Axon) -> xarray.Dataset:
    """The spikes of a shock to the left end, for as long as a slow wave needs."""
    lasts = START + LASTS + axon.length / 1e3 / (_SLOWEST * slenderness(axon))
    return simulate(axon, shock(axon), lasts, record=["spikes"], threshold=threshold(axon))


def _wave(axon: Axon) -> float:
    try:
        return float(travelling_wave(axon).velocity)
    except NoWaveError:
        return np.nan


def _root_law(name: str, row: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """The law of cable theory, through the geometric mean of what was measured."""
    law = np.sqrt(row) if name == "diameter" else 1 / np.sqrt(row)
    known = np.isfinite(measured)
    if not known.any():
        return np.full(row.shape, np.nan)
    return law * np.exp(np.mean(np.log(measured[known] / law[known])))
