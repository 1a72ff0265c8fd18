"""A sheet of tasks: what a teacher writes in TOML, read and checked; numbers for each student.

.. code-block:: toml

    title = "The action potential"
    seed = 2026

    [[task]]
    title = "Threshold"
    text = "Which is the smallest amplitude of a pulse of {width:g} ms that makes a spike?"
    start = "#v=1&model=hodgkin-huxley-1952&pulse=5,{width},10&duration=30"
    numbers = { width = { from = 0.2, to = 2, step = 0.1 } }
    ask = "threshold"
    within = "1 %"

    [[task]]
    title = "Too warm"
    text = "Warm the axon until the pulse makes no spike any more."
    start = "#v=1&model=hodgkin-huxley-1952&pulse=5,1,20&duration=30"
    reach = "spikes"
    target = 0
    may = ["celsius"]
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import string
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from loligo import files
from loligo.errors import FileError, UsageError, nearest
from loligo.lab.link import written
from loligo.lab.measures import MEASURES
from loligo.lab.simulation import Simulation, linked
from loligo.model import Membrane

_LARGEST = 200_000  # bytes of a sheet
_MOST_TASKS = 50
_FORM = re.compile(r"[+]?\d{0,2}(?:\.\d{1,2})?[fg]?")
_SHARE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*")
_OF_TASK = ("title", "text", "start", "numbers", "ask", "reach", "target", "of", "may", "within",
            "hint")  # fmt: skip
_OF_SHEET = ("title", "text", "seed", "task")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes
    ----------
    title, text, hint
        For students; ``{name}`` in them is one of the student's own numbers.
    start
        A link of the lab, in which numbers may stand as ``{name}``.
    numbers
        Name -> what a student's is drawn from.
    measure
        What is asked for, or is to be reached: a name of `measures.MEASURES`.
    of
        The variable that it is of, where it is of one.
    target
        What is to be reached, a number or ``{name}``; None where a number is asked for.
    may
        What may be changed to reach it: parameters, and ``stimulus``; None for everything.
    within, relative
        How far an answer may be off, and whether that is a share of the right one.
    models
        Those that it may be about besides the library's.
    """

    title: str
    text: str
    hint: str
    start: str
    numbers: Mapping[str, tuple[float, ...]]
    measure: str
    of: str
    target: str | None
    may: tuple[str, ...] | None
    within: float
    relative: bool
    models: tuple[Membrane, ...] = field(default=(), repr=False)

    def drawn(self, seed: str, name: str, place: int) -> dict[str, float]:
        """The numbers of a student."""
        return {
            key: choices[share(f"{seed}/{name}/{place}/{key}", len(choices))]
            for key, choices in self.numbers.items()
        }

    def simulation(self, drawn: Mapping[str, float]) -> Simulation:
        """What the task begins with, for a student's numbers."""
        return linked(filled(self.start, drawn), self.models).plain

    def goal(self, drawn: Mapping[str, float]) -> float:
        """What is to be reached, for a student's numbers."""
        assert self.target is not None
        return float(filled(self.target, drawn))

    def fits(self, answer: float, right: float) -> bool:
        """Whether an answer is right."""
        far = self.within * abs(right) if self.relative else self.within
        return bool(abs(answer - right) <= far * (1 + 1e-12))


@dataclass(frozen=True)
class Sheet:
    """A sheet of tasks, as it was read."""

    title: str
    text: str
    seed: str
    tasks: tuple[Task, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the page."""
        tasks = [
            {
                "title": task.title, "text": task.text, "hint": task.hint, "start": task.start,
                "numbers": {key: list(choices) for key, choices in task.numbers.items()},
                "measure": task.measure, "of": task.of, "target": task.target,
                "may": None if task.may is None else list(task.may), "within": task.within,
                "relative": task.relative,
            }
            for task in self.tasks
        ]  # fmt: skip
        return {"title": self.title, "text": self.text, "seed": self.seed, "tasks": tasks,
                "mark": self.mark}  # fmt: skip

    @property
    def models(self) -> list[Membrane]:
        """The models that its tasks are about, each once, in their order."""
        first = (task.simulation(corners(task)[0]) for task in self.tasks)
        return list({one.name: one.original for one in first}.values())

    @cached_property
    def mark(self) -> str:
        """What tells this sheet from others: of all that matters for answers."""
        told = [[t.start, t.measure, t.of, t.target, written(t.within)] for t in self.tasks]
        text = json.dumps([self.seed, told], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def share(text: str, count: int) -> int:
    """One of so many, by chance, and for the same text always the same."""
    first = int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")
    return first * count // 2**48


def person(name: str) -> str:
    """A student's name as it counts: without blanks around it, and with single ones within.

    >>> person("  Ada   Lovelace ")
    'Ada Lovelace'
    """
    return " ".join(unicodedata.normalize("NFC", name).split())


def filled(text: str, drawn: Mapping[str, float]) -> str:
    """A link, or a target, with a student's numbers in it.

    >>> filled("#v=1&pulse=5,{width},10", {"width": 0.5})
    '#v=1&pulse=5,0.5,10'
    """
    return _PLACEHOLDER.sub(lambda found: written(drawn[found[1]]), text)


# ---------------------------------------------------------------------------- reading


def read_sheet(path: str | os.PathLike[str], models: Iterable[Membrane] = ()) -> Sheet:
    """The sheet in a TOML file.

    Parameters
    ----------
    models
        Those that it may be about besides the library's.

    Raises
    ------
    FileError
        It cannot be read, or is no TOML.
    UsageError
        A task says what cannot be; with its number and the key.
    """
    where = files.named(path)
    try:
        if where.stat().st_size > _LARGEST:
            raise FileError(f"{where}: a sheet of tasks is no larger than {_LARGEST:,} bytes")
        told = tomllib.loads(where.read_text(encoding="utf-8"))
    except OSError as problem:
        if isinstance(problem, FileError):
            raise
        raise FileError(f"cannot read {where}: {problem.strerror or problem}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as problem:
        raise FileError(f"{where} is no TOML text: {problem}") from None
    try:
        return sheet_of(told, tuple(models))
    except UsageError as problem:
        raise UsageError(f"{where}: {problem}") from None


def sheet_of(told: Mapping[str, Any], models: tuple[Membrane, ...] = ()) -> Sheet:
    """The sheet that a document describes."""
    _refuse_others(told, _OF_SHEET, "a sheet")
    tasks = told.get("task")
    if not isinstance(tasks, Sequence) or isinstance(tasks, str) or not tasks:
        raise UsageError("a sheet has tasks, each below a line [[task]]")
    if len(tasks) > _MOST_TASKS:
        raise UsageError(f"a sheet has at most {_MOST_TASKS} tasks, not {len(tasks)}")
    read = [_read(task, place, models) for place, task in enumerate(tasks, 1)]
    seed = told.get("seed", "")
    if not isinstance(seed, str | int):
        raise UsageError(f"seed is a number or a word, not {seed!r:.40}")
    return Sheet(_text(told, "title", "the sheet"), _text(told, "text", "the sheet"), str(seed),
                 tuple(read))  # fmt: skip


def _read(told: Any, place: int, models: tuple[Membrane, ...]) -> Task:
    try:
        if not isinstance(told, Mapping):
            raise UsageError("a task is a table")
        task = replace(_task(told), models=models)
        for drawn in corners(task):  # all that students may be given is tried now
            one = task.simulation(drawn)
            _check(task, one)
        return task
    except UsageError as problem:
        raise UsageError(f"task {place}: {problem}") from None


def _task(told: Mapping[str, Any]) -> Task:
    _refuse_others(told, _OF_TASK, "a task")
    for needed in ("text", "start"):
        if needed not in told:
            raise UsageError(f"it has no {needed}")
    if ("ask" in told) == ("reach" in told):
        raise UsageError('it has either ask = "…", a number that is asked for, or reach = "…"')
    measure = told.get("ask", told.get("reach"))
    if not isinstance(measure, str) or measure not in MEASURES:
        raise UsageError(
            f"{measure!r:.40} cannot be measured{nearest(str(measure), MEASURES)}; "
            f"{', '.join(MEASURES)} can"
        )
    numbers = _numbers(told.get("numbers", {}))
    within, relative = _within(told.get("within", "1 %" if "ask" in told else 0))
    task = Task(
        title=_text(told, "title", "it"), text=_text(told, "text", "it"),
        hint=_text(told, "hint", "it"), start=_text(told, "start", "it"), numbers=numbers,
        measure=measure, of=_text(told, "of", "it") or "V", target=_target(told),
        may=_may(told.get("may")), within=within, relative=relative,
    )  # fmt: skip
    _check_fields(task)
    return task


def _target(told: Mapping[str, Any]) -> str | None:
    if "reach" not in told:
        if "target" in told:
            raise UsageError("target is what a task with reach wants; what is asked is computed")
        return None
    target = told.get("target")
    if isinstance(target, bool) or not isinstance(target, int | float | str):
        raise UsageError("target is what is to be reached, a number")
    if isinstance(target, str):
        if not _PLACEHOLDER.fullmatch(target):
            raise UsageError(
                f'target is a number, or one of the student\'s as in "{{n}}", not {target!r:.40}'
            )
        return target
    return written(target)


def _may(told: Any) -> tuple[str, ...] | None:
    if told is None:
        return None
    if not isinstance(told, list) or not all(isinstance(each, str) for each in told):
        raise UsageError('may lists what may be changed, as in may = ["celsius", "stimulus"]')
    return tuple(told)


def _within(told: Any) -> tuple[float, bool]:
    share = _SHARE.fullmatch(told) if isinstance(told, str) else None
    if share:
        return float(share[1]) / 100, True
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 <= told < math.inf:
        raise UsageError(
            f'within is a share such as "1 %", or a number such as 0.5, not {told!r:.40}'
        )
    return float(told), False


def _numbers(told: Any) -> dict[str, tuple[float, ...]]:
    if not isinstance(told, Mapping):
        raise UsageError(
            "numbers is a table: numbers = { width = { from = 1, to = 2, step = 0.1 } }"
        )
    return {name: _choices(name, each) for name, each in told.items()}


def _choices(name: str, told: Any) -> tuple[float, ...]:
    if not re.fullmatch(r"[A-Za-z_]\w{0,30}", name, re.ASCII):
        raise UsageError(f"numbers: {name!r:.40} is no name")
    if isinstance(told, list):
        choices = told
    elif (
        isinstance(told, Mapping) and set(told) == {"from", "to", "step"} and _plain(told.values())
    ):
        steps = (told["to"] - told["from"]) / told["step"] if told["step"] else -1
        if not 0 <= steps <= 10_000:
            raise UsageError(f"numbers: {name} goes from low to high in steps above 0, of which "
                             "there are at most 10,000")  # fmt: skip
        count = math.floor(steps + 1e-9) + 1
        choices = [float(f"{told['from'] + k * told['step']:.12g}") for k in range(count)]
    else:
        choices = []
    if not choices or not _plain(choices):
        raise UsageError(
            f"numbers: {name} is a list of numbers, or {{ from = 1, to = 2, step = 0.1 }}"
        )
    return tuple(float(each) for each in choices)


def _plain(values: Any) -> bool:
    return all(
        isinstance(each, int | float) and not isinstance(each, bool) and math.isfinite(each)
        for each in values
    )


def corners(task: Task) -> list[dict[str, float]]:
    """The lowest, the highest and the first of what may be drawn."""
    ends = [min, max, lambda choices: choices[0]]
    return [{name: end(choices) for name, choices in task.numbers.items()} for end in ends]


def _check_fields(task: Task) -> None:
    """Every field names one of the student's numbers, and is written as a number can be."""
    for key in ("text", "hint", "title"):
        try:
            parsed = list(string.Formatter().parse(getattr(task, key)))
        except ValueError:
            raise UsageError(f"{key}: a single brace; a field is written {{width:g}}") from None
        for _, name, form, conversion in parsed:
            if name is None:
                continue
            _known_number(task, key, name)
            if conversion or not _FORM.fullmatch(form or ""):
                raise UsageError(f"{key}: a number is not written as {{{name}:{form}}}; use :g")
    for key in ("start", "target"):
        for found in _PLACEHOLDER.finditer(getattr(task, key) or ""):
            _known_number(task, key, found[1])


def _known_number(task: Task, key: str, name: str) -> None:
    if name not in task.numbers:
        near = nearest(name, task.numbers)
        raise UsageError(f"{key}: {{{name}}} is none of the numbers{near}")


def _check(task: Task, one: Simulation) -> None:
    """What a measure needs of a simulation."""
    from loligo.system.outline import outline_of

    records = outline_of(one.model).records
    if task.of not in records:
        raise UsageError(f"of: the model has no {task.of}{nearest(task.of, records)}")
    shapes = () if one.stimulus is None else one.stimulus.shapes
    if task.measure == "threshold" and (not shapes or "amplitude" not in shapes[0].parameters):
        raise UsageError("a threshold is that of the first current of start, which has none")
    for name in task.may or ():
        if name != "stimulus" and name not in one.model.parameters:
            raise UsageError(f"may: the model has no {name}{nearest(name, one.model.parameters)}")


def _text(told: Mapping[str, Any], key: str, what: str) -> str:
    text = told.get(key, "")
    if not isinstance(text, str) or len(text) > 5000:
        raise UsageError(f"{key} of {what} is a text, not {text!r:.40}")
    return text.strip()


def _refuse_others(told: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in told:
        if key not in known:
            raise UsageError(
                f"{what} has no {key!r:.40}{nearest(key, known)}; it has {', '.join(known)}"
            )
