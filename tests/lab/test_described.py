"""A model as the page is told of it: its equations element by element, each symbol explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

import loligo as lo
from few import ALL, FEW
from loligo.figures.style import THEMES, ink
from loligo.lab.described import described
from loligo.lab.look import look


def nodes(tree: list[Any]) -> Iterator[list[Any]]:
    yield tree
    for part in tree[2:]:
        if isinstance(part, list):
            yield from nodes(part)


def letters(tree: list[Any]) -> str:
    return "".join(letters(part) if isinstance(part, list) else part for part in tree[2:])


def sides(told: dict[str, Any]) -> Iterator[list[Any]]:
    for block in told["equations"]:
        for line in block:
            yield from (line["left"], line["right"])


@pytest.mark.parametrize("name", ALL)
def test_every_symbol_of_every_equation_is_explained(name: str) -> None:
    model = lo.load(name)
    told = described(model)
    named = {node[1]["name"] for side in sides(told) for node in nodes(side) if "name" in node[1]}
    assert named <= told["terms"].keys()
    assert set(model.parameters) - named - {"area", "d"} == set()  # dV/dt has a d of its own
    lines = {line for term in told["terms"].values() for line in term["lines"]}
    assert lines <= {variable["name"] for variable in told["variables"]}
    assert all(term["meaning"] for term in told["terms"].values())
    for variable in told["variables"]:
        assert all(
            re.fullmatch("#[0-9a-f]{6}", ink(variable["ink"], each)) for each in THEMES.values()
        )
    shown = told["shown"]
    assert shown["duration"] > 0
    assert shown["stimulus"][0]["amplitude"] != 0


def test_the_page_makes_every_element_that_equations_have() -> None:
    script = resources.files("loligo.lab").joinpath("page/mathml.js").read_text(encoding="utf-8")
    allowed = set(re.findall(r'"(\w+)"', script.split("TAGS = new Set([")[1].split("]")[0]))
    made = {
        node[0] for name in (*FEW, "destexhe-1996")
        for side in sides(described(lo.load(name))) for node in nodes(side)
    }  # fmt: skip
    assert made <= allowed
    assert not {"annotation-xml", "semantics", "maction", "mglyph"} & allowed


def test_an_equation_reads_as_it_is_written() -> None:
    told = described(lo.load("hodgkin-huxley-1952"))
    current = told["equations"][1][0]
    assert letters(current["right"]) == "gNam3h(V−ENa)"
    names = [node[1]["name"] for node in nodes(current["right"]) if "name" in node[1]]
    assert names == ["g_Na", "m", "h", "V", "E_Na"]
    assert told["terms"]["g_Na"]["lines"] == ["I_Na", "G_Na"]
    assert told["terms"]["alpha_m"] == {"meaning": "opening rate of m", "unit": "", "lines": ["m"]}


def test_the_page_has_the_figures_colours() -> None:
    told = look()
    assert told["themes"]["light"]["channels"] == dict(THEMES["light"].channels)
    assert told["fonts"]
