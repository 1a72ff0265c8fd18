"""Figures and animations of recordings."""

from __future__ import annotations

from loligo.figures.animation import Animation, animate
from loligo.figures.figure import plot

__all__ = ["Animation", "animate", "plot"]
