"""A language whose every letter is marked: what is not, was not said in words of its own."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from loligo import words

# Latin letters as others that the fonts of the figures have, one by one
_MARKS = str.maketrans(
    {letter: chr(0x430 + k) for k, letter in enumerate(string.ascii_lowercase)}
    | {letter: chr(0x410 + k) for k, letter in enumerate(string.ascii_uppercase)}
)
# What is the same in every language: units, symbols, names of gates and states, powers of ten.
_UNITS = r"(?:[kMGnµmp]?(?:V|A|S|F|C|Hz|s|m|Ω|Ohm)|cm|ms|Ω·cm|°C|[nµm]M)"
_SAME = re.compile(
    rf"(?<![A-Za-z])(?:{_UNITS}|[A-Za-z]|[A-Z][a-z]|[a-z][A-Z]|KA|Kdr|[GIE]_\w+|[a-z]_\w+"
    r"|e[+-]?\d+|alpha|beta)(?![A-Za-z])"
)
_MATH = re.compile(r"\$[^$]*\$")


def marked(text: str) -> str:
    """Text with its letters marked, the fields left as they are.

    >>> marked("at {time:.3g}")
    'ат {time:.3g}'
    """
    parts = string.Formatter().parse(text)
    return "".join(
        literal.translate(_MARKS).replace("{", "{{").replace("}", "}}")
        + ("" if name is None else "{" + name + (f":{spec}" if spec else "") + "}")
        for literal, name, spec, _ in parts
    )


class Marked(Mapping[str, str]):
    """Every phrase there may be; which were asked for is kept."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, text: str) -> str:
        self.asked.add(text)
        return marked(text)

    def __iter__(self) -> Iterator[str]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str)


@contextmanager
def marking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Marked]:
    """Within, everything is said in the marked language."""
    phrases = Marked()
    language = words.Language("marked", ",", phrases)
    with monkeypatch.context() as patch:
        patch.setattr(words, "known", lambda code: language)
        before = words._spoken.set("marked")
        try:
            yield phrases
        finally:
            words._spoken.reset(before)


def unmarked(text: str) -> list[str]:
    """The words of a text that bear no mark.

    >>> unmarked("ат 5 ms, later"), unmarked("V = 3 µA/cm²")
    (['later'], [])
    """
    return re.findall(r"[A-Za-z]+", _SAME.sub(" ", _MATH.sub(" ", text)))


def texts(figure: Any) -> list[str]:
    """All that is written in a figure and can be seen."""
    from matplotlib.text import Text

    return [
        artist.get_text() for artist in figure.findobj(Text)
        if artist.get_visible() and artist.get_text().strip()
    ]  # fmt: skip
