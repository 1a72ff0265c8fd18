"""What is taken along of the tabs Clamp and Axon, the link, the script, the command and the table,
is what they show."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loligo as lo
from browser import opened
from loligo.cli import main

pytestmark = pytest.mark.slow

BASE = "#v=1&model=hodgkin-huxley-1952&set=g_K:30&duration=50"
CLAMP = "&tab=clamp&steps=holding:-70,first:-100,last:40,number:8,width:5&block=Na:3.3"
WAVES = (
    "&tab=axon&axon=diameter:300,length:40,side:both,lag:0.5,first:10,second:30",
    "&tab=axon&axon=sheath:myelin,fibre:8,g_ratio:0.6,side:right,first:3,second:15",
)


class Taken:
    def __init__(self, chromium: Any, file: Path, link: str, into: Path) -> None:
        self.context = chromium.new_context(
            accept_downloads=True, permissions=["clipboard-read", "clipboard-write"],
            reduced_motion="reduce",
        )  # fmt: skip
        self.page, self.seen = opened(self.context, file, link)
        self.into = into

    def chosen(self, name: str) -> None:
        self.page.get_by_role("button", name="Share").click()
        self.page.get_by_role("menuitem", name=name).click()

    def text(self, name: str) -> str:
        self.page.evaluate("navigator.clipboard.writeText('')")
        self.chosen(name)
        for _ in range(100):
            if text := self.page.evaluate("navigator.clipboard.readText()"):
                return text
            self.page.wait_for_timeout(20)
        raise AssertionError(f"{name} gives nothing")

    def recording(self) -> Any:
        """What the script makes."""
        names: dict[str, Any] = {}
        script = self.text("Copy as a Python script").replace("lo.plot(rec)", "")
        exec(compile(script, "script.py", "exec"), names)
        return names["rec"]

    def table(self) -> tuple[list[str], np.ndarray]:
        with self.page.expect_download() as download:
            self.chosen("Save the data")
        download.value.save_as(self.into / "data.csv")
        with (self.into / "data.csv").open(encoding="utf-8", newline="") as text:
            head, *rows = csv.reader(text)
        return head, np.array([[float(cell) for cell in row] for row in rows]).T


def test_of_a_family_of_steps(
    chromium: Any, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = Taken(chromium, file, BASE + CLAMP, tmp_path)
    taken.page.locator("#room-clamp .said:not(:empty)").last.wait_for()
    link = taken.text("Copy the link")
    assert link.endswith(BASE + CLAMP)
    rec = lo.from_link(link).simulate()
    assert rec.voltage.values.tolist() == np.linspace(-100, 40, 8).tolist()
    assert float(rec.V[0, 0]) == -70  # held where it is steady before
    half = lo.load("hodgkin-huxley-1952").replace(g_K=30, g_Na=120 * 0.5)
    assert lo.from_link(link).arguments["model"] == half
    assert taken.recording().V.identical(rec.V)
    head, (time, *steps) = taken.table()
    assert head[1] == "I at -100 mV (uA/cm2)"
    assert np.array_equal(time, rec.time)
    assert np.array_equal(steps, rec.I_Na + rec.I_K + rec.I_L)
    monkeypatch.chdir(tmp_path)
    words = shlex.split(taken.text("Copy as a command"))
    assert main([*words[1:], "--output", "rec.npz"]) == 0
    assert np.array_equal(lo.open("rec.npz").V, rec.V)
    taken.context.close()
    assert not taken.seen.complaints


@pytest.mark.parametrize("link", WAVES)
def test_of_a_wave(chromium: Any, file: Path, tmp_path: Path, link: str) -> None:
    taken = Taken(chromium, file, BASE + link, tmp_path)
    taken.page.locator("#room-axon .said:not(:empty)").first.wait_for()
    assert taken.text("Copy the link").endswith(BASE + link)
    rec = lo.from_link(BASE + link).simulate()
    assert taken.recording().V.identical(rec.V)
    head, (time, *traces) = taken.table()
    places = [float(name.split()[2]) * 1e3 for name in head[1:]]
    assert np.allclose(time, rec.time, atol=1e-9)
    assert np.allclose(
        traces, rec.V.interp(position=places).transpose("position", "time"), atol=1e-4
    )
    if "myelin" not in link:
        command = shlex.split(taken.text("Copy as a command"))
        assert main([*command[1:-1], str(tmp_path / "wave.nc")]) == 0
        passed = [
            float(each.spike_time.isel(spike=0).interp(position=places[0]))
            for each in (rec, lo.open(tmp_path / "wave.nc"))
        ]
        assert passed[0] == pytest.approx(passed[1], rel=5e-3)  # in compartments of its own
    taken.context.close()
    assert not taken.seen.complaints


def test_what_a_hand_does_in_a_tab_is_undone_and_in_the_link(page: Any) -> None:
    def waited(part: str, there: bool = True) -> None:
        for _ in range(100):
            if (part in page.url) == there:
                return
            page.wait_for_timeout(50)
        raise AssertionError(page.url)

    page.click("#tab-axon")
    page.get_by_role("radio", name="myelinated").check()
    page.click("#tab-clamp")
    page.locator("#room-clamp .dose-field input").first.focus()
    page.keyboard.press("End")
    waited("block=Na:1000")
    waited("axon=sheath:myelin")
    page.locator("#room-clamp .drawing").first.focus()
    page.keyboard.press("Control+z")
    waited("block=", False)
    page.keyboard.press("Control+z")
    waited("axon=", False)
    page.keyboard.press("Control+y")
    waited("axon=sheath:myelin")
