"""What a program does for one name: the assignments behind an output, by names that last.

A value keeps its name through all transformations: it is known by its numbers at places drawn at
random. So what a pass changed can be seen in the lines that differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.engine.numpy.kernel import evaluate
from loligo.explanation.subject import Subject
from loligo.lanes import Floats
from loligo.program.arithmetic import MASKS, Block
from loligo.program.readable import backwards, lines, operations

POINTS = 8
_NEAR = 1e-9  # relative


@dataclass(frozen=True)
class Slice:
    """What some outputs of a block are made of.

    Attributes
    ----------
    block
        The assignments.
    lines
        The same to read.
    once
        Those that are computed once a lane, in ``prepare``.
    count, count_once
        Operations.
    """

    block: Block
    lines: tuple[str, ...]
    once: tuple[str, ...]
    count: int
    count_once: int

    def changes(self, after: Slice) -> tuple[list[str], list[str]]:
        """The lines that are gone in ``after``, and those that are new; what only moved, to where
        it is done once a lane, is neither."""
        before, then = Counter(self.lines + self.once), Counter(after.lines + after.once)
        return list((before - then).elements()), list((then - before).elements())


class Slicer:
    """Cuts blocks of one subject's programs, with the same names throughout.

    Parameters
    ----------
    words
        What further values are called: name -> its numbers at the subject's places.
    """

    def __init__(self, asked: Subject, words: Mapping[str, Any] | None = None) -> None:
        self.inputs: dict[str, Any] = asked.points(POINTS)
        known = asked.values(asked.known, self.inputs)
        named = {**known, "I_stim": self.inputs["I_stim"], **(words or {})}
        self._known: list[tuple[Floats, str]] = [
            (np.broadcast_to(np.asarray(v, float), POINTS), name) for name, v in named.items()
        ]
        self._taken = {*named, *asked.membrane.parameters, *asked.outline.states}
        self._masks: dict[str, str] = {}
        self._fresh = 0

    def cut(
        self, block: Block, outputs: Mapping[str, str], stops: Mapping[str, str],
        prepare: Block | None = None,
    ) -> Slice:  # fmt: skip
        """What some outputs are made of.

        Parameters
        ----------
        outputs, stops
            Output of the block -> what it is called here; at ``stops`` the slice ends.
        prepare
            Where the block's constants come from.
        """
        values = self._values(block, prepare)
        inputs = dict(self.inputs) | {n: values[n] for n in block.inputs if n in values}
        results = evaluate(block, inputs)
        own = backwards(block, tuple(outputs), stops)
        inputs |= {called: results[name] for name, called in stops.items()}
        first, words = self._prepared(prepare, own.inputs)
        names = self._names(own, inputs, outputs)
        told = lines(own, names, {n: words.get(n, _plain(n)) for n in own.inputs})
        once, count_once = first
        return Slice(own, tuple(told), tuple(once), operations(own), count_once)

    def _values(self, block: Block, prepare: Block | None) -> dict[str, Any]:
        return {} if prepare is None else evaluate(prepare, self.inputs)

    def _prepared(
        self, prepare: Block | None, wanted: Sequence[str]
    ) -> tuple[tuple[list[str], int], dict[str, str]]:
        """The lines of ``prepare`` for some constants and their number; what these are called."""
        constants = [] if prepare is None else [n for n in prepare.names if n in wanted]
        if prepare is None or not constants:
            return ([], 0), {}
        own = backwards(prepare, constants, {})
        names = self._names(own, self.inputs, {})
        words: dict[str, str] = {}
        for name, index in own.outputs:
            a = own.assignments[index]
            words[name] = _plain(a.name) if a.op == "input" else names[index]
        told = lines(own, names, {n: _plain(n) for n in own.inputs}, ends=False)
        return (told, operations(own)), words

    def _names(self, block: Block, inputs: Mapping[str, Any], ends: Mapping[str, str]) -> list[str]:
        """Of every assignment; of outputs what they are called."""
        outputs = {index: ends[name] for name, index in block.outputs if name in ends}
        every = Block(block.assignments, tuple((str(i), i) for i in range(len(block.assignments))))
        values = evaluate(every, inputs)
        keys = _structure(block)
        used: dict[str, int] = {}
        names: list[str] = []
        words: list[str] = []  # for masks, which agree too easily to be known by their numbers
        for i, a in enumerate(block.assignments):
            name = outputs.get(i, "")
            if a.op in MASKS:
                name = self._mask(a.op, [words[j] for j in a.args])
            elif not name and a.op not in ("input", "const", "neg"):
                name = self._called(values[str(i)], keys[i], used)
            names.append(name)
            words.append(name or a.name or f"{a.op} {a.value!r} {[words[j] for j in a.args]}")
        return names

    def _mask(self, op: str, args: list[str]) -> str:
        """A truth is known by what it says."""
        key = " ".join([op, *args])
        if key not in self._masks:
            self._masks[key] = self._new()
        return self._masks[key]

    def _called(self, value: Any, key: int, used: dict[str, int]) -> str:
        numbers = np.broadcast_to(np.asarray(value, float), POINTS)
        if np.isfinite(numbers).all():
            for other, name in self._known:
                if used.get(name, key) == key and np.allclose(numbers, other, _NEAR, 0.0):
                    used[name] = key
                    return name
        name = self._new()
        used[name] = key
        self._known.append((numbers, name))
        return name

    def _new(self) -> str:
        while True:
            self._fresh += 1
            name = f"t{self._fresh}"
            if name not in self._taken:
                return name


def _plain(name: str) -> str:
    """An input as a name: ``.dt`` as ``dt``, ``stimulus0.start`` as ``stimulus0_start``."""
    return name.lstrip(".").replace(".", "_")


def _structure(block: Block) -> list[int]:
    """A number for each assignment; equal ones have equal numbers."""
    seen: dict[object, int] = {}
    keys: list[int] = []
    for a in block.assignments:
        key = (a.op, tuple(keys[i] for i in a.args), a.name, a.value.hex())
        keys.append(seen.setdefault(key, len(seen)))
    return keys
