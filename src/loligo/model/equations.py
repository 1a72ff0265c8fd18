"""A membrane's equations for people: plain text for a terminal, LaTeX for a notebook.

The terminal shows every expression exactly as it was written. LaTeX is set from its tree, which
keeps the order and the digits of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape

from loligo.model.expression import Expression
from loligo.model.latex import Style, latex, symbol
from loligo.model.mathml import mathml
from loligo.model.ode import (
    Equation,
    as_written,
    balance,
    changes,
    conductance,
    current,
    dynamics,
    exchange,
    helpers,
    rates,
    remainder,
    transfer,
)
from loligo.model.parts import Channel, Gate
from loligo.model.plain import PRINTED, plain
from loligo.model.scheme import Scheme, Transition
from loligo.model.tree import Name, Node, size, substitute, walk
from loligo.model.written import Written


@dataclass(frozen=True)
class Line:
    """One equation: as text, and as the two sides of a LaTeX alignment. Or a transition and its
    rates, with a colon between them."""

    left: str
    right: str
    left_latex: str
    right_latex: str
    sign: str = "="


class Equations:
    """The equations of a membrane, in blocks that belong together.

    ``str()`` sets them for a terminal; a notebook shows them typeset.

    Examples
    --------
    >>> from loligo.model import Channel, Membrane
    >>> print(Membrane(channels=[Channel("L", g=0.3, E=-65)]).equations)
    C_m dV/dt = I_stim − I_L
    <BLANKLINE>
    I_L = g_L (V − E_L)
    """

    def __init__(self, membrane: Written) -> None:
        blocks = map(tuple, _blocks(membrane))
        self.blocks: tuple[tuple[Line, ...], ...] = tuple(block for block in blocks if block)

    def __str__(self) -> str:
        return "\n\n".join(_text(block) for block in self.blocks)

    def __repr__(self) -> str:
        return str(self)

    @property
    def latex(self) -> str:
        """All blocks as LaTeX ``aligned`` environments between ``$$``."""
        return "\n\n".join(f"$$\n{_aligned(block)}\n$$" for block in self.blocks)

    def _repr_latex_(self) -> str:
        return self.latex

    def _repr_html_(self) -> str:
        return "".join(map(_div, self.blocks))


def membrane_html(membrane: Written) -> str:
    """Where a membrane comes from, its equations and its parameters, as HTML."""
    heading = escape(membrane.title or membrane.name or "Membrane")
    source = escape(membrane.citation)
    if membrane.doi:
        link = escape(membrane.doi, quote=True)
        source += f" <a href='https://doi.org/{link}'>doi:{link}</a>"
    notes = "".join(f"<li>{escape(note)}</li>" for note in membrane.notes)
    return (
        f"<h4>{heading}</h4>"
        + (f"<p>{source}</p>" if source else "")
        + "".join(map(_div, Equations(membrane).blocks))
        + membrane.parameters._repr_html_()  # pyright: ignore[reportPrivateUsage]
        + (f"<ul>{notes}</ul>" if notes else "")
    )


def _text(block: tuple[Line, ...]) -> str:
    width = max(len(line.left) for line in block)
    return "\n".join(f"{line.left:<{width}} {line.sign} {line.right}" for line in block)


def _div(block: tuple[Line, ...]) -> str:
    return f"<div>{mathml(_aligned(block))}</div>"


def _aligned(block: tuple[Line, ...]) -> str:
    rows = " \\\\[2pt]\n".join(
        f"{line.left_latex} &{line.sign} {line.right_latex}" for line in block
    )
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


# ---------------------------------------------------------------------------- blocks


def _blocks(membrane: Written) -> Iterator[Iterable[Line]]:
    yield (line(balance(membrane)),)
    for channel in membrane.channels:
        yield map(line, _channel(channel))
    for scheme in membrane.schemes:
        yield map(transition, scheme.transitions)
        yield map(line, _scheme(scheme))
    yield map(line, changes(membrane))
    yield map(line, helpers(membrane))


def _channel(channel: Channel) -> Iterator[Equation]:
    flow, passing = current(channel), conductance(channel)
    trees = {name: text.tree for name, text in rates(channel).items()}
    product = substitute(flow.right, {passing.name: substitute(passing.right, trees)})
    yield flow if flow.written else replace(flow, right=product)
    if isinstance(channel.E, Expression):
        yield as_written(f"E_{channel.name}", channel.E)
    for gate in channel.gates:
        yield from _gate(gate)


def _gate(gate: Gate) -> Iterator[Equation]:
    equation, written = dynamics(gate), rates(gate)
    # a factor that is a mere name is shown in its place
    factor = {f"{gate.name}.rate": gate.rate} if gate.rate and _is_name(gate.rate) else {}
    trees = {name: text.tree for name, text in factor.items()}
    yield replace(equation, right=substitute(equation.right, trees))
    for name, text in written.items():
        if name not in factor and text is not equation.written:
            yield as_written(name, text)


def _scheme(scheme: Scheme) -> Iterator[Equation]:
    for state in scheme.kept:
        yield _exchange(scheme, state)
    yield remainder(scheme)
    yield from _long_rates(scheme)


def _exchange(scheme: Scheme, state: str) -> Equation:
    """A rate that is short stands in its place, as in 3 alpha C1."""
    short = {name: text.tree for name, text in rates(scheme).items() if _is_short(text)}
    equation = exchange(scheme, state)
    return replace(equation, right=substitute(equation.right, short))


def _long_rates(scheme: Scheme) -> Iterator[Equation]:
    written = rates(scheme)
    yield from (as_written(name, written[name]) for name in written if not _is_short(written[name]))


def _is_short(rate: Expression) -> bool:
    return size(rate.tree, {}).nodes <= _SHORT


_SHORT = 3  # parts: alpha, or 3*alpha


def _is_name(expression: Expression) -> bool:
    return expression.text.strip().isidentifier()


def about(membrane: Written, name: str) -> tuple[Equation, ...]:
    """What is written about a state, a gate, a helper, a conductance or a current, and about the
    helpers, instantaneous gates and reversal potentials that it uses.

    Examples
    --------
    >>> import loligo as lo
    >>> [each.name for each in about(lo.load("hodgkin-huxley-1952"), "m")]
    ['m', 'm.alpha', 'm.beta', 'phi']
    """
    first = list(_own(membrane, name))
    computed = {each.name: each for each in helpers(membrane)}
    instantaneous = {g.name: g for g in membrane.gates if g.instantaneous}
    for channel in membrane.channels:
        if isinstance(channel.E, Expression):
            computed[f"E_{channel.name}"] = as_written(f"E_{channel.name}", channel.E)
    computed |= {each.name: each for each in map(remainder, membrane.schemes)}
    said = {each.name: each for each in first}
    waiting = list(first)
    while waiting:
        for each in _named(waiting.pop(0).right):
            more = list(_gate(instantaneous[each])) if each in instantaneous else []
            more += [computed[each]] if each in computed else []
            new = [equation for equation in more if equation.name not in said]
            said |= {equation.name: equation for equation in new}
            waiting += new
    return tuple(said.values())


def _own(membrane: Written, name: str) -> Iterator[Equation]:
    """Of that name itself."""
    if name == "V":
        yield balance(membrane)
        yield from (next(iter(_channel(channel))) for channel in membrane.channels)
    for scheme in membrane.schemes:
        if name == scheme.eliminated:
            yield remainder(scheme)
        if name in scheme.kept:
            equation = exchange(scheme, name)
            yield _exchange(scheme, name)
            named = set(_named(equation.right))
            yield from (each for each in _long_rates(scheme) if each.name in named)
    yield from (each for each in changes(membrane) if each.name == name)
    yield from (each for each in helpers(membrane) if each.name == name)
    for channel in membrane.channels:
        if name == f"I_{channel.name}":
            yield current(channel)
        if channel.current is None and name in (f"I_{channel.name}", f"G_{channel.name}"):
            passing = conductance(channel)
            trees = {name: text.tree for name, text in rates(channel).items()}
            yield replace(passing, right=substitute(passing.right, trees))
        if name == f"E_{channel.name}" and isinstance(channel.E, Expression):
            yield as_written(name, channel.E)
        for gate in channel.gates:
            if gate.name == name:
                yield from _gate(gate)


def _named(tree: Node) -> list[str]:
    return [node.id for node in walk(tree) if isinstance(node, Name)]


# ---------------------------------------------------------------------------- lines


def line(equation: Equation) -> Line:
    """An equation as it is set: what a person wrote stays as it is."""
    left, left_latex = called(equation.name), _called_latex(equation.name)
    if equation.differential:
        left, left_latex = f"d{left}/dt", rf"\frac{{d{left_latex}}}{{dt}}"
    if equation.factor:
        left = f"{equation.factor} {left}"
        left_latex = f"{symbol(equation.factor)} {left_latex}"
    if equation.written is not None:
        return Line(left, equation.written.text, left_latex, latex(equation.right))
    right = plain(equation.right, PRINTED, called)
    return Line(left, right, left_latex, latex(equation.right, _STYLE))


def transition(each: Transition) -> Line:
    """A transition of a scheme with its rates, those that are long by their names."""
    arrow, tex = ("→", r"\rightarrow") if each.backward is None else ("⇌", r"\rightleftharpoons")
    named = {transfer(*ends): rate for ends, rate in each.rates.items()}
    return Line(
        f"{each.source} {arrow} {each.target}",
        ", ".join(str(r) if _is_short(r) else called(name) for name, r in named.items()),
        f"{symbol(each.source)} {tex} {symbol(each.target)}",
        r",\quad ".join(
            latex(r.tree) if _is_short(r) else _called_latex(name) for name, r in named.items()
        ),
        ":",
    )


def called(name: str) -> str:
    """``m.alpha`` as ``alpha_m``, ``m.inf`` as ``m_inf``, ``C.to.O`` as ``k_C_O``."""
    owner, _, key = name.partition(".")
    if not key:
        return name
    if key.startswith("to."):
        return f"k_{owner}_{key.removeprefix('to.')}"
    return f"{owner}_inf" if key == "inf" else f"{key}_{owner}"


_HEADS = {"alpha": r"\alpha", "beta": r"\beta", "tau": r"\tau", "rate": r"\varphi"}


def _called_latex(name: str) -> str:
    owner, _, key = name.partition(".")
    if key in _HEADS:
        return f"{_HEADS[key]}_{{{symbol(owner)}}}"
    return symbol(called(name))


def _brackets(inside: str) -> str:
    return rf"\left[{inside}\right]" if "(" in inside else f"({inside})"


_STYLE = Style(_called_latex, _brackets)
