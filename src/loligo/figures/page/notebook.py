"""A matplotlib figure that shows itself in a notebook without pyplot.

Imported only when a figure is made: it needs matplotlib at once.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_SHOWN_WIDTH = 800  # CSS pixels; the rest is for sharp screens


class ShownFigure(Figure):
    """A `matplotlib.figure.Figure` with its own canvas, known to no global state."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        FigureCanvasAgg(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=self.dpi)
        width = min(_SHOWN_WIDTH, round(self.get_figwidth() * self.dpi))
        return {"image/png": buffer.getvalue()}, {"image/png": {"width": width}}
