"""The page under every figure: its size, its scale, its titles, and what they leave below.

All in inches from the lower left; a page's ``scale`` multiplies every type size and gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from loligo.figures.content.labels import Label, typeset
from loligo.figures.page.letters import legible
from loligo.figures.page.letters import look as fonts
from loligo.figures.page.ruler import Fitted, Ruler
from loligo.figures.page.size import Size
from loligo.figures.style import HEADING, SUBTITLE, TICK, TITLE, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from loligo.figures.page.notebook import ShownFigure

PAD = 0.16  # the figure's outer margin
TICK_LENGTH = 0.045
TICK_ROOM = TICK_LENGTH + 0.06
GAP = 0.14  # from the end of a line to its label
_WHOLE = 1e-6  # of a pixel

BESIDE = 0.5  # beside the titles, whose place follows from numbers: room for three digits
SEEN = 6.0  # pixels: smaller type is not read, and what nobody chose is rather left out
_SQUEEZED = 0.94  # of the usual size: what is said below a title, where it then takes one line
_MOST_SAID = 0.25  # of the page's height: what titles of many lines take

T = TypeVar("T")


@dataclass(frozen=True)
class Said:
    """A line of the title, or of what is said below it.

    Attributes
    ----------
    text : Fitted
    y : float
        Its baseline.
    title : bool
        Whether it is the title's.
    """

    text: Fitted
    y: float
    title: bool

    @property
    def weight(self) -> str:
        """Of its letters."""
        return "bold" if self.title else "normal"


@dataclass(frozen=True)
class Page:
    """A figure's page.

    Attributes
    ----------
    said : tuple of Said
        The title's lines, and those of what is said below it.
    top : float
        Where what is left for the panels ends, headings included.
    span : (float, float)
        From where to where across it is filled, as parts of its width.
    """

    size: Size
    scale: float
    said: tuple[Said, ...]
    top: float
    span: tuple[float, float] = (0.0, 1.0)

    @property
    def width(self) -> float:
        return self.size.inches[0]

    @property
    def height(self) -> float:
        return self.size.inches[1]

    @property
    def left(self) -> float:
        """Where its margin at the left ends."""
        return self.span[0] * self.width + self.pad

    @property
    def right(self) -> float:
        """Where its margin at the right begins."""
        return self.span[1] * self.width - self.pad

    @property
    def pad(self) -> float:
        """The outer margin."""
        return PAD * self.scale

    @property
    def point(self) -> float:
        """A point of type, in inches."""
        return self.scale / 72


def paged(
    size: Size, scale: float, title: str, subtitle: str, ruler: Ruler, below: float = 0.6
) -> Page:
    """The page with its titles, in as many lines as they take; ``below`` them a part of a heading's
    height is left free."""
    point, (wide, tall) = scale / 72, size.inches
    room = wide - (2 * PAD + BESIDE) * scale
    top, said = tall - PAD * scale, []
    for words, points, above, under in (
        (title, TITLE, 1.05, 0.15),
        (subtitle, SUBTITLE, 1.25, 0.1),
    ):
        most = max(1, int(_MOST_SAID * tall / ((above + under) * points * point)))
        weight = "bold" if points == TITLE else "normal"
        # a title is no smaller than what is below it; no line is of the last word alone
        least = max(size.smallest, SUBTITLE * scale * (1.0 if points == TITLE else _SQUEEZED))
        asked = [part for part in words.split("\n")[:most] if part.strip()]
        for part in asked:
            for line in ruler.lines(
                part, points * scale, room, weight, least, most - len(asked) + 1
            ):
                y = top - above * points * point
                said.append(Said(line, y, points == TITLE))
                top = y - under * points * point
    top -= below * HEADING * point if said else 0.0
    return Page(size, scale, tuple(said), top)


def largest(size: Size, usual_height: float, arranged: Callable[[float], T | None]) -> T | None:
    """What ``arranged`` makes at the largest legible scale at which it fits; None if at none."""
    tried = (arranged(scale) for scale in size.scales(usual_height))
    return next((made for made in tried if made is not None), None)


def blank(size: Size, theme: Theme) -> tuple[ShownFigure, Ruler]:
    """An empty figure, and what measures text on it."""
    from loligo.figures.page.notebook import ShownFigure

    # Matplotlib cuts off parts of a pixel, be they missing by rounding alone
    inches = [(side + _WHOLE) / size.dpi for side in (size.width, size.height)]
    figure = ShownFigure(figsize=inches, dpi=size.dpi, facecolor=theme.background)
    return figure, Ruler(figure.canvas.get_renderer(), size.dpi)  # type: ignore[attr-defined]


def text(figure: Any, page: Page, x: float, y: float, label: Label, size: float, **look: Any):
    """Text at a place in inches."""
    return figure.text(
        x / page.width,
        y / page.height,
        label.text if label.math else legible(label.text)[0],
        fontsize=size,
        fontstyle="italic" if label.italic else "normal",
        parse_math=label.math,
        **fonts(label),
        **look,
    )


def titles(figure: Any, page: Page, ruler: Ruler, left: float, theme: Theme) -> None:
    """The title and what is said below it, from ``left`` on, as far as there is room."""
    room = page.width - page.pad - left
    for line in page.said:
        words, size = line.text.text, line.text.size
        fitted = ruler.fitted(words, size, room, line.weight, page.size.smallest)
        if fitted.text:
            colour = theme.text if line.title else theme.muted
            look = {"color": colour, "weight": line.weight, "va": "baseline"}
            words = typeset(fitted.text, bold=line.title)
            text(figure, page, left, line.y, words, fitted.size, **look)


def named(
    figure: Any, page: Page, ruler: Ruler, x: float, y: float, label: Label, unit: str, colour: str
) -> None:  # fmt: skip
    """A name and its unit in brackets, from ``x`` on: a symbol is set in another type than its
    unit."""
    size = HEADING * page.scale
    look = {"color": colour, "va": "baseline"}
    if unit and not (label.math or label.italic):
        label, unit = Label(f"{label.text} ({unit})"), ""
    text(figure, page, x, y, label, size, **look)
    if unit:
        text(figure, page, x + ruler.width(label, size), y, Label(f" ({unit})"), size, **look)


def axes_at(
    figure: Any, page: Page, left: float, right: float, bottom: float, height: float, **look: Any
) -> Axes:
    """matplotlib's axes at a place in inches."""
    place = (left / page.width, bottom / page.height, (right - left) / page.width,
             height / page.height)  # fmt: skip
    return figure.add_axes(place, **look)


def ticked(axes: Axes, page: Page, theme: Theme, **more: Any) -> None:
    """The house's ticks: small and quiet. Of both axes; ``more`` goes to ``tick_params``."""
    axes.tick_params(
        color=theme.rule,
        labelcolor=theme.text,
        labelsize=TICK * page.scale,
        length=TICK_LENGTH * 72 * page.scale,
        pad=0.05 * 72 * page.scale,
        width=0.7 * page.scale,
        **more,
    )


def ruled(axes: Axes, page: Page, theme: Theme, *sides: str) -> None:
    """Of the frame around axes, only these sides."""
    for name, spine in axes.spines.items():
        spine.set(visible=name in sides, color=theme.rule, linewidth=0.7 * page.scale)
