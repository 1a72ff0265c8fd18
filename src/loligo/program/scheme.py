"""Schemes: which blocks a program has, as declared types.

A solver writes the blocks of one scheme, and an engine has one loop for each scheme; neither
knows more of the other. Every scheme may have a block ``edge`` (states, ``.t``, ``.middle`` in,
states out): what the states become at an edge of what is done to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TypeAlias

from loligo.program.arithmetic import Block


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """The blocks that programs of every scheme have.

    Attributes
    ----------
    sample
        What is recorded.
    prepare
        The constants, from the parameters: once a lane.
    relax, derivative
        For the search of steady states: a long step with V held; the right-hand side.
    edge
        What the states become at an edge, where they jump.
    """

    sample: Block
    prepare: Block | None = None
    relax: Block | None = None
    derivative: Block | None = None
    edge: Block | None = None

    @property
    def blocks(self) -> Mapping[str, Block]:
        """Those that there are, by name."""
        every = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: block for name, block in every.items() if isinstance(block, Block)}


@dataclass(frozen=True, kw_only=True)
class Fixed(Scheme):
    """Steps of one length, the same for all lanes (:mod:`loligo.program.exponential`).

    Attributes
    ----------
    drive, value
        The stimulus: its mean over a step, its value just after a time.
    step
        All states one step on.
    locate
        Where in a step V crossed the threshold.
    """

    drive: Block
    value: Block
    step: Block
    locate: Block


@dataclass(frozen=True, kw_only=True)
class Adaptive(Scheme):
    """Every lane takes steps of its own length (:mod:`loligo.program.taylor`).

    Attributes
    ----------
    series
        The coefficients of the states' power series, and the step.
    careful
        A series of lower order that holds everywhere.
    room, most
        How far V may move in a step of ``series``; in a step of either.
    """

    series: Block
    careful: Block | None = None
    room: Block | None = None
    most: Block | None = None


@dataclass(frozen=True, kw_only=True)
class Coupled(Scheme):
    """Compartments that a solve joins (:mod:`loligo.program.coupled`).

    Attributes
    ----------
    offer
        The states half a step ahead of V, the current and its slope.
    settle
        What is left to do once V has moved.
    """

    offer: Block
    settle: Block | None = None


AnyScheme: TypeAlias = type[Fixed] | type[Adaptive] | type[Coupled]
