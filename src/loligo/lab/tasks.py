"""Sheets of tasks: the teacher's key, and the code in which a student's sheet ends.

The code holds the student's name and answers. Whoever has the sheet can compute what is right, so
the answers are checked by computing them, not by believing the code.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loligo.errors import LoligoError, UsageError
from loligo.lab.link import written
from loligo.lab.measures import MEASURES
from loligo.lab.sheet import Sheet, Task, corners, person
from loligo.lab.simulation import Simulation, linked

_LONGEST = 20_000  # characters of a code
_SUM = 6  # bytes


@dataclass(frozen=True)
class Marked:
    """What a code says, checked.

    Attributes
    ----------
    name
        The student.
    verdicts
        For each task: whether it was solved, and why not.
    """

    name: str
    verdicts: tuple[tuple[bool, str], ...]

    @property
    def solved(self) -> int:
        return sum(right for right, _ in self.verdicts)

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.solved} of {len(self.verdicts)} solved"]
        for place, (right, why) in enumerate(self.verdicts, 1):
            lines.append(f"  {place:2}  {'solved' if right else 'not solved'}  {why}".rstrip())
        return "\n".join(lines)


def key(sheet: Sheet, name: str) -> str:
    """The answers of a student, for the teacher."""
    name = _someone(name)
    lines = [f"{sheet.title or 'Tasks'}: what is right for {name}"]
    for place, task in enumerate(sheet.tasks):
        drawn = task.drawn(sheet.seed, name, place)
        numbers = ", ".join(f"{key} = {written(value)}" for key, value in drawn.items())
        right = _told(task, drawn)
        lines.append(f"  {place + 1:2}  {right}{f'  ({numbers})' if numbers else ''}")
    return "\n".join(lines)


def check(sheet: Sheet, code: str) -> Marked:
    """What a student's code says, each answer computed again.

    Raises
    ------
    UsageError
        It is no code, is damaged, or is of another sheet.
    """
    name, answers = read_code(code, sheet.mark)
    if len(answers) != len(sheet.tasks):
        raise UsageError("the code is of another sheet")
    verdicts = [
        _verdict(task, task.drawn(sheet.seed, name, place), answer)
        for place, (task, answer) in enumerate(zip(sheet.tasks, answers, strict=True))
    ]
    return Marked(name, tuple(verdicts))


def read_code(code: str, mark: str) -> tuple[str, list[str]]:
    """The name and the answers in a code of the sheet that has such a mark."""
    text = "".join(code.split())
    if len(text) > _LONGEST:
        raise UsageError("this is no code of a sheet: it is too long")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        told = json.loads(raw[_SUM:].decode())
    except (binascii.Error, ValueError, RecursionError):
        raise UsageError("this is no code of a sheet, or a part of it is missing") from None
    if not isinstance(told, list) or not told or not all(isinstance(each, str) for each in told):
        raise UsageError("this is no code of a sheet, or a part of it is missing")
    if raw[:_SUM] != _sum(raw[_SUM:], mark):
        raise UsageError("the code is damaged, or of another sheet")
    return _someone(told[0]), told[1:]


def write_code(name: str, answers: list[str], mark: str) -> str:
    """The code of a student's sheet, as the page writes it."""
    told = json.dumps([person(name), *answers], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_sum(told, mark) + told).decode().rstrip("=")


def _sum(told: bytes, mark: str) -> bytes:
    return hashlib.sha256(mark.encode() + b"/" + told).digest()[:_SUM]


def _someone(name: str) -> str:
    student = person(name)
    if not 1 <= len(student) <= 100 or not student.isprintable():
        raise UsageError("a student has a name, of at most 100 letters")
    return student


def right_answer(task: Task, drawn: Mapping[str, float]) -> float:
    """What is right, for a student's numbers; NaN where there is nothing to be measured."""
    return MEASURES[task.measure].of(task.simulation(drawn), task.of)


def _verdict(task: Task, drawn: Mapping[str, float], answer: str) -> tuple[bool, str]:
    if not answer:
        return False, "no answer"
    try:
        if task.target is None:
            return _asked(task, drawn, answer)
        return _reached(task, drawn, linked(answer, task.models).plain)
    except LoligoError as problem:
        return False, str(problem).splitlines()[0]


def _asked(task: Task, drawn: Mapping[str, float], answer: str) -> tuple[bool, str]:
    right = right_answer(task, drawn)
    try:
        answered = float(answer)
    except ValueError:
        return False, f"{answer[:20]!r} is not a number"
    told = "" if task.fits(answered, right) else f"{answered:.6g}, but it is {right:.6g}"
    return not told, told


def _reached(task: Task, drawn: Mapping[str, float], one: Simulation) -> tuple[bool, str]:
    changed = forbidden(task, task.simulation(drawn), one)
    if changed:
        return False, f"{changed} was changed"
    goal, measured = task.goal(drawn), MEASURES[task.measure].of(one, task.of)
    told = "" if task.fits(measured, goal) else f"{measured:.6g} instead of {goal:.6g}"
    return not told, told


def forbidden(task: Task, start: Simulation, one: Simulation) -> str:
    """What was changed that may not be; "" for nothing."""
    if task.may is None:
        return "the model" if one.name != start.name else ""
    before, after = start.to_dict(), one.to_dict()
    parameters = (each.pop("parameters") for each in (before, after))
    own, others = parameters
    model = start.original.parameters
    for name, parameter in model.items():
        usual = parameter.value
        if own.get(name, usual) != others.get(name, usual) and name not in task.may:
            return name
    for name in before:
        if before[name] != after[name] and name not in task.may:
            return name.replace("_", " ")
    return ""


def _told(task: Task, drawn: Mapping[str, float]) -> str:
    measure = MEASURES[task.measure]
    says = measure.says.format(of=task.of)
    if task.target is not None:
        return f"{says} is to be {written(task.goal(drawn))}"
    right = right_answer(task, drawn)
    number = "none" if math.isnan(right) else f"{right:.6g}"
    return f"{says}: {number} {_unit(task, drawn)}".rstrip()


def _unit(task: Task, drawn: Mapping[str, float]) -> str:
    """In which an answer is; that of a variable is its own."""
    unit = MEASURES[task.measure].unit
    if not unit:
        one = task.simulation(drawn)
        unit = one.simulate(record=[task.of], stimulus=None)[task.of].attrs["units"]
    return {"1": "", "uA/cm2": "µA/cm²", "mS/cm2": "mS/cm²"}.get(unit, unit)


def tried(sheet: Sheet) -> Sheet:
    """The sheet, if it can be solved and is not solved as it begins: all that a student may be
    given at the ends of what is drawn is computed.

    Raises
    ------
    UsageError
        A task has no answer, or needs none.
    """
    for place, task in enumerate(sheet.tasks, 1):
        for drawn in {str(each): each for each in corners(task)}.values():
            why = _unfit(task, drawn)
            if why:
                numbers = ", ".join(f"{key} = {written(value)}" for key, value in drawn.items())
                for_whom = f"for {numbers} " if numbers else ""
                raise UsageError(f"task {place}: {for_whom}{why}")
    return sheet


def _unfit(task: Task, drawn: Mapping[str, float]) -> str:
    """Why a task is none with a student's numbers; "" if it is one."""
    measure, one = MEASURES[task.measure], task.simulation(drawn)
    says = measure.says.format(of=task.of)
    try:
        if task.target is None:
            there = measure.there(one, task.of)
            return "" if there else f"there is no answer: {says} is none; start another stimulus"
        begun = measure.of(one, task.of)
    except LoligoError as problem:
        return f"{says} cannot be computed: {problem}"
    if not task.fits(begun, task.goal(drawn)):
        return ""
    return f"it is solved as it begins: {says} is {begun:.6g} there; change start or target"


def page_measures() -> dict[str, Any]:
    """What the page is told of measures: their units and what they are."""
    return {name: {"unit": each.unit, "says": each.says} for name, each in MEASURES.items()}
