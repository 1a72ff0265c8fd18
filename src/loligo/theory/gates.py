"""How the gates of a membrane depend on its potential: rates, steady states, time constants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loligo.engine.numpy.kernel import evaluate
from loligo.lanes import Floats, Labelled
from loligo.model import Membrane
from loligo.model.ode import given
from loligo.model.parts import Gate
from loligo.program.arithmetic import Block
from loligo.program.lower import lowered
from loligo.run.equilibrium import held
from loligo.system.equations import formulas
from loligo.theory.patch import Patch


@dataclass(frozen=True, eq=False)
class Gating:
    """What the gates and schemes of a membrane are given by, at any potential.

    What else their rates depend on, such as a concentration, is at its steady state there.
    """

    membrane: Membrane

    @cached_property
    def _block(self) -> Block:
        own = given(self.membrane)
        return lowered({each.name: each.smooth for each in formulas(self.membrane)
                        if each.name in own})  # fmt: skip

    def at(self, voltage: Floats) -> dict[str, Floats]:
        """``m.alpha``, ``m.inf``, ``C.to.O`` and so on as they are written; and states, steady."""
        row = Labelled(("V",), voltage, {"V": voltage})
        patch = Patch.of(self.membrane, "plot", V=row)
        found = held(patch.kernel, patch.numbers, voltage)
        states = np.where(found.lost, np.nan, found.states)
        states[0] = voltage
        known = {**patch.numbers, **dict(zip(patch.outline.states, states, strict=True))}
        rates = evaluate(self._block, known)
        spread = {name: np.broadcast_to(value, voltage.shape) for name, value in rates.items()}
        return {**patch.at(states), **spread}


def curves(gate: Gate, found: dict[str, Floats]) -> dict[str, Floats]:
    """A gate's ``inf``, and as far as there are such: ``tau`` (ms), ``alpha`` and ``beta``
    (per ms), with its ``rate`` in all of them.

    Parameters
    ----------
    found
        By :meth:`Gating.at`.
    """
    own = {key: found.get(f"{gate.name}.{key}") for key in ("alpha", "beta", "inf", "tau", "rate")}
    alpha, beta, inf, tau, rate = own.values()
    speed = np.ones(1) if rate is None else rate
    if alpha is not None and beta is not None:
        alpha, beta = speed * alpha, speed * beta
        inf, tau = alpha / (alpha + beta), 1.0 / (alpha + beta)
    elif inf is not None and tau is not None:
        tau = tau / speed
        alpha, beta = inf / tau, (1.0 - inf) / tau
    if gate.instantaneous:
        tau = None
    named = {"inf": inf, "tau": tau, "alpha": alpha, "beta": beta}
    return {name: np.array(row) for name, row in named.items() if row is not None}
