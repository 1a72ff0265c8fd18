"""A run with voltage clamps: what they add to the solve, the gates at a jump, their currents.

Between the steps in which a clamp changes the solve's numbers stand still, so the engine's own
loop is not touched: the run stops where they change, tells the engine, and goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from loligo.engine.coupled import Line, Patch, Points
from loligo.engine.kernel import Schedule
from loligo.engine.numpy.kernel import evaluate
from loligo.lanes import Floats, Integers
from loligo.run.axon.currents import Injected
from loligo.run.axon.electrodes import SNAP, Electrode, snapped
from loligo.run.problem import I_CLAMP, Problem


def held(base: Points, line: Line, found: Sequence[Electrode], on: Sequence[Floats]) -> Any:
    """The points and the axial conductances while clamps are on.

    Parameters
    ----------
    base, line
        Without clamps; ``base`` has the electrodes' compartments among its places.
    on
        For each electrode, (clamps, axons): which fraction of the time.

    Returns
    -------
    points, link
    """
    conductance, link = base.conductance.copy(), line.link.copy()
    driven = conductance * base.potential
    for e, fraction in zip(found, on, strict=True):
        mine, current, change = e.joined(fraction)
        columns = np.searchsorted(base.place, e.compartments)
        conductance[:, columns] += mine
        driven[:, columns] += current
        if len(e.compartments) == 2:
            link[:, e.compartments[0]] += change
    potential = np.divide(driven, conductance, out=np.zeros_like(driven), where=conductance > 0)
    return replace(base, conductance=conductance, potential=potential), np.maximum(link, 0.0)


class Clamps:
    """The clamps of a run with a fixed step.

    Parameters
    ----------
    table
        Which knows where clamps change.
    steps
        The engine's course.
    """

    def __init__(
        self, problem: Problem, table: Injected, base: Points, line: Line,
        patches: Sequence[Patch], schedule: Schedule, steps: Any,
    ) -> None:  # fmt: skip
        self.problem, self.table, self.base, self.line = problem, table, base, line
        self.patches, self.schedule, self.steps = patches, schedule, steps
        self.electrodes = table.electrodes
        self.stops = np.unique(np.concatenate([table.clamped.stops, self._looks()]))
        self.changes = np.unique(np.concatenate([[0], *table.clamped.edges])).astype(np.int64)
        self.on: dict[int, list[tuple[int, int, float]]] = {}
        for axon, mine in enumerate(table.clamped.on):
            for electrode, step, late in mine:
                self.on.setdefault(step, []).append((axon, electrode, late))
        self.before = steps.voltage().copy()
        # V at each electrode's compartments, (axons, compartments of it), by step
        # for each electrode and axon, the steps at whose beginning a command bends
        self.bent: dict[int, list[set[int]]] = {}
        self.seen: list[dict[int, Floats]] = [{} for _ in self.electrodes]

    def _looks(self) -> Integers:
        """The steps before which V is asked for, so that currents are known at the samples."""
        if I_CLAMP not in self.problem.records:
            return np.empty(0, dtype=np.int64)
        dt, last = self.schedule.dt, self.schedule.steps
        samples = np.arange(self.schedule.samples) * self.schedule.steps_per_sample
        ahead = 3 if any(e.moves for e in self.electrodes) else 2
        near = np.unique(samples[:, None] + np.arange(-2, ahead))
        first = min(float(e.start.min()) for e in self.electrodes) / dt - 3
        end = max(float(e.stop.max()) for e in self.electrodes) / dt + 3
        return near[(near >= max(0.0, first)) & (near <= min(last, end))].astype(np.int64)

    def begin(self, done: int, stop: int) -> int:
        """Before step ``done``: what holds from here on; and where the run must stop next."""
        if done in self.changes:
            on = [e.during(done, self.schedule.dt) for e in self.electrodes]
            self.steps.hold(*held(self.base, self.line, self.electrodes, on))
        if done == 0:
            self._look(0)
        if done in self.on:
            self.before = self.steps.voltage().copy()
        later = int(np.searchsorted(self.stops, done, side="right"))
        return min(stop, int(self.stops[later])) if later < self.stops.size else stop

    def end(self, done: int) -> None:
        """After the step before ``done``."""
        begun: dict[int, list[tuple[int, float]]] = {}
        for axon, electrode, late in self.on.get(done - 1, []):
            begun.setdefault(axon, []).append((electrode, late))
        if begun:
            self._restep(begun)
        self._look(done)

    def _look(self, step: int) -> None:
        if I_CLAMP in self.problem.records:
            voltage = self.steps.voltage()
            for e, seen in zip(self.electrodes, self.seen, strict=True):
                seen[step] = voltage[:, list(e.compartments)].copy()

    # -- the gates -------------------------------------------------------------------

    def _restep(self, begun: dict[int, list[tuple[int, float]]]) -> None:
        """Where V has jumped in the step just taken, the gates, which were moved across the jump
        with V before it, go back to the jump and on from there with V after it.

        They stand half a step after the step's beginning, the jump came ``late`` steps after
        it. Of the two moves, the first has a negative length (or, if the jump is still to
        come, the second has). Where V is smooth this is of second order, and harmless. Axon by
        axon, so that the bits do not depend on how many there are.
        """
        leads = {axon: self._leads(mine) for axon, mine in begun.items()}
        after = self.steps.voltage()
        for i, patch in enumerate(self.patches):
            states = self.steps.states(i).copy()
            for axon, lead in leads.items():
                voltages = self.before[axon], after[axon]
                states[:, axon] = self._moved(patch, axon, states[:, axon], voltages, lead)
            self.steps.put(i, states)

    def _leads(self, begun: list[tuple[int, float]]) -> Floats:
        """For each compartment, how long after the jump (ms) the gates stand: that of the
        nearest electrode."""
        position = self.problem.along.parts.position
        away = np.abs(position - np.array([[self.electrodes[i].place] for i, _ in begun]))
        late = np.array([late for _, late in begun])[np.argmin(away, axis=0)]
        return self.schedule.dt * (0.5 - late)

    def _moved(
        self, patch: Patch, axon: int, states: Floats, voltages: tuple[Floats, Floats], lead: Floats
    ) -> Floats:
        program = patch.kernel.program
        names, dt = program.states[1:], self.schedule.dt
        now = dict(zip(names, states, strict=True))
        fixed = self._inputs(patch, axon) | {".dt": dt}
        settled = program.blocks["settle"].names if "settle" in program.blocks else ()
        both: list[dict[str, Any]] = []
        for voltage, length in zip(voltages, (-lead, lead), strict=True):
            inputs = fixed | now | {"V": voltage[patch.place], ".lead": length[patch.place]}
            both.append(evaluate(program.blocks["offer"], inputs))
            now |= {n: both[-1][n] for n in names if n not in settled}
        # what goes in half steps before and after V's move went the first with V before the jump
        share = lead[patch.place] / (0.5 * dt)
        now |= {n: now[n] + share * (both[1][n] - both[0][n]) for n in settled}
        return np.stack([now[n] for n in names]) if names else states

    def _inputs(self, patch: Patch, axon: int) -> dict[str, Any]:
        constants = np.ascontiguousarray(patch.constants[:, axon])
        return dict(zip(patch.kernel.program.constants, constants, strict=True))

    # -- the currents ----------------------------------------------------------------

    def currents(self) -> Floats | None:
        """What each electrode delivers at the samples: (axons, electrodes, samples), nA.

        The midpoint rule lets V ring about the command by next to nothing, which the small
        resistance would make visible; the current in the middle of a step does not ring. So a
        sample is the mean of the steps around it; where the second of them begins with an edge
        elsewhere, or is beyond the run, it is extrapolated from the two before; just after an
        edge of its own, it is that of the V there; and where its command bends, it is extrapolated
        from the two steps after.
        """
        if I_CLAMP not in self.problem.records:
            return None
        table = np.zeros((self.problem.lanes.size, len(self.electrodes), self.schedule.samples))
        for sample in range(self.schedule.samples):
            step = sample * self.schedule.steps_per_sample
            low = max(0, step - 2)
            damped = np.ones(
                (4, self.problem.lanes.size), dtype=bool
            )  # of steps -2, -1, 0 from here
            given = self.table.edges(low, step + 1) != 0
            damped[3 - len(given) : 3] = given
            damped[2] |= step >= self.schedule.steps
            for i in range(len(self.electrodes)):
                if step in self.seen[i]:
                    table[:, i, sample] = self._current(i, step, damped)
        return table

    def _current(self, i: int, step: int, damped: Any) -> Floats:
        e, seen, dt = self.electrodes[i], self.seen[i], self.schedule.dt
        steps = snapped(e.start / dt), snapped(e.stop / dt)
        on = ((steps[0] <= step) & (step < steps[1])).astype(np.float64)
        ends = step == self.schedule.steps
        if ends:  # on to the very end
            on = e.during(step - 1, dt)
        if not on.any():
            return np.zeros(int(on.shape[1]))
        now = through(e, on, seen[step], self._gone(i, step, middle=False))
        same = [np.all(e.during(step + k, dt) == on, axis=0) for k in (-2, -1)]
        if e.moves:
            same[1] = same[1] & ~self._jumps(i, step)
        known = [step + k in seen for k in (-2, -1, 1)]
        if known[1] and known[2]:
            last, following = (self._middle(i, on, step + k) for k in (-1, 0))
            smooth = same[1] & ~damped[1] & ~damped[2]
            now = np.where(smooth, 0.5 * (last + following), now)
        if known[0] and known[1]:
            earlier, last = (self._middle(i, on, step + k) for k in (-2, -1))
            smooth = same[0] & same[1] & ~damped[0] & ~damped[1] & damped[2]
            now = np.where(smooth, 1.5 * last - 0.5 * earlier, now)
        if known[2] and e.moves:
            bends = same[1] & self._bends(i, step) & (self.table.edges(step, step + 2) == 0).all(0)
            now = np.where(bends, self._after(i, on, step), now)
        return now

    def _jumps(self, i: int, step: int) -> Any:
        """In which axons a command of an electrode jumps where a step begins."""
        now = ((i, step, 0.0) in own for own in self.table.clamped.on)
        return np.array([*now])

    def _bends(self, i: int, step: int) -> Any:
        """In which axons a command bends where a step begins."""
        if i not in self.bent:
            self.bent[i] = self.electrodes[i].bends(self.schedule.dt, self.problem.times.duration)
        return np.array([step in steps for steps in self.bent[i]])

    def _after(self, i: int, on: Floats, step: int) -> Floats:
        """Just after a bend: in the step that follows, or extrapolated from two."""
        following = self._middle(i, on, step)
        if step + 2 not in self.seen[i]:
            return following
        alone = self._bends(i, step + 1)
        return np.where(alone, following, 1.5 * following - 0.5 * self._middle(i, on, step + 1))

    def _gone(self, i: int, step: int, middle: bool) -> Floats | None:
        """How far commands are from their first values, in the middle of a step that is not damped
        or just after its beginning; None if none moves."""
        e, dt = self.electrodes[i], self.schedule.dt
        if not e.moves:
            return None
        if middle:
            return e.driving(step, step + 1, dt, np.zeros((1, e.start.shape[1])))[0]
        return e.moved(np.array([step * dt]), beside=SNAP * dt)[0]

    def _middle(self, i: int, on: Floats, step: int) -> Floats:
        seen = self.seen[i]
        voltage = 0.5 * (seen[step] + seen[step + 1])
        return through(self.electrodes[i], on, voltage, self._gone(i, step, middle=True))


def through(
    electrode: Electrode, on: Floats, voltage: Floats, moved: Floats | None = None
) -> Floats:
    """The electrode's current (nA), from V in its compartments (axons, compartments of it).

    Parameters
    ----------
    moved : (clamps, axons)
        How far commands are from their first values; None if none moves.
    """
    conductance, driven, _ = electrode.joined(on)
    if moved is not None:
        driven = driven + electrode.towards(on, moved)
    potential = np.divide(driven, conductance, out=np.zeros_like(driven), where=conductance > 0)
    return np.sum(conductance * (potential - voltage), axis=-1)
