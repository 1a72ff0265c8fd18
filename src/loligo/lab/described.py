"""A model for people, as plain data: what is drawn of it and how, and its equations as trees.

Its equations are those that a notebook shows, element by element, so that a page makes each
element itself and reads no HTML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from loligo.analysis.dimensionless import may_be_dimensionless
from loligo.figures.style import DASHES, channel_inks
from loligo.model import Membrane
from loligo.model.catalogue import catalogue
from loligo.model.equations import Line, called
from loligo.model.latex import symbol
from loligo.model.mathml import mathml
from loligo.model.ode import rates
from loligo.stimulus import Pulse
from loligo.system.outline import Outline, outline_of

# A node: its tag, its attributes, and what is in it, texts and nodes.
Tree = list[Any]

_SHORT, _SAMPLES = 1000.0, 10_000  # ms; samples of a longer run, about
_NOT_NAMES = frozenset({"d", "e"})  # of dV/dt and of exp, whatever a model calls so
# what a rate's name begins with -> what it is
_RATES = {"alpha": "opening rate", "beta": "closing rate", "tau": "time constant",
          "rate": "speed"}  # fmt: skip


def described(membrane: Membrane) -> dict[str, Any]:
    """What a page says and draws of a membrane.

    >>> import loligo as lo
    >>> squid = described(lo.load("hodgkin-huxley-1952"))
    >>> squid["inks"], squid["variables"][2]["long_name"]
    ({'Na': 'Na', 'K': 'K', 'L': 'leak'}, 'sodium inactivation')
    """
    outline = outline_of(membrane)
    inks = channel_inks(
        (channel.name for channel in membrane.channels),
        {channel.name: channel.ion for channel in membrane.channels if channel.ion},
    )
    return {
        "title": membrane.title or membrane.name,
        "citation": membrane.citation,
        "doi": membrane.doi,
        "notes": list(membrane.notes),
        "inks": inks,
        "meanings": {c.name: c.meaning or c.name for c in membrane.channels},
        "variables": list(_variables(outline, inks)),
        "equations": _equations(membrane, outline),
        "terms": _terms(membrane, outline),
        "shown": _shown(membrane),
        "dimensionless": may_be_dimensionless(membrane.to_dict()),
    }


def _shown(membrane: Membrane) -> dict[str, Any] | None:
    """What shows a model of the library: a current, how long, what counts as a spike."""
    own = own_current(membrane)
    if own is None:
        return None
    pulse, run = own
    return {"stimulus": [pulse.to_dict()], **run}


def own_current(membrane: Membrane) -> tuple[Pulse, dict[str, Any]] | None:
    """A current that shows what a model of the library does, and the run that shows it."""
    told = catalogue().get(membrane.name)
    if told is None:
        return None
    lasts = 1.2 * told.lasts
    run = {"duration": lasts, "threshold": told.threshold or None}
    if lasts > _SHORT:
        run["sample_interval"] = float(f"{lasts / _SAMPLES:.1g}")
    return Pulse(told.lasts / 10, told.lasts, told.step), run


def _variables(outline: Outline, inks: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What can be drawn along time, in the colours and dashes of the figures."""
    gates: dict[str, int] = {}
    loose = 0
    taken = [int(ink) for ink in inks.values() if ink.isdecimal()]
    fixed = {"voltage": "voltage", "stimulus": "stimulus"}
    for name in outline.records:
        told = outline.about[name]
        role, channel = str(told["role"]), str(told.get("channel", ""))
        ink, dash = fixed.get(role) or inks.get(channel, ""), DASHES[0]
        if not ink:
            loose += 1
            ink = str(max(taken, default=0) + loose)
        if role == "gate":
            dash = DASHES[gates.setdefault(channel, 0) % len(DASHES)]
            gates[channel] += 1
        yield {
            "name": name, "role": role, "unit": told["units"], "long_name": told["long_name"],
            "channel": channel, "ink": ink, "dash": list(dash),
        }  # fmt: skip


# ---------------------------------------------------------------------------- equations


def _equations(membrane: Membrane, outline: Outline) -> list[list[dict[str, Any]]]:
    """Blocks of lines; wherever a known name stands, the element says so."""
    names = {name: _tree(symbol(name))[2] for name in _names(membrane, outline)}
    return [[_line(line, names) for line in block] for block in membrane.equations.blocks]


def _line(line: Line, names: Mapping[str, Tree]) -> dict[str, Any]:
    return {
        "left": _named(_tree(line.left_latex), names),
        "sign": line.sign,
        "right": _named(_tree(line.right_latex), names),
        "text": f"{line.left} {line.sign} {line.right}",
    }


def _tree(latex: str) -> Tree:
    return _node(ElementTree.fromstring(mathml(latex, block=False)))


def _node(element: ElementTree.Element) -> Tree:
    inside: list[Any] = [element.text] if element.text else []
    for child in element:
        inside.append(_node(child))
        if child.tail:
            inside.append(child.tail)
    return [element.tag, dict(element.attrib), *inside]


def _named(tree: Tree, names: Mapping[str, Tree]) -> Tree:
    """The tree with every known name marked."""
    for name, shape in names.items():
        if tree == shape:
            return [tree[0], {**tree[1], "name": name}, *tree[2:]]
    inside = [_named(part, names) if isinstance(part, list) else part for part in tree[2:]]
    return [*tree[:2], *inside]


def _names(membrane: Membrane, outline: Outline) -> list[str]:
    known = [*outline.records, *outline.parameters, *_rate_names(membrane)]
    return [name for name in dict.fromkeys(known) if name not in _NOT_NAMES]


def _rate_names(membrane: Membrane) -> dict[str, tuple[str, str]]:
    """``alpha_m`` -> the gate, and what it is of it."""
    found: dict[str, tuple[str, str]] = {}
    for gate in membrane.gates:
        for name in rates(gate):
            owner, _, key = name.partition(".")
            found[called(name)] = owner, _RATES.get(key, "steady state")
    return found


def _terms(membrane: Membrane, outline: Outline) -> dict[str, dict[str, Any]]:
    """Name -> what it means, its unit, and which lines of the plots show what it does."""
    terms: dict[str, dict[str, Any]] = {}
    for name in outline.records:
        told = outline.about[name]
        terms[name] = {"meaning": told["long_name"], "unit": told["units"], "lines": [name]}
    for name, parameter in outline.parameters.items():
        head, _, channel = name.partition("_")
        acts = {"g": (f"I_{channel}", f"G_{channel}"), "E": (f"I_{channel}",), "C": ("V",)}
        lines = [line for line in acts.get(head, ()) if line in outline.records]
        terms[name] = {"meaning": parameter.meaning, "unit": parameter.unit, "lines": lines}
    for name, (gate, what) in _rate_names(membrane).items():
        terms[name] = {"meaning": f"{what} of {gate}", "unit": "", "lines": [gate]}
    return terms
