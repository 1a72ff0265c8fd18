"""What an experiment returns: a table that says how it is drawn and what it was made on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.dimensionless import is_of_dimensionless, unitless
from loligo.errors import UsageError
from loligo.lanes import Labelled
from loligo.model import Axon, Membrane
from loligo.units import read
from loligo.words import ENGLISH, spoken

if TYPE_CHECKING:
    import xarray

    from loligo.experiments.experiment import Experiment

Array = np.ndarray

_WORDS = ("summary", "left_out")  # attributes in words, with units


def numbers(values: Any, unit: str, name: str, **bounds: float) -> Array:
    """One or several numbers in a unit."""
    if isinstance(values, (list, tuple, np.ndarray)) and not len(values):
        raise UsageError(f"{name} is empty; give at least one number")
    found: Any = read(values, unit, name, **bounds)  # type: ignore[arg-type]
    row = found.values if isinstance(found, Labelled) else np.array([found])
    if row.ndim != 1 or not row.size:
        raise UsageError(f"{name} must be a row of numbers")
    return np.asarray(row, dtype=float)


def told(units: str, meaning: str, **more: Any) -> dict[str, Any]:
    """Attributes of a variable.

    Among others a chart reads ``label``, the name of its line, and ``absent``: what it means that
    a value is not a number, as in ``"no conduction"``.
    """
    return {"units": units, "long_name": meaning, **more}


def dataset(
    experiment: Experiment, title: str, variables: Mapping[str, Any], coords: Mapping[str, Any],
    model: Axon | Membrane, *, kind: str = "", **more: Any,
) -> xarray.Dataset:  # fmt: skip
    """What an experiment found; ``lo.plot`` draws it by its variables' roles.

    Parameters
    ----------
    variables, coords
        Name -> (dimensions, values, attributes); the roles are put into the attributes here, as
        the plan of the experiment's chart has them.
    model
        What it was made on.
    kind
        Of the experiment, where it has several.
    **more
        Further attributes, such as a ``summary`` in words.
    """
    import xarray as xr

    import loligo

    name = experiment.name.replace("_", " ")
    attrs = {
        "title": title,
        "experiment": f"{name}: {kind}" if kind else name,
        **_about(model, coords),
        "loligo_version": loligo.__version__,
        **(experiment.chart.attributes if experiment.chart else {}),
        **more,
        **({} if spoken() == ENGLISH else {"language": spoken()}),  # of the summary
    }
    if "membrane" in attrs and is_of_dimensionless(attrs["membrane"]):
        attrs |= {name: unitless(attrs[name]) for name in _WORDS if name in attrs}
    roles = experiment.chart.roles if experiment.chart else {}
    drawn = {
        each: (dims, values, _with_role(about, roles.get(each)))
        for each, (dims, values, about) in variables.items()
    }
    return xr.Dataset(drawn, dict(coords), attrs)


def _with_role(about: Mapping[str, Any], role: str | None) -> dict[str, Any]:
    """Attributes of a variable with its role behind its name."""
    if role is None:
        return dict(about)
    named = {"units": about["units"], "long_name": about["long_name"], "role": role}
    return named | {key: value for key, value in about.items() if key not in named}


def _about(model: Axon | Membrane, coords: Mapping[str, Any]) -> dict[str, str]:
    """The model, whole; of a membrane also the words for a figure's second line."""
    import json

    plain = json.dumps(model.to_dict(), ensure_ascii=False)
    if isinstance(model, Axon):
        return {"axon": plain}
    warm = model.celsius
    told_apart = warm is None or isinstance(warm, Labelled) or "celsius" in coords
    words = [model.title or model.name or "membrane"]
    words += [] if told_apart else [f"{warm:.4g} °C"]
    return {"membrane": plain, "subtitle": ", ".join(words)}
