"""What an explanation is, and how it is set: for a terminal, and for a notebook."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape

from loligo.errors import UsageError
from loligo.model.mathml import mathml

_WIDTH = 80
_INDENT = "   "
_DEEPER = " " * 9  # where a long line goes on


@dataclass(frozen=True)
class Part:
    """A few sentences, and the lines that they are about.

    Attributes
    ----------
    text
        In plain words.
    lines
        Equations, assignments or instructions, one each. Of what was changed, ``+`` is in front
        of what is new and ``-`` of what is gone.
    latex
        The lines as a formula, where they are one.
    """

    text: str = ""
    lines: tuple[str, ...] = ()
    latex: str = ""


@dataclass(frozen=True)
class Stage:
    """One of the stages that an equation goes through."""

    title: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """What is said in words."""
        return "\n".join(part.text for part in self.parts if part.text)

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines."""
        return tuple(line for part in self.parts for line in part.lines)

    @property
    def latex(self) -> str:
        """All formulas."""
        return "\n\n".join(f"$$\n{part.latex}\n$$" for part in self.parts if part.latex)


@dataclass(frozen=True)
class Explanation:
    """One equation through all stages, or a model's overview: from :func:`loligo.explain`.

    ``print`` sets it for a terminal; a notebook shows it typeset.

    Attributes
    ----------
    heading
        What is explained.
    stages
        In order.
    """

    heading: str
    stages: tuple[Stage, ...]

    def only(self, stage: int) -> Explanation:
        """One of the stages alone; the first is 1.

        Raises
        ------
        UsageError
            If there are not so many.
        """
        if not 1 <= stage <= len(self.stages):
            raise UsageError(f"there is no stage {stage}; there are 1 to {len(self.stages)}")
        return replace(self, stages=(self.stages[stage - 1],))

    def rows(self, width: int = _WIDTH) -> Iterator[tuple[str, str]]:
        """What each row is ("heading", "title", "text", "line", "new", "gone"), and the row."""
        for row in textwrap.wrap(self.heading, width):
            yield "heading", row
        for stage in self.stages:
            yield "text", ""
            yield "title", stage.title
            for part in stage.parts:
                yield "text", ""
                for row in textwrap.wrap(part.text, width):
                    yield "text", row
                for line in part.lines:
                    kind = {"+ ": "new", "- ": "gone"}.get(line[:2], "line")
                    for row in _folded(line, width):
                        yield kind, row

    def text(self, width: int = _WIDTH) -> str:
        """For a terminal of that width."""
        return "\n".join(row for _, row in self.rows(width))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<h3>{escape(self.heading)}</h3>" + "".join(map(_html, self.stages))


def _folded(line: str, width: int) -> list[str]:
    return textwrap.wrap(
        line, width, initial_indent=_INDENT, subsequent_indent=_DEEPER, break_on_hyphens=False,
        break_long_words=False,
    ) or [""]  # fmt: skip


def _html(stage: Stage) -> str:
    parts = "".join(map(_part_html, stage.parts))
    return f"<h4>{escape(stage.title)}</h4>{parts}"


def _part_html(part: Part) -> str:
    text = f"<p>{escape(part.text)}</p>" if part.text else ""
    if part.latex:
        return f"{text}<div>{mathml(part.latex)}</div>"
    lines = escape("\n".join(part.lines))
    return text + (f"<pre>{lines}</pre>" if lines else "")
