"""What an error says in Python's words, said in those of the command line.

Errors are raised far below and tell the remedy as a person would type it in Python:
``initial=-65``, ``solver=lo.Exponential(dt=0.01)``, ``lo.Pulse(5, 40, 10)``. Here is the one table
of how each is typed after ``loligo``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from loligo.cli.stimuli import AMPLIFIERS, STIMULI
from loligo.solvers import SOLVERS

# how a field is called that holds a unit -> that of which number
_UNITS = {
    "unit": "amplitude", "amplitude_unit": "amplitude", "g_unit": "g",
    "resistance_unit": "series_resistance",
}  # fmt: skip
_Said: TypeAlias = Callable[[re.Match[str]], str]

_FLAGS = "duration|sample_interval|threshold|fps|speed|title|theme|dpi|celsius|language"
_PYTHONS = {kind.__name__: name for name, kind in SOLVERS.items()}
_SHAPES = {usage.name: (option, usage) for option, usage in {**STIMULI, **AMPLIFIERS}.items()}
# Arguments of a call, with at most one call within.
_INSIDE = r"\(((?:[^()]|\([^()]*\))*)\)"


def in_its_words(message: str) -> str:
    """A message of an error or a note, its remedies as they are typed on the command line.

    Examples
    --------
    >>> in_its_words("give a holding potential, for example initial=-65")
    'give a holding potential, for example --initial -65'
    >>> in_its_words("use solver=lo.Exponential(dt=0.01)")
    'use --solver exponential:0.01'
    >>> in_its_words("write it as in Pulse(start=5, duration=40, amplitude=10)")
    'write it as in --pulse 5 40 10'
    """
    for pattern, said in _TABLE:
        message = pattern.sub(said, message)
    return message


def _solver(found: re.Match[str]) -> str:
    setting = (found[2] or "").partition(",")[0].partition("=")
    number = setting[2] or setting[0]
    return f"--solver {_PYTHONS[found[1]]}" + (f":{number}" if number else "")


def _shape(found: re.Match[str]) -> str:
    option, usage = _SHAPES[found[1]]
    if "FILE" in usage.text:
        return f"{option} {usage.text}"
    given = [word.strip() for word in found[2].split(",")]
    named = dict(word.split("=", 1) for word in given if "=" in word)
    values = [word for word in given if "=" not in word]
    values += [named.pop(name) for name in usage.values if name in named]
    for of, name in _UNITS.items():
        unit = named.pop(of, "").strip("\"'")
        if unit and name in usage.values[: len(values)]:
            at = usage.values.index(name)
            values[at] = f"'{values[at]} {unit}'"
        elif unit and name in named:
            named[name] = f"'{named[name]} {unit}'"
    return " ".join([option, *values, *(f"{name}={value}" for name, value in named.items())])


def _placed(found: re.Match[str]) -> str:
    what = found[2].strip()
    place = found[1].strip("\"'")
    return f"--at {place!r} {what}" if " " in place else f"--at {place} {what}"


def _records(found: re.Match[str]) -> str:
    return " ".join(f"--record {name}" for name in re.findall(r"[\w.]+", found[1]))


def _panels(found: re.Match[str]) -> str:
    names = re.findall(r"[\w.]+", found[1])
    return f"--panels {','.join(names)}"


def _flag(found: re.Match[str]) -> str:
    return f"--{found[1].replace('_', '-')}"


_WORDS: Mapping[str, str | _Said] = {
    rf"(?:solver=)?\blo\.({'|'.join(_PYTHONS)})\b(?:\(([^()]*)\))?": _solver,
    rf"\b(?:lo\.)?({'|'.join(_SHAPES)}){_INSIDE}": _shape,
    r"\b(?:lo\.)?at\(([^,()]*), (?:--pulse )?([^()]*)\)": _placed,
    r"\binitial=\{[^{}]*\}": "an initial value in the model's file",
    r"\brecord=None\b": "no --record",
    r"with \"V\" in record\b": "with --record V",
    r"\brecord=\[([^\]]*)\]": _records,
    r"\bpanels=\[([^\]]*)\]": _panels,
    r"\b(?:model\.replace|Membrane)\(celsius=([^()]*)\)": r"--celsius \1",
    r"\b(?:model)?\.?(?:replace|Membrane)\((\w+=[^()]*)\)": r"--set \1",
    r"\blo\.load\([\"']([^\"']*)[\"']\)": r"\1",
    r"\blo\.plot\((?:rec|found)\)": "loligo plot",
    r"\blo\.plot\b": "loligo plot",
    r"\blo\.simulate(?:\([^()]*\))?": "loligo run",
    rf"(?<![\w-])({_FLAGS}|initial|panels|size|record|solver)=(?=\S)": (
        lambda found: f"{_flag(found)} "
    ),
    r"(?<![\w-])initial may be 'rest', a holding potential in mV, .* to continue from": (
        "--initial may be rest, or a holding potential in mV"
    ),
    r"\buse engine='llvm'": "use a solver without :cuda",
    r"\bengine='cuda'": "a solver with :cuda",
    r": (?:np\.unique|sorted)\(\.\.\.\)$": "",
    r"\(width, height\) in": "WIDTHxHEIGHT in",
    r"(in inches, such as) \((\d+), (\d+)\)": r"\1 \2x\3in",
    r"(?<=such as )\((\d+), (\d+)\)": r"\1x\2",
    r"\bfrom_rest=True\b": "--from-rest",
    r"with model\.shift_voltage\((\d+)\) of what": r"with every V \1 mV higher in the file of what",
    r"\bloligo\.models\(\)": "`loligo models`",
    r"\blo\.at(?=:| takes)": "--at",
    r"^(initial|duration|threshold|solver|panels)\b(?! is made on)(?=:? )": _flag,
    r"^(record)\b(?=: )": _flag,
    r"\bas in lo\.Spikes\((\w+)\)": r"as in --until '\1 spikes'",
    r"\b(?:until=)?lo\.Spikes\((\w+)\)": r"--until '\1 spikes'",
    r"\blo\.Spikes takes": "--until takes",
    r"(?<![\w-])until=(?=\S)": "--until ",
    r"^until\b(?=:? )": "--until",
    r"^sensitivities\b(?=:? )": "--sensitivity",
    r"\bleave sensitivities out": "leave --sensitivity out",
    r"(?<![\w-])(sample_interval|derivative_threshold)\b": _flag,
}
_TABLE = [(re.compile(pattern), said) for pattern, said in _WORDS.items()]
