"""Voltage clamp at a place of an axon: against cable theory, the reference, and itself."""

from __future__ import annotations

import numpy as np
import pytest

import loligo as lo
from references import reference, simulate

PASSIVE = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-65)])
SQUID = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
COMMAND = lo.Clamp(0.2, 3, 0)


def cable(compartments: int = 201, membrane=PASSIVE, **more) -> lo.Axon:
    return lo.Axon(membrane, 5000, 20, 100, compartments=compartments, **more)


def steady(place, compartments, **more):
    """The current into a passive cable after 20 time constants, nA, and V nearest to it."""
    axon = cable(compartments)
    rec = lo.simulate(
        axon, lo.at(place, lo.Clamp(0, 100, -20, **more)), 70,
        solver=lo.Exponential(0.05), sample_interval=5, positions=[place],
    )  # fmt: skip
    return float(rec.I_clamp[-1]), rec, float(lo.input_resistance(axon, place))


@pytest.mark.parametrize("place", [0, 1000, 2500, 4990])
def test_the_steady_current_is_the_step_over_the_input_resistance(place):
    errors = []
    for compartments in (101, 201, 401):
        current, _, resistance = steady(place, compartments)
        errors.append(abs(current * (resistance + 1e-7) / 45 - 1))
    assert errors[-1] < 1.3e-5
    # halving the compartments quarters the error; 4990 um is near an end, now between two
    # centres, now beyond the last one
    if place != 4990:
        assert errors[0] / errors[1] == pytest.approx(4, rel=0.02)
        assert errors[1] / errors[2] == pytest.approx(4, rel=0.02)


@pytest.mark.parametrize("series", [None, 1e-3, 5.0])
def test_v_misses_the_command_by_what_the_series_resistance_takes(series):
    given = {} if series is None else {"series_resistance": series}
    current, rec, resistance = steady(2500, 201, **given)  # the centre of a compartment
    series = series or 1e-7
    lost = -20 - float(rec.V[0, -1])
    assert lost == pytest.approx(series * current, abs=1e-9)
    assert lost == pytest.approx(45 * series / (series + resistance), abs=1e-3 * series)
    assert rec.I_clamp.dims == ("time",)
    assert rec.I_clamp.attrs["units"] == "nA"
    assert rec.I_clamp.attrs["place_um"] == 2500


def test_a_clamp_at_an_end_is_an_end_that_is_held():
    runs = [
        lo.simulate(cable(ends=(-20.0, "sealed")), None, 2, initial=-65, record=["V"]),
        lo.simulate(
            cable(), lo.at(0, lo.Clamp(0, 2, -20, 1e-9)), 2, initial=-65, record=["V"],
        ),
    ]  # fmt: skip
    # but for the gates nothing differs; the damped steps are the same
    assert float(abs(runs[0].V - runs[1].V).max()) < 1e-4


def squid(compartments: int = 41) -> lo.Axon:
    return lo.Axon(SQUID, "2 cm", 476, 35.4, compartments=compartments)


# at a centre, between two, and a second command after the first; a current elsewhere
HELD = (
    lo.at(10000, lo.Clamp(0.2, 0.8, 0))
    + lo.at(10000, lo.Clamp(1.0, 0.5, -80))
    + lo.at(3000, lo.Clamp(0.5, 0.7, -30, 1e-4))
    + lo.at("1.9 cm", lo.Pulse(0.3, 0.5, 5e3))
)


def test_the_step_converges_to_the_method_of_lines():
    """Second order, at the electrodes too, while the step resolves how V spreads between
    compartments (here in 0.1 ms) and does not see how fast the electrode charges its own."""
    axon = squid(11)
    true = reference(axon, HELD, 2, solver=lo.Reference(1e-11), sample_interval=0.1)
    assert true.I_clamp.dims == ("clamp_place", "time")
    assert list(true.clamp_place) == [10000, 3000]
    # not at the edges themselves: there I_clamp jumps
    calm = [t not in (2, 3, 5, 10, 12, 15) for t in np.rint(true.time.values * 10)]
    errors = {name: [] for name in ("V", "m", "h", "n", "I_clamp")}
    for dt in (0.01, 0.005, 0.0025):
        rec = lo.simulate(axon, HELD, 2, solver=lo.Exponential(dt), sample_interval=0.1)
        assert rec.I_clamp.dims == true.I_clamp.dims
        for name, found in errors.items():
            found.append(float(abs(rec[name] - true[name]).isel(time=calm).max()))
    for name, found in errors.items():
        assert np.log2(found[1] / found[2]) > 1.9, (name, found)


def test_just_after_an_edge_the_current_is_that_of_the_series_resistance():
    rec = lo.simulate(squid(), lo.at(10000, lo.Clamp(0.5, 1, 0, 1e-3)), 2, sample_interval=0.1)
    at = {round(float(t), 1): k for k, t in enumerate(rec.time)}
    before = float(rec.V.sel(position=10000, method="nearest")[at[0.5]])
    assert float(rec.I_clamp[at[0.5]]) == pytest.approx(-before / 1e-3)
    assert rec.I_clamp[at[0.4]] == 0
    assert rec.I_clamp[at[1.5]] == 0
    assert rec.I_clamp[at[1.4]] != 0


def test_both_engines_do_the_same():
    runs = [
        lo.simulate(squid(), HELD, 2, solver=lo.Exponential(0.01, engine=engine))
        for engine in ("llvm", "numpy")
    ]
    for name in ("V", "m", "h", "n", "I_clamp"):
        scale = max(1.0, float(abs(runs[0][name]).max()))
        assert float(abs(runs[0][name] - runs[1][name]).max()) < 1e-9 * scale, name


def test_lanes_are_bit_identical_with_single_runs():
    starts, commands = np.array([0.2, 0.533]), np.array([-40.0, 0.0, 20.0])
    wide = np.array([100.0, 476.0])
    names = ["V", "n", "I_clamp"]

    def run(start, voltage, diameter):
        axon = lo.Axon(SQUID, "1 cm", diameter, 35.4, compartments=19)
        return lo.simulate(
            axon, lo.at(2000, lo.Clamp(start, 0.8, voltage)), 1.5, record=names,
            solver=lo.Exponential(0.01),
        )  # fmt: skip

    many = run(starts, commands, wide)
    assert set(many.I_clamp.dims) == {"start", "voltage", "diameter", "time"}
    assert many.voltage.attrs["units"] == "mV"
    for start in starts:
        for voltage in commands:
            for diameter in wide:
                one = run(start, voltage, diameter)
                lane = many.sel(start=start, voltage=voltage, diameter=diameter)
                for name in names:
                    dims = one[name].dims
                    assert np.array_equal(lane[name].transpose(*dims), one[name]), name


def test_an_edge_inside_a_step_is_of_first_order():
    """The step is held whole: the same part of a step early, in steps of another length."""
    errors = []
    for dt in (0.0025, 0.000625):
        stimulus = lo.at(10000, lo.Clamp(0.2 + 0.4 * dt, 0.8, 0))
        true, rec = (
            simulate(squid(11), stimulus, 0.9, solver=solver, sample_interval=0.3)
            for solver in (lo.Reference(1e-10), lo.Exponential(dt))
        )
        errors.append(float(abs(rec.V - true.V).isel(time=[2, 3]).max()))
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)


def test_a_run_with_clamps_can_be_made_again_saved_and_drawn(tmp_path):
    rec = lo.simulate(squid(), HELD, 1.2, sample_interval=0.1)
    again = lo.rerun(rec)
    assert again.equals(rec)
    lo.save(rec, tmp_path / "held.nc")
    assert lo.open(tmp_path / "held.nc").I_clamp.equals(rec.I_clamp)
    lo.plot(rec).savefig(tmp_path / "held.png")
    few = lo.simulate(squid(), HELD, 1.2, sample_interval=0.1, positions=[0, 10000])
    assert few.I_clamp.equals(rec.I_clamp)
    lo.plot(few).savefig(tmp_path / "few.png")
    lo.save(few, tmp_path / "few.csv")
    assert lo.open(tmp_path / "few.csv").I_clamp.equals(rec.I_clamp)
    alone = lo.simulate(squid(), lo.at(0, COMMAND), 1, record=["V"])
    assert "I_clamp" not in alone
    lo.plot(alone).savefig(tmp_path / "alone.png")


def test_a_clamp_is_shown_as_it_is_written():
    assert (
        repr(lo.at("1 cm", COMMAND)) == "at(10000, VoltageClamp(start=0.2, duration=3, voltage=0))"
    )
    many = lo.at(0, lo.Clamp([0, 1], 3, "0 V", "1 kohm")) + lo.at(1, lo.Pulse(0, 1, 1))
    assert type(many).from_dict(many.to_dict()) == many
    assert many.points[0].stimulus.series_resistance == pytest.approx(1e-3)
