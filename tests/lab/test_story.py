"""Why it fired, told by the page: the same cases in the same words as `lo.narrate` tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo import words
from loligo.analysis.course import Course
from loligo.lab.spoken import spoken_languages
from scripted import called

SQUID = "hodgkin-huxley-1952"
TELL = """
return given.cases.map(({course, language, bare}) => {
  const rows = (table) => Object.fromEntries(
    Object.entries(table).map(([name, row]) => [name, Float64Array.from(row)]));
  const told = {...course, time: Float64Array.from(course.time), V: Float64Array.from(course.V),
    injected: Float64Array.from(course.injected), currents: rows(course.currents),
    conductances: rows(course.conductances), gates: rows(course.gates)};
  const spoken = given.languages[language];
  const words = $words.speaking(spoken);
  return $story_narrate.narrate($story_course.courseOf(told), words, spoken.decimal, bare);
});
"""


def plain(course: Course) -> dict[str, Any]:
    """A course as the page has it."""
    tables = {name: {key: row.tolist() for key, row in getattr(course, name).items()}
              for name in ("currents", "conductances", "gates")}  # fmt: skip
    rows = {name: getattr(course, name).tolist()
            for name in ("time", "V", "injected", "edges", "spikes")}  # fmt: skip
    return {
        **rows, **tables, "reversals": dict(course.reversals), "shocks": list(course.shocks),
        "held": [{"start": held.start, "end": held.end} for held in course.held],
        "threshold": course.threshold, "swings": list(course.swings),
    }  # fmt: skip


def compare(runs: dict[str, Any], language: str) -> None:
    told = {name: lo.narrate(rec, language=language) for name, rec in runs.items()}
    cases = [{"course": plain(each.course), "language": language, "bare": each.dimensionless}
             for each in told.values()]  # fmt: skip
    given = {"cases": cases, "languages": spoken_languages()}
    page = called(TELL, given, "story/narrate.js", "story/course.js", "words.js")
    for (name, python), own in zip(told.items(), page, strict=True):
        verdict = python.text.splitlines()[1]
        assert own["verdict"] == verdict, name
        assert [mark["phase"] for mark in own["marks"]] == python.marks.phase.values.tolist(), name
        assert [mark["words"] for mark in own["marks"]] == python.marks.words.values.tolist(), name
        assert [mark["time"] for mark in own["marks"]] == python.marks.time.values.tolist(), name


def test_the_page_tells_why_it_fired_and_why_not() -> None:
    squid = lo.load(SQUID)
    record = {"record": None, "sample_interval": 0.01}
    runs = {
        "fired": lo.simulate(squid, lo.Pulse(2, 1, 20), 12, **record),
        "not": lo.simulate(squid, lo.Pulse(2, 1, 5), 12, **record),
    }
    compare(runs, "de")


def _runs() -> dict[str, Any]:
    squid, crab, inter = (
        lo.load(SQUID),
        lo.load("connor-stevens-1977"),
        lo.load("wang-buzsaki-1996"),
    )

    def run(model: lo.Membrane, stimulus: Any, duration: float = 20, **more: Any) -> Any:
        return lo.simulate(model, stimulus, duration, sample_interval=0.01, record=None, **more)

    clamp = lo.VoltageClamp
    return {
        "one": run(squid, lo.Pulse(2, 1, 20)),
        "a train": run(squid, lo.Pulse(2, 35, 10), 40),
        "two": run(squid, lo.Pulse(2, 1, 20) + lo.Pulse(16, 1, 30), 30),
        "a train that slows": run(crab, lo.Pulse(2, 60, 10), 70),
        "too weak": run(squid, lo.Pulse(2, 1, 5)),
        "nearly": run(squid, lo.Pulse(2, 1, 6.8)),
        "no sodium": run(squid.replace(g_Na=0), lo.Pulse(2, 10, 20)),
        "anode break": run(squid, lo.Pulse(2, 15, -10), 35),
        "pulled down": run(squid, lo.Pulse(2, 5, -3)),
        "a slow ramp": run(squid, lo.Ramp(2, 40, 5), 45),
        "a ramp": run(squid, lo.Ramp(2, 20, 30), 25),
        "a sine": run(squid, lo.Sine(2, 30, 6, 80), 35),
        "a shock": run(squid, lo.Shock(2, 15)),
        "a weak shock": run(squid, lo.Shock(2, 3)),
        "nothing": run(squid, None, 10),
        "under way": run(squid, None, 10, initial={"V": -50.0}),
        "under way and firing": run(squid, None, 15, initial={"V": -50.0, "h": 0.9}),
        "ends rising": run(squid, lo.Pulse(2, 1, 20), 3.8),
        "ends falling": run(squid, lo.Pulse(2, 1, 20), 5.2),
        "held": run(squid, clamp(2, 8, 0.0), 9),
        "held and let go": run(squid, clamp(2, 4, -20.0), 20),
        "held lower and let go": run(squid, clamp(2, 10, -90.0), 25),
        "held by a ramp": run(squid, clamp(2, 8, -80.0, to=20.0), 9),
        "without units": run(lo.load("fitzhugh-1961"), lo.Pulse(10, 100, 0.4), 120),
        "without units, one": run(lo.load("fitzhugh-1961"), lo.Pulse(10, 2, 0.6), 60),
        "warm": run(squid.replace(celsius=20), lo.Pulse(2, 10, 20)),
        "an interneuron": run(inter, lo.Pulse(2, 30, 2), 40),
        "a high threshold": run(squid, lo.Pulse(2, 35, 10), 40, threshold=60.0),
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:V goes up and down")
@pytest.mark.parametrize("language", list(words.languages()))
def test_the_page_tells_every_case_as_python_tells_it(language: str) -> None:
    compare(_runs(), language)


FORMS = (".0f", ".1f", ".2f", ".3g", ".4g", "g", "+.3g", "8.2f", "6.1f", ".6g")


def test_numbers_are_written_as_python_writes_them() -> None:
    random = np.random.default_rng(7)
    numbers = [0.0, -0.0, 0.5, 1.5, 2.5, -0.5, 0.125, 0.375, 2.675, 1e-5, 12345.5, 999.5, 999.6]
    numbers += [1e21, -1e-7, 0.05, 0.15, 1e5, 123456.5, 1234565.0]
    sizes = 10.0 ** random.integers(-6, 7, 200)
    numbers += (random.normal(size=200) * sizes).tolist()
    numbers += (random.integers(-4000, 4000, 200) / 16).tolist()  # halves, and what is exact
    code = "return given.numbers.map((n) => given.forms.map((form) => $words.formatted(n, form)))"
    page = called(code, {"numbers": numbers, "forms": FORMS}, "words.js")
    assert page == [[format(n, form) for form in FORMS] for n in numbers]
