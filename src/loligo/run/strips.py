"""Sampled stimuli along an adaptive run: straight lines, some lanes and a while at a time.

Lanes go their way part by part, each part along a table of its own: what a table holds at once, and
so what a run takes of memory, hangs neither on how long the run is nor on how many lanes there are.
No number depends on how the tables are cut.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from loligo.crew import threads
from loligo.engine.kernel import Journey, Kernel, Strips, padded
from loligo.lanes import Floats, Integers
from loligo.run.drive import Drive
from loligo.run.pace import Pace
from loligo.run.problem import Problem
from loligo.stimulus.lines import TIME, Lines
from loligo.stimulus.path import BLOCK

_ROW = 24  # bytes of a piece
_PORTIONS = 4  # of a pace's stream, in all tables together
_AT_ONCE = 2  # parts under way, for each core
_FEWEST = 8  # pieces of a path in a table


class Along:
    """What sampled stimuli are, for each part of the lanes.

    Attributes
    ----------
    places : (streams, lanes)
        Which piece of each each lane is in as the run begins.
    """

    def __init__(self, problem: Problem, kernel: Kernel, pace: Pace) -> None:
        drive, self.end = Drive(problem), problem.times.duration
        sampled = {each.name("stream"): each for each in problem.driven if each.shape.sampled}
        found = [drive.unit_paths(sampled[name]) for name in kernel.program.streams]
        self.lines: list[list[Lines]] = [[path.lines() for path in paths] for paths, _ in found]
        self.last = [[line.number(self.end) for line in lines] for lines in self.lines]
        which: Any = np.stack([which for _, which in found])
        filled: Any = padded(which, kernel.width)
        self.which: Integers = filled
        self.width = kernel.width
        self.rows = np.zeros(self.which.shape, dtype=np.int64)
        self.places = np.stack(
            [
                np.array([line.number(0.0) for line in lines], dtype=np.int64)[which]
                for lines, which in zip(self.lines, self.which, strict=True)
            ]
        )
        self.most = max(1, _PORTIONS * pace.stream // (_ROW * _AT_ONCE * threads()))
        self.tables: dict[int, Strips] = {}

    def parts(self, parts: list[range]) -> tuple[list[range], list[range]]:
        """The parts that begin, and those that wait until others have come to their end."""
        streams, paths = len(self.lines), sum(map(len, self.lines))
        if paths * BLOCK > self.most:  # noise is made a block at a time: none is made twice
            blocks = max(1, self.most // (streams * BLOCK * self.width))
            parts = [
                range(first, min(first + blocks, part.stop))
                for part in parts
                for first in range(part.start, part.stop, blocks)
            ]
        begin = _AT_ONCE * threads()
        return parts[:begin], parts[begin:]

    def forget(self, part: range) -> None:
        """A part has come to its end."""
        self.tables.pop(part.start, None)

    def strips(self, part: range, journey: Journey) -> Strips:
        """The table along which a part goes on; a new one where it has come to the last one's
        end."""
        lanes = slice(part.start * self.width, part.stop * self.width)
        clock = journey.clock[0, lanes]
        known = self.tables.get(part.start)
        if known is None or clock.min() >= known.until:
            known = self._following(lanes, clock < self.end, journey.places)
            self.tables[part.start] = known
        return known

    def _following(self, lanes: slice, going: Any, places: Integers) -> Strips:
        """What comes next for some lanes, of which some have not arrived."""
        uses: list[tuple[Integers, Integers]] = [
            np.unique(which[lanes], return_inverse=True) for which in self.which
        ]
        most = max(_FEWEST, self.most // sum(used.size for used, _ in uses))
        tables: list[Floats] = []
        until, row = math.inf, 0
        for stream, (used, own) in enumerate(uses):
            here = places[stream, lanes]
            first = np.full(used.size, np.iinfo(np.int64).max)
            np.minimum.at(first, own[going], here[going])
            first[first == np.iinfo(np.int64).max] = 0
            here[~going] = first[own[~going]]  # they stand still, somewhere in the table
            begins = np.empty(used.size, dtype=np.int64)
            known: list[int] = used.tolist()
            for k, path in enumerate(known):
                last, begin = self.last[stream][path], int(first[k])
                count = max(2, min(most, last + 3 - begin))
                table = self.lines[stream][path].rows(begin, begin + count)
                until = min(until, float(table[count - 2, TIME]))
                begins[k], row = row - begin, row + count
                tables.append(table)
            self.rows[stream, lanes] = begins[own]
        return Strips(np.concatenate(tables), self.rows, until)
