"""Documents with mistakes of every kind: each is read, or refused in our words, at once."""

from __future__ import annotations

import json
import random
import re
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

import cells
from few import FEW
from loligo.errors import LoligoError
from loligo.model import Axon, Channel, Membrane, Myelin, Region, Scheme, load
from loligo.model.library import LIBRARY
from loligo.system.outline import outline_of
from mutated import mutated, scribbled
from trying import examples

COUNT = 4 * examples(500)
LONGEST = 2.0  # s of processor time, for one document


def with_scheme() -> Membrane:
    ways = ["C <-> O: 0.1*exp(V/20), b", "O <-> I: 1, 0.2", "C -> I: 0.01"]
    scheme = Scheme("K", ["C", "O", "I"], ways, eliminated="I", initial={"C": 0.25, "O": 0.75})
    leak = Channel("L", g=0.3, E=-65, meaning="leak")
    return Membrane(
        channels=[Channel("K", g=[1, 2], E=-77, open="O"), leak],
        schemes=scheme,
        helpers={"b": "0.1*exp(-V/30)"},
        name="scheme",
    )


MEMBRANES = {
    **{name: load(name) for name in FEW},
    **{make.__name__: make() for make in (
        cells.calcium, cells.mutual, cells.bistable, cells.conditional, with_scheme
    )},
}  # fmt: skip


@pytest.mark.parametrize("name", MEMBRANES)
def test_every_document_makes_its_model_again(name: str, tmp_path: Path) -> None:
    membrane = MEMBRANES[name]
    membrane.save(tmp_path / "again.toml")
    again = load(tmp_path / "again.toml")
    assert again == membrane
    assert again.to_dict() == membrane.to_dict()
    assert hash(again) == hash(membrane)
    assert again.structure() == membrane.structure()
    assert outline_of(again).key == outline_of(membrane).key
    assert Membrane.from_dict(json.loads(json.dumps(membrane.to_dict()))) == membrane
    axon = Axon(regions=[Region(membrane, "1 mm", 10), Myelin("1 mm", 10)], axial_resistivity=70)
    assert Axon.from_dict(json.loads(json.dumps(axon.to_dict()))).to_dict() == axon.to_dict()


def refused(make: Callable[[], Any]) -> str | None:
    """What was wrong; None if it was read, and then it is looked at from all sides."""
    begun = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = make()
            if isinstance(model, Membrane):
                assert str(model)
                assert model.equations.latex
                assert model._repr_html_()
                assert outline_of(model).states
                assert Membrane.from_dict(model.to_dict()) == model
        except LoligoError as problem:
            return str(problem)
        finally:
            assert time.process_time() - begun < LONGEST
    return None


@pytest.mark.hypothesis
def test_documents_with_mistakes_are_read_or_refused() -> None:
    draw = random.Random(1952)
    documents = [membrane.to_dict() for membrane in MEMBRANES.values()]
    outcomes = []
    for _ in range(COUNT):
        document = mutated(draw.choice(documents), draw)
        outcomes.append(refused(lambda: Membrane.from_dict(document)))  # noqa: B023
    assert any(outcomes)
    assert not all(outcomes)
    assert max(len(each or "") for each in outcomes) < 3000


@pytest.mark.hypothesis
def test_axons_with_mistakes_are_read_or_refused() -> None:
    draw = random.Random(1949)
    squid = MEMBRANES["hodgkin-huxley-1952"]
    axon = Axon(regions=[Region(squid, "1 cm", 400), Myelin("1 mm", 10)], axial_resistivity=35.4)
    for _ in range(COUNT // 2):
        document = mutated(axon.to_dict(), draw)
        document["regions"] = [mutated(each, draw) if draw.random() < 0.3 else each
                               for each in axon.to_dict()["regions"]]  # fmt: skip
        refused(lambda: Axon.from_dict(document))  # noqa: B023


@pytest.mark.hypothesis
def test_files_with_mistakes_are_read_or_refused_with_line_and_column(tmp_path: Path) -> None:
    draw = random.Random(1939)
    texts = [tomli_w.dumps(membrane.to_dict()) for membrane in MEMBRANES.values()]
    texts += [path.read_text(encoding="utf-8") for path in LIBRARY.glob("*.toml")]
    path = tmp_path / "mine.toml"
    for _ in range(COUNT):
        text = scribbled(draw.choice(texts), draw)
        path.write_text(text, encoding="utf-8", newline="")
        problem = refused(lambda: load(path))
        if problem is not None:
            assert problem.startswith((f"{path}, line ", f"cannot read the model {path}"))
            where = re.search(r"line (\d+), column (\d+)", problem)
            assert where is not None
            lines = text.replace("\r\n", "\n").split("\n")
            assert 1 <= int(where[1]) <= len(lines)
            assert 1 <= int(where[2]) <= len(lines[int(where[1]) - 1]) + 1
