"""The tabs Clamp, Curves and Axon as a person uses them: by keys, by hand, told in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import loligo as lo
from browser import opened

SQUID = "hodgkin-huxley-1952"

pytestmark = pytest.mark.slow


def until(page: Any, selector: str, holds: Callable[[str], bool], seconds: float = 40) -> str:
    text = ""
    for _ in range(int(seconds * 20)):
        text = " ".join(page.locator(selector).all_inner_texts())
        if holds(text):
            return text.replace("\u2212", "-")
        page.wait_for_timeout(50)
    raise AssertionError(f"{selector} says {text!r}")


def grips(page: Any, room: str) -> dict[str, Any]:
    found = page.locator(f"#room-{room} [role=slider]").all()
    return {each.get_attribute("aria-label"): each for each in found}


def test_a_family_is_dragged_by_keys_and_its_curve_told(page: Any) -> None:
    page.click("#tab-clamp")
    before = until(page, "#room-clamp .said", lambda text: "most inward" in text)
    assert "It turns outward at 49.9 mV" in before
    own = grips(page, "clamp")
    assert {"Holding", "First step", "Last step", "Start", "Width"} <= set(own)
    own["Holding"].focus()
    for _ in range(3):
        page.keyboard.press("PageUp")  # -65 to -35 mV: sodium channels are inactivated
    held = until(page, "#room-clamp .said", lambda text: "35 mV" in text)
    assert own["Holding"].get_attribute("aria-valuenow") == "-35"
    inward = [float(re.findall(r"(-?[\d.]+) µA", text)[0]) for text in (before, held)]
    assert inward[1] > inward[0] / 4
    drop = page.locator("#room-clamp .dose-field input").first
    drop.focus()
    page.keyboard.press("End")
    assert "blocked" in drop.get_attribute("aria-valuetext")
    until(page, "#room-clamp .dose-field output >> nth=0", lambda text: "99.7 % blocked" in text)


def test_a_trace_is_chosen_by_keys_and_its_value_told(page: Any) -> None:
    page.click("#tab-clamp")
    until(page, "#room-clamp .said", lambda text: "most inward" in text)
    page.locator("#room-clamp .drawing").first.focus()
    page.keyboard.press("ArrowRight")
    first = until(page, "#room-clamp .gist", lambda text: "µA/cm²" in text)
    page.keyboard.press("ArrowUp")
    assert until(page, "#room-clamp .gist", lambda text: text.replace("\u2212", "-") != first)
    page.keyboard.press("Escape")
    until(page, "#room-clamp .gist", lambda text: "arrow keys" in text)


def test_curves_are_found_while_the_hand_moves_and_are_those_of_python(page: Any) -> None:
    page.click("#tab-curves")
    told = until(page, "#room-curves .gist", lambda text: "Rheobase" in text and "Hz" in text)
    squid = lo.load(SQUID)
    own = lo.experiments.strength_duration(squid, duration=[1])
    digits = re.findall(r"Rheobase ([\d.]+) .* chronaxie ([\d.]+)", told)[0]
    assert digits == tuple(f"{float(each):.4g}" for each in (own.rheobase, own.chronaxie))
    assert "m steady, h = 0.8735 (1" in told
    page.locator("#room-curves .parameters input[type=range]").first.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    until(page, "#room-curves .gist", lambda text: f"Rheobase {digits[0]}" not in text)
    point = page.locator("#room-curves [role=slider].round")
    before = point.get_attribute("aria-valuetext")
    point.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(200)
    assert point.get_attribute("aria-valuetext") != before


def test_a_wave_is_measured_between_electrodes_and_plays_on_request(page: Any) -> None:
    page.click("#tab-axon")
    told = until(page, "#room-axon .said", lambda text: "m/s" in text)
    apart, speed = map(float, re.findall(r"([\d.]+) mm apart, it travels at ([\d.]+)", told)[0])
    assert apart == 24
    wave = lo.travelling_wave(lo.Axon(lo.load(SQUID), 6e4, 476, 35.4))
    assert speed == pytest.approx(float(wave.velocity), rel=5e-3)
    own = grips(page, "axon")
    own["Electrode 1"].focus()
    page.keyboard.press("PageUp")
    until(page, "#room-axon .said", lambda text: "19.0 mm apart" in text)
    clock = page.locator("#room-axon .clockwork input")
    before = clock.input_value()
    page.wait_for_timeout(700)
    assert clock.input_value() == before  # nothing moves by itself
    page.get_by_role("button", name="Play in slow motion").press("Enter")
    page.wait_for_timeout(1500)
    assert clock.input_value() != before
    page.get_by_role("radio", name="both ends").check()
    until(page, "#room-axon .said", lambda text: "meet at 30" in text.replace("29.9", "30"))


@pytest.mark.parametrize("tab", ["clamp", "curves", "axon"])
def test_a_phone_held_upright_shows_all_of_its_width(chromium: Any, file: Path, tab: str) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    shown, seen = opened(context, file)
    shown.wait_for_selector(f"#tab-{tab}")
    shown.click(f"#tab-{tab}")
    shown.wait_for_timeout(1000)
    assert shown.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    context.close()
    assert not seen.complaints
