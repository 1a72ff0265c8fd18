"""Conduction velocity against a property of the axon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis import conduction_velocity
from loligo.errors import UsageError
from loligo.experiments.common import LASTS, START, given, shock, slenderness, threshold, uniform
from loligo.experiments.experiment import Experiment
from loligo.experiments.found import dataset, numbers, told
from loligo.experiments.plan import panel
from loligo.experiments.runs import protocol
from loligo.model import Axon
from loligo.progress import progress as bar
from loligo.simulation import simulate
from loligo.theory import travelling_wave
from loligo.theory.wave import NoWaveError

if TYPE_CHECKING:
    import xarray

_SHAPE = {"diameter": ("um", "diameter"), "axial_resistivity": ("ohm*cm", "axial resistivity")}
_SLOWEST = 2.0  # m/s in the axon of 1952; thinner ones in proportion


@protocol()
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
    base = uniform(given(axon))
    if len(values) != 1:
        raise UsageError(
            "velocity takes one property and its values, such as diameter=[100, 200, 500], "
            f"celsius=[5, 10, 20] or g_Na=[60, 120]; {len(values)} were given"
        )
    ((name, row),) = values.items()
    unit, meaning = _about(base, name)
    row = numbers(row, unit, name)
    measured, waves = [], []
    with bar("measuring velocities", progress) as advance:
        for k, value in enumerate(row):
            one = _scaled(base, name, float(value))
            measured.append(conduction_velocity(_passage(one)))
            waves.append(_wave(one) if check else np.nan)
            advance((k + 1) / row.size)
    speeds = np.array([float(one) for one in measured])
    return dataset(
        EXPERIMENT, f"Conduction velocity and {meaning}",
        {
            "velocity": (name, speeds, told("m/s", "conduction velocity", absent="no conduction")),
            "uncertainty": (
                name, [float(one.uncertainty) for one in measured],
                told("m/s", "uncertainty of the velocity"),
            ),
            "outcome": (
                name, [str(one.outcome.values) for one in measured],
                told("1", "what became of it"),
            ),
            **(_waves(name, waves) if check else _law(name, row, speeds)),
        },
        {name: (name, row, told(unit, meaning))},
        base,
    )  # fmt: skip


def _waves(name: str, waves: list[float]) -> dict[str, Any]:
    words = told("m/s", "velocity of the travelling wave", label="travelling wave")
    return {"travelling_wave": (name, waves, words)}


def _law(name: str, row: np.ndarray, speeds: np.ndarray) -> dict[str, Any]:
    """The law of cable theory beside what was measured, where there is one."""
    if name not in _SHAPE:
        return {}
    power = "√diameter" if name == "diameter" else "1/√resistivity"
    words = told("m/s", f"proportional to {power}", label=f"∝ {power}")
    return {"root_law": (name, _root_law(name, row, speeds), words)}


def _about(axon: Axon, name: str) -> tuple[str, str]:
    if name in _SHAPE:
        return _SHAPE[name]
    membrane = axon.regions[0].membrane
    if name not in membrane.parameters:
        membrane.replace(**{name: 0.0})  # raises, and says why
    parameter = membrane.parameters[name]
    return parameter.unit, parameter.meaning or {"celsius": "temperature"}.get(name, name)


def _scaled(axon: Axon, name: str, value: float) -> Axon:
    """``axon`` with one property changed, and its length in proportion to its length constant."""
    region = axon.regions[0]
    before = float(region.diameter) / float(axon.axial_resistivity)  # type: ignore[arg-type]
    changed = axon.replace(**{name: value})
    after = float(changed.regions[0].diameter) / float(changed.axial_resistivity)  # type: ignore[arg-type]
    return changed.replace(length=region.length * (after / before) ** 0.5)


def _passage(axon: Axon) -> xarray.Dataset:
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


EXPERIMENT = Experiment(
    velocity, theme="axons", model="axon",
    chart=panel("velocity", theory=("travelling_wave", "root_law")),
)  # fmt: skip
