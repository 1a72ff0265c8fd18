"""Stimuli on the command line: ``--pulse 5 40 10``, as the table of `stimulus/` has them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loligo.cli.arguments import value
from loligo.cli.groups import Group, Texts, parameter
from loligo.errors import UsageError, nearest
from loligo.stimulus import ENTRIES, Entry

if TYPE_CHECKING:
    from loligo.stimulus.base import Stimulus

STIMULUS = "Stimulus (ms, µA/cm²; repeat to add up)"  # a panel of the help

# Between the values of one stimulus, once they are joined into one argument.
_JOINT = "\x1f"
_OPTION = re.compile(r"--?[A-Za-z]")
_SETTING = re.compile(r"[a-z_]+=")


@dataclass(frozen=True)
class Usage:
    """How a stimulus is written: so many values, then settings by name.

    Attributes
    ----------
    name
        Of the class that it makes.
    text
        As help shows it: ``START DURATION AMPLITUDE [tau=…]``.
    """

    name: str
    text: str

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The names of the values, in order; a letter is a symbol, as it stands."""
        words = (word for word in self.text.split() if not word.startswith("["))
        return tuple(word if len(word) == 1 else word.lower() for word in words)

    @cached_property
    def settings(self) -> tuple[str, ...]:
        """The names of the settings."""
        return tuple(w[1:].partition("=")[0] for w in self.text.split() if w.startswith("["))

    def takes(self, word: str, count: int) -> bool:
        """Whether a word still belongs to it, after so many."""
        if count < len(self.values):
            return not _OPTION.match(word)
        return _SETTING.match(word) is not None


# option -> how it is written
STIMULI: Mapping[str, Usage] = {
    entry.option: Usage(name, entry.usage) for name, entry in ENTRIES.items() if entry.option
}
# What stands between the commands of all clamps and a membrane.
RIG = "--amplifier"
_RIG_SETTINGS = (
    "compensation", "prediction", "slow_cancellation", "fast_cancellation", "pipette_capacitance",
    "offset", "leak", "leak_reversal", "estimated_resistance", "filter", "second_filter",
    "rise_time", "command_time", "compensation_time", "feedback_resistance",
    "feedback_capacitance", "amplifier_time", "level",
)  # fmt: skip
AMPLIFIERS = {
    RIG: Usage("Amplifier", " ".join(["SERIES_RESISTANCE", *(f"[{s}=…]" for s in _RIG_SETTINGS)]))
}
# A pulse at a place of an axon.
PLACED = {"--at": Usage("Pulse", "PLACE START DURATION AMPLITUDE")}


class Stimuli(Group):
    """What was said of every stimulus, each time that it was."""

    def __init__(self, **given: list[str] | None) -> None:
        self.texts = {name: given.get(_field(name)) or [] for name in (*STIMULI, RIG)}

    @classmethod
    def options(cls) -> list[inspect.Parameter]:
        said = [entry for entry in ENTRIES.values() if entry.option]
        rig = Entry("amplifier", RIG, "SERIES_RESISTANCE [NAME=…]", _RIG_HELP)
        return [parameter(_field(entry.option), _typed(entry)) for entry in (*said, rig)]

    def said(self) -> list[str]:
        return [name for name, texts in self.texts.items() if texts]

    def sum(self) -> Stimulus | None:
        """All of them, added up."""
        parts: list[Stimulus] = [
            _shape(name, STIMULI[name], text)
            for name, texts in self.texts.items() if name != RIG
            for text in texts
        ]  # fmt: skip
        if self.texts[RIG]:
            parts = _through(self.texts[RIG], parts)
        return sum(parts[1:], parts[0]) if parts else None


_RIG_HELP = (
    "An amplifier, MΩ, between the commands of all --clamp and the membrane, which needs an area; "
    "such as 10 compensation=0.7 level=3."
)


def _through(texts: Sequence[str], parts: Sequence[Any]) -> list[Any]:
    """What is done, its clamps through an amplifier."""
    from loligo.stimulus.clamp import VoltageClamp

    if len(texts) > 1:
        raise UsageError(f"{RIG} is one for all clamps of a run, not {len(texts)}")
    if not any(isinstance(part, VoltageClamp) for part in parts):
        raise UsageError(
            f"{RIG} stands between the command of a clamp and the membrane: clamp it too, as in "
            "--clamp 0 5 -65 --clamp 5 10 0"
        )
    rig: Any = _shape(RIG, AMPLIFIERS[RIG], texts[0])
    return [replace(p, amplifier=rig) if isinstance(p, VoltageClamp) else p for p in parts]


def _field(name: str) -> str:
    return name.removeprefix("--").replace("-", "_")


def _typed(entry: Entry) -> Any:
    return Annotated[
        Texts,
        typer.Option(entry.option, metavar=entry.usage, help=entry.help, rich_help_panel=STIMULUS),
    ]


def demonstration() -> Stimulus:
    """Without a word about the stimulus: 10 µA/cm² from 5 to 45 ms."""
    from loligo.stimulus import Pulse

    return Pulse(start=5, duration=40, amplitude=10)


def join_values(arguments: Sequence[str]) -> list[str]:
    """Make ``--pulse 5 40 10`` one option with one value, which Typer can repeat.

    >>> [part.replace("\\x1f", "|") for part in join_values(["--pulse", "5", "40", "-10", "m"])]
    ['--pulse', '5|40|-10', 'm']
    """
    result: list[str] = []
    rest = list(arguments)
    while rest:
        name = rest.pop(0)
        result.append(name)
        if name == "--":
            return result + rest
        usage = STIMULI.get(name) or AMPLIFIERS.get(name) or PLACED.get(name)
        if usage:
            values: list[str] = []
            while rest and usage.takes(rest[0], len(values)):
                values.append(rest.pop(0))
            result.append(_JOINT.join(values))
    return result


def words(text: str) -> list[str]:
    """The values of one option that `join_values` joined."""
    return text.split(_JOINT) if text else []


def _shape(name: str, usage: Usage, text: str) -> Any:
    import loligo.stimulus

    given = words(text)
    # by their place, for the name of a file may hold a "="
    count = len(usage.values)
    values, settings = given[:count], dict(word.split("=", 1) for word in given[count:])
    early = any(_SETTING.match(word) for word, what in zip(values, usage.values, strict=False)
                if what != "file")  # fmt: skip
    if early or len(values) != count:
        wanted = " ".join(word for word in usage.text.split() if not word.startswith("["))
        told = " ".join(f"'{word}'" if " " in word else word for word in given) or "nothing"
        apart = ", with blanks between them" if "," in told and count > 1 else ""
        apart = apart or (", without quotation marks around all of them" * (told[0] == "'"))
        raise UsageError(f"{name} takes {wanted}{apart}, not {told}")
    for setting in settings:
        if setting not in usage.settings:
            known = ", ".join(f"{key}=" for key in usage.settings) or "none"
            hint = nearest(setting, usage.settings)
            raise UsageError(f"{name} has no setting {setting}={hint}; it has {known}")
    arguments: list[Any] = []
    keywords: dict[str, Any] = {
        setting: _SETTINGS.get(setting, value)(word) for setting, word in settings.items()
    }
    for called, word in zip(usage.values, values, strict=True):
        if called == "file":
            time, current, unit = _samples(Path(word))
            arguments += [time, current]
            keywords |= {"unit": unit} if unit else {}
        elif (usage.name, called) in _PLAYED and Path(word).suffix.lower() in _FILES:
            arguments.append(_played(Path(word), _PLAYED[usage.name, called]))
        else:
            arguments.append(value(word))
    if name == RIG:
        from loligo.stimulus.amplifier import Amplifier

        return Amplifier(*arguments, **keywords)
    return getattr(loligo.stimulus, usage.name)(*arguments, **keywords)


# what may be played from a file: of which class, and which of its values
_PLAYED = {("VoltageClamp", "voltage"): "COMMAND", ("Conductance", "g"): "OPENED"}
_FILES = (".csv", ".tsv", ".txt", ".dat", ".nc", ".npz", ".xlsx")


def _played(path: Path, kind: str) -> Any:
    """What a clamp, or a conductance, follows."""
    from loligo.recording import waveform
    from loligo.stimulus import Waveform

    kinds = getattr(waveform, kind)
    time, samples, unit = waveform.read_waveform(path, kinds)
    return Waveform(time, samples, unit=unit or kinds.units[0])


def _seeds(text: str) -> Any:
    seed = value(text)
    if isinstance(seed, float) and seed.is_integer():
        return int(seed)
    if isinstance(seed, float | str) or any(number % 1 for number in seed):
        raise UsageError(f"seed={text}: a seed is a whole number")
    return [int(number) for number in seed]


def _yes(text: str) -> bool:
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if text.lower() not in known:
        raise UsageError(f"hold={text}: hold=yes for steps that last, or hold=no")
    return known[text.lower()]


# settings that are no numbers -> how they are read
_SETTINGS: Mapping[str, Callable[[str], Any]] = {"seed": _seeds, "hold": _yes}


def _samples(path: Path) -> tuple[Any, Any, str]:
    """Times, currents and their unit, from a table of two columns or from a recording."""
    from loligo.recording.waveform import read_waveform

    return read_waveform(path)
