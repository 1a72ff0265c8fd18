"""A matplotlib figure that appears: by itself in a notebook, by ``plt.show()`` or ``figure.show()``
in a script; and that is written with its words as words.

Imported only when a figure is made: it needs matplotlib at once.
"""

from __future__ import annotations

import io
import sys
import weakref
from typing import Any

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from loligo.figures.style import house_style

_SHOWN_WIDTH = 800  # CSS pixels; the rest is for sharp screens
_WINDOW = (1200.0, 800.0)  # pixels of a window, at most
_MOST = 20  # figures that wait to be shown; matplotlib warns of more that are open


class ShownFigure(Figure):
    """A `matplotlib.figure.Figure` with its own canvas.

    ``plt.show()`` shows it with pyplot's own figures and ``plt.close`` closes it. While pyplot is
    not imported it lives only as long as somebody holds it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        FigureCanvasAgg(self)
        self._asked_dpi = float(self.dpi)

    def savefig(self, fname: Any, **options: Any) -> None:
        """As matplotlib's, in the pixels that were asked for; words stay words in SVG and PDF."""
        options.setdefault("dpi", self._asked_dpi)
        with house_style():
            super().savefig(fname, **options)

    def see_through(self) -> ShownFigure:
        """Itself, without a background; words among lines stand on no ground of their own."""
        self.patch.set_alpha(0.0)
        for words in self.findobj(Annotation):
            words.set_bbox(None)  # type: ignore[attr-defined]
        return self

    def waiting(self) -> ShownFigure:
        """Itself, known to pyplot."""
        ours: list[Any] = [one for one in Gcf.get_all_fig_managers() if isinstance(one, _Waiting)]
        for one in ours[: max(0, len(ours) - _MOST + 1)]:
            Gcf.destroy(one.num)
        manager = _Waiting(self, _free_number())
        if "ipykernel" in sys.modules:
            _until_the_cell_ends(manager)
        elif "matplotlib.pyplot" in sys.modules and sys.modules["matplotlib"].is_interactive():
            manager.show()
        return self

    def show(self, warn: bool = True) -> None:
        """Show it in a window and wait until that is closed; in a notebook, show it there."""
        from matplotlib import is_interactive

        window = _in_a_window(self)
        if "ipykernel" in sys.modules and not _has_windows(window.canvas):
            from IPython.display import display  # type: ignore[import-not-found]

            display(self)
            return
        super().show(warn)
        if not is_interactive():
            window.start_main_loop()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        Gcf.destroy_fig(self)  # shown here, and not once more when the cell is over
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        width = min(_SHOWN_WIDTH, round(self.get_figwidth() * self._asked_dpi))
        return {"image/png": buffer.getvalue()}, {"image/png": {"width": width}}


class _Waiting:
    """What pyplot knows of a figure that has no window yet: its number, and how it is shown."""

    toolbar = None
    _cidgcf = -1  # of no callback: pyplot disconnects it when it closes the figure

    def __init__(self, figure: ShownFigure, number: int) -> None:
        self.num = number
        # Only where pyplot is in use may a figure live on without anybody who holds it.
        self._held = figure if "matplotlib.pyplot" in sys.modules else None
        self._figure = weakref.ref(figure, lambda _: Gcf.figs.pop(number, None))
        Gcf.figs[number] = self  # type: ignore[assignment]

    @property
    def canvas(self) -> Any:
        figure = self._figure()
        return None if figure is None else figure.canvas

    def show(self) -> None:
        """In a window, in which it stays."""
        figure = self._figure()
        if figure is not None:
            _in_a_window(figure).show()

    def destroy(self) -> None:
        """There is no window to close."""
        self._held = None


def _free_number() -> int:
    return 1 + max((number for number in Gcf.figs if isinstance(number, int)), default=0)


def _until_the_cell_ends(manager: Any) -> None:
    """A notebook's next cell shows no figure of the one before."""
    from IPython import get_ipython  # type: ignore[import-not-found]

    shell = get_ipython()
    if shell is None:
        return

    def forget(*_: Any) -> None:
        shell.events.unregister("post_run_cell", forget)
        Gcf.destroy(manager)

    shell.events.register("post_run_cell", forget)


def _has_windows(canvas: Any) -> bool:
    return canvas.manager_class is not FigureManagerBase


def _in_a_window(figure: Figure) -> Any:
    """The manager of a figure's window, of pyplot's backend."""
    if figure.canvas.manager is not None:
        return figure.canvas.manager
    from matplotlib import pyplot

    waits = (one for one in Gcf.get_all_fig_managers() if one.canvas is figure.canvas)
    number = next((one.num for one in waits), _free_number())
    backend = pyplot._get_backend_mod()  # pyright: ignore[reportAttributeAccessIssue]
    if _has_windows(backend.FigureCanvas):  # no larger than a screen; files keep their pixels
        wide, tall = figure.get_size_inches()
        figure.set_dpi(min(figure.dpi, _WINDOW[0] / wide, _WINDOW[1] / tall))
    manager = backend.new_figure_manager_given_figure(number, figure)
    Gcf._set_new_active_manager(manager)  # pyright: ignore[reportAttributeAccessIssue]
    return manager
