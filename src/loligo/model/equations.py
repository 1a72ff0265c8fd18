"""A membrane's equations for people: plain text for a terminal, LaTeX for a notebook.

The terminal shows every expression exactly as it was written. LaTeX is set from its tree, which
keeps the order and the digits of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from loligo.model.expression import Expression
from loligo.model.latex import latex, symbol
from loligo.model.parts import RATES, Channel, Gate

if TYPE_CHECKING:
    from loligo.model.membrane import Membrane

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Line:
    """One equation: as text, and as the two sides of a LaTeX alignment."""

    left: str
    right: str
    left_latex: str
    right_latex: str


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

    def __init__(self, membrane: Membrane) -> None:
        self.blocks: tuple[tuple[Line, ...], ...] = tuple(
            block for block in map(tuple, _blocks(membrane)) if block
        )

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
        return "".join(f"<div>$${escape(_aligned(block))}$$</div>" for block in self.blocks)


def membrane_html(membrane: Membrane) -> str:
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
        + membrane.equations._repr_html_()  # pyright: ignore[reportPrivateUsage]
        + membrane.parameters._repr_html_()  # pyright: ignore[reportPrivateUsage]
        + (f"<ul>{notes}</ul>" if notes else "")
    )


def _text(block: tuple[Line, ...]) -> str:
    width = max(len(line.left) for line in block)
    return "\n".join(f"{line.left:<{width}} = {line.right}" for line in block)


def _aligned(block: tuple[Line, ...]) -> str:
    rows = " \\\\[2pt]\n".join(f"{line.left_latex} &= {line.right_latex}" for line in block)
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


# ---------------------------------------------------------------------------- blocks


def _blocks(membrane: Membrane) -> Iterator[Iterator[Line]]:
    yield iter([_balance(membrane)])
    for channel in membrane.channels:
        yield _channel(channel)
    yield iter(
        Line(f"d{s.name}/dt", s.derivative.text, _rate(s.name), latex(s.derivative.tree))
        for s in membrane.states
    )
    yield (_as_written(name, helper) for name, helper in membrane.helpers.items())


def _balance(membrane: Membrane) -> Line:
    currents = [f"I_{channel.name}" for channel in membrane.channels]
    return Line(
        "C_m dV/dt",
        " − ".join(["I_stim", *currents]),
        f"{symbol('C_m')} {_rate('V')}",
        " - ".join(map(symbol, ["I_stim", *currents])),
    )


def _channel(channel: Channel) -> Iterator[Line]:
    if channel.current is not None:
        yield _as_written(f"I_{channel.name}", channel.current)
    else:
        yield _ohmic(channel)
    if isinstance(channel.E, Expression):
        yield _as_written(f"E_{channel.name}", channel.E)
    for gate in channel.gates:
        yield from _gate(gate)


def _as_written(name: str, expression: Expression) -> Line:
    return Line(name, expression.text, symbol(name), latex(expression.tree))


def _ohmic(channel: Channel) -> Line:
    g, E, current = (f"{letter}_{channel.name}" for letter in "gEI")
    gates = [
        gate.name + (str(gate.power).translate(_SUPERSCRIPT) if gate.power > 1 else "")
        for gate in channel.gates
    ]
    powers = [_power(gate) for gate in channel.gates]
    return Line(
        current,
        " ".join([g, *gates, f"(V − {E})"]),
        symbol(current),
        r"\,".join([symbol(g), *powers, f"(V - {symbol(E)})"]),
    )


def _power(gate: Gate) -> str:
    letter = symbol(gate.name)
    if gate.power == 1:
        return letter
    return f"{{{letter}}}^{{{gate.power}}}" if "_" in letter else f"{letter}^{{{gate.power}}}"


def _rate(name: str) -> str:
    return rf"\frac{{d{symbol(name)}}}{{dt}}"


def _gate(gate: Gate) -> Iterator[Line]:
    yield _instantaneous(gate) if gate.instantaneous else _dynamics(gate)
    for key in RATES:
        expression: Expression | None = getattr(gate, key)
        if expression is None or (key == "rate" and _is_short(expression)):
            continue
        if gate.instantaneous and key == "inf":
            continue
        yield Line(
            _called(gate, key), expression.text, _called_latex(gate, key), latex(expression.tree)
        )


def _instantaneous(gate: Gate) -> Line:
    if gate.inf is not None:
        return _as_written(gate.name, gate.inf)
    a, b = _called(gate, "alpha"), _called(gate, "beta")
    a_tex, b_tex = _called_latex(gate, "alpha"), _called_latex(gate, "beta")
    return Line(
        gate.name, f"{a}/({a} + {b})", symbol(gate.name), rf"\frac{{{a_tex}}}{{{a_tex} + {b_tex}}}"
    )


def _dynamics(gate: Gate) -> Line:
    x, x_tex = gate.name, symbol(gate.name)
    if gate.tau is not None:
        steady, tau = _called(gate, "inf"), _called(gate, "tau")
        right = f"({steady} − {x})/{tau}"
        difference = f"{_called_latex(gate, 'inf')} - {x_tex}"
        right_tex = rf"\frac{{{difference}}}{{{_called_latex(gate, 'tau')}}}"
        brackets = False
    else:
        a, b = _called(gate, "alpha"), _called(gate, "beta")
        right = f"{a} (1 − {x}) − {b} {x}"
        a_tex, b_tex = _called_latex(gate, "alpha"), _called_latex(gate, "beta")
        right_tex = rf"{a_tex}\,(1 - {x_tex}) - {b_tex}\,{x_tex}"
        brackets = True
    if gate.rate is not None:
        short = _is_short(gate.rate)
        factor = gate.rate.text.strip() if short else _called(gate, "rate")
        factor_tex = latex(gate.rate.tree) if short else _called_latex(gate, "rate")
        right = f"{factor} [{right}]" if brackets else f"{factor} {right}"
        inside = rf"\left[{right_tex}\right]" if brackets else right_tex
        right_tex = rf"{factor_tex}\,{inside}"
    return Line(f"d{x}/dt", right, _rate(x), right_tex)


def _is_short(rate: Expression) -> bool:
    return rate.text.strip().isidentifier()


def _called(gate: Gate, key: str) -> str:
    return f"{gate.name}_inf" if key == "inf" else f"{key}_{gate.name}"


def _called_latex(gate: Gate, key: str) -> str:
    letter = symbol(gate.name)
    if key == "inf":
        return symbol(f"{gate.name}_inf")
    head = {"alpha": r"\alpha", "beta": r"\beta", "tau": r"\tau", "rate": r"\varphi"}[key]
    return f"{head}_{{{letter}}}"
