"""Stages 1 and 2: what the paper says, and the differential equation that follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from loligo.explanation.page import Part, Stage
from loligo.explanation.subject import Subject
from loligo.model.equations import Line, about, called, line
from loligo.model.latex import latex, symbol
from loligo.model.plain import PRINTED, plain
from loligo.model.table import show_unit
from loligo.system.equations import formulas
from loligo.system.readable import tree

_LONGEST = 640  # characters: what is longer is no longer read
_OF_RATES = {"alpha": " /ms", "beta": " /ms", "tau": " ms"}
_EXPREL = "exprel(x) = (exp(x) − 1)/x, and 1 at x = 0"
_DECIDED = (
    ", where the parameters say so. root(a, b) is the w at which a + b exp(w) is 0, and "
    "removable(a, b, …) whether there is one and the rest sums to 0, as it does where what is "
    "divided is 0 there too"
)


def paper(asked: Subject, name: str) -> Stage:
    """The text as it was written."""
    rows = [line(each) for each in about(asked.membrane, name)]
    source, year, _ = asked.membrane.citation.partition(")")
    text = f"{f'As in {source})' if year else 'As it is written'}. {_meaning(asked, name)}"
    return Stage("1  The paper's text", (Part(text, _aligned(rows), _set(rows)),))


def ode(asked: Subject, name: str) -> Stage:
    """The equation in states and parameters alone."""
    system = asked.system
    parts: list[Part] = []
    if name in system.derivatives:
        text = (
            f"Every other name is written out. What is left is f, the rate of change of {name}, "
            f"in states ({', '.join(system.states)}), parameters and I_stim."
        )
        parts.append(_formula(text, f"d{name}/dt", _rate(name), system.derivatives[name]))
        text = "How f changes with the state itself, which decides how it is stepped:"
        left = rf"\frac{{\partial f}}{{\partial {symbol(name)}}}"
        parts.append(_formula(text, f"∂f/∂{name}", left, system.slope(name)))
    else:
        text = (
            f"{name} is no state: it follows at every instant from the states "
            f"({', '.join(system.states)}) and the parameters."
        )
        parts.append(_formula(text, name, symbol(name), system.observables[name]))
    smoothed = _smoothed(asked, name)
    if smoothed is not None:
        parts.append(smoothed)
    example = _example(asked, name)
    if example is not None:
        parts.append(example)
    return Stage("2  The differential equation", tuple(parts))


def _meaning(asked: Subject, name: str) -> str:
    facts = asked.outline.about[name]
    units = show_unit(facts["units"])
    meant = "" if facts["long_name"] == name else f" is the {facts['long_name']},"
    unit = "a number without unit" if units == "1" else f"in {units}"
    others = "Time is in ms" if name == "V" else "V is in mV, time in ms"
    return f"{name}{meant or ' is'} {unit}. {others}."


def _aligned(rows: Iterable[Line]) -> tuple[str, ...]:
    rows = list(rows)
    width = max(len(row.left) for row in rows)
    return tuple(f"{row.left:<{width}} = {row.right}" for row in rows)


def _set(rows: Iterable[Line]) -> str:
    body = " \\\\[2pt]\n".join(f"{row.left_latex} &= {row.right_latex}" for row in rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _rate(name: str) -> str:
    return rf"\frac{{d{symbol(name)}}}{{dt}}"


def _formula(text: str, left: str, left_latex: str, expression: Any) -> Part:
    try:
        made = tree(expression)
        shown = plain(made, PRINTED)
    except RecursionError:  # helpers may stand on helpers two hundred deep
        return Part(text, (f"{left} = … (too deep to be printed)",))
    if len(shown) > _LONGEST:
        cut = f"{left} = {shown[:_LONGEST].rsplit(' ', 1)[0]} … ({len(shown)} characters)"
        return Part(text, (cut,))
    return Part(text, (f"{left} = {shown}",), f"{left_latex} = {latex(made)}")


def _smoothed(asked: Subject, name: str) -> Part | None:
    """What was 0/0 as it was written."""
    own = {each.name for each in about(asked.membrane, name)}
    changed = [each for each in formulas(asked.membrane) if each.name in own and each.rewritten]
    if not changed:
        return None
    rows: list[str] = []
    sides: list[str] = []
    for each in changed:
        word, before, after = called(each.name), tree(each.as_it_stands), tree(each.smooth)
        rows += [f"- {word} = {plain(before, PRINTED)}", f"+ {word} = {plain(after, PRINTED)}"]
        sides.append(f"{latex(before)} &\\;\\to\\; {latex(after)}")
    words = " and ".join(called(each.name) for each in changed)
    by_lane = any("removable" in row for row in rows)
    may, where = ("may", _DECIDED) if by_lane else ("would", "")
    text = (
        f"As written, {words} {may} be 0/0 at one voltage, and inexact beside it. It is rewritten "
        f"with a function that is smooth there, {_EXPREL}{where}:"
    )
    body = " \\\\[2pt]\n".join(sides)
    return Part(text, tuple(rows), f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}")


def _example(asked: Subject, name: str) -> Part | None:
    """The numbers."""
    system, lifted = asked.system, asked.lifted
    if asked.rest is None or lifted is None:
        return None
    words = [called(e.name) for e in about(asked.membrane, name)]
    known = {word: asked.known[word] for word in words if word in asked.known and word != name}
    if name not in system.derivatives:
        value = asked.values({name: system.observables[name]}, asked.rest.numbers)[name]
        there = asked.values({**known, name: system.observables[name]}, lifted.numbers)
        before = f"In numbers: {asked.rest.where} {name} is {float(value):.4g}"
        return Part(f"{before}{asked.units(name)}; {lifted.where}:", _numbers(asked, there))
    own = {f"d{name}/dt": system.derivatives[name], f"∂f/∂{name}": system.slope(name)}
    there = asked.values({**known, **own}, lifted.numbers)
    held = f"{name} is {asked.rest.numbers[name]:.4g}{asked.units(name)} and"
    still = "" if name == "V" else f"{asked.rest.where} {held} stands still; "
    text = f"In numbers: {still}{lifted.where}:"
    return Part(text, _numbers(asked, there))


def _numbers(asked: Subject, values: dict[str, Any]) -> tuple[str, ...]:
    width = max(map(len, values))
    return tuple(f"{n:<{width}} = {float(v):.5g}{_unit(asked, n)}" for n, v in values.items())


def _unit(asked: Subject, name: str) -> str:
    rates = {called(e.name): e.name.partition(".")[2] for e in formulas(asked.membrane)}
    if rates.get(name) in _OF_RATES:
        return _OF_RATES[rates[name]]
    if name.startswith("∂f/∂"):
        return " /ms"
    if name.startswith("d") and name.endswith("/dt"):
        return f"{asked.units(name[1:-3]) or ' '}/ms"
    return asked.units(name)
