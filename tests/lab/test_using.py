"""The page as a person uses it: by hand, by keyboard alone, and without seeing it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import loligo as lo
from browser import opened
from fired import fired

SQUID = "hodgkin-huxley-1952"
FOCUSABLE = """() => [...document.querySelectorAll(
  "button, input, select, summary, [tabindex]:not([tabindex='-1'])")].filter((each) =>
  !each.disabled && each.tabIndex >= 0 && each.checkVisibility({visibilityProperty: true}))"""
# what the keyboard comes by, from one element to the next, until it is where it began
WALKED = """async () => { window.walked = new Set();
  document.addEventListener("focusin", (event) => window.walked.add(event.target)); }"""

pytestmark = pytest.mark.slow


def numbers(page: Any) -> list[float]:
    """Of the stimulus: start, duration, amplitude, of one shape after the other."""
    page.wait_for_timeout(60)
    return [float(each.input_value()) for each in page.locator(".shape .typed").all()]


def drag(page: Any, selector: str, across: float, up: float, at: tuple[float, float] = (0.5, 0.5)):
    box = page.locator(selector).first.bounding_box()
    x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x + across * step / 5, y - up * step / 5)
        page.wait_for_timeout(20)
    page.mouse.up()


def until(page: Any, selector: str, holds: Callable[[str], bool], seconds: float = 20) -> str:
    """The text of an element once something holds of it; the page's policy forbids to ask there."""
    for _ in range(int(seconds * 20)):
        text = str(page.inner_text(selector))
        if holds(text):
            return text
        page.wait_for_timeout(50)
    raise AssertionError(f"{selector} says {text!r}")


def said(page: Any, part: str) -> str:
    """What a screen reader is told next that has a part in it."""
    return until(page, ".loligo-lab > [role=status]", lambda text: part in text)


def test_a_stimulus_is_drawn_and_dragged_and_each_movement_is_one_step(page: Any) -> None:
    drag(page, ".shape-grip.right", -120, 0)
    start, duration, amplitude = numbers(page)
    assert (start, amplitude) == (5, 10)
    assert 20 < duration < 39
    drag(page, ".shape-grip.top", 0, 15)
    assert numbers(page)[2] > 11
    drag(page, ".shape-grip.body", 60, 2)
    assert numbers(page)[0] > 7
    assert numbers(page)[1] == duration
    drag(page, ".draw-here", 40, 0, at=(0.85, 0.4))
    assert len(numbers(page)) == 6
    for _ in range(4):
        page.keyboard.press("Control+z")
    assert numbers(page) == [5, 40, 10]
    for _ in range(4):
        page.keyboard.press("Control+Shift+z")
    assert len(numbers(page)) == 6


def test_the_keyboard_alone_moves_everything(page: Any) -> None:
    page.focus("[role=tab][aria-selected=true]")
    tabs = page.locator("[role=tab]").count()
    for _ in range(tabs):  # all the way round
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == "Membrane"
    page.focus(".shape-grip.body")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    start, duration, amplitude = numbers(page)
    assert start > 5
    assert duration < 40
    assert amplitude > 10
    page.keyboard.press("Delete")
    assert numbers(page) == []
    assert said(page, "No action potential")
    page.focus(".adders .chip")
    page.keyboard.press("Enter")
    assert len(numbers(page)) == 3
    page.focus(".cursor")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(100)
    spoken = page.get_attribute(".cursor", "aria-valuetext")
    assert spoken.startswith("49.9 ms: V −")
    assert "m 0.0" in spoken
    page.focus(".parameters input[type=range]")
    page.keyboard.press("Home")
    page.wait_for_timeout(100)
    assert page.input_value(".parameters .typed") == "0"
    page.keyboard.press("Control+z")
    page.wait_for_timeout(60)
    assert page.input_value(".parameters .typed") == "120"


@pytest.mark.parametrize("tab", ["membrane", "live", "equations"])
def test_the_keyboard_comes_to_all_that_can_be_pressed(page: Any, tab: str) -> None:
    page.click(f"#tab-{tab}")
    page.wait_for_timeout(200)
    page.evaluate(WALKED)
    page.focus(f"#tab-{tab}")
    count = page.evaluate(f"({FOCUSABLE})().length")
    for _ in range(count + 3):
        page.keyboard.press("Tab")
    missed = page.evaluate(
        f"({FOCUSABLE})().filter((each) => !window.walked.has(each)).map((each) => each.outerHTML)"
    )
    assert missed == []


@pytest.mark.parametrize(
    ("amplitude", "duration", "text"),
    [
        (2, 1, "No action potential: V is highest at {high:.1f} ms, {V:.1f} mV."),
        (20, 1, "One action potential, at {times[0]:.1f} ms, to {peak:.0f} mV."),
        (10, 40, "3 action potentials, at {times[0]:.1f}, {times[1]:.1f} and {times[2]:.1f} ms"),
        (60, 44, "{count} action potentials, from {times[0]:.1f} to {last:.1f} ms"),
    ],
)
def test_a_trace_is_told_to_those_who_do_not_see_it(
    page: Any, amplitude: float, duration: float, text: str
) -> None:
    rec = lo.simulate(lo.load(SQUID), lo.Pulse(5, duration, amplitude), 50)
    V, times = rec.V.values, fired(rec)
    peak = float(rec.spike_peak.max()) if times.size else 0.0
    high = float(rec.time[int(V.argmax())])
    last = float(times[-1]) if times.size else 0.0
    found = {"high": high, "V": V.max(), "times": times, "last": last, "peak": peak}
    wanted = text.format(**found, count=times.size)
    for place, value in ((1, duration), (2, amplitude)):
        page.locator(".shape .typed").nth(place).fill(str(value))
        page.keyboard.press("Enter")
    assert said(page, wanted.replace("-", "−"))


def test_the_page_tells_why_it_fired_as_python_does(page: Any) -> None:
    told = lo.narrate(lo.simulate(lo.load(SQUID), lo.Pulse(5, 40, 10), 50))
    assert page.inner_text(".verdict") == told.text.splitlines()[1]
    assert page.locator(".phase .told").all_inner_texts() == told.marks.words.values.tolist()


def test_a_symbol_is_explained_and_its_slider_moves_the_model(page: Any) -> None:
    page.click("#tab-equations")
    page.hover(".block [data-name=g_Na]")
    assert "maximal conductance (sodium)" in page.inner_text(".term-about")
    page.click(".block [data-name=g_Na]")
    page.focus(".term-about input[type=range]")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(60)
    assert float(page.input_value(".term-about .typed")) > 120
    assert page.locator("math").count() == len(lo.load(SQUID).equations.blocks)


def test_a_cell_goes_on_without_end_and_can_be_poked(page: Any) -> None:
    page.click("#tab-live")
    page.focus(".inject")
    page.keyboard.down(" ")
    until(page, ".rate", lambda text: "Hz" in text)
    page.keyboard.up(" ")
    assert said(page, "It fires, ")
    until(page, ".rate", lambda text: text == "quiet")
    count = page.inner_text(".rate-note")
    page.wait_for_timeout(300)
    assert page.inner_text(".rate-note") == count
    page.keyboard.press("Enter")
    until(page, ".rate-note", lambda text: text != count)


def test_a_model_that_is_not_there_and_a_parameter_that_cannot_be_are_refused(page: Any) -> None:
    box = page.locator(".parameters .typed").first
    for text in ("-1", "1e999", "NaN", "0x10", "12 mS"):
        box.fill(text)
        page.keyboard.press("Enter")
        assert box.get_attribute("aria-invalid") == "true", text
    box.fill("0")
    page.keyboard.press("Enter")
    assert said(page, "No action potential")
    warm = page.get_by_label("temperature, °C")
    for text in ("1001", "-274"):  # no link may say so
        warm.fill(text)
        page.keyboard.press("Enter")
        assert warm.get_attribute("aria-invalid") == "true", text


def test_on_a_phone_a_slider_that_is_come_to_is_in_sight(chromium: Any, file: Path) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    shown, _ = opened(context, file, f"#v=1&model={SQUID}&tab=membrane")
    shown.wait_for_selector(".verdict:not(:empty)")
    slider = shown.locator("#room-membrane .parameters input[type=range]").last
    for way in (10**6, 0):  # from below and from above
        shown.evaluate("(way) => scrollTo(0, way)", way)
        slider.scroll_into_view_if_needed()
        on_top = slider.evaluate("""(each) => {
          const { x, y, width, height } = each.getBoundingClientRect();
          return document.elementFromPoint(x + width / 2, y + height / 2) === each;
        }""")
        assert on_top
    context.close()
