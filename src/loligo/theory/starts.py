"""Where equilibria are looked for that no curve has met."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from loligo.lanes import Floats
from loligo.run.equilibria import equilibria
from loligo.run.equilibrium import swept
from loligo.system.outline import STIMULUS
from loligo.theory.field import Field

_COARSE = np.arange(-300.0, 301.0, 1.0)  # mV that are held
_FINE = np.linspace(-5.0, 5.0, 201)  # where models without units live


class Starts:
    """Equilibria of a field at some values of what is varied, or near them."""

    def __init__(self, of: Field) -> None:
        self.of = of

    def at(self, values: Floats) -> Iterator[tuple[Floats, float]]:
        """Each, and at which value; of the ends first."""
        by_current = self.of.varied == STIMULUS
        found = self._under_currents(values) if by_current else self._anywhere(values)
        for lane in (0, values.size - 1, *range(1, values.size - 1)):
            for states in found[lane]:
                yield states, float(values[lane])

    def _anywhere(self, values: Floats) -> list[list[Floats]]:
        """At each value, those that a search finds."""
        of = self.of
        numbers = {name: np.full(values.size, row[0]) for name, row in of.patch.numbers.items()}
        numbers[of.varied] = values
        found = equilibria(of.patch.kernel, numbers, np.zeros(values.size))
        return [list(found.states[:, found.lane == lane].T) for lane in range(values.size)]

    @cached_property
    def _held(self) -> tuple[Floats, Floats]:
        """The states with V held, (V, states), and the current that each V takes."""
        of = self.of
        V = np.concatenate([_COARSE[np.abs(_COARSE) > _FINE.max()], _FINE])
        V.sort()
        numbers = {name: np.full(V.size, row[0]) for name, row in of.patch.numbers.items()}
        states = swept(of.patch.kernel, {**numbers, STIMULUS: np.zeros(V.size)}, V).T
        rates, _, column = of.linear(states, np.zeros(V.size))
        with np.errstate(all="ignore"):
            return states, -rates[:, 0] / column[:, 0]

    def _under_currents(self, values: Floats) -> list[list[Floats]]:
        """At each current, those near which it is the one that V held would take."""
        states, current = self._held
        found: list[list[Floats]] = []
        for value in values:
            over = current - value
            # where nothing flows at any V there is nothing between two of them to choose from
            crossed = (over[:-1] * over[1:] < 0) | ((over[:-1] == 0) & (over[1:] != 0))
            places = np.flatnonzero(crossed)
            part = over[places] / (over[places] - over[places + 1])
            found.append([states[k] + q * (states[k + 1] - states[k])
                          for k, q in zip(places, part, strict=True)])  # fmt: skip
        return found
