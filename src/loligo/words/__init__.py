"""Words: what figures, summaries and stories say, in the reader's language, with its decimal mark.

What is said is written in English where it is said, ``say("{channel} current", channel="Na")``; a
language is one file beside this one, ``de.toml``, which has the same for every such text.
"""

from __future__ import annotations

import os
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from numbers import Number
from typing import Any

from loligo.errors import UsageError, nearest

ENGLISH = "en"
VARIABLE = "LOLIGO_LANGUAGE"  # of the environment

_NUMBER = re.compile(r"[-−]?\d+(\.\d+)?( \S+)?")

_chosen: list[str] = []  # by `language`: the last counts
_spoken: ContextVar[str | None] = ContextVar("language", default=None)


@dataclass(frozen=True)
class Language:
    """A language.

    Parameters
    ----------
    name
        What it calls itself.
    decimal
        Between whole numbers and their parts.
    phrases
        English text -> its own; both have the same fields.
    patterns
        The same of what is read back from recordings, in which it is filled in already:
        ``"current of {channel}"``.
    """

    name: str
    decimal: str = "."
    phrases: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def read(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """What fits each pattern, and what is said instead."""
        return tuple((_pattern(text), own) for text, own in self.patterns.items())


def say(text: str, /, **values: Any) -> str:
    """Text in the language that is spoken, its fields filled in.

    Numbers among ``values`` are written with the language's decimal mark.

    >>> say("{channel} current", channel="Na")
    'Na current'
    >>> with speaking("de"):
    ...     say("{channel} current", channel="Na"), say("{V:.1f} mV", V=-65.04)
    ('Strom Na', '-65,0 mV')
    """
    if spoken() == ENGLISH:
        return text.format(**values)
    return _FILLING.vformat(worded(text), (), values)


def worded(text: str) -> str:
    """Text in the language that is spoken, its fields not yet filled in."""
    code = spoken()
    return text if code == ENGLISH else known(code).phrases.get(text, text)


def reworded(text: str) -> str:
    """What a model, a recording or what was found says of itself, in the language that is spoken,
    as far as it is known there.

    >>> with speaking("de"):
    ...     reworded("conduction velocity"), reworded("current of Na"), reworded("my own title")
    ('Leitungsgeschwindigkeit', 'Strom durch Na', 'my own title')
    """
    code = spoken()
    if code == ENGLISH or not text:
        return text
    own = known(code)
    if text in own.phrases:
        return own.phrases[text]
    if _NUMBER.fullmatch(text):
        return decimal(text)
    for pattern, instead in own.read:
        fitting = pattern.fullmatch(text)
        if fitting:
            parts = {name: reworded(part) for name, part in fitting.groupdict().items()}
            return _FILLING.vformat(instead, (), parts)
    return text


def decimal(number: str) -> str:
    """A number that was written with a point, with the decimal mark of the language.

    >>> with speaking("de"):
    ...     decimal("0.05")
    '0,05'
    """
    code = spoken()
    return number if code == ENGLISH else number.replace(".", known(code).decimal)


def join(parts: list[str]) -> str:
    """``one, two and three``.

    >>> join(["m", "h", "n"])
    'm, h and n'
    """
    if len(parts) < 2:
        return "".join(parts)
    return say("{some} and {last}", some=", ".join(parts[:-1]), last=parts[-1])


# ------------------------------------------------------------------------ which language


def languages() -> dict[str, str]:
    """The languages there are: each one's code, and what it calls itself.

    >>> languages()
    {'en': 'English', 'de': 'Deutsch'}
    """
    return {code: known(code).name for code in (ENGLISH, *sorted(_codes() - {ENGLISH}))}


def spoken() -> str:
    """The code of the language in which things are said now."""
    inner = _spoken.get()
    if inner is not None:
        return inner
    if _chosen:
        return _chosen[-1]
    asked = os.environ.get(VARIABLE)
    return code_of(asked, VARIABLE) if asked else ENGLISH


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Say what is said within the block in a language; None leaves it as it is.

    Raises
    ------
    UsageError
        There is no such language.
    """
    if language is None:
        yield
        return
    before = _spoken.set(code_of(language, "language"))
    try:
        yield
    finally:
        _spoken.reset(before)


class language:  # noqa: N801  (called like a function, used like a block)
    """Say everything in a language from here on, or within a ``with`` block.

    It holds for figures, animations, summaries of experiments, and stories. Names, units, the
    attributes of datasets (but for an experiment's ``summary``) and error messages stay as they
    are. Without it, the environment variable ``LOLIGO_LANGUAGE`` decides, or else it is English.
    ``lo.plot``, ``lo.animate`` and ``lo.narrate`` take ``language=...`` for one figure; a figure
    leaves out the summary of what was found in another language than its own.

    Parameters
    ----------
    code : str
        ``"en"`` or ``"de"``; ``"de_AT"`` is the latter.

    Raises
    ------
    UsageError
        There is no such language.

    Examples
    --------
    >>> import loligo as lo
    >>> with lo.language("de"):
    ...     found = lo.experiments.input_impedance(lo.load("hodgkin-huxley-1952"), frequency=[60])
    >>> found.attrs["title"]
    'Input impedance'
    """

    def __init__(self, code: str) -> None:
        self._code = code_of(code, "language")
        _chosen.append(self._code)

    def __repr__(self) -> str:
        return f"language({self._code!r})"

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        if self._code in _chosen:
            del _chosen[len(_chosen) - 1 - _chosen[::-1].index(self._code)]


def code_of(language: object, name: str) -> str:
    """A language's code, of what a person wrote: ``de`` of ``de_AT.UTF-8`` and of ``Deutsch``.

    Raises
    ------
    UsageError
        There is no such language; it says which there are.
    """
    written = language.strip() if isinstance(language, str) else ""
    code = re.split(r"[-_.@]", written.lower(), maxsplit=1)[0]
    code = ENGLISH if code in ("c", "posix") else code
    if code in _codes():
        return code
    own = {name.lower(): each for each, name in languages().items()}
    if code in own:
        return own[code]
    offered = ", ".join(f"{each!r} ({called})" for each, called in languages().items())
    raise UsageError(
        f"{name}={language!r:.60} is not a language that is known"
        f"{nearest(written, [*own, *languages()])}; use one of {offered}"
    )


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    files = resources.files(__name__).iterdir()
    return frozenset((ENGLISH, *(f.name[:-5] for f in files if f.name.endswith(".toml"))))


@lru_cache(maxsize=8)
def known(code: str) -> Language:
    """A language by its code."""
    if code == ENGLISH:
        return Language("English")
    text = resources.files(__name__).joinpath(f"{code}.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    phrases = {text: own for room in told["phrases"].values() for text, own in room.items()}
    return Language(told["name"], told["decimal"], phrases, told["patterns"])


# ------------------------------------------------------------------------ filling in


class _Filling(string.Formatter):
    """Fields by their names alone; numbers with the decimal mark of the language."""

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        text = super().format_field(value, format_spec)
        return decimal(text) if isinstance(value, Number) else text


_FILLING = _Filling()


def _pattern(text: str) -> re.Pattern[str]:
    """What fits a text with fields."""
    parts = string.Formatter().parse(text)
    return re.compile(
        "".join(
            re.escape(literal) + (f"(?P<{name}>.+)" if name is not None else "")
            for literal, name, *_ in parts
        )
    )
