"""From a solver's rows to the labelled recording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

import loligo
from loligo.engine.kernel import Floats, Integers
from loligo.lanes import Grid, Labelled, Value
from loligo.model import Axon, Membrane
from loligo.stimulus import Shape

if TYPE_CHECKING:
    import xarray


# what a channel has: first letter of the name -> units, name, role
_CHANNEL = {
    "E": ("mV", "reversal potential", "reversal"),
    "G": ("mS/cm2", "conductance", "conductance"),
    "I": ("uA/cm2", "current", "current"),
}


def describe(membrane: Membrane) -> dict[str, dict[str, Any]]:
    """Attributes of everything that can be recorded: units, long_name, role, channel, power."""
    about: dict[str, dict[str, Any]] = {
        "V": {"units": "mV", "long_name": "membrane potential", "role": "voltage"},
        "I_stim": {"units": "uA/cm2", "long_name": "injected current", "role": "stimulus"},
    }
    for name in membrane.quantities:
        about[name] = {"units": "1", "long_name": name, "role": "helper"}
    for channel in membrane.channels:
        called, mark = channel.meaning or channel.name, {"channel": channel.name}
        for letter, (units, name, role) in _CHANNEL.items():
            about[f"{letter}_{channel.name}"] = {
                "units": units, "long_name": f"{name} ({called})", "role": role, **mark,
            }  # fmt: skip
        for gate in channel.gates:
            about[gate.name] = {
                "units": "1", "long_name": gate.meaning or f"gate {gate.name} ({called})",
                "role": "gate", "power": gate.power, **mark,
            }  # fmt: skip
    for state in membrane.states:
        meaning = state.meaning or state.name
        about[state.name] = {"units": state.unit, "long_name": meaning, "role": "state"}
    return about


def dataset(
    membrane: Membrane,
    lanes: Grid,
    time: Floats,
    values: Mapping[str, Floats],
    spikes: tuple[Floats, Integers],
    rest: Floats | None,
    attrs: Mapping[str, Any],
    threshold: float,
    shapes: tuple[Shape, ...] = (),
    about: Mapping[str, dict[str, Any]] | None = None,
) -> xarray.Dataset:
    """The recording: see DESIGN's contract of names, dimensions and attributes.

    Parameters
    ----------
    values
        Name -> (lanes, samples).
    spikes
        Times and lanes, by lane and then by time.
    rest : (lanes,) or None
    shapes
        The stimulus.
    about
        Attributes of the variables, if not those of this membrane.
    """
    import xarray as xr

    about = about or describe(membrane)
    dims = (*lanes.dims, "time")
    variables: dict[str, Any] = {}
    for name, rows in values.items():
        cube = rows.reshape(*lanes.shape, len(time))  # a view
        variables[name] = (dims, cube, dict(about[name]))
    if "V" in variables and rest is not None and np.ptp(rest) == 0:
        variables["V"][2]["rest"] = float(rest[0])
    counts = np.bincount(spikes[1], minlength=lanes.size).reshape(lanes.shape)
    variables["spike_count"] = (
        lanes.dims, counts, {"units": "1", "long_name": "number of spikes", "threshold": threshold},
    )  # fmt: skip
    variables["spike_time"] = (
        "event",
        spikes[0],
        {"units": "ms", "long_name": "time of a spike", "threshold": threshold},
    )
    coords: dict[str, Any] = {"time": ("time", time, {"units": "ms", "long_name": "time"})}
    for dim, labels in lanes.coords.items():
        told = coordinate_attrs(dim, membrane, lanes.values.get(dim), shapes)
        coords[dim] = (dim, np.array(labels), told)
    return xr.Dataset(variables, coords, dict(attrs))


def coordinate_attrs(
    dim: str, membrane: Membrane, value: Value | None = None, shapes: tuple[Shape, ...] = ()
) -> dict[str, str]:
    """Unit and meaning of a dimension that bears a parameter's name.

    Labels that are not the parameter's ``value``, such as a person's own in another unit, have
    none of ours.
    """
    parameter = membrane.parameters.get(dim)
    if parameter is not None:
        if isinstance(value, Labelled) and not _labels_itself(dim, value):
            return {}
        return {"units": parameter.unit, "long_name": parameter.meaning or dim}
    if dim == "amplitude":
        return {"long_name": "stimulus amplitude", **_amplitude_unit(shapes)}
    return dict(_STIMULUS_ATTRS.get(dim, {}))


def _labels_itself(dim: str, value: Labelled) -> bool:
    labels = value.coords.get(dim)
    own = labels is not None and np.array_equal(labels, value.values)
    return own or value.dims != (dim,)


def _amplitude_unit(shapes: tuple[Shape, ...]) -> dict[str, str]:
    """The unit of the amplitudes that vary along "amplitude", if it is one."""
    units: set[str] = set()
    for shape in shapes:
        if isinstance(shape.amplitude, Labelled) and "amplitude" in shape.amplitude.dims:
            white = shape.kind == "noise" and "tau" not in shape.parameters
            unit = f"{shape.unit}*sqrt(ms)" if white else shape.unit
            units.add("1" if shape.kind == "waveform" else unit)
    return {"units": units.pop()} if len(units) == 1 else {}


_STIMULUS_ATTRS: dict[str, dict[str, str]] = {
    "start": {"units": "ms", "long_name": "stimulus start"},
    "duration": {"units": "ms", "long_name": "stimulus duration"},
    "interval": {"units": "ms", "long_name": "interval between pulses"},
    "frequency": {"units": "Hz", "long_name": "stimulus frequency"},
    "phase": {"units": "rad", "long_name": "stimulus phase"},
    "initial": {"units": "mV", "long_name": "holding potential"},
}


def attributes(
    membrane: Membrane | Axon, stimulus: Any, solver: Any, provenance: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """What a recording says about itself; ``provenance`` is enough to make it again."""
    return {
        "title": membrane.title or membrane.name or "membrane",
        "model": membrane.name or "unnamed",
        "stimulus": "none" if stimulus is None else repr(stimulus),
        "solver": repr(solver),
        **settings,
        "loligo_version": loligo.__version__,
        "provenance": json.dumps(provenance, ensure_ascii=False, allow_nan=False),
    }
