"""The numbers that differ between the lanes of a run, as coordinates along its dimensions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from loligo.lanes import Labelled, Value
from loligo.model.parameter import Parameter
from loligo.run.geometry import POSITION
from loligo.run.problem import Problem
from loligo.stimulus.applied import Applied
from loligo.stimulus.document import told

SHAPE = {
    "diameter": {"units": "um", "long_name": "diameter"},
    "diameter_end": {"units": "um", "long_name": "diameter at the right end"},
    "axial_resistivity": {"units": "ohm*cm", "long_name": "axial resistivity"},
    "g_ratio": {"units": "1", "long_name": "g-ratio"},
}


@dataclass(frozen=True, eq=False)
class _Number:
    """One of the numbers of a run.

    Attributes
    ----------
    name
        As it is called where it is the only one of its name.
    which
        Told apart from others of its name by this: the number of a shape of the stimulus, of a
        region, counted from 1; or nothing.
    """

    name: str
    which: str
    value: Labelled
    attrs: Mapping[str, str]


def coordinates(problem: Problem, taken: Collection[str]) -> dict[str, Any]:
    """Every number that varies over lanes, along the dimensions along which it does.

    One that labels its own dimension is there already. Several of one name that differ, such as
    the amplitudes of two pulses, are called ``amplitude_1``, ``amplitude_2``.

    Parameters
    ----------
    taken
        What else in the recording has a name.
    """
    found: dict[str, Any] = {}
    varying = sorted(_varying(problem), key=lambda number: number.name)
    for name, group in groupby(varying, key=lambda number: number.name):
        numbers = list(group)
        same = all(number.value == numbers[0].value for number in numbers)
        for number in numbers[:1] if same else numbers:
            called = name if same or not number.which else f"{name}_{number.which}"
            if not _labels(problem, called, number.value):
                called = _free(called, number.value, {*taken, *found}, problem)
                found[called] = (number.value.dims, number.value.values, dict(number.attrs))
    return found


def _labels(problem: Problem, name: str, value: Labelled) -> bool:
    """Whether a number is the labels of the dimension of its name."""
    labels = problem.lanes.coords.get(name)
    return value.dims == (name,) and labels is not None and np.array_equal(labels, value.values)


def _free(name: str, value: Labelled, taken: set[str], problem: Problem) -> str:
    """A name that nothing else has: a dimension's labels may be a person's own."""
    lanes = problem.lanes
    another = name in lanes.coords or (name in lanes.dims and value.dims != (name,))
    return f"{name}_value" if name in taken or another else name


def _varying(problem: Problem) -> Iterator[_Number]:
    """The numbers that are not the same in all lanes."""
    owners: dict[str, list[str]] = {}
    for full in problem.lanes.values:
        owner = full.rpartition(".")[0]
        known = owners.setdefault(owner.rstrip("0123456789."), [])
        known += [owner] if owner not in known else []
    for full, value in problem.lanes.values.items():
        owner, _, name = full.rpartition(".")
        kind = owner.rstrip("0123456789.")
        if isinstance(value, Labelled) and value.dims and kind in _SAID:
            which = str(owners[kind].index(owner) + 1) if len(owners[kind]) > 1 else ""
            about = {key: text for key, text in _SAID[kind](problem, owner, name).items() if text}
            if which:
                about["long_name"] = f"{about.get('long_name', name)} ({kind} {which})"
            yield _Number(name, which, value, about)
    for name, value in (("V", problem.initial.voltage), *problem.initial.states.items()):
        if isinstance(value, Labelled) and POSITION not in value.dims:
            base = "initial" if value.dims == ("initial",) else f"initial_{name}"
            yield _Number(base, "", value, _beginning(problem, name))


def _of_membrane(problem: Problem, owner: str, name: str) -> Mapping[str, str]:
    return _of_parameter(name, problem.cells[0].outline.parameters)


def _of_region(problem: Problem, owner: str, name: str) -> Mapping[str, str]:
    if name in SHAPE:
        return SHAPE[name]
    region = problem.along.axon.regions[int(owner.removeprefix("region"))]
    return _of_parameter(name, region.membrane.parameters)


def _of_parameter(name: str, parameters: Mapping[str, Parameter]) -> Mapping[str, str]:
    if name not in parameters:
        return SHAPE.get(name, {})
    return {"units": parameters[name].unit, "long_name": parameters[name].meaning or name}


def _of_stimulus(problem: Problem, owner: str, name: str) -> Mapping[str, str]:
    return of_shape(next(each.shape for each in problem.driven if each.prefix == owner), name)


def _of_clamp(problem: Problem, owner: str, name: str) -> Mapping[str, str]:
    clamp: Any = problem.clamps[int(owner.removeprefix("clamp"))].stimulus
    return of_shape(clamp, name)


def of_shape(shape: Applied, name: str) -> Mapping[str, str]:
    """Unit and meaning of one of the numbers of what is done."""
    unit = shape.unit_of(name)
    return {**shape.quantities[name].attributes, **({"units": unit} if unit else {})}


def _of_guess(problem: Problem, owner: str, name: str) -> Mapping[str, str]:
    units = _beginning(problem, name)["units"]
    return {"units": units, "long_name": f"where the search for the steady {name} begins"}


def _beginning(problem: Problem, name: str) -> Mapping[str, str]:
    about = next(c.outline.about[name] for c in problem.cells if name in c.outline.about)
    return {"units": about["units"], "long_name": f"initial {name}"}


# Owner, without its numbers -> what a recording says of a number of it.
_SAID = {
    "": _of_membrane,
    "region": _of_region,
    "stimulus": _of_stimulus,
    "amplifier": _of_stimulus,
    "clamp": _of_clamp,
    "guess": _of_guess,
}


def dimension_attrs(
    dim: str,
    parameters: Mapping[str, Parameter],
    value: Value | None = None,
    shapes: tuple[Applied, ...] = (),
) -> dict[str, str]:
    """Unit and meaning of a dimension that bears a parameter's name.

    Labels that are not the parameter's ``value``, such as a person's own in another unit, have
    none of ours.
    """
    parameter = parameters.get(dim)
    if parameter is not None:
        if isinstance(value, Labelled) and not _labels_itself(dim, value):
            return {}
        return {"units": parameter.unit, "long_name": parameter.meaning or dim}
    if dim == "initial":
        return {"units": "mV", "long_name": "holding potential"}
    return told(dim, shapes)


def _labels_itself(dim: str, value: Labelled) -> bool:
    labels = value.coords.get(dim)
    own = labels is not None and np.array_equal(labels, value.values)
    return own or value.dims != (dim,)
