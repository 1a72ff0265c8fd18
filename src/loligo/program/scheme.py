"""Schemes: which blocks a program has, as declared types.

A solver writes the blocks of one scheme, and an engine has one loop for each scheme; neither
knows more of the other. Each block says here what it may read and what it yields; a program is
checked against that when it is made (:mod:`loligo.program.program`).

Every scheme may have a block ``edge`` (states, ``.t``, ``.middle`` in, states out): what the
states become at an edge ``.t`` of what is done to them, ``.middle`` in the middle of the segment
that begins there. Where nothing happens at ``.t`` it leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from loligo.program.arithmetic import Block


def share(state: str, term: int) -> str:
    """What a block calls the share of a term in a state's rate."""
    return f"{state}.{term}"


def shared(name: str) -> tuple[str, int]:
    """The inverse of :func:`share`; raises ``ValueError`` on what is none."""
    state, _, term = name.rpartition(".")
    return state, int(term)


def slope_of(stream: str) -> str:
    """What a block calls how a sampled stimulus moves."""
    return f"{stream}.slope"


def tangent_of(state: str) -> str:
    """What a block that is the same for all derivatives of states calls that of one."""
    return f"~{state}"


def slope_in(state: str, other: str) -> str:
    """What a block calls how a state's rate changes with another state."""
    return f"{state}|{other}"


def push_on(derivative: str) -> str:
    """What a block calls the part of a derivative's rate that no state has a share in."""
    return f"+{derivative}"


@dataclass(frozen=True)
class Face:
    """What a block has to do with the rest of its program, in words with spaces between.

    Attributes
    ----------
    reads
        Kinds of names (``states``, ``constants``, …) and single names that it may read.
    yields
        Those that it yields, in order; with a ``?`` those that it may leave out.
    optional
        Whether a program can do without the block.
    """

    reads: str
    yields: str
    optional: bool = False


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
    shares
        With what share each term enters each state's rate, as far as something may be conserved.
    edge
        What the states become at an edge, where they jump.
    """

    name: ClassVar[str]
    FACES: ClassVar[Mapping[str, Face]] = {
        "prepare": Face("parameters .dt .stride .tolerance", "constants", optional=True),
        "relax": Face("parameters states inputs .dt", "states", optional=True),
        "derivative": Face("parameters states inputs", "states", optional=True),
        "shares": Face("parameters", "shares", optional=True),
        "edge": Face("constants states .t .middle", "states", optional=True),
    }

    sample: Block
    prepare: Block | None = None
    relax: Block | None = None
    derivative: Block | None = None
    shares: Block | None = None
    edge: Block | None = None

    @cached_property
    def blocks(self) -> Mapping[str, Block]:
        """Those that there are, by name."""
        every = {name: getattr(self, name) for name in self.FACES}
        return MappingProxyType({name: block for name, block in every.items() if block is not None})

    @property
    def orders(self) -> Mapping[str, int]:
        """Of the blocks that are power series, by name."""
        return {}


@dataclass(frozen=True, kw_only=True)
class Fixed(Scheme):
    """Steps of one length, the same for all lanes (:mod:`loligo.program.exponential`).

    Attributes
    ----------
    drive, value
        What is done to the membrane: the mean of every input over a step; its value just after a
        time. ``.until``: no step up to it has another mean than one that begins at ``.t0`` and
        lies before it.
    step
        All states one step on.
    locate
        Where in a step V crossed the threshold.
    edge
        What is behind V is brought to the edge first: by ``.lead``, as for a sample. V itself is
        ``.since`` past the edge.
    part
        Where states jump: all states from ``.t0``, where what is behind V is by ``.lead``, to
        ``.t1``, where none is: a piece of a step that an edge lies in.
    """

    name: ClassVar[str] = "fixed"
    FACES: ClassVar[Mapping[str, Face]] = {
        **Scheme.FACES,
        "drive": Face("constants streams .dt .t0 .t1", "inputs .until?"),
        "value": Face("constants streams .dt .t", "inputs"),
        "step": Face("constants states carries inputs .dt", "states carries?"),
        "sample": Face("constants states inputs .dt .lead", "records"),
        "locate": Face("before now after threshold", "theta"),
        "edge": Face("constants states streams .t .middle .lead .since", "states", optional=True),
        "part": Face("parameters states streams .dt .t0 .t1 .lead", "states", optional=True),
    }

    drive: Block
    value: Block
    step: Block
    locate: Block
    part: Block | None = None


@dataclass(frozen=True, kw_only=True)
class Adaptive(Scheme):
    """Every lane takes steps of its own length (:mod:`loligo.program.taylor`).

    Sampled stimuli are handed in as straight lines: at the time asked for, what each is (its
    stream) and how it moves (the stream's slope, each ms).

    Attributes
    ----------
    order, careful_order
        Of the two series; the second is 0 where there is but one.
    series
        The coefficients of the states' power series, and the step.
    careful
        A series of lower order that holds everywhere.
    room, most
        How far V may move in a step of ``series``; in a step of either.
    turn
        What the states become where conditions change from the sides on which they ``were``.
    conditions
        What is compared along a step, as a person reads it: each is held on one side
        (``sides``), and its gap is a series beside those of the states (``gaps``:
        :mod:`loligo.program.switches`).
    tangents
        Of each thing that all is differentiated by, the states that are derivatives by it, V's
        first. Their series are none of ``series``, which yields what they obey instead
        (``variation``: the slopes of the other states' rates, and what drives each besides).
    follow, careful_follow
        The series of the derivatives by one thing, the same for each, and the step that it
        allows.
    leaders
        The states that they are derivatives of, in the same order.
    """

    name: ClassVar[str] = "adaptive"
    FACES: ClassVar[Mapping[str, Face]] = {
        **Scheme.FACES,
        "series": Face(
            "constants leaders sides streams slopes .t .middle",
            "coefficients gaps .step variation",
        ),
        "careful": Face(
            "constants leaders sides streams slopes .t .middle",
            "coefficients gaps .step variation",
            optional=True,
        ),
        "follow": Face("constants driven", "follower .step", optional=True),
        "careful_follow": Face("constants driven", "follower .step", optional=True),
        "room": Face("constants states sides streams slopes", ".room", optional=True),
        "most": Face("constants sides streams slopes", "series careful", optional=True),
        "turn": Face(
            "constants states sides were streams slopes .t .middle", "states", optional=True
        ),
        "sample": Face("constants states streams slopes .t .middle", "records"),
        "edge": Face("constants states streams slopes .t .middle", "states", optional=True),
    }

    order: int
    series: Block
    careful_order: int = 0
    careful: Block | None = None
    room: Block | None = None
    most: Block | None = None
    turn: Block | None = None
    conditions: tuple[str, ...] = ()
    tangents: tuple[tuple[str, ...], ...] = ()
    leaders: tuple[str, ...] = ()
    follow: Block | None = None
    careful_follow: Block | None = None
    follow_order: int = 0

    def __post_init__(self) -> None:
        if self.order < 1 or (self.careful_order < 1) != (self.careful is None):
            raise ValueError("not a scheme: a series without an order, or an order without one")
        follows = bool(self.tangents)
        if follows != (self.follow is not None) or follows != (self.follow_order > 0):
            raise ValueError("not a scheme: derivatives without a series, or a series without them")
        if (follows and self.careful is not None) != (self.careful_follow is not None):
            raise ValueError("not a scheme: careful steps that derivatives cannot take")
        if any(len(each) != len(self.leaders) for each in self.tangents):
            raise ValueError("not a scheme: derivatives of other states than there are")

    @property
    def orders(self) -> Mapping[str, int]:
        plain = {"series": self.order, "careful": self.careful_order}
        if not self.tangents:
            return plain
        careful = self.careful_order
        return {**plain, "follow": self.follow_order, "careful_follow": careful}


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

    name: ClassVar[str] = "coupled"
    FACES: ClassVar[Mapping[str, Face]] = {
        **Scheme.FACES,
        "offer": Face("constants states .dt .lead", "states? .I .G"),
        "settle": Face("constants states .dt", "states?", optional=True),
        "sample": Face("constants states .dt .lead", "records"),
    }

    offer: Block
    settle: Block | None = None


AnyScheme: TypeAlias = type[Fixed] | type[Adaptive] | type[Coupled]
SCHEMES: Mapping[str, AnyScheme] = {kind.name: kind for kind in (Fixed, Adaptive, Coupled)}
