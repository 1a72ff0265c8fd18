"""Every current under a clamp: of its gates' exponentials, through a resistance by SciPy; the
charge of its jumps; and what is on as a run ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

import held_gates as exact
import loligo as lo

SQUID = "hodgkin-huxley-1952"
HELD = -65.0
FAMILY = np.array([-100, -77, -65, -40, -35, 0, 12.5, 45, 55, 80])  # also at 0/0 and reversals
SLOW = pytest.mark.slow
CASES = [
    pytest.param(name, solver, within, marks=() if (name, within) == (SQUID, 1e-11) else SLOW)
    for name in sorted(exact.LIBRARY)
    for solver, within in ((lo.Exponential(), 1e-11), (lo.Taylor(1e-12), 1e-10))
]


def lanes(*values: float) -> xr.DataArray:
    return xr.DataArray(np.array(values, dtype=float), dims="case")


def family(name: str, solver: Any) -> tuple[xr.Dataset, dict[str, np.ndarray]]:
    """What was recorded from the step on, and each current as it is, (commands, times)."""
    model = exact.LIBRARY[name]
    clamps = lo.VoltageClamp(0, 2, HELD) + lo.VoltageClamp(2, 18, FAMILY)
    rec = lo.simulate(
        lo.load(name), clamps, 20, solver=solver, initial=HELD, sample_interval=0.05
    ).sel(time=slice(2 - 1e-9, None))
    before, since = exact.steady(model, HELD), rec.time.values - 2
    truth = {
        f"I_{channel}": np.array([exact.flow(model, channel, before, V, since) for V in FAMILY])
        for channel in model
    }
    return rec, {**truth, "I_clamp": sum(truth.values())}


@pytest.mark.parametrize(("name", "solver", "within"), CASES)
def test_every_current_of_a_family(name: str, solver: Any, within: float) -> None:
    """Of each lane's own peak, the one in which it all but stands still included; of the whole,
    which is nearly nothing there, of the family's."""
    rec, truth = family(name, solver)
    for current, rows in truth.items():
        off = np.abs(rec[current].values - rows).max(axis=1)
        peak = np.abs(rows).max(axis=1)
        peak = np.full(peak.shape, peak.max()) if current == "I_clamp" else peak
        assert (off <= within * peak).all(), (current, off / peak)


@SLOW
@pytest.mark.parametrize("name", sorted(exact.LIBRARY))
def test_every_current_of_a_family_by_default(name: str) -> None:
    rec, truth = family(name, None)
    for current, rows in truth.items():
        off = np.abs(rec[current].values - rows).max() / np.abs(rows).max()
        assert off < 1e-7, (current, off)


def electrode(name: str, resistance: float, command: float, times: np.ndarray) -> np.ndarray:
    """The current through a resistance (ohm cm2), uA/cm2, from V and gates as at -65 mV."""
    model = exact.LIBRARY[name]
    gates = {n: k for _, _, each in model.values() for n, k in each.items()}
    moving = [n for n, k in gates.items() if k.tau is not None]
    before = exact.steady(model, HELD)
    (C,) = [p.value for n, p in lo.load(name).parameters.items() if n == "C_m"]

    def rate(t: float, y: np.ndarray) -> list[float]:
        V, now = y[0], dict(zip(moving, y[1:], strict=True))
        every = {n: k.inf(V) if k.tau is None else now[n] for n, k in gates.items()}
        flows = sum(exact.conductance(model, c, every) * (V - model[c][1]) for c in model)
        relax = [(gates[n].inf(V) - now[n]) / gates[n].tau(V) for n in moving]
        return [((command - V) * 1e3 / resistance - float(flows)) / C, *relax]

    first = [HELD, *(before[n] for n in moving)]
    found = solve_ivp(
        rate, (0, times[-1]), first, "DOP853", times, rtol=1e-12, atol=1e-13,
        max_step=1.5e-3 * resistance * C,
    )  # fmt: skip
    return (command - found.y[0]) * 1e3 / resistance


@SLOW
@pytest.mark.filterwarnings("ignore:V goes up and down")
@pytest.mark.parametrize("name", sorted(exact.LIBRARY))
@pytest.mark.parametrize("resistance", [5.0, 500.0])
def test_the_current_through_a_resistance(name: str, resistance: float) -> None:
    commands = np.array([-100.0, 0.0, 45.0])
    for solver in (lo.Taylor(1e-12), lo.Reference(1e-12)):
        rec = lo.simulate(
            lo.load(name), lo.VoltageClamp(0, 6, commands, f"{resistance} ohm*cm2"), 6,
            solver=solver, initial=HELD, sample_interval=0.05,
        )  # fmt: skip
        for V, row in zip(commands, rec.I_clamp.values, strict=True):
            truth = electrode(name, resistance, V, rec.time.values)
            assert np.abs(row - truth).max() < 1e-8 * np.abs(truth).max(), (solver, V)


# ---- jumps, and the end of a run

STEPS = lo.Waveform([0, 1, 2, 2.5, 3], [-65, -20, -20, 10, -40], unit="mV", hold=True)
LINES = lo.Waveform([0, 1, 1, 2, 2, 2, 3], [-65, -20, -10, 0, 10, 30, 40], unit="mV")
LAST = 5.0


@pytest.mark.parametrize(
    "solver",
    [
        lo.Exponential(), pytest.param(lo.Exponential(0.007, engine="numpy"), marks=SLOW),
        pytest.param(lo.Reference(), marks=SLOW),
    ],
    ids=["Exponential", "off the grid", "Reference"],
)  # fmt: skip
def test_the_charge_of_a_command_s_own_jumps(solver: Any) -> None:
    """Each is C_m times how far it jumps; one that comes with a shock is one edge; one where the
    run ends counts, one where the clamp ends does not come."""
    membrane = lo.load(SQUID).replace(C_m=2.0)
    start, length = lanes(1, 2, 2.5), lanes(4, 3, 5)
    stepped = lo.VoltageClamp(start, length, STEPS) + lo.Shock(lanes(3.5, 4.5, 1), lanes(3, 2, 0))
    rec = lo.simulate(membrane, stepped, LAST, solver=solver, initial=HELD, record=["V", "Q_clamp"])
    assert np.allclose(
        rec.edge_time, [[1, 2, 3.5, 4], [2, 3, 4.5, np.nan], [1, 2.5, 3.5, 5]],
        rtol=0, atol=1e-12, equal_nan=True,
    )  # fmt: skip
    charges = [[90, 2 * (30 - 3), -100], [90, 2 * (30 - 2)], [90, 60]]
    for row, own in zip(rec.Q_clamp.values, charges, strict=True):
        assert np.allclose(row[~np.isnan(row)][-len(own) :], own, rtol=0, atol=1e-10)
    assert rec.V.values[:, -1].tolist() == [-40, 10, 10]
    lined = lo.simulate(
        membrane, lo.VoltageClamp(2, 3, LINES) + lo.Shock(0, 0), LAST, solver=solver, initial=HELD,
        record=["V", "Q_clamp"],
    )  # fmt: skip
    lined = lined.isel(edge=lined.edge_time > 1)
    assert np.allclose(lined.Q_clamp[1:], [20, 60], rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "solver",
    [lo.Taylor(), lo.Exponential(), lo.Reference()],
    ids=repr,
)
@SLOW
def test_what_begins_where_the_run_ends(solver: Any) -> None:
    """In some lanes: it is seen in the last sample, and its charge is told."""
    stimulus = lo.VoltageClamp(lanes(1, LAST, 3), lanes(2, 2, 7), -20) + lo.Shock(
        lanes(1, 2, LAST), lanes(0, 0, 8)
    )
    rec = lo.simulate(lo.load(SQUID), stimulus, LAST, solver=solver, record=["V"])
    assert rec.V.values[1, -1] == -20
    assert rec.V.values[1, -2] < -64
    free = [rec.V.values[1, -2], rec.V.values[2, -1]]
    told = [[v for v in row if v == v] for row in rec.Q_clamp.values]
    assert told[1][-1] == pytest.approx(-20 - free[0], abs=0.05)
    assert told[2][-1] == -8  # it moves no V
    assert np.nanmax(rec.edge_time) == LAST


COMMANDS = {
    "a number": {"voltage": 0},
    "a ramp": {"voltage": -80, "to": 40},
    "steps": {"voltage": STEPS},
    "lines": {"voltage": lo.Waveform([0, 1, 1, 2, 4], [-65, -20, -10, 0, 40], unit="mV")},
}


@SLOW
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    "through",
    [{}, {"series_resistance": "5 ohm*cm2"}, {"amplifier": lo.Amplifier(level=3)}],
    ids=["ideal", "resistance", "amplifier"],
)  # fmt: skip
def test_a_clamp_that_ends_with_the_run_is_on_in_the_last_sample(name: str, through: Any) -> None:
    """As in a run that goes on, in which it does, just before it ends."""
    membrane = lo.load(SQUID).replace(area=2000)
    solvers = [lo.Exponential(0.005)]
    if name in ("a number", "a ramp"):
        solvers.append(lo.Taylor())
    every = 0.5
    for solver in solvers:
        rec, longer = (
            lo.simulate(
                membrane, lo.VoltageClamp(2, lasts, **COMMANDS[name], **through), LAST,
                solver=solver, initial=HELD, sample_interval=every, record=["V", "I_clamp", "m"],
            )
            for lasts in (LAST - 2, LAST - 2 + 2e-6)
        )  # fmt: skip
        for variable in ("V", "I_clamp", "m"):
            a, b = rec[variable].values, longer[variable].values
            jump = name == "steps" and variable != "m"  # where it ends, the last step comes
            last = -1 if jump else None
            off = np.abs(a - b)[:last].max() / np.abs(b).max()
            assert off < 1e-4, (variable, solver, off)
        assert abs(rec.I_clamp.values[-1]) > 1
        if name == "steps" and not through:
            assert rec.V.values[-1] == 10


def test_a_clamp_that_another_follows_at_the_end_is_over() -> None:
    both = lo.VoltageClamp(2, 3, 0) + lo.VoltageClamp(lanes(LAST, LAST + 1, 1), 1, -80)
    rec = lo.simulate(lo.load(SQUID), both, LAST, solver=lo.Exponential())
    assert rec.V.values[:, -1].tolist() == [-80, 0, 0]
    assert (np.abs(rec.I_clamp.values[:, -1]) > 10).all()
    assert np.nanmax(rec.Q_clamp.values[0] + 80) == pytest.approx(145, abs=0.1)


@SLOW
def test_the_charge_can_be_asked_for_alone() -> None:
    rec = lo.simulate(lo.load(SQUID), lo.VoltageClamp(2, 3, 0), LAST, record="Q_clamp")
    assert {"time", *rec.data_vars} >= {"Q_clamp", "spike_count"}
    assert not {"V", "m", "I_clamp"} & set(rec.data_vars)
    with pytest.raises(lo.LoligoError, match="has no 'Q_clamp'"):
        lo.simulate(lo.load(SQUID), lo.Pulse(2, 3, 0), LAST, record="Q_clamp")
