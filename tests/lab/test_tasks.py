"""Sheets of tasks: read and checked; the page and Python give a student the same numbers, find the
same answers and write the same code, which holds only what is right."""

from __future__ import annotations

import base64
import hashlib
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import hh_scipy
from loligo.errors import FileError, UsageError
from loligo.lab import calling, tasks
from loligo.lab.link import written
from loligo.lab.measures import MEASURES
from loligo.lab.sheet import Sheet, person, read_sheet, share, sheet_of
from scripted import called

SHEET = Path(__file__).parents[2] / "docs" / "lab" / "sheet.toml"
START = "#v=1&model=hodgkin-huxley-1952&pulse=5,{w},10&duration=20"
TASK: dict[str, Any] = {"text": "{w:g}", "start": START, "numbers": {"w": [1, 2]}, "ask": "peak"}


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return read_sheet(SHEET)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": None}, "task 1: it has no text"),
        ({"colour": 3}, "a task has no 'colour'; it has title"),
        ({"ask": None}, 'it has either ask = "…"'),
        ({"reach": "spikes", "target": 1}, 'it has either ask = "…"'),
        ({"ask": "peek"}, "'peek' cannot be measured (did you mean peak?); threshold, spikes"),
        ({"ask": "maximum", "of": "I_NA"}, "of: the model has no I_NA (did you mean I_Na?)"),
        ({"ask": None, "reach": "spikes"}, "target is what is to be reached, a number"),
        ({"ask": None, "reach": "spikes", "target": "3"}, "target is a number, or one of the"),
        ({"target": 3}, "target is what a task with reach wants"),
        ({"text": "{v:g}"}, "text: {v} is none of the numbers"),
        ({"text": "{w.__class__}"}, "text: {w.__class__} is none of the numbers"),
        ({"text": "{w!r}"}, "a number is not written as"),
        ({"text": "{w:>99999999}"}, "a number is not written as"),
        ({"text": "{"}, "text: a single brace"),
        ({"start": START.replace("{w}", "{v}")}, "start: {v} is none of the numbers"),
        ({"start": START.replace("v=1", "v=2")}, "task 1: the link is of version 2"),
        ({"numbers": {"w": [1, -2]}}, "task 1: pulse duration of the link is -2, but it lies"),
        ({"numbers": {"w": []}}, "numbers: w is a list of numbers, or"),
        ({"numbers": {"w": ["1"]}}, "numbers: w is a list of numbers, or"),
        ({"numbers": {"w": {"from": 1, "to": 2, "step": 0}}}, "goes from low to high in steps"),
        ({"numbers": {"w": {"from": 1, "to": 2, "step": 1e-9}}}, "at most 10,000"),
        ({"numbers": {"w": {"from": 1, "to": float("nan"), "step": 1}}}, "is a list of numbers"),
        ({"within": "1"}, "within is a share"),
        ({"within": -1}, "within is a share"),
        ({"may": "celsius"}, "may lists what may be changed"),
        ({"may": ["celcius"]}, "may: the model has no celcius (did you mean celsius?)"),
        ({"ask": "threshold", "start": START.partition("&pulse")[0], "numbers": {}, "text": "x"},
         "a threshold is that of the first current of start"),
        ({"title": 3}, "title of it is a text, not 3"),
    ],
)  # fmt: skip
def test_a_sheet_that_cannot_be_is_told_with_its_task(change: dict[str, Any], said: str):
    task = {key: value for key, value in (TASK | change).items() if value is not None}
    with pytest.raises(UsageError) as problem:
        sheet_of({"task": [task]})
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [("title = ", "is no TOML text"), ("", "a sheet has tasks"), ("x = 1", "a sheet has no 'x'"),
     ("task = 3", "a sheet has tasks"), ("task = [3]", "task 1: a task is a table"),
     ("a = " + "[" * 5000, "is no TOML text"), ("#" * 300_000, "no larger than 200,000 bytes"),
     ("seed = 1.5\n[[task]]\ntext = 'x'\nstart = '#v=1&model=hodgkin-huxley-1952'\nask = 'rest'",
      "seed is a number or a word")],
)  # fmt: skip
def test_a_file_that_is_no_sheet_is_told_by_its_name(tmp_path: Path, text: str, said: str):
    file = tmp_path / "sheet.toml"
    file.write_text(text)
    with pytest.raises((FileError, UsageError), match=r"sheet\.toml") as problem:
        read_sheet(file)
    assert said in str(problem.value)


def test_numbers_are_each_students_own_and_on_the_page_the_same(sheet: Sheet):
    names = ["Ada Lovelace", "Grace", "İpek Ünal", "王小明", "O'Neil-Smith", "a" * 100]
    own = [[t.drawn(sheet.seed, n, k) for k, t in enumerate(sheet.tasks)] for n in names]
    assert len({str(each) for each in own}) == len(names)
    code = """return given.names.map((name) =>
      given.sheet.tasks.map((_, place) => $tasks_sheet.drawn(given.sheet, place, name)));"""
    there = called(code, {"sheet": sheet.to_dict(), "names": names}, "tasks/sheet.js")
    assert there == own


def test_what_is_drawn_is_spread_evenly():
    counts = np.bincount([share(f"1/{k}/0/w", 7) for k in range(7000)], minlength=7)
    assert counts.sum() == 7000
    assert np.all(abs(counts - 1000) < 5 * 1000**0.5)


def test_the_pages_sha256_is_that_of_hashlib():
    rng = random.Random(3)
    texts = ["", "abc", "µ" * 31, *("x" * n for n in (55, 56, 63, 64, 65, 119, 120, 1000))]
    texts += ["".join(chr(rng.randint(32, 0x2FFF)) for _ in range(rng.randint(0, 200)))
              for _ in range(30)]  # fmt: skip
    code = """return given.map((text) => Array.from(
      $tasks_sha256.sha256(new TextEncoder().encode(text)),
      (byte) => byte.toString(16).padStart(2, "0")).join(""));"""
    there = called(code, texts, "tasks/sha256.js")
    assert there == [hashlib.sha256(text.encode()).hexdigest() for text in texts]


def test_a_code_is_the_same_on_the_page_and_says_who_and_what(sheet: Sheet):
    cases = [("Ada", ["1.5", "", "-3", "", ""]), ("王小明 ", ["", "", "", '#v=1&x="<', "é"])]
    code = """return given.cases.map(([name, answers]) =>
      $tasks_sheet.codeOf(given.sheet, name, answers));"""
    there = called(code, {"sheet": sheet.to_dict(), "cases": cases}, "tasks/sheet.js")
    for made, (name, answers) in zip(there, cases, strict=True):
        assert made == tasks.write_code(name, answers, sheet.mark)
        assert tasks.read_code(f" {made[:10]}\n{made[10:]} ", sheet.mark) == (person(name), answers)


def raw(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def test_what_is_no_code_is_refused(sheet: Sheet):
    good = tasks.write_code("Ada", ["1"] * 5, sheet.mark)
    signed = [tasks._sum(t, sheet.mark) + t for t in (b'["A",1]', b'"A"', b"{}", b"[]", b'["\\n"]')]
    for code in ("", "x", "%%%", good[:-3], good[:20], "A" * 30_000, raw(b"123456[1"),
                 raw(b"123456" + b"[" * 5000), *map(raw, signed)):  # fmt: skip
        with pytest.raises(UsageError, match=r"no code of a sheet|damaged|has a name"):
            tasks.check(sheet, code)
    with pytest.raises(UsageError, match="damaged, or of another sheet"):
        tasks.check(sheet_of({"task": [TASK]}), good)
    with pytest.raises(UsageError, match="of another sheet"):
        tasks.check(sheet, tasks.write_code("Ada", ["1"], sheet.mark))


@pytest.mark.slow
def test_answers_are_checked_by_computing_them(sheet: Sheet):
    """The sheet in the docs: right answers, wrong ones, and forbidden ones."""
    name = "Ada Lovelace"
    drawn = [task.drawn(sheet.seed, name, place) for place, task in enumerate(sheet.tasks)]
    right = [written(tasks.right_answer(sheet.tasks[k], drawn[k])) for k in range(3)]
    base = "#v=1&model=hodgkin-huxley-1952"
    warm = f"{base}&set=celsius:40&pulse=5,1,20&duration=30"
    count = int(drawn[4]["n"])
    firing = f"{base}&train=5,1,20,{written(90 / count)},{count}&duration=100"
    marked = tasks.check(sheet, tasks.write_code(name, [*right, warm, firing], sheet.mark))
    assert marked.name == name
    assert marked.verdicts == ((True, ""),) * 5
    elsewhere = [*right, f"{warm}&tab=axon&axon=sheath:myelin", f"{firing}&tab=clamp"]
    marked = tasks.check(sheet, tasks.write_code(name, elsewhere, sheet.mark))
    assert marked.verdicts == ((True, ""),) * 5  # whichever tab the hand was in
    assert str(marked).startswith("Ada Lovelace: 5 of 5 solved\n   1  solved\n")
    wrong = ["", "1e3", "x", f"{warm}&pulse=8,1,1", f"{base}&duration=100"]
    marked = tasks.check(sheet, tasks.write_code(name, wrong, sheet.mark))
    assert [why for _, why in marked.verdicts[:1]] == ["no answer"]
    assert "1000, but it is" in marked.verdicts[1][1]
    assert "is not a number" in marked.verdicts[2][1]
    assert marked.verdicts[3] == (False, "stimulus was changed")
    assert marked.verdicts[4] == (False, f"0 instead of {count}")
    other = base.replace("hodgkin-huxley-1952", "wang-buzsaki-1996")
    for link in (other, warm.replace("duration=30", "duration=29"), "#v=2", base + "&set=g_Na:0"):
        answers = ["", "", "", link, ""]
        marked = tasks.check(sheet, tasks.write_code(name, answers, sheet.mark))
        assert not marked.verdicts[3][0], link
    listed = tasks.key(sheet, name).splitlines()
    assert listed[0] == "The action potential of the squid: what is right for Ada Lovelace"
    assert f"{float(right[0]):.6g} µA/cm²  (width = {written(drawn[0]['width'])})" in listed[1]
    assert listed[5].endswith(f"is to be {count}  (n = {count})")


def squid(amplitude: float, width: float, duration: float) -> Any:
    """The squid's axon without loligo: a pulse at 5 ms; states along time, by SciPy."""
    state, parts = hh_scipy.steady(hh_scipy.rest()), []
    for a, b in ((0, 5), (5, 5 + width), (5 + width, duration)):
        if a == b:
            continue
        current = amplitude if a == 5 else 0.0
        times = np.linspace(a, b, max(3, round((b - a) / 0.002)))
        done = solve_ivp(hh_scipy.derivative, (a, b), state, "DOP853", times, rtol=1e-11,
                         atol=1e-12, args=(current, 120.0))  # fmt: skip
        parts.append(np.vstack([times, done.y]))
        state = done.y[:, -1]
    return np.concatenate(parts, axis=1)


def rises(V: Any) -> Any:
    return np.flatnonzero((V[:-1] < 0) & (V[1:] >= 0))


@pytest.mark.slow
def test_what_is_right_is_what_scipy_finds(sheet: Sheet):
    """Threshold, rate and greatest inward current, on the equations written anew."""
    threshold, rate, sodium = sheet.tasks[:3]
    right = tasks.right_answer(threshold, {"width": 0.5})
    assert rises(squid(right * (1 - 1e-4), 0.5, 30)[1]).size == 0
    assert rises(squid(right * (1 + 1e-4), 0.5, 30)[1]).size == 1
    found = squid(10, 295, 300)
    times = found[0][rises(found[1])]
    expected = 1000 * (len(times) - 1) / (times[-1] - times[0])
    assert tasks.right_answer(rate, {"current": 10}) == pytest.approx(expected, rel=1e-4)
    currents = hh_scipy.currents(squid(20, 1, 20)[1:])
    assert tasks.right_answer(sodium, {"strength": 20}) == pytest.approx(
        currents[0].min(), rel=1e-3
    )


@pytest.mark.slow
def test_the_page_finds_the_same_to_the_last_bit(sheet: Sheet):
    """Every measure, where the page computes it with its own kernels."""
    asked = [(name, of) for name in MEASURES for of in ("V", "I_Na", "m")]
    start = "#v=1&model=hodgkin-huxley-1952&set=g_Na:110,celsius:8&pulse=5,40,{w}&duration=50"
    one = sheet_of({"task": [TASK | {"start": start}]}).tasks[0].simulation({"w": 9})
    told = calling.entry(one.name, one.original)
    code = """const wasm = Uint8Array.from(Buffer.from(given.wasm, "base64"));
      const model = await $engine_model.openModel({ name: "x", manifest: given.manifest, wasm });
      return given.asked.map(([name, of]) =>
        $tasks_measures.measured(name, model, given.simulation, of));"""
    given = {"asked": asked, "simulation": one.to_dict(), "manifest": told.told["manifest"],
             "wasm": base64.b64encode(told.wasm).decode()}  # fmt: skip
    there = called(code, given, "engine/model.js", "tasks/measures.js")
    assert there == [MEASURES[name].of(one, of) for name, of in asked]
