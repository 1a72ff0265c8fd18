"""A kinetic scheme: a molecule that is in one of several states, and how it goes between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import numpy as np

from loligo.errors import ModelError, nearest, pointing
from loligo.lanes import Value, grid
from loligo.model.expression import Expression, parse
from loligo.model.reading import LONGEST_NAME, freeze, identifier, label
from loligo.model.table import Frozen
from loligo.model.tokens import MAX_TEXT
from loligo.units import read

MAX_STATES = 100
_WRITTEN = 'such as "C <-> O: alpha, beta", or "O -> I: k" where there is no way back'
_MOST_LANES = 1_000_000  # of occupancies that are given
_ROUND = 1e-9  # how far from 1 the sum of rounded occupancies may be

_TRANSITION = re.compile(
    r"\s*+(?P<source>\w++)\s*+(?P<arrow>[^\w\s:]++)\s*+(?P<target>\w++)\s*+:(?P<rates>.*+)",
    re.DOTALL,
)
_BOTH, _FORTH = "<->", "->"
_ARROWS = {_BOTH: True, "<=>": True, "⇌": True, "↔": True, _FORTH: False, "→": False}


@dataclass(frozen=True)
class Transition:
    """From one state to another, and perhaps back.

    Attributes
    ----------
    source, target
        The two states.
    forward
        The rate from source to target, per ms.
    backward
        The rate back; None where there is no way back.
    """

    source: str
    target: str
    forward: Expression
    backward: Expression | None

    def __str__(self) -> str:
        arrow = _FORTH if self.backward is None else _BOTH
        return f"{self.source} {arrow} {self.target}: {self.written}"

    @property
    def written(self) -> str:
        """Its rates as they were written."""
        back = "" if self.backward is None else f", {self.backward}"
        return f"{self.forward}{back}"

    @property
    def rates(self) -> dict[tuple[str, str], Expression]:
        """(from, to) -> rate."""
        rates = {(self.source, self.target): self.forward}
        if self.backward is not None:
            rates[self.target, self.source] = self.backward
        return rates


@dataclass(frozen=True, init=False, repr=False)
class Scheme:
    """A kinetic scheme: occupancies that sum to 1, and the rates between them.

    Each occupancy is the fraction of molecules (channels, say) in that state, and a variable of
    the membrane by that name. It changes by what comes in less what goes out, dx/dt = sum of
    rate·y - sum of rate·x (the law of mass action; Colquhoun & Hawkes 1977,
    doi:10.1098/rspb.1977.0085). One of them is eliminated: it is 1 less the others, so that the
    sum is 1 at all times. Which channels are open is said by the channel: its ``open``.

    Parameters
    ----------
    name
        What it is a scheme of: ``"Kr"``.
    states
        Its states, as the paper names them.
    transitions
        ``"C <-> O: alpha, beta"``: the rate from C to O and that back, per ms, each an expression;
        ``"O -> I: k"`` where there is no way back.
    eliminated
        The state whose occupancy is 1 less the others; by default the first.
    initial
        State to occupancy, where a search for rest begins, and where it stays if the scheme's rest
        depends on where it began. Those that are not named are 0; they sum to 1.
    meaning
        A few words.

    Raises
    ------
    ModelError, UsageError
        A transition cannot be read or names no state, a state is cut off from the others, or the
        occupancies do not sum to 1.

    Examples
    --------
    >>> Scheme("K", states=["C", "O"], transitions=["C <-> O: 0.1*exp(V/20), 0.05"])
    Scheme('K', states=('C', 'O'), transitions=('C <-> O: 0.1*exp(V/20), 0.05',))
    """

    name: str
    states: tuple[str, ...]
    transitions: tuple[Transition, ...]
    eliminated: str
    initial: Frozen[Value]
    meaning: str

    def __init__(
        self,
        name: str,
        states: Iterable[str],
        transitions: Iterable[str | Transition],
        eliminated: str | None = None,
        initial: Mapping[str, Any] | None = None,
        meaning: str = "",
    ) -> None:
        identifier(name, "scheme")
        known = _states(states, name)
        freeze(
            self,
            name=name,
            states=known,
            transitions=tuple(
                _transition(text, place, name)
                for place, text in enumerate(_texts(transitions, "transitions", name))
            ),
            eliminated=known[0] if eliminated is None else eliminated,
            meaning=label(meaning, f"scheme {name}"),
        )
        given: set[tuple[str, str]] = set()
        for place, transition in enumerate(self.transitions):
            self._check(transition, place, given)
            given |= transition.rates.keys()
        self._check_connected()
        if self.eliminated not in known:
            self._refuse(f"eliminated: {self._no_state(self.eliminated)}", "eliminated")
        freeze(self, initial=self._occupancies(initial))

    @property
    def kept(self) -> tuple[str, ...]:
        """The states that are not eliminated: each has a differential equation."""
        return tuple(state for state in self.states if state != self.eliminated)

    @property
    def rates(self) -> dict[tuple[str, str], Expression]:
        """(from, to) -> rate, in the order of the transitions."""
        return {ends: rate for each in self.transitions for ends, rate in each.rates.items()}

    @property
    def beginnings(self) -> dict[str, Value]:
        """Where the search for steady occupancies begins, where that was said."""
        return {x: self.initial.get(x, 0.0) for x in self.kept} if self.initial else {}

    def __repr__(self) -> str:
        shown = [repr(self.name), f"states={self.states!r}"]
        shown.append(f"transitions={tuple(map(str, self.transitions))!r}")
        if self.eliminated != self.states[0]:
            shown.append(f"eliminated={self.eliminated!r}")
        if self.initial:
            shown.append(f"initial={dict(self.initial)!r}")
        return (
            f"Scheme({', '.join([*shown, *([f'meaning={self.meaning!r}'] * bool(self.meaning))])})"
        )

    # ------------------------------------------------------------------------ checks

    def _refuse(self, problem: str, *path: str) -> NoReturn:
        error = ModelError(f"scheme {self.name}: {problem}")
        error.path = ("schemes", self.name, *path)
        raise error

    def _no_state(self, name: object) -> str:
        close = nearest(f"{name}"[:LONGEST_NAME], self.states)
        return f"there is no state {name!s:.64}{close}; it has {', '.join(self.states)}"

    def _check(self, transition: Transition, place: int, given: set[tuple[str, str]]) -> None:
        path = ("transitions", str(place))
        ends = (transition.source, transition.target)
        for state in ends:
            if state not in self.states:
                self._refuse(f"{transition!s:.80}: {self._no_state(state)}", *path)
        if ends[0] == ends[1]:
            self._refuse(f"{transition!s:.80}: it leads from {ends[0]} to itself", *path)
        for source, target in sorted(given & transition.rates.keys()):
            self._refuse(
                f"{transition!s:.80}: the rate from {source} to {target} was given before; "
                "if there are two ways, add their rates in one transition",
                *path,
            )

    def _check_connected(self) -> None:
        beside: dict[str, set[str]] = {state: set() for state in self.states}
        for each in self.transitions:
            beside[each.source].add(each.target)
            beside[each.target].add(each.source)
        reached, waiting = {self.states[0]}, [self.states[0]]
        while waiting:
            new = beside[waiting.pop()] - reached
            waiting += new
            reached |= new
        cut = [state for state in self.states if state not in reached]
        if cut:
            self._refuse(
                f"no transition joins {', '.join(cut)} to {self.states[0]}; a scheme's states hang "
                "together. Add the transition, or make two schemes",
                "states",
            )

    def _occupancies(self, initial: object) -> Frozen[Value]:
        if initial is None or initial == {}:
            return Frozen()
        if not isinstance(initial, Mapping):
            self._refuse('initial: give states and occupancies, as in {"C": 1}', "initial")
        given = cast(Mapping[str, Any], initial)
        for state in given:
            if state not in self.states:
                self._refuse(f"initial: {self._no_state(state)}", "initial", str(state))
        values = {
            state: read(given[state], "1", f"initial_{state}", at_least=0)
            for state in self.states
            if state in given
        }
        lanes = grid(values)
        if lanes.size > _MOST_LANES:
            self._refuse(f"initial: it has {lanes.size:,} lanes; give arrays along one", "initial")
        total = sum((lanes.array(state) for state in values), np.zeros(lanes.shape))
        off = np.abs(total - 1) > _ROUND
        if off.any():
            wrong = float(total[off].flat[0])
            named = " + ".join(values)
            self._refuse(
                f"initial: {named} is {wrong:.12g}, and the occupancies of all states sum to 1",
                "initial",
            )
        return Frozen(values)


def _texts(values: object, what: str, name: str) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ModelError(f"scheme {name}: {what} is a list of texts, not {values!r:.60}")
    return tuple(cast(Iterable[Any], values))


def _states(states: object, name: str) -> tuple[str, ...]:
    known: tuple[Any, ...] = _texts(states, "states", name)
    if len(known) > MAX_STATES:
        raise ModelError(
            f"scheme {name}: {len(known):,} states; at most {MAX_STATES} can be worked with"
        )
    for state in known:
        identifier(state, "state")
    if len(known) < 2:
        raise ModelError(f"scheme {name}: it needs two states at least, such as C and O")
    twice = next((state for state in known if known.count(state) > 1), None)
    if twice is not None:
        raise ModelError(f"scheme {name}: the state {twice} is named twice")
    return known


# ---------------------------------------------------------------------------- transitions


def _transition(text: object, place: int, name: str) -> Transition:
    if isinstance(text, Transition):
        return text
    path = ("schemes", name, "transitions", str(place))
    if not isinstance(text, str):
        error = ModelError(f"scheme {name}: a transition is a text {_WRITTEN}; not {text!r:.60}")
        error.path = path
        raise error
    try:
        return _read(text, f"scheme {name}")
    except ModelError as error:
        error.path = path
        raise


def _read(text: str, where: str) -> Transition:
    if len(text) > 2 * MAX_TEXT:
        raise ModelError(f"{where}: a transition of {len(text):,} characters is too long")
    parts = _TRANSITION.fullmatch(text)
    if parts is None:
        raise _pointed(where, f"a transition is written {_WRITTEN}", text, (0, len(text)))
    both = _ARROWS.get(parts["arrow"])
    if both is None:
        problem = "between two states write <-> (and back) or -> (no way back)"
        raise _pointed(where, problem, text, parts.span("arrow"))
    called = f"{parts['source']} {parts['arrow']} {parts['target']}"
    rates = _split(parts["rates"])
    if len(rates) != 1 + both:
        wanted = "two rates, forth and back," if both else "one rate"
        problem = f"{called} has {wanted} after the colon, and {len(rates)} are written here"
        raise _pointed(where, problem, text, parts.span("rates"))
    read = [parse(rate.strip(), f"{where}: rate of {called}") for rate in rates]
    return Transition(parts["source"], parts["target"], read[0], read[1] if both else None)


def _split(rates: str) -> list[str]:
    """At the commas that stand in no brackets."""
    pieces, depth = [""], 0
    for character in rates:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += character
    return pieces


def _pointed(where: str, problem: str, text: str, span: tuple[int, int]) -> ModelError:
    error = ModelError(f"{where}: {problem}\n{pointing(text, *span)}")
    error.excerpt = (text, span[0])
    return error
