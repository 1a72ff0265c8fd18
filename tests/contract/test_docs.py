"""The pages under docs/ say what is so."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loligo as lo
from references import reference

DOCS = Path(__file__).parents[2] / "docs"


def documents(folder):
    """The models of the page."""
    page = (DOCS / "models.md").read_text(encoding="utf-8")
    path = folder / "model.toml"
    models = []
    for text in re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL):
        path.write_text(text, encoding="utf-8")
        models.append(lo.load(path))
    return models


def test_the_scheme_of_the_page_is_the_gates_of_the_squid(tmp_path):
    _, states, *_ = documents(tmp_path)
    squid = lo.load("hodgkin-huxley-1952")
    gates = lo.Membrane(
        celsius=6.3, helpers=squid.helpers, channels=[squid.channels[1], states.channels[1]]
    )
    clamped = {"initial": -20.0, "duration": 20, "solver": lo.Reference(1e-11)}
    one, other = (lo.simulate(model, lo.Pulse(2, 10, 10), **clamped) for model in (states, gates))
    assert float(abs(one.V - other.V).max()) < 1e-7
    assert float(abs(one.O - other.n**4).max()) < 1e-9
    assert float(abs(one.C0 - (1 - other.n) ** 4).max()) < 1e-9


def test_the_model_of_the_page_loads_and_fires_ever_more_slowly(tmp_path):
    cell, pulse = documents(tmp_path)[0], lo.Pulse(20, 80, 8)
    rec = lo.simulate(cell, pulse, duration=120)
    intervals = np.diff(rec.spike_time.values)
    assert len(intervals) >= 3
    assert (np.diff(intervals) > 0.5).all()
    true = reference(cell, pulse, duration=120, solver=lo.Reference(1e-11))
    assert float(abs(rec.V - true.V).max()) < 1e-2
    assert float(abs(rec.spike_time - true.spike_time).max()) < 1e-5


def test_every_function_of_the_language_is_on_the_page():
    from loligo.model.expression import FUNCTIONS

    page = (DOCS / "models.md").read_text(encoding="utf-8")
    for name in FUNCTIONS:
        assert re.search(rf"\b{name}\b", page), f"{name} is not in docs/models.md"


def run_page(name: str, folder: Path) -> int:
    """Run the blocks of a page, compare what it says comes out; how much it says."""
    page = (DOCS / name).read_text(encoding="utf-8")
    namespace: dict[str, Any] = {}
    told = 0
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(compile(block, f"docs/{name}", "exec"), namespace)
        for expression, result in re.findall(
            r"^(\S[^#=\n]*?) +# (['(\[\d].*)$", block, re.MULTILINE
        ):
            assert str(eval(expression, namespace)) == result.strip("'"), expression
            told += 1
    for written in re.findall(r'"([\w]+\.(?:png|gif|csv))"', page):
        assert (folder / written).stat().st_size > 0, written
    return told


@pytest.mark.slow
def test_the_page_on_axons_runs_and_says_what_comes_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_page("axon.md", tmp_path) >= 9


@pytest.mark.slow
def test_the_page_on_sweeps_runs_and_says_what_comes_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_page("sweeps.md", tmp_path) >= 4


@pytest.mark.slow
def test_the_page_on_experiments_runs_and_says_what_comes_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_page("experiments.md", tmp_path) >= 5


def script_beside(page: str) -> Any:
    """What writes the tables of a page."""
    path = (DOCS / page).with_suffix(".py")
    spec = importlib.util.spec_from_file_location(f"{path.stem}_page", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_the_table_of_experiments_is_of_those_there_are():
    """``python docs/experiments.py`` writes it."""
    script = script_beside("experiments.md")
    text = script.PAGE.read_text(encoding="utf-8")
    assert script.page(text) == text, "run python docs/experiments.py"


@pytest.mark.slow
def test_the_page_on_features_runs_and_says_what_comes_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_page("features.md", tmp_path) >= 9


def test_the_tables_of_features_are_of_those_there_are():
    """``python docs/features.py`` writes them."""
    script = script_beside("features.md")
    text = script.PAGE.read_text(encoding="utf-8")
    assert script.page(text) == text, "run python docs/features.py"


def test_every_experiment_on_an_axon_is_on_the_page():
    from loligo.experiments.table import experiments

    page = (DOCS / "axon.md").read_text(encoding="utf-8")
    names = [each.name for each in experiments() if each.theme == "axons"]
    for name in (*names, "myelinated"):
        assert name in page, f"{name} is not in docs/axon.md"
    assert len(names) >= 7


@pytest.mark.slow
def test_the_page_on_amplifiers_runs_and_has_every_knob():
    page = (DOCS / "amplifier.md").read_text(encoding="utf-8")
    namespace: dict[str, Any] = {}
    told = 0
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(compile(block, "docs/amplifier.md", "exec"), namespace)
        for expression, said in re.findall(
            r"^(\S[^#=]*?)\s+# ((?:-?[\d.]+, )+-?[\d.]+)", block, re.M
        ):
            numbers = [float(number) for number in said.split(", ")]
            made = eval(expression, namespace).values
            assert [float(f"{x:.3g}") for x in made] == pytest.approx(
                numbers, rel=0.003, abs=0.5 * (max(map(abs, numbers)) > 20)
            ), expression
            told += 1
    assert told == 5
    for name, part in lo.Amplifier.quantities.items():
        (row,) = [line for line in page.splitlines() if f"`{name}`" in line and line[0] == "|"]
        default = getattr(lo.Amplifier(), name)
        if default is not None:
            assert f"{default:g}" in row if isinstance(default, float) else default in row, name
        assert f"{part.levels[-1]}" in row
