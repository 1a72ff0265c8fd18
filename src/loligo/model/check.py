"""Singular and senseless expressions, found when a membrane is built.

A numeric scan of every expression over the membrane potential, at the values that the parameters
have. A removable singularity (0.1*(V+40)/(1-exp(-(V+40)/10)) at -40 mV) is fine: the system stage
rewrites it. A pole, a value that is no number, and a negative rate are not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from loligo.errors import callers_level
from loligo.lanes import Floats, Labelled, Value
from loligo.model.expression import Expression
from loligo.model.namespace import Use, uses
from loligo.model.tree import Call, Node, evaluate, names_in, walk
from loligo.model.written import Written

LOWEST, HIGHEST = -150.0, 150.0
"""mV: as far as a membrane is driven in any protocol."""
_SIGN_LOWEST, _SIGN_HIGHEST = -100.0, 60.0
"""mV: where a published fit must have the right sign; some lose it further out."""

# The scan keeps off round numbers, which is where removable singularities lie (0/0).
_SCAN: Floats = np.arange(LOWEST - 0.4683, HIGHEST + 0.75, 0.25)
_OFF = 1.00317  # likewise for states
_NEAR, _FAR = 1e-6, 1e-2  # mV beside a zero: both well above rounding, which is 1e-14 mV
_MOST_ZEROS = 100  # in one membrane; each takes about a millisecond
_GROWTH = 30.0  # between the two a pole grows 10,000-fold, a removable singularity not at all


def check(membrane: Written, quantities: Mapping[str, Expression]) -> None:
    """Refuse a membrane with an expression that cannot be computed.

    Parameters
    ----------
    membrane
        What was written.
    quantities
        What is computed of it, each after those that it uses.

    Raises
    ------
    ModelError
        An expression has a pole between -150 and 150 mV or is not a finite number there, or a
        rate or time constant has the wrong sign between -100 and 60 mV.
    """
    reversals = membrane.parameters.values()
    warn_of_volts({p.name: p.value for p in reversals if p.name[:2] == "E_" and p.unit == "mV"})
    _warn_of_farads(membrane)
    everything = tuple(uses(membrane))
    needed = frozenset[str]().union(*(use.expression.names for use in everything))
    for lane in _lanes(membrane, needed):
        field = _Field(membrane, quantities, lane)
        zeros = 0
        for use in everything:
            zeros += _check_poles(use, field)
            _check_values(use, field)
            if zeros > _MOST_ZEROS:
                use.refuse("too much is divided by zero here to be checked", _whole(use))


def warn_of_volts(voltages: Mapping[str, Value | None]) -> None:
    """Say so where one of these, in mV, is as small as if it were in volts."""
    small = {n: v for n, v in voltages.items() if v is not None and _in_volts(v)}
    if not small:
        return
    named = ", ".join(f"{n} = {v:g}" if isinstance(v, float) else n for n, v in small.items())
    warnings.warn(
        f"voltages are in mV here, and {named} would be next to nothing. If this is in volts, "
        'multiply it by 1000, or write the unit, as in "-0.065 V"',
        stacklevel=callers_level(),
    )


def _warn_of_farads(membrane: Written) -> None:
    """Say so where the capacitance is that of no membrane, but would be in F/cm2."""
    value = membrane.parameters["C_m"].value
    largest = float(np.max(value.values)) if isinstance(value, Labelled) else value
    if largest < _LARGEST_FARADS:
        warnings.warn(
            f"capacitances are in uF/cm2 here, and C_m = {largest:g} would be next to nothing. If "
            'this is in F/cm2, multiply it by 1e6, or write the unit, as in "1e-6 F/cm2"',
            stacklevel=callers_level(),
        )


def _in_volts(value: Value) -> bool:
    largest = np.max(np.abs(value.values)) if isinstance(value, Labelled) else abs(value)
    return bool(_SMALLEST_VOLTS < largest < _LARGEST_VOLTS)


_LARGEST_FARADS = 2e-5  # uF/cm2; a membrane has about 1, ten internodal ones in series 0.01
_SMALLEST_VOLTS, _LARGEST_VOLTS = 0.01, 0.2


def _warn_of_step(use: Use, values: Floats) -> None:
    """Say so where a rate is a step within a mV of 0: it would be smooth if V were in volts."""
    low, high = float(values[0]), float(values[-1])
    size = max(abs(low), abs(high))
    if abs(low - values[_BELOW]) > _FLAT * size or abs(low - high) <= _STEP * size:
        return
    below, above = values[: _BELOW + 1], values[_ABOVE:]
    flat = max(np.ptp(below), np.ptp(above)) <= _FLAT * size
    if flat and not _branches(use):
        warnings.warn(
            f"{use.where} jumps from {low:.4g} to {high:.4g} within 1 mV of 0 and is "
            "constant elsewhere. V is in mV here: if this was written for V in volts, write "
            "(V/1000) where it says V, and rates per ms",
            stacklevel=callers_level(),
        )


def _branches(use: Use) -> bool:
    return any(isinstance(node, Call) and node.op == "where" for node in walk(use.expression.tree))


_FLAT, _STEP = 1e-6, 0.1
_BELOW, _ABOVE = int(np.searchsorted(_SCAN, -1)) - 1, int(np.searchsorted(_SCAN, 1))


_Lane: TypeAlias = Mapping[str, int]  # dimension -> index
_MOST_LANES = 16  # that are looked at; each takes milliseconds


def _lanes(membrane: Written, needed: frozenset[str]) -> list[_Lane]:
    """Where in arrays the expressions are tried: each array at its smallest and at its largest
    value, and all of them where one lane may be, as far as they lie along the same dimensions."""
    known = membrane.parameters
    used = [known[name].value for name in known if name in needed]
    used += [state.initial for state in membrane.states if state.initial is not None]
    arrays = [value for value in used if isinstance(value, Labelled)]
    lanes: list[_Lane] = []
    for ends in (np.argmax, np.argmin):
        ours: dict[str, int] = {}
        for array in arrays:
            where = np.unravel_index(int(ends(array.values)), array.shape)
            own = {dim: int(k) for dim, k in zip(array.dims, where, strict=True)}
            if any(ours.get(dim, k) != k for dim, k in own.items()):
                lanes.append({**ours, **own})
            ours = {**own, **ours}
        lanes.insert(0, ours)
    different = dict.fromkeys(tuple(sorted(lane.items())) for lane in lanes)
    made: list[_Lane] = [dict(lane) for lane in different]
    return made[:_MOST_LANES]


class _Field:
    """Every name's value at given V: gates half open, states at their typical value."""

    def __init__(
        self, membrane: Written, quantities: Mapping[str, Expression], lane: _Lane
    ) -> None:
        self.quantities = quantities
        self.above = tuple(self.quantities)[::-1]
        self.fixed: dict[str, Any] = {
            p.name: _at(p.value, lane) for p in membrane.parameters.values()
        }
        self.fixed |= {gate.name: 0.5 for gate in membrane.gates}
        self.fixed |= {x: 1 / len(each.states) for each in membrane.schemes for x in each.kept}
        for state in membrane.states:
            typical = state.scale if state.initial is None else _at(state.initial, lane)
            self.fixed[state.name] = _OFF * typical
        self.scan = self.at(_SCAN, frozenset(self.quantities))

    def at(self, v: Floats, names: frozenset[str]) -> dict[str, Any]:
        """Names to values: those asked for, and what they are computed from."""
        env = {**self.fixed, "V": v}
        needed = set(names)
        for name in self.above:
            if name in needed:
                needed |= self.quantities[name].names
        for name, expression in self.quantities.items():
            if name in needed:
                env[name] = evaluate(expression.tree, env)
        return env


def _at(value: Value, lane: _Lane) -> float:
    """A value in one lane; dimensions that disagree in length are refused when they are run."""
    if not isinstance(value, Labelled):
        return value
    where = (min(lane.get(d, 0), n - 1) for d, n in zip(value.dims, value.shape, strict=True))
    return float(value.values[tuple(where)])


# ---------------------------------------------------------------------------- poles


@dataclass(frozen=True)
class _Division:
    """Something divided by ``below``; ``product`` is all that it is multiplied with.

    It counts only where every one of ``guards`` (a condition, and the value it must have) holds.
    """

    below: Node
    product: Call
    guards: tuple[tuple[Node, bool], ...]


def _divisions(
    node: Node, product: Call | None = None, guards: tuple[tuple[Node, bool], ...] = ()
) -> Iterator[_Division]:
    if not isinstance(node, Call):
        return
    whole = product or node
    if node.op == "/":
        yield _Division(node.args[1], whole, guards)
    elif node.op == "**" and _is_negative(node.args[1]):
        yield _Division(node.args[0], whole, guards)
    if node.op == "where":
        condition, one, other = node.args
        yield from _divisions(condition, None, guards)
        yield from _divisions(one, None, (*guards, (condition, True)))
        yield from _divisions(other, None, (*guards, (condition, False)))
        return
    passed = whole if node.op in ("*", "/", "neg") else None
    for argument in node.args:
        yield from _divisions(argument, passed, guards)


def _is_negative(exponent: Node) -> bool:
    return not names_in(exponent) and float(evaluate(exponent, {})) < 0


def _check_poles(use: Use, field: _Field) -> int:
    """Refuse a pole; how many removable singularities were looked at."""
    looked = 0
    for division in _divisions(use.expression.tree):
        if not np.any(evaluate(division.below, field.scan)):
            use.refuse("this is divided by zero", division.product.span)
        for v in _zeros(division.below, field):
            looked += 1
            if _is_pole(division, v, field):
                use.refuse(
                    f"this is infinite at V = {_show(v)} mV: it is divided by zero there, and what "
                    "is divided is not zero at the same V; check the numbers",
                    division.product.span,
                )
        if looked > _MOST_ZEROS:
            break
    return looked


def _zeros(node: Node, field: _Field) -> list[float]:
    """The V at which a tree crosses or touches zero."""
    values = np.asarray(evaluate(node, field.scan), dtype=float)
    if values.ndim == 0:
        return []
    size = np.abs(values)
    # a zero that is touched lies within half a step, and the value rises at least as |V - zero|
    middle, left, right = size[1:-1], size[:-2], size[2:]
    lowest = (middle <= left) & (middle <= right) & (middle < 0.6 * np.maximum(left, right))
    crossing = np.sign(values[:-1]) * np.sign(values[1:]) < 0
    starts = {int(i) for i in np.flatnonzero(lowest)}
    starts |= {int(i) for i in np.flatnonzero(crossing)}
    zeros: list[float] = []
    for start in sorted(starts)[: _MOST_ZEROS + 1]:
        low, high = _SCAN[start], _SCAN[min(start + 2, len(_SCAN) - 1)]
        v, smallest = _smallest(node, field, low, high)
        zero = smallest <= 1e-9 * np.max(size[start : start + 3])
        if zero and LOWEST <= v <= HIGHEST and not _listed(v, zeros):
            zeros.append(v)
    return zeros


def _listed(v: float, zeros: list[float]) -> bool:
    return any(abs(v - other) < _FAR for other in zeros)


def _smallest(node: Node, field: _Field, low: float, high: float) -> tuple[float, float]:
    """Where |node| is smallest between two V, by looking ever closer; and how small."""
    v, smallest = low, np.inf
    names = names_in(node)
    for _ in range(14):
        grid = np.linspace(low, high, 17)
        size = np.abs(evaluate(node, field.at(grid, names)))
        best = int(np.argmin(np.where(np.isnan(size), np.inf, size)))
        v, smallest = float(grid[best]), float(size[best])
        low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, 16)])
    return v, smallest


def _is_pole(division: _Division, v: float, field: _Field) -> bool:
    names = names_in(division.product).union(*(names_in(guard) for guard, _ in division.guards))
    env = field.at(v + np.array([-_NEAR, _NEAR, -_FAR, _FAR]), names)
    size = np.abs(np.broadcast_to(evaluate(division.product, env), (4,)))
    for condition, wanted in division.guards:
        holds = np.broadcast_to(evaluate(condition, env), (4,)) == wanted
        size = np.where(holds[[0, 1, 0, 1]], size, 0.0)
    near, far = np.max(size[:2]), np.max(size[2:])
    return bool(not np.isfinite(near) or near > _GROWTH * max(float(far), 1e-300))


# ---------------------------------------------------------------------------- values


@dataclass(frozen=True)
class _Rule:
    holds: Callable[[Any], Any]
    rule: str


_NOT_NEGATIVE = _Rule(lambda x: x >= 0, "cannot be negative")
_POSITIVE = _Rule(lambda x: x > 0, "must be above 0")
_RULES = {
    "alpha": _NOT_NEGATIVE,
    "beta": _NOT_NEGATIVE,
    "inf": _NOT_NEGATIVE,
    "tau": _POSITIVE,
    "rate": _NOT_NEGATIVE,
    "open": _NOT_NEGATIVE,
}
_IN_RANGE = (_SCAN >= _SIGN_LOWEST) & (_SCAN <= _SIGN_HIGHEST)


def _check_values(use: Use, field: _Field) -> None:
    values = np.broadcast_to(evaluate(use.expression.tree, field.scan), _SCAN.shape)
    finite = np.isfinite(values)
    if not finite.all():
        where = _nearest_to_rest(~finite)
        problem = "is not a number" if np.isnan(values[where]) else "is too large for a number"
        culprit = _culprit(
            use.expression.tree, field.at(_SCAN[where : where + 1], use.expression.names)
        )
        hint = _VOLTS if _suits_volts(use, field) else ""
        use.refuse(f"this {problem} at V = {_show(_SCAN[where])} mV{hint}", culprit.span)
    rule = _rule(use.path)
    if rule is None:
        return
    _warn_of_step(use, values)
    wrong = _IN_RANGE & ~rule.holds(values)
    if wrong.any():
        where = _nearest_to_rest(wrong)
        use.refuse(
            f"it is {values[where]:.4g} at V = {_show(_SCAN[where])} mV; it {rule.rule}",
            _whole(use),
        )


_VOLTS = (
    ". V is in mV here: if this was written for V in volts, write (V/1000) where it says V, and "
    "rates per ms"
)


def _suits_volts(use: Use, field: _Field) -> bool:
    """Whether it can be computed over the same range in volts."""
    names = use.expression.names
    values = evaluate(use.expression.tree, field.at(_SCAN / 1000, names))
    return "V" in names and bool(np.isfinite(values).all())


def _rule(path: tuple[str, ...]) -> _Rule | None:
    if path[0] == "schemes":
        return _NOT_NEGATIVE
    return _RULES.get(path[-1]) if path[0] == "channels" else None


def _whole(use: Use) -> tuple[int, int]:
    return 0, len(use.expression.text)


def _nearest_to_rest(wrong: NDArray[np.bool_]) -> int:
    return int(np.argmin(np.where(wrong, np.abs(_SCAN + 65.0), np.inf)))


def _culprit(node: Node, env: dict[str, Any]) -> Node:
    """The smallest part that is not finite though everything in it is."""
    for part in node.args if isinstance(node, Call) else ():
        if not np.all(np.isfinite(evaluate(part, env))):
            return _culprit(part, env)
    return node


def _show(v: float) -> str:
    return f"{round(float(v), 3):g}"
