"""Stage 3: what the solvers make of the equation, a step of the one and a series of the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from loligo.engine.numpy.kernel import evaluate
from loligo.explanation.page import Part, Stage
from loligo.explanation.subject import Subject
from loligo.model.latex import symbol
from loligo.program import Program
from loligo.program.moves import groups_of
from loligo.program.program import coefficient
from loligo.program.switches import gap, side
from loligo.solvers import Exponential, Solver, Taylor

_TERMS = 4  # coefficients shown in numbers


def steps(asked: Subject, name: str, solvers: tuple[Solver, ...]) -> Stage:
    """What each solver makes of it."""
    parts = [part for solver in solvers for part in _PARTS[type(solver)](asked, name, solver)]
    return Stage("3  What the solvers make of it", tuple(parts))


def sides(program: Program, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """On which sides of their switches the conditions of a series are, at some numbers."""
    count = range(len(program.conditions))
    held: dict[str, Any] = {side(k): np.float64(-1.0) for k in count}
    for _ in count:  # one may stand inside another
        made = evaluate(program.blocks["series"], {**numbers, **held})
        held = {side(k): np.copysign(1.0, made[coefficient(gap(k), 0)]) for k in count}
    return held


def _exponential(asked: Subject, name: str, solver: Exponential) -> list[Part]:
    groups = groups_of(asked.system)
    order = ", then ".join(" and ".join(group) for group in groups)
    if name not in asked.system.derivatives:
        text = (
            f"{solver!r} steps the states, {order}. {name} is no state: it is computed from them "
            "whenever a sample is due."
        )
        return [Part(text)]
    x = symbol(name)
    rule = Part(
        f"{solver!r}: for one step everything but {name} is held still. The equation is then "
        "followed along its tangent, which has an exact solution:",
        (f"{name} += dt f φ(dt ∂f/∂{name}),   φ(z) = (exp(z) − 1)/z",),
        rf"{x} \mathrel{{+}}= \Delta t\, f\, \varphi\!\left(\Delta t\, \frac{{\partial f}}"
        rf"{{\partial {x}}}\right), \qquad \varphi(z) = \frac{{e^z - 1}}{{z}}",
    )
    text = f"{_exactness(asked, name)} {_when(name, groups)}"
    return [rule, Part(text), *_one_step(asked, name, solver)]


def _exactness(asked: Subject, name: str) -> str:
    """How true the move along the tangent is."""
    slope = asked.system.slope(name)
    if slope == 0:
        return f"∂f/∂{name} is 0, and φ(0) = 1: the move is {name} += dt f, which is exact."
    if name in {s.name for s in slope.free_symbols}:
        return (
            f"∂f/∂{name} contains {name}: the tangent turns as {name} moves, and the move is of "
            "second order in dt."
        )
    return (
        f"∂f/∂{name} does not contain {name}: f is a straight line in {name}, so this move is "
        f"exact (the same as {name} → {name}_∞ + ({name} − {name}_∞) exp(−dt/τ) with "
        f"τ = −1/(∂f/∂{name}), but without a division by 0 where ∂f/∂{name} is 0)."
    )


def _when(name: str, groups: list[list[str]]) -> str:
    """Which part of a step moves it."""
    where = next(i for i, group in enumerate(groups) if name in group)
    others = [state for state in groups[where] if state != name]
    beside = f" together with {', '.join(others)}" if others else ""
    if len(groups) == 1:
        return "V is the only state: a step is this move."
    if name == "V":
        return (
            "V moves last, with what the others have become: a full step in the middle of theirs, "
            "which makes the whole step symmetric in time and of second order."
        )
    if where == 0:
        return (
            f"In a step {name} moves first{beside}, half a step apart from V: stride is dt, "
            "but for dt/2 at the very beginning. So the whole step is symmetric in time and of "
            "second order."
        )
    return f"{name} moves{beside} half a step before V and half a step after it."


def _one_step(asked: Subject, name: str, solver: Exponential) -> list[Part]:
    if asked.lifted is None:
        return []
    program = solver.program(asked.system, asked.stimulus, ())
    numbers = {**asked.lifted.numbers, ".dt": solver.dt, ".stride": solver.dt,
               **dict.fromkeys(program.parameters[len(asked.membrane.parameters):], 0.0),
               **{f".carry.{state}": 0.0 for state in program.states}}  # fmt: skip
    numbers |= evaluate(program.blocks["prepare"], numbers)
    after = float(evaluate(program.blocks["step"], numbers)[name])
    before = numbers[name]
    text = f"In numbers, at the same place as above, one step of {solver.dt:g} ms:"
    return [Part(text, (f"{name}: {before:.8g} → {after:.8g}{asked.units(name)}",))]


def _taylor(asked: Subject, name: str, solver: Taylor) -> list[Part]:
    program = solver.program(asked.system, asked.stimulus, (), asked.outline.scales)
    if name not in asked.system.derivatives:
        text = (
            f"{solver!r} has every state as a polynomial in time; {name} is computed from their "
            "values at the time of a sample."
        )
        return [Part(text)]
    x, order = symbol(name), solver.order
    before, last = (f"{name}[{k}] s{_raised(k)}" for k in (order - 1, order))
    rule = Part(
        f"{solver!r}: {name} is a polynomial in the time s since the step began, of order "
        f"{order}. Each coefficient follows from those before it, as f is a power series too; "
        "sums, products, quotients and exponentials of series are series with rules of their own:",
        (
            f"{name}(s) = {name}[0] + {name}[1] s + {name}[2] s² + … + {last}",
            f"{name}[k+1] = f[k]/(k + 1)",
        ),
        rf"{x}(s) = \sum_{{k=0}}^{{{order}}} {x}_k s^k, \qquad {x}_{{k+1}} = \frac{{f_k}}{{k+1}}",
    )
    scale = asked.outline.scales[name]
    text = (
        "The order follows from the tolerance. The step is as long as the last terms of every "
        f"state allow: of {name}, {before} and {last} stay below tolerance × "
        f"{scale:g}{asked.units(name)} = "
        f"{solver.tolerance * scale:g}{asked.units(name)}, less a margin."
    )
    return [rule, Part(text), *_switches(program), *_terms(asked, name, solver, program)]


def _switches(program: Program) -> list[Part]:
    """What is made of its conditions."""
    if not program.conditions:
        return []
    text = (
        "Between two switches a condition holds or it does not, and the equations are smooth. Each "
        "is held through a step; what it compares is a polynomial too, and the step ends where "
        "the two are equal. Watched are"
    )
    return [Part(text, program.conditions)]


def _terms(asked: Subject, name: str, solver: Taylor, program: Program) -> list[Part]:
    if asked.lifted is None:
        return []
    numbers: dict[str, Any] = {
        **asked.lifted.numbers, ".tolerance": solver.tolerance, ".t": 0.0, ".middle": 1.0,
        **dict.fromkeys(program.parameters[len(asked.membrane.parameters):], 0.0),
    }  # fmt: skip
    numbers = {key: np.float64(value) for key, value in numbers.items()}
    numbers |= evaluate(program.blocks["prepare"], numbers)
    numbers |= sides(program, numbers)
    made = evaluate(program.blocks["series"], numbers)
    shown = range(min(_TERMS, solver.order) + 1)
    terms = [float(made[coefficient(name, k)]) for k in shown]
    sums = " ".join(f"{'−' if t < 0 else '+'} {abs(t):.5g} s{_raised(k)}"
                    for k, t in enumerate(terms) if k)  # fmt: skip
    text = (
        f"In numbers, there again, the step is {float(np.ravel(made['.step'])[0]):.3g} ms, in which"
    )
    return [Part(text, (f"{name}(s) = {terms[0]:.6g} {sums} …{asked.units(name)}",))]


def _raised(power: int) -> str:
    return "" if power == 1 else str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


_PARTS: dict[type[Solver], Any] = {Exponential: _exponential, Taylor: _taylor}
