"""``loligo experiment``: what it lists, what it takes, what it writes and says."""

from __future__ import annotations

import re
import shlex
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import loligo as lo
from commands import called
from loligo.cli import arguments, main
from loligo.cli import experiment as command
from loligo.experiments import table
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, numbers, told
from loligo.experiments.membranes import membrane_of
from loligo.experiments.plan import panel

EACH = pytest.mark.parametrize("each", table.experiments(), ids=lambda each: each.name)
_SHOWN = ("velocity", "obstacle", "strength_duration", "phase_response")  # in every run
# What every command of an experiment has; no parameter may be called so.
TAKEN = {"set", "output", "data", "theme", "size", "dpi", "title", "timings", "debug", "help"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def loligo(capsys: pytest.CaptureFixture[str]):
    return partial(called, capsys, "experiment")


def one_of_each(membrane, amplitude, *, kind="double", fast=False, level=0.0, ion=None, g_L=0.3):
    """Doubles what is given, or halves it: an experiment for the tests of the command.

    Parameters
    ----------
    membrane : Membrane
    amplitude : sequence of float
        What is doubled [or halved].
    kind : str
        Which of both.
    fast : bool
        In no time.
    level : float
        mV of nothing.
    ion : str, optional
        Of a channel.
    g_L : float
        Of the leak.
    """
    patch = membrane_of(membrane, "one_of_each")
    row = numbers(amplitude, "uA/cm2", "amplitude")
    if row.max() > 1000:
        raise lo.errors.UsageError("amplitude: too large; give amplitude=1000 or one_of_each less")
    y = row * (2.0 if kind == "double" else 0.5)
    y[row < 0] = np.nan
    given = [f"{fast}", f"{level:g}", f"{ion}", f"{g_L:g}", f"{patch.parameters['g_Na'].value:g}"]
    return dataset(
        EXPERIMENT, "Doubled",
        {
            "response": ("amplitude", y, told("nC/cm2", "response", absent="below 0")),
            "largest": ((), y.max(), told("mV", "the largest", precision=1e-7)),
        },
        {"amplitude": ("amplitude", row, told("uA/cm2", "amplitude"))},
        patch, summary=f"Given {' '.join(given)}.",
    )  # fmt: skip


EXPERIMENT = Experiment(
    one_of_each, theme="tests", model="membrane", chart=panel("response"),
    facts={
        "amplitude": Facts("uA/cm2", many=True), "kind": Facts(choices=("double", "halve")),
        "level": Facts("mV"), "ion": Facts(), "g_L": Facts("mS/cm2"),
    },
)  # fmt: skip


@pytest.fixture
def doubling(monkeypatch: pytest.MonkeyPatch, loligo: Any):
    real = table.named
    monkeypatch.setattr(table, "names", lambda: ("one_of_each", "passive"))
    monkeypatch.setattr(
        table, "named", lambda name: EXPERIMENT if name == "one_of_each" else real(name)
    )
    return lambda *words: loligo("one-of-each", *words)


# ------------------------------------------------------------------------ what there is


def test_without_a_name_it_lists_all_by_theme_one_line_each(loligo: Any) -> None:
    status, out, _ = loligo()
    assert status == 0
    lines = out.splitlines()
    themes = {each.theme for each in table.experiments()}
    assert {line for line in lines if line and not line.startswith(" ")} >= themes
    for each in table.experiments():
        (line,) = (x for x in lines if re.match(rf"  {each.name.replace('_', '-')}  ", x))
        assert line.endswith(f" {each.summary}")


@pytest.mark.parametrize(
    "each",
    [
        pytest.param(each, marks=() if each.name in _SHOWN else pytest.mark.slow)
        for each in table.experiments()
    ],
    ids=lambda each: each.name,
)
def test_its_help_has_every_parameter_and_an_example(each: Experiment, loligo: Any) -> None:
    status, out, err = loligo(command.typed(each.name), "--help")
    assert (status, err) == (0, "")
    for parameter in each.parameters:
        assert parameter.name not in TAKEN
        name = "--vary" if parameter.kind == "property" else command.flag(parameter.name)
        assert re.search(rf"{name}\s", out), name
    assert f"loligo experiment {command.typed(each.name)} " in out
    assert len(command.examples(each)) >= 2


@EACH
def test_the_examples_are_read_as_the_docstring_calls_it(each: Experiment) -> None:
    """Each example's options become what the docstring's call gives."""
    kinds = {command.flag(p.name): p for p in each.parameters}
    for words in command.examples(each)[1:-1]:
        rest = shlex.split(words)
        assert rest
        while rest:
            name = rest.pop(0)
            if name == "--vary":
                dict(command._properties([rest.pop(0)]))
            elif kinds[name].kind != "flag":
                command._value(kinds[name], rest.pop(0))


def test_a_name_that_is_none_gets_the_nearest(loligo: Any) -> None:
    for word in ("strenght-duration", "strenght_duration"):
        status, out, err = loligo(word)
        assert (status, out) == (2, "")
        assert "did you mean strength-duration?" in err
        assert "`loligo experiment` lists them" in err


# ------------------------------------------------------------------------ what it takes


def test_it_says_what_was_found_and_shows_the_numbers(doubling: Any) -> None:
    status, out, err = doubling("--amplitude", "1:3:3", "--fast", "--level", "0.02 V", "--ion", "K")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "Given True 20 K 0.3 120."
    assert re.search(r"largest\s+6 mV ± 1e-07", out)
    assert "response (nC/cm²)" in out
    assert re.search(r"^3\s+6$", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", [5]), ("1,2.5,-3", [1, 2.5, -3]), ("-2:2:3", [-2, 0, 2]),
        ("1 uA/cm2,0.002 mA/cm2", [1, 2]), ("0:0.004:3 mA/cm2", [0, 2, 4]), ("x,2", None),
    ],
)  # fmt: skip
def test_numbers_have_units_ranges_and_commas(text: str, expected: Any, doubling: Any) -> None:
    status, _, err = doubling("--amplitude", text, "--data", "found.csv")
    if expected is None:
        assert status == 2
        assert err.startswith("error: --amplitude")
        return
    assert lo.open("found.csv").amplitude.values == pytest.approx(expected)


def test_what_is_said_of_each_name_is_written_in_braces(loligo: Any) -> None:
    status, _, err = loligo("phase-plane", "--others", '{"m": "steady", "q": 0.5}')
    assert status == 2
    assert "q" in err
    status, _, err = loligo("phase-plane", "--others", "{m: steady}")
    assert status == 2
    assert """write it as in --others '{"m": "steady", "h": "0.8 - n"}'""" in err


def test_an_experiment_called_as_one_of_its_options_is_no_option(loligo: Any) -> None:
    _, _, err = loligo("threshold", "--set", "g_Na=0:120:3")
    assert "error: threshold is made on one membrane, and g_Na of this one varies" in err
    _, _, err = loligo("threshold", "--threshold", "-80")
    assert "--threshold" in err


def test_the_models_parameters_are_set_as_elsewhere(doubling: Any) -> None:
    _, out, _ = doubling("--amplitude", "1", "--set", "g_Na=60", "--kind", "halve", "--g_L", "2")
    assert "Given False 0 None 2 60." in out
    _, out, _ = doubling("wang-buzsaki-1996", "--amplitude", "1")
    assert "Given False 0 None 0.3 35." in out


@pytest.mark.parametrize(
    ("words", "wording"),
    [
        ((), "Missing option '--amplitude'"),
        (("--amplitude", "x"), "--amplitude: 'x'"),
        (("--amplitude", "1,,2"), "--amplitude: '1,,2' has nothing between commas"),
        (("--amplitude", "1,0:2:3"), "FROM:TO:COUNT stands alone"),
        (("--amplitude", "1 mV"), "--amplitude: "),
        (("--amplitude", "2000"), "--amplitude: too large; give --amplitude 1000 or one-of-each"),
        (("--amplitude", "1", "--kind", "duoble"), "--kind duoble (did you mean double?): it is"),
        (("--amplitude", "1", "--set", "g_Na"), "--set takes NAME=VALUE"),
        (("--amplitude", "1", "--set", "g_Na=1:2:3"), "varies"),
        (("--amplitude", "1", "--output", "a.nc"), "a.nc: cannot write .nc files; use .png"),
        (("--amplitude", "1", "--output", "a.gif"), "--output a.gif: cannot write .gif files"),
        (("--amplitude", "1", "--data", "a.png"), "--data a.png: cannot write .png files; use .nc"),
        (("--amplitude", "1", "--data", "no/a.nc"), "no"),
        (("--amplitude", "1", "--tehme", "dark"), "No such option"),
        (("squid", "--amplitude", "1"), "squid"),
        (("missing.toml", "--amplitude", "1"), "missing.toml"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_the_words_of_the_command(
    words: tuple[str, ...], wording: str, doubling: Any
) -> None:
    status, out, err = doubling(*words)
    assert (status, out) == (2, "")
    assert wording in " ".join(err.split())
    assert not list(Path().iterdir())


def test_what_is_varied_is_said_as_it_is_typed(loligo: Any) -> None:
    for words, wording in (
        (("--current", "20,0"), "--current 0,100, not 20,0"),
        (("--vary", "g_Na=20,0"), "--vary g_Na=0,100, not 20,0"),
        (("--vary", "m=0,3"), "between 0 and 1, not 0,3"),
    ):
        status, _, err = loligo("equilibria", *words)
        assert status == 2
        assert wording in " ".join(err.split())


# ------------------------------------------------------------------------ what it writes


def test_it_writes_the_figure_and_the_data_which_is_drawn_again(doubling: Any) -> None:
    status, out, err = doubling(
        "--amplitude", "-1,1,10", "--output", "a.png", "--data", "a.nc", "--theme", "dark",
        "--size", "640x480", "--timings",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert [line.split(" (")[0] for line in out.splitlines()[:2]] == ["wrote a.nc", "wrote a.png"]
    assert "Given False" in out
    assert "response (" not in out
    assert "total" in out
    with Image.open("a.png") as picture:
        assert picture.size == (640, 480)
    assert lo.open("a.nc").attrs["experiment"] == "one of each"
    assert main(["plot", "a.nc", "-o", "b.png", "--theme", "dark", "--size", "640x480"]) == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_long_tables_are_shown_in_part(doubling: Any) -> None:
    _, out, _ = doubling("--amplitude", "0:99:100")
    rows = [line for line in out.splitlines() if re.fullmatch(r"\d+\s+\d+", line)]
    assert len(rows) == 20
    assert "one row of 5 is shown; --data FILE keeps all" in out


def test_ctrl_c_leaves_no_file(doubling: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("loligo.recording.save", interrupted)
    status, _, err = doubling("--amplitude", "1", "--output", "a.png", "--data", "a.nc")
    assert status == 130
    assert "interrupted; files are as they were" in err
    assert not list(Path().iterdir())


# ------------------------------------------------------------------------ of axons


def test_without_a_word_an_experiment_on_an_axon_is_made_on_its_own(
    loligo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, Any]] = []
    obstacle = table.named("obstacle")

    def instead(**keywords: Any) -> Any:
        given.append(keywords)
        raise lo.errors.UsageError("kind: enough")

    monkeypatch.setattr(instead, "__signature__", None, raising=False)
    monkeypatch.setattr("loligo.cli.experiment._run", lambda experiment, words: instead(**words))
    asked = ("obstacle", "--kind", "widening", "--values", "2,4")
    assert loligo(*asked)[2].startswith("error: --kind: enough")
    loligo(*asked, "--diameter", "238", "--celsius", "10", "--set", "g_Na=100")
    loligo("velocity", "--vary", "diameter=100,200", "--check")
    assert obstacle.model == "axon"
    assert given[0] == {"kind": "widening", "values": [2.0, 4.0]}
    axon = given[1]["axon"]
    assert axon.regions[0].diameter == 238.0
    assert axon.regions[0].membrane.celsius == 10.0
    assert given[2] == {"check": True, "diameter": [100.0, 200.0]}


@pytest.mark.slow
@EACH
def test_the_example_of_its_docstring_runs_as_a_command(each: Experiment, loligo: Any) -> None:
    words = shlex.split(command.examples(each)[1 if len(command.examples(each)) > 2 else 0])
    status, out, err = loligo(
        command.typed(each.name), *words, "--output", "a.png", "--data", "a.csv"
    )  # fmt: skip
    assert status == 0, (words, err)
    assert [line.split(" (")[0] for line in out.splitlines()[:2]] == ["wrote a.csv", "wrote a.png"]
    assert Path("a.png").stat().st_size > 10_000
    assert lo.plot(lo.open("a.csv")).axes


@pytest.mark.parametrize("text", ["1:2:3", "5", "a b", "1 mV"])
def test_a_quantity_without_a_unit_is_what_values_are(text: str) -> None:
    found, same = arguments.quantity(text, "", "x"), arguments.value(text)
    assert np.array_equal(found, same)
