"""A program: the blocks of a scheme, and the names of what goes in and out; as a document too.

A stored program is untrusted input: what is malformed in any way is refused with a ValueError.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from loligo.program.arithmetic import (
    CARRY,
    MASKS,
    OPERATIONS,
    PRECISIONS,
    Assignment,
    Block,
    narrowness,
    prune,
)
from loligo.program.scheme import (
    SCHEMES,
    Adaptive,
    Face,
    Scheme,
    push_on,
    share,
    shared,
    slope_in,
    slope_of,
    tangent_of,
)
from loligo.program.switches import gap, side, size, was

_NAMES = ("parameters", "states", "inputs", "streams", "constants", "records")


@dataclass(frozen=True)
class Program:
    """Everything an engine needs to know to advance a membrane in time.

    Attributes
    ----------
    parameters, states, streams
        Names, in the order in which their rows lie in an engine's arrays. Streams are
        sampled stimuli: what is handed in of them from outside is the scheme's to say.
    inputs
        What may drive the equations from outside, ``I_stim`` above all.
    constants
        What ``prepare`` computes once a lane for the other blocks.
    records
        What ``sample`` yields.
    scheme
        The blocks.
    precision
        Of the states in ``step`` and ``sample``: "float64" or "float32". All else, times and
        stimuli above all, is float64.

    Raises
    ------
    ValueError
        If a block reads what there is not, or does not yield what it should.
    """

    parameters: tuple[str, ...]
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    streams: tuple[str, ...]
    constants: tuple[str, ...]
    records: tuple[str, ...]
    scheme: Scheme
    precision: str = "float64"

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(f"not a precision: {self.precision!r}")
        if {*self.followers, *self.leaders} - set(self.states):
            raise ValueError("not a program: what it differentiates is no state")
        for name, face in self.scheme.FACES.items():
            block = self.scheme.blocks.get(name)
            if block is not None:
                self._check(name, block, face)
            elif not face.optional:
                raise ValueError(f"not a program: a {self.scheme.name} one without {name!r}")

    def _check(self, name: str, block: Block, face: Face) -> None:
        """That a block fits: its inputs are known, its outputs those of its kind, in order."""
        readable = {each for word in face.reads.split() for each in self._named(word, name)}
        if unknown := [each for each in block.inputs if each not in readable]:
            raise ValueError(f"not a program: {name!r} reads {unknown[0]!r}, which there is not")
        wanted = [
            (each, word.endswith("?"))
            for word in face.yields.split()
            for each in self._named(word.removesuffix("?"), name)
        ]
        given = set(block.names)
        expected = [each for each, optional in wanted if not optional or each in given]
        if list(block.names) != expected:
            raise ValueError(f"not a program: {name!r} does not yield what it should")

    def _named(self, word: str, block: str) -> Iterable[str]:
        """The names of a kind, or a single name."""
        if word in _NAMES:
            return cast(tuple[str, ...], getattr(self, word))
        if word == "carries":
            return [CARRY + state for state in self.states]
        if word == "coefficients":
            orders = range(self.scheme.orders[block] + 1)
            return [coefficient(state, k) for state in self.own for k in orders]
        if word == "leaders":
            return self.own
        if word == "follower":
            orders = range(self.scheme.orders[block] + 1)
            return [coefficient(tangent_of(s), k) for s in self.leaders for k in orders]
        if word == "driven":
            series = SERIES_OF[block]
            drive = [coefficient(push_on(tangent_of(s)), k) for s in self.leaders
                     for k in range(self.scheme.orders[block])]  # fmt: skip
            return [*map(tangent_of, self.leaders), *drive, *self._variation(series)]
        if word == "variation":
            # as much as there is: the block itself says
            return self._variation(block)
        if word == "slopes":
            return [slope_of(stream) for stream in self.streams]
        if word == "sides":
            return [side(k) for k in range(len(self.conditions))]
        if word == "were":
            return [was(k) for k in range(len(self.conditions))]
        if word == "gaps":
            orders = range(self.scheme.orders[block] + 1)
            every = range(len(self.conditions))
            return [name for k in every for name in gaps_of(k, orders)]
        if word == "shares":
            # as many as there are: the block itself says
            names = self.scheme.blocks[block].names
            allowed = {share(state, k) for state in self.states for k in range(len(names))}
            return [name for name in names if name in allowed]
        return (word,)

    def _variation(self, series: str) -> list[str]:
        """What a series yields of the equations of derivatives, in its order."""
        if not self.followers:
            return []
        orders = range(self.scheme.orders[series])
        slopes = (slope_in(s, other) for s in self.leaders for other in self.leaders)
        pushes = (push_on(follower) for follower in self.followers)
        allowed = {coefficient(name, k) for name in (*slopes, *pushes) for k in orders}
        return [name for name in self.scheme.blocks[series].names if name in allowed]

    @cached_property
    def mutual(self) -> bool:
        """Whether states other than V depend on each other all round."""
        block = self.scheme.blocks["derivative"]
        depends: list[frozenset[str]] = []
        for a in block.assignments:
            own = {a.name} if a.op == "input" else set[str]()
            depends.append(frozenset(own.union(*(depends[i] for i in a.args))))
        others = frozenset(self.states[1:])
        left = {name: depends[i] & others - {name} for name, i in block.outputs if name in others}
        while free := [name for name, waiting in left.items() if not waiting & left.keys()]:
            for name in free:
                del left[name]
        return bool(left)

    @cached_property
    def alone(self) -> Block | None:
        """For each state but V that may be part of something conserved, a share of a term that no
        other state has: unless it is 0 the state is not. None if some state has no such share."""
        shares = self.scheme.blocks["shares"]
        terms = Counter(shared(name)[1] for name in shares.names)
        own = {shared(n)[0]: i for n, i in shares.outputs if terms[shared(n)[1]] == 1}
        named = {state for state, _ in map(shared, shares.names)} - {self.states[0]}
        if not named <= own.keys():
            return None
        return prune(Block(shares.assignments, tuple((state, own[state]) for state in named)))

    @property
    def conditions(self) -> tuple[str, ...]:
        """What is compared along a step, as a person reads it."""
        return self.scheme.conditions if isinstance(self.scheme, Adaptive) else ()

    @cached_property
    def rooted(self) -> bool:
        """Whether its equations are in pieces of which one may begin where it has no power series,
        as sqrt(max(0, x)) does."""
        if not self.conditions:
            return False
        return any(a.op in ("sqrt", "log", "pow") for a in self.blocks["series"].assignments)

    @property
    def tangents(self) -> tuple[tuple[str, ...], ...]:
        """Of each thing that all is differentiated by, the states that are derivatives by it."""
        return self.scheme.tangents if isinstance(self.scheme, Adaptive) else ()

    @property
    def leaders(self) -> tuple[str, ...]:
        """The states that they are derivatives of."""
        return self.scheme.leaders if isinstance(self.scheme, Adaptive) else ()

    @cached_property
    def followers(self) -> tuple[str, ...]:
        """The states that are derivatives of others."""
        return tuple(state for each in self.tangents for state in each)

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The states that are not."""
        return tuple(state for state in self.states if state not in set(self.followers))

    @property
    def marked(self) -> tuple[str, ...]:
        """The states that are looked at when there is a spike, V's derivatives: what V has gained
        is made good by its slope."""
        return tuple(each[0] for each in self.tangents)

    @property
    def blocks(self) -> Mapping[str, Block]:
        """The scheme's, by name."""
        return self.scheme.blocks

    def to_dict(self) -> dict[str, Any]:
        """JSON-able and exact (floats in hexadecimal)."""
        return {
            **{key: getattr(self, key) for key in _NAMES},
            "precision": self.precision,
            "scheme": self.scheme.name,
            "orders": self.scheme.orders,
            "conditions": self.conditions,
            "leaders": self.leaders,
            "tangents": self.tangents,
            "blocks": {name: _block_to_list(block) for name, block in self.blocks.items()},
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Program:
        """The inverse of :meth:`to_dict`; raises ``ValueError`` on anything malformed."""
        try:
            names = {key: _texts(document[key]) for key in _NAMES}
            precision = _text(document["precision"])
            scheme = _scheme(document)
        except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            raise ValueError(f"not a program: {error!r}") from error
        return cls(**names, scheme=scheme, precision=precision)


def gaps_of(condition: int, orders: Iterable[int]) -> list[str]:
    """What a block yields of a condition: its gap's coefficients, and the size of what it
    compares."""
    return [*(coefficient(gap(condition), k) for k in orders), size(condition)]


def coefficient(state: str, order: int) -> str:
    """What a block that is a power series calls a state's coefficient."""
    return f"{state}[{order}]"


def _block_to_list(block: Block) -> list[Any]:
    rows: list[Any] = []
    for a in block.assignments:
        extra = {"input": a.name, "const": a.value.hex()}.get(a.op)
        rows.append([a.op, extra] if extra is not None else [a.op, *a.args])
    return [rows, [list(output) for output in block.outputs]]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a name: {value!r}")
    return value


def _listed(value: Any) -> Iterable[Any]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"not a list: {value!r:.40}")
    return cast(Iterable[Any], value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(name) for name in _listed(value))


def _scheme(document: Mapping[str, Any]) -> Scheme:
    kind = SCHEMES[_text(document["scheme"])]
    made: dict[str, Any] = {
        _text(name): _block_from_list(rows) for name, rows in document["blocks"].items()
    }
    if unknown := made.keys() - kind.FACES.keys():
        raise ValueError(f"not a block of a {kind.name} program: {sorted(unknown)[0]!r}")
    orders = {_text(name): _whole(order) for name, order in document["orders"].items()}
    if unknown := orders.keys() - {*_ORDERS, *SERIES_OF}:
        raise ValueError(f"not a series of a {kind.name} program: {sorted(unknown)[0]!r}")
    made |= {_ORDERS[name]: order for name, order in orders.items() if name in _ORDERS}
    if conditions := _texts(document["conditions"]):
        made["conditions"] = conditions
    if leaders := _texts(document["leaders"]):
        made["leaders"] = leaders
        made["tangents"] = tuple(_texts(each) for each in _listed(document["tangents"]))
    return kind(**made)


# a series -> where its scheme has its order
_ORDERS = {"series": "order", "careful": "careful_order", "follow": "follow_order"}
# the series of derivatives -> that of what they are derivatives of
SERIES_OF = {"follow": "series", "careful_follow": "careful"}
FOLLOW = {series: name for name, series in SERIES_OF.items()}
_HIGHEST = 1000  # order; a real one is below 20


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _HIGHEST:
        raise TypeError(f"not an order: {value!r}")
    return value


def _block_from_list(rows: Any) -> Block:
    assignments: list[Assignment] = []
    for row in _listed(rows[0]):
        op: str = row[0]
        rest: list[Any] = list(row[1:])
        if op in ("input", "const"):
            (what,) = rest
            put = (
                Assignment(op, name=_text(what))
                if op == "input"
                else Assignment(op, value=float.fromhex(what))
            )
        elif OPERATIONS.get(op) == len(rest) and _fit(op, rest, assignments):
            put = Assignment(op, tuple(rest))
        else:
            raise ValueError(f"not an assignment: {op!r} {rest!r}")
        assignments.append(put)
    outputs: tuple[tuple[str, Any], ...] = tuple((_text(n), i) for n, i in _listed(rows[1]))
    for _, index in outputs:
        if not isinstance(index, int) or not 0 <= index < len(assignments):
            raise ValueError("an output of a block points nowhere")
        if assignments[index].op in MASKS:
            raise ValueError("an output of a block is a mask")
    block = Block(tuple(assignments), outputs)
    narrowness(block)
    return block


def _fit(op: str, places: list[Any], before: list[Assignment]) -> bool:
    """Whether the places are of earlier assignments, masks where the operation wants masks."""
    if not all(type(i) is int and 0 <= i < len(before) for i in places):
        return False
    wanted = [op in ("and", "or", "not")] * len(places)
    if op == "where":
        wanted[0] = True
    return [before[int(i)].op in MASKS for i in places] == wanted
