"""Every model of the library: what the catalogue says of it, and that it runs as exactly as the
solvers promise. What its paper says of it is in ``test_library_numbers.py``."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
import xarray as xr
from docs.library import CELLS, PAGE, behaviour, entry, page

import loligo as lo
from few import ALL, FEW
from fired import fired
from loligo.model.catalogue import CATALOGUE, LIBRARY, catalogue
from references import reference

SQUID = "hodgkin-huxley-1952"


# ---------------------------------------------------------------------------- the catalogue


def test_the_catalogue_is_of_the_files_that_are_there() -> None:
    names = sorted(path.stem for path in LIBRARY.glob("*.toml"))
    assert list(catalogue()) == names == sorted(CELLS)
    assert json.loads(CATALOGUE.read_text(encoding="utf-8")).keys() == set(names)
    assert len(names) >= 20
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text


@pytest.mark.parametrize(
    "name", [n if n == SQUID else pytest.param(n, marks=pytest.mark.slow) for n in catalogue()]
)
def test_the_catalogue_says_what_running_a_model_finds(name: str) -> None:
    assert entry(name) == catalogue()[name]


def test_what_spikes_are_called() -> None:
    called = {
        "silent": [], "single spike": [30], "tonic": np.arange(10, 100, 9),
        "adapting": [10, 12, 16, 24, 40, 70], "phasic": [10, 12, 14, 16],
        "bursting": [10, 12, 14, 50, 52, 54, 90, 92, 94],
    }  # fmt: skip
    for word, times in called.items():
        assert behaviour(np.array(times, float), 10, 100) == word
    delayed = np.array([12.0, 60, 63, 66, 69, 72, 75, 78, 81, 84, 87, 90, 93, 96, 99])
    assert behaviour(delayed, 10, 100) == "tonic"  # one long interval makes no bursts


def test_the_library_is_a_table_that_can_be_searched() -> None:
    whole = lo.library()
    assert list(whole.index) == list(lo.models())
    assert whole.index.name == "model"
    assert whole.loc[SQUID].animal == "squid"
    assert whole.loc[SQUID].channels == ["Na", "K", "L"]
    assert (whole.loc[SQUID].year, whole.loc[SQUID].states) == (1952, 4)
    assert list(lo.library("SQUID axon").index) == [SQUID]
    assert set(lo.library("guinea pig ventricle").index) == {"luo-rudy-1991"}
    assert "plant-1981" in lo.library("bursting kca").index
    assert {"plant-1981", "destexhe-1996"} <= set(lo.library("calcium").index)
    assert SQUID not in lo.library("calcium").index
    assert lo.library("no such cell").empty
    assert list(lo.library("no such cell").columns) == list(whole.columns)
    with pytest.raises(lo.LoligoError, match="like is words to look for, such as 'bursting'"):
        lo.library(1952)  # type: ignore[arg-type]


def test_a_list_of_the_library_reads_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loligo.model.library._read", None)
    assert lo.models()[SQUID] == "Squid giant axon (Hodgkin & Huxley 1952)"
    assert "single spike" in set(lo.library().under_step)
    code = (
        "import sys, loligo as lo; lo.models(); lo.load('noble-1962'); "
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", ALL)
def test_titles_are_those_of_the_files(name: str) -> None:
    model = lo.load(name)
    assert model.title == catalogue()[name].title
    assert lo.cite(name).startswith(("@article", "@misc"))
    assert model.doi in lo.cite(model)


@pytest.mark.parametrize("name", list(catalogue()))
def test_a_document_says_whence_its_numbers_are_and_what_of_the_paper_is_tested(name: str) -> None:
    """In its last notes, in this order; and a test of its own where it claims a number."""
    source, compared, tested = lo.load(name).notes[-3:]
    assert source.startswith("Source: ")
    assert compared.startswith("Compared: ")
    assert tested.startswith("Tested: ")
    # who transcribed it, or that the paper was at hand
    assert "read" in source or "paper's equations" in source or "ModelDB" in source
    assert len(source) + len(compared) + len(tested) > 150


# ---------------------------------------------------------------------------- every model runs


# where a condition jumps (rates in pieces), fixed steps are of first order in passing it
PIECES = ("khaliq-2003", "luo-rudy-1991", "pinsky-rinzel-1994")
# ms; the reference, which is explicit, takes its time with rates of 1000 per ms
STIFF = {"khaliq-2003": 5.0}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(catalogue()))
def test_every_model_runs_as_it_is_and_as_exactly_as_promised(name: str) -> None:
    """From its own start without a word of warning, by Taylor; and beside `Reference`, which reads
    the equations another way, under random currents around what makes it fire."""
    model, cell = lo.load(name), CELLS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rec = lo.simulate(model, threshold=cell.threshold)
    assert rec.attrs["solver"].startswith("Taylor")
    assert rec.time[-1] == 50
    assert all(np.isfinite(rec[each].values).all() for each in rec if rec[each].dims == ("time",))

    draw = np.random.default_rng(len(name))
    duration = min(cell.lasts, STIFF.get(name, 25.0))
    start, lasts, size = (
        xr.DataArray(about * draw.uniform(0.5, 1.5, 3), dims="case")
        for about in (0.1 * duration, 0.5 * duration, cell.step)
    )
    stimulus = lo.Pulse(start, lasts, size)
    asked = {"record": ["V"], "threshold": cell.threshold}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lower swings, which all have
        true = reference(model, stimulus, duration, **asked)
        found = lo.simulate(model, stimulus, duration, **asked)
        coarse, fine = (
            lo.simulate(model, stimulus, duration, solver=lo.Exponential(dt), **asked)
            for dt in (0.01, 0.005)
        )
    assert np.array_equal(found.spike_count, true.spike_count)
    np.testing.assert_allclose(fired(found), fired(true), rtol=0, atol=1e-5)
    # V is where it is 1e-5 ms sooner or later, at most
    steepest = float(np.abs(np.diff(true.V.values)).max()) / duration * (true.time.size - 1)
    error, coarser, finer = (float(abs(each.V - true.V).max()) for each in (found, coarse, fine))
    assert error < 1e-5 * max(steepest, 1.0)
    assert coarser / finer > (1.5 if name in PIECES else 3.0) or finer < 1e-4


@pytest.mark.parametrize("name", ALL)
def test_every_model_is_shown_and_saved_in_words(name: str) -> None:
    shown = str(lo.load(name))
    assert "C_m dV/dt" in shown
    assert f"doi:{lo.load(name).doi}" in shown


def test_the_four_that_all_tests_try_are_there() -> None:
    assert set(FEW) <= catalogue().keys()
