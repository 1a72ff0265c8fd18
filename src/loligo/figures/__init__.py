"""Figures and animations of recordings."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time see `__getattr__`: who wants the colours waits for no more
    from loligo.figures.animation import Animation, animate
    from loligo.figures.figure import plot

__all__ = ["Animation", "animate", "plot"]

_HOMES = {"Animation": "animation", "animate": "animation", "plot": "figure"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'loligo.figures' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"loligo.figures.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
