"""From the command line's text to a model, a stimulus, a solver: thin, and only here."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loligo.errors import FileError, UsageError, nearest

if TYPE_CHECKING:
    from loligo.model import Membrane
    from loligo.solvers import Solver
    from loligo.stimulus.base import Stimulus

SQUID = "hodgkin-huxley-1952"
RECORDINGS = (".nc", ".npz", ".csv")
PICTURES = (".png", ".svg", ".pdf", ".jpg")
ANIMATIONS = (".gif", ".webp", ".mp4")


@dataclass(frozen=True)
class Kind:
    """A stimulus as the command line takes it: so many values, then settings by name."""

    name: str  # in loligo.stimulus
    values: tuple[str, ...]
    settings: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """The values in capitals, as help shows them."""
        return " ".join(value.upper() for value in self.values)


STIMULI: Mapping[str, Kind] = {
    "--pulse": Kind("Pulse", ("start", "duration", "amplitude")),
    "--step": Kind("Step", ("start", "amplitude")),
    "--train": Kind("PulseTrain", ("start", "duration", "amplitude", "interval", "count")),
    "--ramp": Kind("Ramp", ("start", "duration", "amplitude")),
    "--sine": Kind("Sine", ("start", "duration", "amplitude", "frequency"), ("phase",)),
    "--chirp": Kind(
        "Chirp", ("start", "duration", "amplitude", "frequency_start", "frequency_end")
    ),
    "--noise": Kind(
        "Noise", ("start", "duration", "amplitude"), ("seed", "tau", "mean", "interval")
    ),
    "--waveform": Kind("Waveform", ("file",), ("start", "amplitude")),
}

# A pulse at a place of an axon.
PLACED = {"--at": Kind("Pulse", ("place", "start", "duration", "amplitude"))}

# Between the values of one stimulus, once they are joined into one argument.
_JOINT = "\x1f"
_OPTION = re.compile(r"--?[A-Za-z]")
_SETTING = re.compile(r"[a-z_]+=")
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER}):({_NUMBER}):(\d+)\s*")


def join_values(arguments: Sequence[str]) -> list[str]:
    """Make ``--pulse 5 40 10`` one option with one value, which Typer can repeat.

    >>> [part.replace("\\x1f", "|") for part in join_values(["--pulse", "5", "40", "-10", "m"])]
    ['--pulse', '5|40|-10', 'm']
    """
    result: list[str] = []
    rest = list(arguments)
    while rest:
        option = rest.pop(0)
        result.append(option)
        if option == "--":
            return result + rest
        kind = STIMULI.get(option) or PLACED.get(option)
        if kind:
            values: list[str] = []
            while rest and _belongs(rest[0], len(values), kind):
                values.append(rest.pop(0))
            result.append(_JOINT.join(values))
    return result


def _belongs(value: str, count: int, kind: Kind) -> bool:
    if count < len(kind.values):
        return not _OPTION.match(value)
    return _SETTING.match(value) is not None


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


def stimulus(given: Mapping[str, Sequence[str]]) -> Stimulus | None:
    """All the stimuli of a command line, added up."""
    parts = [
        _shape(option, STIMULI[option], text) for option, texts in given.items() for text in texts
    ]
    return sum(parts[1:], parts[0]) if parts else None


def demonstration() -> Stimulus:
    """Without a word about the stimulus: 10 µA/cm² from 5 to 45 ms."""
    from loligo.stimulus import Pulse

    return Pulse(start=5, duration=40, amplitude=10)


def words(text: str) -> list[str]:
    """The values of one option that `join_values` joined."""
    return text.split(_JOINT) if text else []


def _shape(option: str, kind: Kind, text: str) -> Stimulus:
    import loligo.stimulus

    given = words(text)
    values = [word for word in given if not _SETTING.match(word)]
    settings = dict(word.split("=", 1) for word in given if _SETTING.match(word))
    if len(values) != len(kind.values):
        got = " ".join(given) or "nothing"
        raise UsageError(f"{option} takes {kind.usage}, not {got}")
    for name in settings:
        if name not in kind.settings:
            known = ", ".join(f"{key}=" for key in kind.settings) or "none"
            hint = nearest(name, kind.settings)
            raise UsageError(f"{option} has no setting {name}={hint}; it has {known}")
    keywords: dict[str, Any] = {name: value(word) for name, word in settings.items()}
    if "seed" in keywords:
        keywords["seed"] = _seeds(keywords["seed"], settings["seed"])
    if option == "--waveform":
        time, current = _samples(Path(values[0]))
        return loligo.stimulus.Waveform(time, current, **keywords)
    make = getattr(loligo.stimulus, kind.name)
    return make(**dict(zip(kind.values, map(value, values), strict=True)), **keywords)


def _seeds(seed: Any, text: str) -> Any:
    if isinstance(seed, float) and seed == int(seed):
        return int(seed)
    if isinstance(seed, float | str):
        raise UsageError(f"seed={text}: a seed is a whole number")
    return [round(number) for number in seed]


def _samples(path: Path) -> tuple[Any, Any]:
    """Times and currents from a text file of two columns, with or without a line of names."""
    from loligo.recording.foreign import read_waveform

    return read_waveform(path)


def solver(text: str | None) -> Solver | None:
    """``taylor``, ``taylor:1e-8``, ``exponential:0.01``, ``exponential:0.01:float32`` or
    ``reference:1e-9`` as a solver."""
    from loligo.solvers import SOLVERS

    if text is None:
        return None
    name, colon, setting = text.partition(":")
    if name not in SOLVERS:
        known = ", ".join(f"{key}:{_main_setting(kind).upper()}" for key, kind in SOLVERS.items())
        raise UsageError(f"there is no solver {name!r}{nearest(name, SOLVERS)}; there are {known}")
    kind = SOLVERS[name]
    if not colon:
        return kind()
    setting, colon, precision = setting.partition(":")
    settings: dict[str, Any] = {_main_setting(kind): value(setting)}
    if colon and "precision" not in (field.name for field in dataclasses.fields(kind)):
        raise UsageError(f"{name} has no precision to choose: {name}:{setting}")
    if colon:
        settings["precision"] = precision
    return kind(**settings)


def _main_setting(kind: type) -> str:
    return dataclasses.fields(kind)[0].name


def initial(text: str | None) -> Any:
    """``rest``, or a voltage."""
    return "rest" if text is None else value(text)


def pixels(text: str) -> tuple[int, int]:
    """``1600x1200`` as width and height."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*[x×,]\s*(\d{1,6})\s*", text)
    if not found:
        raise UsageError(f"--size takes WIDTHxHEIGHT in pixels, such as 1600x1200, not {text!r}")
    return int(found[1]), int(found[2])


def look(
    panels: str | None, theme: str, size: str | None, dpi: float | None, title: str | None
) -> dict[str, Any]:
    """What was said about the look of a figure, as its keywords."""
    names = [name.strip() for name in panels.split(",") if name.strip()] if panels else None
    said = {"panels": names, "theme": theme, "dpi": dpi, "title": title}
    return said | ({"size": pixels(size)} if size else {})


def output(path: Path, suffixes: Sequence[str], others: Mapping[str, Sequence[str]]) -> Path:
    """``path``, once it is clear that a file of that kind can be written there."""
    from loligo.files import check

    suffix = path.suffix.lower()
    if suffix not in suffixes:
        elsewhere = next((name for name, kinds in others.items() if suffix in kinds), None)
        hint = f"; {suffix} is written by loligo {elsewhere}" if elsewhere else ""
        what = f"cannot write {suffix} files" if suffix else "the name needs a suffix"
        raise UsageError(f"--output {path}: {what}; use {', '.join(suffixes)}{hint}")
    with reading():
        check(path)
    return path
