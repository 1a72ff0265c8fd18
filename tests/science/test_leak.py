"""Leak subtraction: exact where all is leak, and what it takes off where not all is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import loligo as lo

CELL = lo.Membrane(C_m=1, area=2500, channels=[lo.Channel("M", g=0.4, E=-30)])
SQUID = lo.load("hodgkin-huxley-1952")
RIG = lo.Amplifier(8, compensation=0.5, slow_cancellation=20, leak=1, offset=2, level=4)


def family(rig: lo.Amplifier | None = None, **more: Any) -> Any:
    hold = lo.VoltageClamp(0, 1, -70, amplifier=rig)
    step = lo.VoltageClamp(1, 2, [-40.0, 0.0, 60.0], amplifier=rig, **more)
    return hold + step + lo.VoltageClamp(3, 2, -90, amplifier=rig)


def leaves_nothing(rig: lo.Amplifier | None, parts: float, solver: Any) -> None:
    """From rest, with a current besides, over steps and a ramp."""
    done = family(rig, to=20) + lo.Pulse(2, 1, 3)
    rec = lo.simulate(CELL, done, 6, solver=solver, record=["V", "I_clamp"], initial=-30)
    for base in (None, -110):
        found = lo.leak_subtracted(rec, parts, base=base)
        peak = float(np.abs(rec.I_clamp).max())
        assert np.abs(found.I_subtracted).max() < 1e-9 * peak
        assert np.abs(found.I_linear).max() > 0.1 * peak
        assert found.I_subtracted.dims == ("voltage", "time")


def test_of_a_membrane_that_is_all_leak_nothing_is_left() -> None:
    leaves_nothing(None, -4, lo.Exponential())


@pytest.mark.slow
@pytest.mark.parametrize("parts", [4, -4, 2.5])
@pytest.mark.parametrize("rig", [None, RIG, RIG.replace(level=0)], ids=["ideal", "4", "0"])
def test_of_leak_behind_an_amplifier_nothing_is_left(
    rig: lo.Amplifier | None, parts: float
) -> None:
    leaves_nothing(rig, parts, lo.Taylor(1e-12))


def gate(name: str, v: float) -> tuple[float, float]:
    """The steady value and the rate: Hodgkin & Huxley 1952, eq. 12 to 24, V absolute."""
    u = v + 65
    a, b = {
        "m": (0.1 * (u - 25) / -np.expm1(-(u - 25) / 10), 4 * np.exp(-u / 18)),
        "h": (0.07 * np.exp(-u / 20), 1 / (1 + np.exp(-(u - 30) / 10))),
        "n": (0.01 * (u - 10) / -np.expm1(-(u - 10) / 10), 0.125 * np.exp(-u / 80)),
    }[name]
    return a / (a + b), a + b


def flows(path: list[tuple[float, float]], v: float, since: np.ndarray) -> np.ndarray:
    """Ionic current at a voltage after others for so long each (ms), uA/cm2."""
    x = {}
    for name in "mhn":
        at, _ = gate(name, path[0][0])
        for before, long in path:
            end, rate = gate(name, before)
            at = end + (at - end) * np.exp(-rate * long)
        end, rate = gate(name, v)
        x[name] = end + (at - end) * np.exp(-rate * since)
    sodium = 120 * x["m"] ** 3 * x["h"] * (v - 50)
    return sodium + 36 * x["n"] ** 4 * (v + 77) + 0.3 * (v + 54.387)


@pytest.mark.parametrize(("parts", "base"), [(-4, None), (4, None), (-4, -100.0)])
def test_the_small_steps_of_a_membrane_with_channels(parts: float, base: float | None) -> None:
    """Each of the currents from the analytic gates, which begin at -65 mV."""
    clamp = lo.VoltageClamp(0, 5, -65) + lo.VoltageClamp(5, 5, [-20.0, 30.0])
    rec = lo.simulate(
        SQUID, clamp, 10, solver=lo.Exponential(), record=["I_clamp"], initial=-65
    ).isel(time=slice(-1))
    found = lo.leak_subtracted(rec, parts, base=base)
    late = rec.time.values >= 5 - 1e-9
    since, low = rec.time.values[late] - 5, -65.0 if base is None else base
    kept, led = [(-65.0, 5.0)], [(-65.0, 0.0), (low, 5.0)]
    for v in (-20.0, 30.0):
        small = parts * (flows(led, low + (v + 65) / parts, since) - flows(led, low, since))
        exact = flows(kept, v, since) - flows(kept, -65, since) - small
        made = found.I_subtracted.sel(voltage=v).values[late]
        assert np.abs(made - exact).max() < 1e-9 * np.abs(exact).max()


@pytest.mark.slow
def test_it_can_be_drawn() -> None:
    clamp = lo.VoltageClamp(0, 5, -65) + lo.VoltageClamp(5, 5, 0)
    rec = lo.simulate(SQUID, clamp, 10, solver=lo.Exponential())
    assert lo.plot(lo.leak_subtracted(rec)) is not None


@pytest.mark.slow
def test_lanes_that_were_picked_out_and_what_is_said() -> None:
    rec = lo.simulate(
        CELL, family(RIG.replace(level=5)), 5, solver=lo.Reference(), record=["V", "I_out"]
    )
    whole = lo.leak_subtracted(rec)
    one = lo.leak_subtracted(rec.sel(voltage=60.0).isel(time=slice(10, None)))
    assert np.array_equal(one.I_linear, whole.I_linear.sel(voltage=60.0)[10:])
    assert one.I_subtracted.attrs["units"] == "nA"
    assert "P/-4" in one.I_subtracted.attrs["long_name"]
    assert whole.attrs["summary"].startswith("I_out less leak and capacitive current by P/-4")


def simulated(stimulus: Any, **asked: Any) -> Any:
    return lo.simulate(CELL, stimulus, 5, solver=lo.Reference(), **asked)


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "no clamp": (lambda: simulated(lo.Pulse(1, 1, 5)), r"nothing holds V"),
    "nothing": (lambda: simulated(None), r"nothing holds V"),
    "no recording": (lambda: CELL, r"takes a recording"),
    "one clamp": (lambda: simulated(lo.VoltageClamp(1, 2, 0)), r"say it, holding=-65"),
    "no current": (
        lambda: simulated(family(), record=["V"]), r"neither I_out nor I_clamp; simulate again"
    ),
    "two at once": (
        lambda: simulated(lo.VoltageClamp(0, 3, 0) + lo.VoltageClamp(1, 3, 20)), r"at the same time"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_told_with_its_remedy(name: str) -> None:
    made, told = WRONG[name]
    with pytest.raises(lo.LoligoError, match=told):
        lo.leak_subtracted(made())


def test_wrong_arguments_are_told() -> None:
    rec = simulated(family(), record=["V", "I_clamp"])
    for parts in (0, 0.5, [2, 4], "many"):
        with pytest.raises(lo.LoligoError, match="parts"):
            lo.leak_subtracted(rec, parts)
    with pytest.raises(lo.LoligoError, match=r"no 'I_clmp'.*did you mean I_clamp"):
        lo.leak_subtracted(rec, current="I_clmp")
    with pytest.raises(lo.LoligoError, match="holding"):
        lo.leak_subtracted(rec, holding="5 nA")


PATHS = {
    "lines": lo.Waveform([0, 1, 1, 2], [-70, 0, -40, 40], unit="mV", amplitude=0.9),
    "steps": lo.Waveform([0, 1, 1.5], [-70, 0, -40], unit="mV", hold=True),
    "noise": lo.Noise(0, 2, 5, tau=1, mean=-50, unit="mV", seed=[1, 2]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("rig", [None, RIG], ids=["ideal", "4"])
def test_commands_that_follow_samples_are_made_smaller_too(
    name: str, rig: lo.Amplifier | None
) -> None:
    """Of a membrane that is all leak nothing is left; of one with a channel that opens what flows
    through it, but for what opens in the small steps."""
    done = (
        lo.VoltageClamp(0, 1, -70, amplifier=rig)
        + lo.VoltageClamp(1, 2, PATHS[name], amplifier=rig)
        + lo.VoltageClamp(3, 2, -90, amplifier=rig)
    )  # fmt: skip
    solver = lo.Exponential(0.005)
    rec = lo.simulate(CELL, done, 6, solver=solver, record=["V", "I_clamp"], initial=-30)
    for base in (None, -110):
        found = lo.leak_subtracted(rec, -4, base=base)
        assert np.abs(found.I_subtracted).max() < 1e-9 * float(np.abs(rec.I_clamp).max())
        assert np.abs(found.I_linear).max() > 0.1 * float(np.abs(rec.I_clamp).max())


@pytest.mark.slow
def test_a_first_command_that_follows_samples_holds_nowhere() -> None:
    clamps = lo.VoltageClamp(0, 2, PATHS["lines"]) + lo.VoltageClamp(2, 2, -90)
    rec = lo.simulate(CELL, clamps, 5, solver=lo.Exponential(), initial=-30)
    with pytest.raises(lo.LoligoError, match="say it, holding=-65"):
        lo.leak_subtracted(rec)
    assert "I_subtracted" in lo.leak_subtracted(rec, holding=-70)
    many = lo.Waveform([0, 1, 2], [-70, 0, 40], unit="mV", amplitude=[0.5, 1])
    clamps = lo.VoltageClamp(0, 2, -70) + lo.VoltageClamp(2, 2, many)
    rec = lo.simulate(CELL, clamps, 5, solver=lo.Exponential(), initial=-30, record=["I_clamp"])
    with pytest.raises(lo.LoligoError, match="give the family as the waveform's own rows"):
        lo.leak_subtracted(rec)
