"""From the command line's text to a number, a model, a solver: thin, and only here."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from loligo.errors import FileError, UsageError, nearest

if TYPE_CHECKING:
    from loligo.model import Membrane
    from loligo.solvers import Solver

SQUID = "hodgkin-huxley-1952"
RECORDINGS = (".nc", ".npz", ".csv", ".xlsx")
PICTURES = (".png", ".svg", ".pdf", ".jpg")
ANIMATIONS = (".gif", ".webp", ".mp4")


_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER}):({_NUMBER}):(\d+)\s*")


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """While arguments are read, a file that cannot be is a usage error."""
    try:
        yield
    except FileError as error:
        raise UsageError(str(error)) from error


def model(name: str, settings: Sequence[str], celsius: str | None) -> Membrane:
    """The model called ``name``, with ``g_Na=60`` and the like set."""
    from loligo.model import load

    if not name.strip():
        raise UsageError(
            "MODEL is empty; give the name of a model (`loligo models` lists them) or of a TOML "
            "file, or leave it out for the squid axon"
        )
    changes: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals or not key or not text.strip():
            raise UsageError(f"--set takes NAME=VALUE, such as --set g_Na=60, not {setting!r}")
        if key in changes:
            raise UsageError(f"--set gives {key} twice")
        changes[key] = value(text)
    if celsius is not None:
        if "celsius" in changes:
            raise UsageError("--celsius and --set celsius=... both give the temperature")
        changes["celsius"] = value(celsius)
    loaded = load(name)
    return loaded.replace(**changes) if changes else loaded


def value(text: str) -> Any:
    """A number, ``FROM:TO:COUNT`` as that many numbers, or text with a unit, left as it is.

    >>> value("60"), value("60 mS/cm2"), value("0:20:3").tolist()
    (60.0, '60 mS/cm2', [0.0, 10.0, 20.0])
    """
    with contextlib.suppress(ValueError):
        return float(text)
    found = _RANGE.fullmatch(text)
    if not found:
        return text
    import numpy as np

    count = int(found[3])
    if not 2 <= count <= 1_000_000:
        raise UsageError(f"{text}: FROM:TO:COUNT takes a count of 2 to 1000000")
    return np.linspace(float(found[1]), float(found[2]), count)


def quantity(text: str, unit: str, name: str) -> Any:
    """One number in a unit, or several: ``FROM:TO:COUNT``, or with commas; each may have a unit of
    its own. Where no unit is wanted, words are left as they are.

    >>> quantity("0.1 ms", "ms", "duration"), quantity("100 us,2", "ms", "duration")
    (0.1, [0.1, 2.0])
    >>> quantity("0:0.02:3 s", "ms", "duration").tolist(), quantity("Na", "", "ion")
    ([0.0, 10.0, 20.0], 'Na')
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise UsageError(f"{name}: {text!r} has nothing between commas")
    numbers = [_quantity(part, unit, name) for part in parts]
    if len(numbers) > 1 and not all(isinstance(number, float | str) for number in numbers):
        raise UsageError(f"{name}: {text}: FROM:TO:COUNT stands alone, without commas")
    return numbers if len(numbers) > 1 else numbers[0]


def _quantity(text: str, unit: str, name: str) -> Any:
    span, _, own = text.partition(" ")
    found = value(span if own and _RANGE.fullmatch(span) else text)
    if not unit or (isinstance(found, float) and not own):
        return found
    from loligo.units import read

    def number(stated: str) -> float:
        return cast(float, read(stated, unit, name))  # text states one number

    if isinstance(found, str):
        return number(found)
    return found * number(f"1 {own}") if own else found


def solver(text: str | None) -> Solver | None:
    """``taylor``, ``taylor:1e-8``, ``exponential:0.01``, ``exponential:0.01:float32``,
    ``reference:1e-9``, ``taylor:cuda``, ``taylor:1e-7:cuda`` or ``taylor:1e-8:portable`` as a
    solver."""
    from loligo.solvers import SOLVERS

    if text is None:
        return None
    name, *words = text.split(":")
    if name not in SOLVERS:
        known = ", ".join(f"{key}:{_main_setting(kind).upper()}" for key, kind in SOLVERS.items())
        raise UsageError(f"there is no solver {name!r}{nearest(name, SOLVERS)}; there are {known}")
    kind, settings = SOLVERS[name], dict[str, Any]()
    known = [field.name for field in dataclasses.fields(kind)]
    for place, word in enumerate(words):
        what = _SETTINGS.get(word, "precision" if place else _main_setting(kind))
        if what not in known:
            raise UsageError(f"{name} has no {what} to choose: {text} may end before :{word}")
        if what in settings:
            raise UsageError(f"{text} says twice what its {what} is")
        main = what == _main_setting(kind)
        settings[what] = value(word) if main else True if what == "portable" else word
    return kind(**settings)


# what a word among a solver's settings is, where it says so itself
_SETTINGS = {
    "float32": "precision", "float64": "precision",
    "cuda": "engine", "llvm": "engine", "numpy": "engine", "portable": "portable",
}  # fmt: skip


def _main_setting(kind: type) -> str:
    return dataclasses.fields(kind)[0].name


def initial(text: str | None) -> Any:
    """``rest``, or a voltage; None for where the model starts."""
    return None if text is None else value(text)


def output(
    path: Path, suffixes: Sequence[str], others: Mapping[str, Sequence[str]],
    option: str = "--output",
) -> Path:  # fmt: skip
    """``path``, once it is clear that a file of that kind can be written there."""
    from loligo.files import check

    suffix = path.suffix.lower()
    if suffix not in suffixes:
        elsewhere = next((name for name, kinds in others.items() if suffix in kinds), None)
        hint = f"; {suffix} is written by loligo {elsewhere}" if elsewhere else ""
        what = f"cannot write {suffix} files" if suffix else "the name needs a suffix"
        raise UsageError(f"{option} {path}: {what}; use {', '.join(suffixes)}{hint}")
    with reading():
        check(path)
    return path
