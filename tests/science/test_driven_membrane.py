"""What is done to a membrane, against the equations written anew and integrated by SciPy."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.text import Text
from scipy.integrate import solve_ivp

import loligo as lo

SQUID = lo.load("hodgkin-huxley-1952")
REST = [-64.9963793, 0.05296, 0.59599, 0.31773]
SOLVERS: dict[str, Any] = {
    "Taylor": lo.Taylor(1e-12),
    "Taylor, NumPy": lo.Taylor(1e-12, engine="numpy"),
    "Exponential": lo.Exponential(0.005),
    "Reference": lo.Reference(1e-12),
}
# the others take longer: each compiles a kernel of its own for every test
NAMES = [
    name if name == "Exponential" else pytest.param(name, marks=pytest.mark.slow)
    for name in SOLVERS
]
# mV; of second order in the step
WITHIN = {"Exponential": 0.05}
EXACT = 5e-8


def rates(v: float) -> list[tuple[float, float]]:
    """Of m, h and n: Hodgkin & Huxley 1952, eq. 12 to 24, V absolute."""
    u = v + 65
    return [
        (0.1 * (u - 25) / -np.expm1(-(u - 25) / 10), 4 * np.exp(-u / 18)),
        (0.07 * np.exp(-u / 20), 1 / (1 + np.exp(-(u - 30) / 10))),
        (0.01 * (u - 10) / -np.expm1(-(u - 10) / 10), 0.125 * np.exp(-u / 80)),
    ]


def ionic(y: np.ndarray) -> Any:
    v, m, h, n = y
    return 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)


def gates(y: np.ndarray) -> list[float]:
    return [a * (1 - x) - b * x for (a, b), x in zip(rates(y[0]), y[1:], strict=True)]


def free(
    current: Callable[[float, float], float], edges: list[float], times: np.ndarray,
    first: list[float], shocks: dict[float, float] | None = None,
) -> np.ndarray:  # fmt: skip
    """(4, times): C dV/dt = current(t, V) - ionic, from edge to edge."""
    states, parts = np.array(first), []
    for a, b in itertools.pairwise(edges):
        states = states + np.array([(shocks or {}).get(a, 0.0), 0, 0, 0])
        inside = times[(times >= a - 1e-9) & (times < b - 1e-9)]
        found = solve_ivp(
            lambda t, y, b=b: [current(min(t, np.nextafter(b, a)), y[0]) - ionic(y), *gates(y)],  # noqa: B023
            (a, b), states, "DOP853", np.append(inside, b), rtol=1e-12, atol=1e-13,
        )  # fmt: skip
        states = found.y[:, -1]
        parts.append(found.y[:, :-1])
    return np.concatenate([*parts, states[:, None]], axis=1)


def recorded(stimulus: Any, solver: Any, duration: float = 20) -> xr.Dataset:
    start = dict(zip(("V", "m", "h", "n"), REST, strict=True))
    return lo.simulate(SQUID, stimulus, duration, solver=solver, initial=start)


def alpha(t: float, start: float, tau: float) -> float:
    s = max(t - start, 0) / tau
    return s * np.exp(1 - s)


@pytest.mark.parametrize("name", NAMES)
def test_conductances_and_currents_add_up(name: str) -> None:
    stimulus = (
        lo.Conductance(2, 0.5, 0, tau=1.5)
        + lo.Conductance(7.3, 0.4, -80, tau=4, rise=0.5)
        + lo.Conductance(12, 0.3, -20, duration=3)
        + lo.Alpha(4, 2, 5)
        + lo.Pulse(1, 1, 4)
    )
    peak = 0.5 * 4 / 3.5 * np.log(4 / 0.5)  # ms, of exp(-t/4) - exp(-t/0.5)
    norm = 1 / (np.exp(-peak / 4) - np.exp(-peak / 0.5))

    def current(t: float, v: float) -> float:
        late = max(t - 7.3, 0)
        g = 0.4 * norm * (np.exp(-late / 4) - np.exp(-late / 0.5))
        total = 0.5 * alpha(t, 2, 1.5) * (0 - v) + g * (-80 - v) + 5 * alpha(t, 4, 2)
        return total + 0.3 * (12 <= t < 15) * (-20 - v) + 4 * (1 <= t < 2)

    rec = recorded(stimulus, SOLVERS[name])
    y = free(current, [0, 1, 2, 4, 7.3, 12, 15, 20], rec.time.values, REST)
    assert np.abs(rec.V - y[0]).max() < WITHIN.get(name, EXACT)
    into = [current(t + 1e-9, v) for t, v in zip(rec.time.values, y[0], strict=True)]
    assert np.abs(rec.I_stim - into).max() < (0.03 if name in WITHIN else 1e-6)
    assert rec.spike_count == 1


@pytest.mark.parametrize("name", ["Taylor", *NAMES[1:]])
def test_a_shock_displaces_V_alone(name: str) -> None:
    rec = recorded(lo.Shock(3, 8) + lo.Shock(14, "-12 nC/cm2"), SOLVERS[name])
    y = free(lambda t, v: 0.0, [0, 3, 14, 20], rec.time.values, REST, {3: 8.0, 14: -12.0})
    assert np.abs(rec.V - y[0]).max() < WITHIN.get(name, EXACT)
    assert np.abs(rec.h - y[2]).max() < (1e-3 if name in WITHIN else 1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_an_electrode_with_a_resistance(name: str) -> None:
    """5 ohm cm2: V follows the command with a time constant of 5 us, and misses it by I R."""
    rec = recorded(lo.VoltageClamp(2, 8, 0, series_resistance="5 ohm*cm2"), SOLVERS[name])
    y = free(lambda t, v: 200.0 * (2 <= t < 10) * (0 - v), [0, 2, 10, 20], rec.time.values, REST)
    assert np.abs(rec.V - y[0]).max() < WITHIN.get(name, EXACT)
    on = (rec.time >= 2) & (rec.time < 10 - 1e-9)
    assert np.abs(rec.I_clamp - xr.where(on, 200 * (0 - y[0]), 0)).max() < 200 * WITHIN.get(
        name, 2e-8
    )


def test_a_resistance_in_megohm_needs_an_area() -> None:
    clamp = lo.VoltageClamp(2, 8, 0, series_resistance=0.5)
    with pytest.raises(lo.LoligoError, match=r"area"):
        lo.simulate(SQUID, clamp, 12)
    # 0.5 Mohm over 1000 um2 = 1e-5 cm2 is 5 ohm cm2
    small = lo.simulate(SQUID.replace(area=1000), clamp, 12)
    text = lo.simulate(SQUID, lo.VoltageClamp(2, 8, 0, series_resistance="5 ohm*cm2"), 12)
    assert np.abs(small.V - text.V).max() < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_the_command_may_move(name: str) -> None:
    """From -90 to 60 mV in 15 ms: V is the command, gates follow it, the electrode gives C dV/dt
    and the ionic current."""
    rec = recorded(lo.VoltageClamp(2, 15, -90, to=60), SOLVERS[name])
    on = (rec.time.values >= 2 - 1e-9) & (rec.time.values < 17 - 1e-9)
    t = rec.time.values[on]
    command = -90 + 10 * (t - 2)
    assert np.abs(rec.V.values[on] - command).max() < 1e-11
    first = [float(rec[x][on][0]) for x in "mhn"]
    found = solve_ivp(
        lambda t, y: gates(np.array([-90 + 10 * (t - 2), *y])), (2, 17), first, "DOP853", t,
        rtol=1e-12, atol=1e-13,
    )  # fmt: skip
    for x, exact in zip("mhn", found.y, strict=True):
        assert np.abs(rec[x].values[on] - exact).max() < (2e-5 if name in WITHIN else 1e-9)
    flows = 1.0 * 10 + ionic(np.array([command, *found.y]))
    assert np.abs(rec.I_clamp.values[on] - flows).max() < (0.2 if name in WITHIN else 1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_family_of_commands_is_one_call(name: str) -> None:
    """Holding, prepulse and test pulses add up; the peak sodium current of a textbook's family."""
    hold = lo.VoltageClamp(0, 5, -65)
    test = lo.VoltageClamp(5, 10, [-35.0, 0, 40])
    rec = lo.simulate(
        SQUID, hold + test, 20, solver=SOLVERS[name], initial=-65, sample_interval=0.01,
        record=["V", "I_Na", "I_clamp"],
    )  # fmt: skip
    assert rec.V.dims == ("voltage", "time")
    late = rec.time > 5 + 1e-9
    for v, one in rec.where(late, drop=True).groupby("voltage"):
        h0 = rates(-65)[1][0] / sum(rates(-65)[1])
        (am, bm), (ah, bh), _ = rates(float(v))
        m0 = rates(-65)[0][0] / sum(rates(-65)[0])
        since = one.time.values[one.time.values < 15] - 5
        m = am / (am + bm) + (m0 - am / (am + bm)) * np.exp(-(am + bm) * since)
        h = ah / (ah + bh) + (h0 - ah / (ah + bh)) * np.exp(-(ah + bh) * since)
        exact = 120 * m**3 * h * (float(v) - 50)
        made = one.I_Na.values.ravel()[: since.size]
        bound = 1e-9 if name == "Reference" else 1e-10  # of the peak
        assert np.abs(made - exact).max() < bound * np.abs(exact).max()


@pytest.mark.parametrize("name", ["Taylor", *NAMES[1:]])
def test_the_charge_of_a_jump_is_told_apart(name: str) -> None:
    """C times what the electrode moves V by; a shock under the clamp is taken up by it, one on a
    free membrane is not its own."""
    steps = lo.VoltageClamp(2, 3, [-20.0, 40]) + lo.VoltageClamp(5, 4, -70)
    rec = lo.simulate(
        SQUID.replace(C_m=1.5), steps + lo.Shock(7, 3) + lo.Shock(5, 10) + lo.Shock(11, -8), 20,
        solver=SOLVERS[name], record=["V"],
    )  # fmt: skip
    before = rec.V.values[:, 0]  # at rest until the clamp
    found = [
        [1.5 * (v - r), 1.5 * (-70 - v - 10), -1.5 * 3, 0]
        for v, r in zip((-20, 40), before, strict=True)
    ]
    assert np.abs(rec.Q_clamp.values - found).max() < 1e-6
    assert rec.edge_time.values.tolist() == [2, 5, 7, 11]
    assert rec.Q_clamp.dims == ("voltage", "edge")
    assert rec.Q_clamp.attrs["units"] == "nC/cm2"
    late = rec.sel(time=slice(5, 8.99)).V.values
    assert (late == -70).all()  # the shock moves no V


@pytest.mark.parametrize("suffix", ["nc", "npz", "csv", "xlsx"])
def test_charges_in_files(suffix: str, tmp_path: Path) -> None:
    start = xr.DataArray([-3.0, 1, 50, 2], dims="case")
    rec = lo.simulate(SQUID, lo.VoltageClamp(start, 2, -10) + lo.VoltageClamp(20, 1, 7), 30)
    assert rec.Q_clamp.isnull().values.tolist() == [[False, True], [False] * 2] * 2
    assert rec.edge_time.values[1].tolist() == [1, 20]
    lo.save(rec, tmp_path / f"held.{suffix}")
    again = lo.open(tmp_path / f"held.{suffix}")
    assert again.identical(rec)
    assert lo.rerun(again).identical(rec)


def test_what_is_meant_otherwise_is_said() -> None:
    with pytest.warns(UserWarning, match="the voltage of VoltageClamp.* would be next to nothing"):
        lo.simulate(SQUID, lo.VoltageClamp(2, 3, -0.065), 6)
    with pytest.raises(lo.LoligoError, match="add them with"):
        lo.simulate(SQUID, [lo.Pulse(1, 1, 5), lo.Pulse(3, 1, 5)], 6)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_only_a_free_membrane_makes_spikes(name: str) -> None:
    """A clamp's steps and ramps through the threshold are none; a shock's displacement is one."""
    held = lo.VoltageClamp(1, 2, 20) + lo.VoltageClamp(3, 4, -90, to=0)
    rec = recorded(held + lo.Shock(7, -80) + lo.Shock(2, 60) + lo.Shock(14, 90), SOLVERS[name])
    assert rec.spike_time.values[: int(rec.spike_count)].tolist() == [14]
    soft = lo.VoltageClamp(2, 2, 20, series_resistance="5 ohm*cm2")  # V is free
    assert int(recorded(soft, SOLVERS[name], 4).spike_count) == 1


def test_a_family_is_drawn_with_what_the_electrode_gives() -> None:
    hold = lo.VoltageClamp(0, 2, -65)
    rec = lo.simulate(SQUID, hold + lo.VoltageClamp(2, 3, [-20, 0, 20]), 6, initial=-65)
    figure = lo.plot(rec)
    upper, lower = figure.axes[:2]
    assert min(len(upper.lines), len(lower.lines)) >= 3
    assert any("Current of the clamp" in text.get_text() for text in figure.findobj(Text))
