"""``loligo axon``: what it writes, what it says, and how it ends."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PIL import Image

import loligo as lo
from commands import called
from loligo.cli import main

SMALL = ("--size", "480x400", "--fps", "5")
QUICK = ("--length", "4 cm")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def loligo(capsys: pytest.CaptureFixture[str]):
    return partial(called, capsys, "axon")


def test_without_arguments_it_is_the_classical_demonstration(loligo):
    status, out, err = loligo(*SMALL)
    assert (status, err) == (0, "")
    assert "wrote travelling_action_potential.gif (26 frames of 480 × 400" in out
    speed = float(out.split("conduction velocity ")[1].split()[0])
    assert speed == pytest.approx(18.73, rel=2e-3)
    with Image.open("travelling_action_potential.gif") as film:
        assert film.size == (480, 400)


def test_two_shocks_meet_and_the_picture_is_a_figure(loligo):
    status, out, _ = loligo(
        "--at", "0", "0.5", "0.2", "30e3", "--at", "4 cm", "0.5", "0.2", "30e3", *QUICK,
        "--output", "collision.png", "--theme", "dark",
    )  # fmt: skip
    assert status == 0
    assert "two action potentials met and vanished" in out
    with Image.open("collision.png") as picture:
        assert picture.size == (1600, 1300)


def test_the_recording_can_be_kept_and_animated_later(loligo):
    status, _, _ = loligo(*QUICK, "--celsius", "6.3", "-o", "cold.nc")
    assert status == 0
    rec = lo.open("cold.nc")
    assert rec.attrs["model_kind"] == "axon"
    assert float(lo.conduction_velocity(rec)) == pytest.approx(12.31, rel=5e-3)
    assert main(["animate", "cold.nc", "-o", "cold.gif", *SMALL]) == 0


def test_thinner_axons_get_a_weaker_shock_and_conduct_more_slowly(loligo):
    status, out, _ = loligo("--diameter", "119", "--length", "20000", "-o", "thin.png")
    assert status == 0
    assert float(out.split("conduction velocity ")[1].split()[0]) == pytest.approx(9.36, rel=5e-3)


def test_a_wave_that_warmth_makes_small_still_counts_and_heat_blocks(loligo):
    _, warm, _ = loligo(*QUICK, "--celsius", "30", "-o", "warm.nc")
    assert float(warm.split("conduction velocity ")[1].split()[0]) == pytest.approx(23.4, rel=5e-3)
    _, hot, _ = loligo(*QUICK, "--celsius", "40", "-o", "hot.nc")
    assert "no action potential travelled" in hot or "blocked" in hot


@pytest.mark.parametrize(
    ("words", "wording"),
    [
        (("--at", "1", "2"), "--at takes PLACE START DURATION AMPLITUDE, such as --at 0 1 0.2"),
        (("--at", "11 cm", "1", "1", "1e3"), "is off the axon"),
        (("--diameter", "-3"), "diameter must be above 0 um, but is -3 um"),
        (("--length", "short"), "length: 'short' does not begin with a number"),
        (("--output", "wave.txt"), "cannot write .txt files; use .gif"),
        (("--fps", "5", "-o", "wave.png"), "--fps: a .png file does not move"),
        (("no-such-model",), "no-such-model"),
        (("--celsius", "5", "--set", "celsius=6"), "both give the temperature"),
        (("--panels", "U", "--length", "2 cm"), "'U' is not a panel"),
        (("--set", "g_Na=60:120:3", "--length", "2 cm"), "3 axons along 'g_Na'"),
    ],
)
def test_mistakes_are_told_without_a_traceback(loligo, words, wording):
    status, _, err = loligo(*words)
    assert status == 2
    assert wording in err
    assert not list(Path().iterdir())
