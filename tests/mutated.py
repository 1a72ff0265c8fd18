"""Model documents with mistakes in them: every kind that a slip, a copy or malice could make."""

from __future__ import annotations

import copy
import math
import random
from typing import Any

VALUES: tuple[Any, ...] = (
    0,
    1,
    -1,
    2,
    10**400,
    -(10**30),
    1e308,
    -1e308,
    1e-308,
    5e-324,
    0.0,
    -0.0,
    math.nan,
    math.inf,
    -math.inf,
    True,
    False,
    "",
    " ",
    "1",
    "V",
    "x",
    "m",
    "time",
    "status",
    "1 mV",
    "1000 nS",
    "-65",
    "1e999",
    "1e-300",
    "\n",
    "a\0b",
    "C <-> O: 1, 2",
    "O -> I: V",
    "1/V",
    "1/(V+65)",
    "exp(V)",
    "exp(exp(V))",
    "exp(V*1e-250*1e-60)",
    "sqrt(V)",
    "log(V)",
    "V**0.5",
    "V**100",
    "(V**100)**100",
    "1e300*1e300",
    "1e-300**2",
    "q10(3, 6.3)",
    "nernst(1, 0, 1)",
    "where(V > 0, 1, 2)",
    "V > 0",
    "m",
    "m+h",
    "I_Na",
    "G_Na",
    "celsius",
    "I_stim",
    "t",
    "exprel(V)",
    "1/(1-exp(-V))",
    "tanh(V*1e200)",
    "sin(1e300*V)",
    "0/0",
    "1/0",
    "0**-1",
    "(-1)**0.5",
    "9**99",
    "min(V)",
    "V" * 300,
    "(" * 120 + "V" + ")" * 120,
    "+".join(["V"] * 900),
    "-" * 120 + "V",
    "1.5e3*V",
    "1" * 60,
    [],
    [1],
    ["a"],
    [[1, 2], [3]],
    [None],
    {},
    {"a": 1},
    {"value": 1, "unit": "mV"},
    {"dims": ["time"], "values": [1.0]},
    {"dims": ["a"], "values": []},
    {"dims": [], "values": 1},
    {"dims": ["a"], "values": [1, 2], "coords": {"a": ["x", "y"]}},
    {"dims": "a", "values": [1]},
    {"dims": ["a", "a"], "values": [[1]]},
    {"dims": ["a"], "values": [1, "b"]},
    {"dims": ["a"], "values": [math.nan]},
    {"dims": ["a\n"], "values": [1]},
    {"dims": ["a"]},
    {"dims": ["a"], "values": [10**400]},
    {"dims": ["a"], "values": [1], "coords": {"a": None}},
    {"dims": ["a"], "values": [1], "coords": []},
    {"dims": 3, "values": [1]},
)
KEYS = (
    "g",
    "E",
    "C_m",
    "V",
    "alpha",
    "beta",
    "inf",
    "tau",
    "rate",
    "power",
    "instantaneous",
    "current",
    "open",
    "initial",
    "unit",
    "scale",
    "value",
    "derivative",
    "celsius",
    "area",
    "m",
    "x",
    "",
    "a b",
    "status",
    "edge",
    "spike_x",
    "clamp",
    "time",
    "exp",
    "reset",
    "states",
    "transitions",
    "gates",
    "eliminated",
    "a\n",
    "é",
    "1x",
    "x" * 100,
    "__x",
    "if",
    "None",
    "meaning",
)
SIGNS = "0123456789.eE+-*/()<>=, VmhnxGgIEt_\"'\\[]{}#^%\n\0µ−"


def mutated(document: dict[str, Any], draw: random.Random, most: int = 3) -> dict[str, Any]:
    """A copy with a few mistakes."""
    changed = copy.deepcopy(document)
    for _ in range(draw.randint(1, most)):
        _mistake(changed, draw)
    return changed


def _mistake(document: dict[str, Any], draw: random.Random) -> None:
    table, key = draw.choice(list(_entries(document)) or [(document, "name")])
    kind = draw.randrange(6)
    if kind == 0:
        table.pop(key, None)
    elif kind == 1:
        table[draw.choice(KEYS)] = copy.deepcopy(draw.choice(VALUES))
    elif kind == 2:
        table[draw.choice(KEYS)] = table.pop(key, 1)
    elif kind == 3 and isinstance(table.get(key), str):
        table[key] = scribbled(table[key], draw)
    elif kind == 4:
        _, other = draw.choice(list(_entries(document)))
        table[key] = copy.deepcopy(document.get(other, other))
    else:
        table[key] = copy.deepcopy(draw.choice(VALUES))


def _entries(table: dict[str, Any]) -> Any:
    for key, value in table.items():
        yield table, key
        if isinstance(value, dict):
            yield from _entries(value)


def scribbled(text: str, draw: random.Random, most: int = 3) -> str:
    """A text with a few characters lost, added or changed, or a piece of it repeated."""
    for _ in range(draw.randint(1, most)):
        at = draw.randint(0, len(text))
        kind, sign = draw.randrange(4), draw.choice(SIGNS)
        if kind == 0:
            text = text[:at] + text[at + 1 :]
        elif kind == 1:
            text = text[:at] + sign + text[at:]
        elif kind == 2:
            text = text[:at] + sign + text[at + 1 :]
        else:
            end = min(len(text), at + draw.randint(1, 30))
            to = draw.randint(0, len(text))
            text = text[:to] + text[at:end] + text[to:]
    return text
