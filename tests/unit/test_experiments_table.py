"""The table of experiments: what lies in the folder is there, by its name, and says what it is."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray

import loligo as lo
from loligo.errors import UsageError
from loligo.experiments.experiment import REQUIRED, Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.plan import MEASURED, THEORY, Panel, Plan, panel, plan_of
from loligo.experiments.table import experiments, named, names
from loligo.units import read

E = lo.experiments
FOLDER = Path(lo.__file__).parent / "experiments"
SQUID = lo.load("hodgkin-huxley-1952")
FILES = sorted(p.stem for p in (FOLDER / "protocols").glob("*.py") if p.stem != "__init__")
EACH = pytest.mark.parametrize("each", experiments(), ids=lambda each: each.name)


def run(code: str, *paths: Path, cwd: Path | None = None) -> str:
    """What a fresh interpreter prints, with ``paths`` before all others."""
    beside = os.environ.get("PYTHONPATH", "")
    found = os.pathsep.join(filter(None, (*map(str, paths or (FOLDER.parents[1],)), beside)))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=cwd,
        env={**os.environ, "PYTHONPATH": found}, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return done.stdout


# ------------------------------------------------------------------------ the folder


def test_what_lies_in_the_folder_is_the_table():
    assert list(names()) == FILES
    assert [each.name for each in experiments()] == FILES
    assert len(FILES) >= 7


@pytest.mark.parametrize("name", FILES)
def test_a_file_declares_exactly_what_its_name_says(name):
    module = importlib.import_module(f"loligo.experiments.protocols.{name}")
    declared = [v for v in vars(module).values() if isinstance(v, Experiment)]
    assert declared == [module.EXPERIMENT]
    assert module.EXPERIMENT.run is vars(module)[name]
    assert module.EXPERIMENT.run.__module__ == module.__name__
    assert getattr(E, name) is vars(module)[name]


@pytest.mark.slow
def test_a_new_experiment_is_one_file(tmp_path):
    """In a copy of the package: it is listed, called, drawn, and its parameters are known."""
    shutil.copytree(FOLDER.parent, tmp_path / "loligo")
    (tmp_path / "loligo" / "experiments" / "protocols" / "doubling.py").write_text(NEW)
    out = run(
        "import loligo as lo, json; from loligo.experiments.table import named\n"
        "found = lo.experiments.doubling(lo.load('wang-buzsaki-1996'), [1, 2, 4])\n"
        "figure = lo.plot(found)\n"
        "texts = [t.get_text() for t in figure.findobj(lambda a: hasattr(a, 'get_text'))]\n"
        "(amplitude,) = named('doubling').parameters\n"
        "print(json.dumps([lo.__file__, dir(lo.experiments), lo.experiments.__all__,\n"
        "                  texts, amplitude.help, found.attrs]))",
        tmp_path, cwd=tmp_path,
    )  # fmt: skip
    where, listed, everything, texts, help_, attrs = json.loads(out)
    assert Path(where).parent == tmp_path / "loligo"
    assert listed == everything == sorted([*E.__all__, "doubling"])
    for words in ("Doubled", "Response (mV)", "Amplitude (µA/cm²)", "interneuron"):
        assert any(words in text for text in texts), (words, texts)
    assert help_ == "What is doubled."
    assert attrs["summary"] == "4 becomes 8."


NEW = '''"""A new experiment."""
from loligo.experiments.plan import panel
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, numbers, told


def doubling(membrane, amplitude):
    """Doubles.

    Parameters
    ----------
    membrane : Membrane
    amplitude : sequence of float
        What is doubled.
    """
    row = numbers(amplitude, "uA/cm2", "amplitude")
    return dataset(
        EXPERIMENT, "Doubled",
        {"response": ("amplitude", 2 * row, told("mV", "response"))},
        {"amplitude": ("amplitude", row, told("uA/cm2", "amplitude"))},
        membrane, summary=f"{row[-1]:g} becomes {2 * row[-1]:g}.",
    )


EXPERIMENT = Experiment(
    doubling, theme="new", model="membrane", chart=panel("response"),
    facts={"amplitude": Facts("uA/cm2", many=True)},
)
'''


def test_an_archive_can_be_imported_from(tmp_path):
    """The folder is listed by the import system, not by paths."""
    shutil.copytree(FOLDER.parent, tmp_path / "tree" / "loligo")
    archive = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "tree"))
    out = run("import loligo as lo; print(lo.experiments.__all__)", archive, cwd=tmp_path)
    assert ast.literal_eval(out) == E.__all__


# ------------------------------------------------------------------------ the public names


def test_the_public_names():
    assert E.__all__ == dir(E) == sorted([*FILES, "myelinated", "node"])
    namespace: dict[str, object] = {}
    exec("from loligo.experiments import *", namespace)
    assert set(E.__all__) <= set(namespace)
    assert callable(namespace["velocity"])


def test_a_name_that_is_no_experiment_gets_the_nearest():
    wording = r"module 'loligo.experiments' has no attribute 'velocty' \(did you mean velocity\?\)"
    with pytest.raises(AttributeError, match=wording):
        E.velocty  # noqa: B018
    assert not hasattr(E, "__wrapped__")
    with pytest.raises(UsageError, match=r"no experiment 'pasive' \(did you mean passive\?\)"):
        named("pasive")


def test_an_experiment_is_imported_when_it_is_used():
    out = run(
        "import sys, loligo as lo; dir(lo.experiments); known = set(sys.modules)\n"
        "lo.experiments.passive; print([m for m in known if 'protocols.' in m], "
        "[m for m in set(sys.modules) - known if 'protocols.' in m], 'numpy' in known)"
    )
    assert out.strip() == "[] ['loligo.experiments.protocols.passive'] False"


def test_no_other_module_of_the_part_has_the_name_of_an_experiment():
    """It would hide it: a module that was imported is an attribute."""
    assert not {p.stem for p in FOLDER.iterdir()} & set(E.__all__)


@pytest.mark.parametrize(
    ("call", "wording"),
    [
        (lambda: E.threshold(), r"made on a membrane: give one, such as .*threshold\(lo\.load"),
        (lambda: E.fi_curve(SQUID, amplitud=[1]), r"no amplitud \(did you mean amplitude\?\)"),
        (lambda: E.fi_curve(SQUID, [1], 3), "too many positional .* by their names"),
        (lambda: E.velocity(1, 2), "too many positional"),
    ],
)
def test_arguments_that_do_not_suit_are_told(call, wording):
    with pytest.raises(UsageError, match=wording):
        call()


def test_every_experiment_on_a_membrane_has_a_bar():
    made = [each for each in experiments() if each.model == "membrane"]
    bars = ["progress" in inspect.signature(each.run).parameters for each in made]
    assert [e.name for e, bar in zip(made, bars, strict=True) if not bar] == ["saltatory"]


def test_what_editors_are_told_is_so():
    tree = ast.parse((FOLDER / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (n for n in tree.body if isinstance(n, ast.If))
    listed = [
        (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("loligo.")
        for alias in node.names
        if alias.name == alias.asname  # else it is no public name
    ]
    assert len(listed) >= 9
    for module, name in listed:
        assert getattr(importlib.import_module(str(module)), name) is getattr(E, name)


# ------------------------------------------------------------------------ what each declares


@EACH
def test_an_experiment_says_what_it_is(each):
    assert re.fullmatch(r"[A-Z].{20,120}\.", each.summary), each.summary
    assert each.theme
    assert ">>> " in (inspect.getdoc(each.run) or "")
    signature = inspect.signature(each.run).parameters
    assert each.model is None or each.model in signature
    assert (each.model is None) == (not {"axon", "membrane"} & set(signature))


@EACH
def test_its_parameters_are_those_of_its_signature(each):
    signature = inspect.signature(each.run).parameters
    parameters = {p.name: p for p in each.parameters}
    assert list(parameters) == [n for n in signature if n not in (each.model, "progress")]
    known = {n for n, p in parameters.items() if p.kind in ("quantity", "word")}
    assert set(each.facts) == known
    for parameter in parameters.values():
        assert len(parameter.help) > 2, parameter.name
        assert parameter.default is signature[parameter.name].default
        assert parameter.required == (
            parameter.default is REQUIRED and parameter.kind != "property"
        )
        if parameter.facts.unit:
            assert read(1.0, parameter.facts.unit, parameter.name) == 1.0
            assert parameter.kind == "quantity"
        assert bool(parameter.facts.choices) == (parameter.kind == "word")


def test_a_signature_and_a_docstring_become_parameters():
    obstacle = {p.name: p for p in named("obstacle").parameters}
    assert list(obstacle) == ["kind", "values", "extent"]
    assert obstacle["kind"].facts.choices == ("widening", "cooled", "ttx")
    assert obstacle["values"].facts.many
    assert obstacle["values"].required
    assert (obstacle["extent"].default, obstacle["extent"].facts.unit) == ("1 cm", "um")
    kinds = {p.name: p.kind for p in named("velocity").parameters}
    assert kinds == {"check": "flag", "values": "property"}


# ------------------------------------------------------------------------ how it is drawn


def made(chart: Plan | None, **more: object) -> xarray.Dataset:
    """What an experiment on a membrane with this chart found."""

    def some_experiment(membrane, amplitude):
        """Does something."""

    declared = Experiment(some_experiment, "a theme", "membrane", chart, {"amplitude": Facts()})
    amplitude = np.array([1.0, 10.0, 100.0])
    return dataset(
        declared, "What was found",
        {
            name: ("amplitude", k * amplitude, told("Hz", name, label=f"the {name}"))
            for k, name in enumerate(("rate", "slow", "law"), start=1)
        }
        | {
            "least": ((), 1.5, told("uA/cm2", "least amplitude")),
            "middle": ((), 40.0, told("Hz", "middle rate")),
        },
        {"amplitude": ("amplitude", amplitude, told("uA/cm2", "amplitude"))},
        lo.load("hodgkin-huxley-1952"), **more,
    )  # fmt: skip


def test_a_table_says_by_its_variables_roles_how_it_is_drawn():
    found = made(panel("rate", theory=("law", "another")), summary="It fires.")
    assert found.attrs["experiment"] == "some experiment"
    assert found.attrs["summary"] == "It fires."
    assert list(found.rate.attrs) == ["units", "long_name", "role", "label"]
    roles = {name: variable.attrs.get("role") for name, variable in found.data_vars.items()}
    drawn = {"rate": MEASURED, "law": THEORY}
    assert roles == dict.fromkeys(("slow", "least", "middle")) | drawn
    assert "chart" not in found.attrs
    assert plan_of(found) == panel("rate", theory=("law",))
    assert plan_of(found.drop_vars("rate")) is None


@pytest.mark.parametrize(
    "chart",
    [
        panel("rate", "slow", theory=("law",)),
        panel("rate", log="x"),
        panel("rate", across="slow"),
        Plan((Panel(("rate",)), Panel(("slow",), ("law",), "amplitude", "xy"))),
        panel("rate", marks=("least", "middle"), zero=True),
        Plan((Panel(("rate",), heading="From rest", lines="amplitude"),)),
    ],
    ids=["two", "log", "plane", "panels", "marks", "headed"],
)
def test_what_roles_cannot_say_the_table_says_itself(chart, tmp_path):
    found = made(chart)
    assert plan_of(found) == chart
    found.to_netcdf(tmp_path / "found.nc", engine="scipy")
    with xarray.open_dataset(tmp_path / "found.nc", engine="scipy") as opened:
        assert plan_of(opened) == chart
    assert lo.plot(found).axes


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "5", "[5]", '["V"]', "[" * 100_000, '[{"measured": ["rate"]}]',
        '[{"measured": ["lost"], "theory": [], "across": "", "log": ""}]',
        '[{"measured": [[1]], "theory": [], "across": "", "log": ""}]',
        '[{"measured": [], "theory": [], "across": "", "log": ""}]',
        '[{"measured": ["rate"], "theory": [{}], "across": "", "log": ""}]',
        '[{"measured": ["rate"], "theory": [], "across": 3, "log": ""}]',
        '[{"measured": ["rate"], "theory": [], "across": "", "log": "z"}]',
        '[{"measured": "rate"}]', '[{"measured": ["rate"], "lines": "lost"}]',
        '[{"measured": ["rate"], "marks": ["slow"]}]', '[{"measured": ["rate"], "marks": "least"}]',
        '[{"measured": ["rate"], "marks": ["lost"]}]', '[{"measured": ["rate"], "marks": [["x"]]}]',
        '[{"measured": ["rate"], "zero": 1}]', '[{"measured": ["rate"], "zero": {}}]',
        '[{"measured": ["rate"], "weight": "1"}]', '[{"measured": ["rate"], "weight": NaN}]',
        '[{"measured": ["rate"], "weight": 1e9}]', '[{"measured": ["rate"], "field": ["slow"]}]',
        "[" + ", ".join(['{"measured": ["slow"]}'] * 13) + "]",
        '[{"measured": ["rate"], "heading": ["x"]}]', '[{"measured": ["rate"], "lines": 3}]',
    ],
)  # fmt: skip
def test_a_chart_that_cannot_be_read_is_passed_over(text):
    found = made(panel("rate")).assign_attrs(chart=text)
    assert plan_of(found) == panel("rate")


def test_a_chart_of_before_is_still_read():
    """A file that was written when panels had fewer fields."""
    text = '[{"measured": ["rate", "slow"], "theory": ["law"], "across": "", "log": "x"}]'
    found = made(panel("rate")).assign_attrs(chart=text)
    assert plan_of(found) == panel("rate", "slow", theory=("law",), log="x")


def test_a_membrane_is_told_as_an_axon_is():
    found = made(panel("rate"))
    assert lo.Membrane.from_dict(json.loads(found.attrs["membrane"])) == lo.load(
        "hodgkin-huxley-1952"
    )
    assert found.attrs["subtitle"] == "Squid giant axon (Hodgkin & Huxley 1952), 6.3 °C"
    assert "axon" not in found.attrs


@pytest.mark.parametrize("panels", [(), (Panel(("V",)),)])
def test_a_plan_has_a_panel(panels):
    if panels:
        assert Plan(panels).roles == {"V": MEASURED}
        return
    with pytest.raises(ValueError, match="a plan has a panel"):
        Plan(panels)
    with pytest.raises(ValueError, match="no panel can be drawn"):
        Panel(())
