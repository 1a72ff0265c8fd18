"""Adaptive runs on a GPU."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np

from loligo.engine.cuda.driver import NoRoomError
from loligo.engine.cuda.held import Held
from loligo.engine.kernel import Journey, Route
from loligo.engine.llvm.adaptive import ADAPT_DOUBLES, ADAPT_INTEGERS, ADAPT_POINTERS
from loligo.engine.llvm.threads import own
from loligo.lanes import Floats

_SHARE = 0.8  # of the memory that is free, at most
_CHANGED = ("states", "clock", "counters", "swings", "out")  # by a call; the rest is seen after it
_SPIKE = 32  # bytes that one takes, until it is at home
_FEWEST, _MOST = 32, 1024  # of a lane there is room for, before they are taken home
_SORTED = 4  # calls: by then it is seen how fast lanes go
_GRAINS = 8  # of the logarithm of what a lane has before it, by which lanes are put together
_INTEGERS, _POINTERS = own(ADAPT_INTEGERS), own(ADAPT_POINTERS)


class Voyage:
    """A journey whose lanes go their way on a GPU.

    All lanes are there at once, or, where what they record leaves no room, as many as there is
    room for, and others when those have arrived. In each call lanes that have about as far to go
    are neighbours: threads that start together wait for the last of them.
    """

    def __init__(self, kernel: Any, journey: Journey) -> None:
        self.kernel, self._journey = kernel, ref(journey)  # which holds this
        self.held: Held | None = None
        self.stale = False  # whether what is at home is older than what is there
        self.most = journey.status.size  # lanes that there is room for
        self.begun = np.zeros(journey.status.size, dtype=bool)  # lanes that may have recorded
        self.left: Any = None  # rounds that each lane may have before it
        self.before: tuple[Floats, int] | None = None  # a call: when each began it, how many rounds
        self.order: Any = None  # lanes that had not arrived when they were last put in order
        self.calls = 0  # since these lanes are here

    @property
    def journey(self) -> Journey:
        """What goes its way."""
        journey = self._journey()
        assert journey is not None, "who calls holds it"
        return journey

    def go(self, route: Route, constants: Floats, blocks: range, rounds: int) -> None:
        """As :meth:`loligo.engine.kernel.Kernel.adapt`."""
        journey = self.journey
        if self.held is None:
            self.held = self._taken_aboard(route, constants, blocks)
        held, lanes = self.held, self.held.lanes
        going = self._in_order(held, route)
        if not going.size:
            return self._ashore()
        integers = {
            "stride": len(lanes), "rounds": rounds, "samples": route.samples,
            "pitch": route.samples, "capacity": held.capacity,
        }  # fmt: skip
        self.before = journey.clock[0, lanes.start : lanes.stop].copy(), rounds
        held.start(
            "adapt", going,
            tuple(integers[name] for name in _INTEGERS),
            tuple(getattr(route, name) for name in ADAPT_DOUBLES), _POINTERS,
        )  # fmt: skip
        self.stale, self.calls = True, self.calls + 1
        held.fetch("status", "finished")
        held.fetch("clock", first=1)
        held.count()
        if 2 * int(held.counts.max()) > held.capacity:
            self._unload(held)
        if journey.finished[lanes.start : lanes.stop].all():
            self._ashore()

    # ---- which lanes

    def _taken_aboard(self, route: Route, constants: Floats, blocks: range) -> Held:
        """The next lanes that have not arrived, as many as there is room for."""
        journey, gpu = self.journey, self.kernel.gpu
        left = np.flatnonzero(journey.finished[blocks.start : blocks.stop] == 0)
        first = blocks.start + int(left[0]) if left.size else blocks.start
        homes = {
            "constants": constants, "states": journey.states, "clock": journey.clock,
            "counters": journey.counters, "edges": route.edges, "status": journey.status,
            "finished": journey.finished, "out": journey.out, "swings": journey.swings.table,
        }  # fmt: skip
        # what is recorded may leave no room for all lanes; spikes take what there is, within reason
        rows, free = sum(v.nbytes for v in homes.values()) / journey.status.size, gpu.free()
        room = int(_SHARE * free / (rows + _SPIKE * _FEWEST))
        self.most = max(1, min(self.most, room))
        while True:
            lanes = range(first, min(first + self.most, blocks.stop))
            spare = (_SHARE * free / len(lanes) - rows) / (2 * _SPIKE)
            capacity = int(np.clip(spare, _FEWEST, _MOST))
            new = not self.begun[lanes.start : lanes.stop].any()
            try:
                held = Held(
                    gpu, self.kernel.functions, lanes, homes,
                    frozenset({"out"} if new else ()), capacity,
                )  # fmt: skip
            except NoRoomError:
                if self.most == 1:
                    raise
                self.most = (self.most + 1) // 2
                continue
            self.begun[lanes.start : lanes.stop] = True
            self.left, self.before, self.calls = np.zeros(len(lanes)), None, 0
            self.order = np.arange(len(lanes), dtype=np.uint32)
            return held

    def _in_order(self, held: Held, route: Route) -> Any:
        """The lanes that have not arrived, those first that had most before them when they were
        last put in order: in the first calls, and where many have arrived since."""
        finished = self.journey.finished[held.lanes.start : held.lanes.stop]
        going = self.order[finished[self.order] == 0]
        if not self.calls:  # nothing is known of them yet
            return going
        if self.calls < _SORTED or 2 * going.size < self.order.size:
            self._foresee(route)
            going = np.sort(going)
            grain = (_GRAINS * np.log2(1.0 + self.left[going])).astype(np.uint16)
            going = going[np.argsort(np.uint16(2**16 - 1) - grain, kind="stable")]
            self.order = going
        return going

    def _foresee(self, route: Route) -> None:
        """How many rounds each lane may have before it, as it went in the last call."""
        assert self.held is not None
        assert self.before is not None, "there has been a call"
        lanes, (before, rounds) = self.held.lanes, self.before
        now = self.journey.clock[0, lanes.start : lanes.stop]
        each = np.maximum((now - before) / rounds, 1e-9)
        self.left = np.where(now > before, (route.end - now) / each, self.left)

    # ---- home

    def home(self) -> None:
        """Let the journey hold what is true now."""
        if self.held is not None and self.stale:
            self.held.fetch(*_CHANGED)
            self.held.count()
            self._unload(self.held)
        self.stale = False

    def changed(self) -> None:
        """The journey has been changed at home: it is to go on from there."""
        self.held = None

    def _unload(self, held: Held) -> None:
        batch = held.emptied()
        if batch is not None:
            self.journey.spikes.append(batch)

    def _ashore(self) -> None:
        """All lanes that are there have arrived."""
        self.home()
        self.held = None
