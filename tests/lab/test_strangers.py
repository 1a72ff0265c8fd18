"""What two strangers met in an hour each: a student who types, drags and copies, and a teacher with
a model and a sheet of their own. Each kind has its test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loligo as lo
from browser import opened
from loligo.errors import UsageError
from loligo.lab.sheet import sheet_of
from loligo.lab.tasks import key, tried

SQUID = "hodgkin-huxley-1952"
BASE = f"#v=1&model={SQUID}"
# what is written on the drawings, and at which height
WRITTEN = """window.written = new Map();
  const fill = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    window.written.set(`${this.canvas.parentElement?.getAttribute("role") ?? ""} ${text}`, y);
    fill.call(this, text, x, y);
  };"""

pytestmark = pytest.mark.slow


def typed(page: Any, label: str, text: str, role: str = "textbox") -> Any:
    field = page.get_by_role(role, name=label).locator("visible=true").first
    field.fill(text)
    field.press("Enter")
    page.wait_for_timeout(80)
    return field


def shown(page: Any, selector: str) -> str:
    return page.locator(selector).locator("visible=true").first.inner_text()


def until(page: Any, selector: str, part: str) -> str:
    page.locator(selector).filter(has_text=part).locator("visible=true").first.wait_for()
    return shown(page, selector)


def test_what_is_typed_is_taken_or_said_why_not(page: Any) -> None:
    """And a number that is put back by typing it, without leaving the field, is taken too."""
    sodium = typed(page, "reversal potential (sodium)", "60")
    assert "set=E_Na:60" in _link(page)
    typed(page, "reversal potential (sodium)", "50")
    assert "set=" not in _link(page)
    for text, why in (
        ("1e7", "1e7 does not lie between"),
        ("abc", "abc is not a number; 50 stays."),
    ):
        typed(page, "reversal potential (sodium)", text)
        assert shown(page, ".wrong:not(:empty)").startswith(why)
        assert sodium.get_attribute("aria-invalid") == "true"
    page.locator("#tab-membrane").focus()  # what is left shows what is computed with
    assert sodium.input_value() == "50"
    page.click("#tab-clamp")
    held = typed(page, "Holding", "-7,5e1", "spinbutton")
    assert held.input_value() == "−75"
    held.press("ArrowUp")
    assert held.input_value() == "−74"
    typed(page, "Number of steps", "2,5", "spinbutton")
    assert shown(page, ".wrong:not(:empty)") == "2,5 is not a whole number; 15 stays."


def _link(page: Any) -> str:
    page.wait_for_timeout(400)  # the address follows a hand at rest
    return str(page.evaluate("location.hash"))


def test_a_clamp_in_a_link_has_its_numbers_beside_it(page: Any) -> None:
    """And a number that may be missing is taken when typed, and gone when taken away."""
    page.evaluate("(hash) => { location.hash = hash; }", f"{BASE}&clamp=5,20,-20&noise=0,50,2")
    typed(page, "clamp 1: voltage", "0")
    typed(page, "clamp 1: ends at", "10")
    typed(page, "noise 2: τ", "3")
    assert "clamp=5,20,0,to:10&noise=0,50,2,tau:3&" in _link(page)
    typed(page, "noise 2: τ", "")
    assert "noise=0,50,2&" in _link(page)


def test_what_was_copied_is_seen(page: Any) -> None:
    page.get_by_role("button", name="Share").click()
    page.get_by_role("menuitem", name="Copy the link").click()
    assert until(page, ".notice", "copied") == "copied"


def test_labels_of_a_family_stand_where_its_steps_end(chromium: Any, file: Path) -> None:
    """Against the steady current of each: heights on the drawing are a line of it. And axes have
    numbers enough to be read."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(WRITTEN)
    page, seen = opened(context, file, f"{BASE}&tab=clamp&steps=first:-47,last:47,number:2")
    page.wait_for_selector(".room.clamp .said:not(:empty)")
    page.wait_for_timeout(200)
    found = dict(page.evaluate("Array.from(window.written)"))
    heights = np.array([found[f"group {text}"] for text in ("−47", "47")])
    held = lo.from_link(f"{BASE}&tab=clamp&steps=first:-47,last:47,number:2").simulate()
    steady = (held.I_Na + held.I_K + held.I_L).sel(time=11.9, method="nearest")
    axis = [found["group 1000"], found["group 3000"]]
    expected = axis[0] + (steady.values - 1000) / 2000 * (axis[1] - axis[0])
    np.testing.assert_allclose(heights, expected, atol=9)  # half a letter, where two would meet
    page.click("#tab-membrane")
    page.wait_for_timeout(300)
    assert {"group 1.0", "group 0.5", "group 0.0"} <= set(
        dict(page.evaluate("Array.from(window.written)"))
    )
    context.close()
    assert not seen.complaints


def test_the_early_peak_of_a_long_step_is_seen(page: Any) -> None:
    def inward(width: float) -> float:
        page.evaluate(
            "(hash) => { location.hash = hash; }", f"{BASE}&tab=clamp&steps=width:{width}"
        )
        text = until(page, ".room.clamp .said", "most inward")
        page.wait_for_timeout(600)
        text = shown(page, ".room.clamp .said")
        return float(re.findall(r"mV: −([\d.]+) µA", text)[0])

    short, long = inward(10), inward(500)
    assert long == pytest.approx(short, rel=1e-3)
    one = lo.from_link(f"{BASE}&tab=clamp&steps=width:500").simulate(record=["I_Na", "I_K", "I_L"])
    lowest = float((one.I_Na + one.I_K + one.I_L).min())
    assert lowest < -0.8 * short  # as Python, too, has it in its samples


def test_electrodes_lie_on_the_axon_and_its_wave_is_told(page: Any) -> None:
    def told(fragment: str, part: str) -> str:
        page.evaluate("(hash) => { location.hash = hash; }", f"{BASE}&tab=axon{fragment}")
        return until(page, ".room.axon .said", part)

    text = told("&axon=length:30", "12.0 mm apart")  # from 18 to 42: the second is at the end
    assert 12.3 < float(re.findall(r"at ([\d.]+) m/s", text)[0]) < 16  # faster at a sealed end
    assert told("&axon=length:30,first:35", "Put the electrodes apart")
    assert told("&set=g_Na:0&axon=sheath:myelin,first:7,second:17", "dies out")
    assert "about" in told("&axon=length:600,first:100,second:500", "m/s")
    assert told("&axon=length:900", "still on its way")
    assert told("", "12.3 m/s")


def test_a_wave_that_goes_beyond_the_usual_is_drawn_whole(chromium: Any, file: Path) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(WRITTEN)
    page, _ = opened(context, file, f"{BASE}&set=E_Na:115&tab=axon")
    until(page, ".room.axon .said", "m/s")
    assert "img 100" in dict(page.evaluate("Array.from(window.written)"))
    context.close()


def test_a_page_at_400_per_cent_needs_no_scrolling_sideways(chromium: Any, file: Path) -> None:
    """WCAG 2.2, 1.4.10: at 320 pixels."""
    context = chromium.new_context(viewport={"width": 320, "height": 256})
    page, _ = opened(context, file, f"{BASE}&pulse=5,40,10&tab=membrane")
    page.locator("canvas").first.wait_for()
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, tab.inner_text()
    context.close()


def test_what_a_student_has_solved_outlives_a_page_that_is_loaded_again(page: Any) -> None:
    page.click("#tab-tasks")
    page.fill("#task-name", "Ada")
    page.get_by_role("button", name="Begin").click()
    typed(page, "Your answer", "17")
    page.get_by_role("button", name="Set up in the lab").first.click()
    assert shown(page, ".strip").startswith("What is the smallest")
    page.reload()
    page.click("#tab-tasks")
    assert page.get_by_label("Your answer").first.input_value() == "17"
    assert shown(page, ".tasks [role=status]") == "Ada: 0 of 5 solved"
    page.get_by_role("button", name="Set up in the lab").first.click()
    page.click("#tab-tasks")
    assert page.locator(".strip").count() == 0  # the task is there
    page.get_by_role("button", name="another name").click()
    assert page.locator("#task-name").input_value() == ""


def test_a_sheet_that_is_solved_or_cannot_be_is_refused_when_it_is_made() -> None:
    def sheet(**task: Any) -> Any:
        return sheet_of({"task": [{"text": "?", "start": f"{BASE}&pulse=5,1,{{I}}&duration=30",
                                   "numbers": {"I": [20, 1]}, **task}]})  # fmt: skip

    with pytest.raises(UsageError, match=r"task 1: for I = 1 there is no answer: the mean rate"):
        tried(sheet(ask="rate"))
    with pytest.raises(UsageError, match=r"task 1: for I = 20 it is solved as it begins: the numb"):
        tried(sheet(reach="spikes", target=1))
    fine = tried(sheet(ask="minimum", of="I_Na"))
    assert re.search(r"minimum of I_Na: -[\d.]+ µA/cm²  \(I = ", key(fine, "Ada"))


def test_a_model_of_a_file_is_copied_as_what_runs(
    chromium: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Script and command name the file, as it is called, and compute what the page shows."""
    squid = lo.load(SQUID).replace(name="Söhne & <b>co</b>", g_K=40)
    (tmp_path / "own").mkdir()
    squid.save(tmp_path / "own" / "mine.toml")
    made = lo.lab(tmp_path / "own" / "mine.toml", lo.Pulse(5, 1, 20), 20)
    context = chromium.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page, seen = opened(context, made.save(tmp_path / "lab.html"))
    page.locator("canvas").first.wait_for()

    def copied(what: str) -> str:
        page.get_by_role("button", name="Share").click()
        page.get_by_role("menuitem", name=what).click()
        until(page, ".notice", "copied")
        return str(page.evaluate("navigator.clipboard.readText()"))

    script, command = copied("Python script"), copied("command")
    link = page.evaluate("location.hash")
    context.close()
    assert command.startswith("loligo run mine.toml --pulse 5 1 20 --duration 20 ")
    monkeypatch.chdir(tmp_path / "own")
    names: dict[str, Any] = {}
    exec(script.partition("\nprint(")[0], names)
    assert not link or lo.from_link(link, squid).duration == 20
    expected = lo.simulate(squid, lo.Pulse(5, 1, 20), 20, solver=lo.Taylor(portable=True))
    assert np.array_equal(names["rec"].V.values, expected.V.values)
    assert not seen.complaints
