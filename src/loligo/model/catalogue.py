"""What the library has, told without reading its models: one small file, written by
``python docs/library.py``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from loligo.model.table import Frozen

LIBRARY = Path(__file__).with_name("library")
CATALOGUE = LIBRARY / "catalogue.json"


@dataclass(frozen=True)
class Entry:
    """What the library's table says of a model.

    Attributes
    ----------
    title
        As in the model's file.
    animal, cell
        Of which; empty where the model is of none.
    year
        Of the paper.
    channels
        Their names.
    ions
        Which they let through, by their symbols, where the model says so.
    states
        How many variables have a differential equation.
    alone
        What it does without a stimulus: ``silent``, ``pacemaking`` or ``bursting``.
    step
        A current (µA/cm2) that shows what it does.
    lasts
        How long (ms) that current lasts.
    threshold
        Where (mV) its spikes are counted.
    under_step
        What it does under that current, found by running it: ``silent``, ``single spike``,
        ``phasic``, ``adapting``, ``tonic`` or ``bursting``.
    """

    title: str
    animal: str
    cell: str
    year: int
    channels: tuple[str, ...]
    ions: tuple[str, ...]
    states: int
    alone: str
    step: float
    lasts: float
    threshold: float
    under_step: str

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the file."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**values, "channels": list(self.channels), "ions": list(self.ions)}


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Entry]:
    """Every model of the library by its name, sorted."""
    told: dict[str, dict[str, Any]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return Frozen((name, _entry(**each)) for name, each in sorted(told.items()))


def _entry(channels: list[str], ions: list[str], **values: Any) -> Entry:
    return Entry(channels=tuple(channels), ions=tuple(ions), **values)
