"""Every error that a person can cause, with its wording.

Each message says what is wrong, where, and what to do about it. All of them are
``LoligoError``; the command line prints them as one message, without a traceback.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from typing import ClassVar

DOCS = "https://github.com/loligo/loligo/blob/main/docs"
"""Where the pages are that errors name."""


class LoligoError(Exception):
    """Something a person can put right; the message says how.

    Examples
    --------
    >>> import loligo as lo
    >>> try:
    ...     lo.load("hodgkin-huxley-1952").replace(g_na=60)
    ... except lo.LoligoError as problem:
    ...     print(str(problem)[:50])
    there is no parameter g_na (did you mean g_Na?) in
    """

    page: ClassVar[str] = ""
    """The page of the documentation that helps with all errors of this kind, if there is one."""
    path: tuple[str, ...] = ()
    """Where in a model's document, if that is known: ``("channels", "Na", "gates", "m")``."""
    excerpt: tuple[str, int] | None = None
    """The text that the message points into, and at which of its characters."""

    def __init__(self, *told: object) -> None:
        super().__init__(*told)
        if self.page:  # a traceback and the command line show it below the message
            self.add_note(f"More: {DOCS}/{self.page}.md")


class ModelError(LoligoError, ValueError):
    """A model says something that cannot be."""

    page = "models"


class StimulusError(LoligoError, ValueError):
    """A stimulus that cannot be given."""


class UnitError(LoligoError, ValueError):
    """A quantity in the wrong unit, or not a quantity at all."""

    page = "howto/units"


class UsageError(LoligoError, ValueError):
    """An argument that a function cannot work with."""


class RunError(LoligoError, RuntimeError):
    """A run that failed or cannot be started."""


class FileError(LoligoError, OSError):
    """A file that cannot be read or written."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, and what is left of the work."""


class StoppedError(LoligoError):
    """The same, of a command."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`` (did you mean g_Na or g_K?)`` for a misspelt name, or nothing.

    >>> nearest("g_NA", ["g_Na", "g_K", "E_Na"])
    ' (did you mean g_Na?)'
    """
    known = sorted(set(known))
    folded: dict[str, list[str]] = {}
    for candidate in known:
        folded.setdefault(candidate.lower(), []).append(candidate)
    close = folded.get(name.lower()) or difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def pointing(text: str, start: int, end: int, width: int = 76) -> str:
    """The text on one line and a caret line under ``text[start:end]``; long text is cut.

    >>> print(pointing("4*exp(W)", 6, 7))
        4*exp(W)
              ^
    """
    plain = text.translate({9: " ", 10: " ", 13: " "})
    line = "".join(char if char.isprintable() else "?" for char in plain)
    first = max(0, min(start - width // 2, len(line) - width))
    shown = line[first : first + width]
    left, right = ("..." if first else ""), ("..." if first + width < len(line) else "")
    carets = "^" * max(1, min(end - start, first + width - start))
    return f"    {left}{shown}{right}\n    {' ' * (len(left) + start - first)}{carets}"


def callers_level() -> int:
    """The ``stacklevel`` at which a warning points at the line of whoever called loligo, from
    however deep inside it is given."""
    frame, level = sys._getframe(1), 1  # pyright: ignore[reportPrivateUsage]: documented by Python
    while frame.f_back is not None and _own(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    return level


def _own(module: str) -> bool:
    return module.partition(".")[0] == __name__.partition(".")[0]
