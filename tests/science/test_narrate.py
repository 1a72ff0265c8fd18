"""What is told of a recording is true: against the balance of currents, C dV/dt = I - sum of I."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo.figures.page.narrated import narrated_chart

SQUID = lo.load("hodgkin-huxley-1952")
CHANNELS = ("Na", "K", "L")


def finely(stimulus: object, duration: float = 30, **how: object) -> xr.Dataset:
    return lo.simulate(SQUID, stimulus, duration, sample_interval=0.002, **how)  # type: ignore[arg-type]


def ionic(rec: xr.Dataset) -> np.ndarray:
    return sum(rec[f"I_{name}"].values for name in CHANNELS)  # type: ignore[return-value]


def mark(told: object, phase: str) -> xr.Dataset:
    marks = told.marks  # type: ignore[attr-defined]
    return marks.isel(mark=marks.phase.values.tolist().index(phase))


@pytest.fixture(scope="module")
def spike() -> xr.Dataset:
    return finely(lo.Pulse(5, 1, 20))


def test_the_phases_lie_where_the_currents_say(spike: xr.Dataset) -> None:
    told = lo.narrate(spike)
    time, V, net = spike.time.values, spike.V.values, ionic(spike)
    rate = (spike.I_stim.values - net) / 1.0  # mV/ms
    top = int(V.argmax())
    steep = int(rate[: top + 1].argmax())
    inward = int(np.flatnonzero(net[: steep + 1] >= -1e-9)[-1]) + 1
    assert net[inward] < 0 < net[inward - 5]  # it had been outward
    for phase, at in (("turns inward", inward), ("upstroke", steep), ("peak", top)):
        assert float(mark(told, phase).time) == pytest.approx(time[at], abs=0.006)
        assert float(mark(told, phase).I_ionic) == pytest.approx(net[at], abs=3.0)
    low = int(V[top:].argmin()) + top
    assert float(mark(told, "undershoot").time) == pytest.approx(time[low], abs=0.02)
    fall = int(rate[top : low + 1].argmin()) + top
    assert float(mark(told, "repolarisation").slope) == pytest.approx(rate[fall], rel=1e-3)
    assert float(mark(told, "upstroke").slope) == pytest.approx(rate[steep], rel=1e-3)
    back = np.flatnonzero(np.abs(V[low:] - V[0]) > 1)[-1] + low
    assert float(mark(told, "recovery").time) == pytest.approx(time[back], abs=0.01)


def test_shares_are_of_all_that_flows_one_way(spike: xr.Dataset) -> None:
    told = lo.narrate(spike)
    peak = mark(told, "peak")
    Na, K, L = (float(peak.current.sel(channel=name)) for name in CHANNELS)
    assert Na < 0 < L < K
    words = str(peak.words.values)
    assert f"in through Na {-Na:.3g}, out through K {K:.3g} ({100 * K / (K + L):.0f} %)" in words
    gap = 50 - float(peak.V)
    assert f"E_Na, 50 mV, is {gap:.1f} mV away" in words


def test_samples_and_what_was_recorded_make_no_difference(spike: xr.Dataset) -> None:
    coarse = lo.simulate(SQUID, lo.Pulse(5, 1, 20), 30, record=["V"], sample_interval=0.5)
    from_few, from_many = lo.narrate(coarse).marks, lo.narrate(spike).marks
    assert from_few.phase.values.tolist() == from_many.phase.values.tolist()
    assert from_few.time.values == pytest.approx(from_many.time.values, abs=0.011)
    assert from_few.V.values == pytest.approx(from_many.V.values, abs=2.0)


@pytest.mark.slow
def test_a_cell_of_a_sweep_is_told_as_if_it_were_alone() -> None:
    sweep = lo.simulate(SQUID, lo.Pulse(5, 1, [5, 20]), 30)
    with pytest.raises(lo.LoligoError, match=r"amplitude: 2.*rec\.isel\(amplitude=0\)"):
        lo.narrate(sweep)
    alone = lo.narrate(lo.simulate(SQUID, lo.Pulse(5, 1, 20), 30))
    assert str(lo.narrate(sweep.isel(amplitude=1))) == str(alone)
    assert "amplitude=20" in str(alone).splitlines()[0]
    assert lo.narrate(sweep.isel(amplitude=[0])).text.splitlines()[1] == "It did not fire."


def test_why_it_failed() -> None:
    """At the end of a pulse that is too small, and after one that nearly does."""
    small = lo.narrate(finely(lo.Pulse(5, 1, 5)))
    words = str(mark(small, "highest").words.values)
    assert float(mark(small, "highest").time) == pytest.approx(6.0, abs=0.01)
    assert "never turned inward" in words
    assert words.endswith("K won.")
    nearly = lo.narrate(finely(lo.Pulse(5, 1, 6.9)))
    assert "was inward for a while" in str(mark(nearly, "highest").words.values)
    rec = finely(lo.Pulse(5, 1, 6.9))
    gained = float(rec.I_Na[0] - rec.I_Na[int(rec.V.values.argmax())])
    assert f"inward Na {gained:.3g} has been added" in str(nearly).replace("\n" + " " * 24, " ")


@pytest.mark.slow
def test_release_from_hyperpolarisation() -> None:
    """Where V is back at rest the current, which balances there at rest, is inward."""
    rec = finely(lo.Pulse(5, 30, -10), 60)
    told = lo.narrate(rec)
    turn = mark(told, "turns inward")
    after = (rec.time.values > 35) & (rec.V.values >= rec.V.values[0])
    assert float(turn.time) == pytest.approx(rec.time.values[after][0], abs=0.006)
    assert float(turn.I_ionic) < -3
    h, before = float(rec.h.sel(time=float(turn.time), method="nearest")), float(rec.h[0])
    assert f"h {h:.2f} instead of {before:.2f}" in str(turn.words.values)
    assert "that held V down is over" in str(mark(told, "cause").words.values)


@pytest.mark.slow
def test_a_train_is_told_in_a_sentence() -> None:
    rec = lo.simulate(SQUID, lo.Step(5, 10), 100)
    again = str(mark(lo.narrate(rec), "again").words.values)
    times = lo.spike_times(rec).values
    assert f"{times.size} times in all" in again
    assert f"({1e3 / (times[-1] - times[-2]):.3g} Hz)" in again


@pytest.mark.slow
def test_what_a_clamp_held() -> None:
    rec = finely(lo.VoltageClamp(5, 10, 0), 20)
    told = lo.narrate(rec)
    assert str(told).splitlines()[1] == "V was clamped."
    held = (rec.time.values >= 5) & (rec.time.values < 15)
    least = float(rec.I_Na.values[held].min())
    assert f"I_Na peaks inward at {least:.4g} µA/cm²" in str(told)
    assert "V is held at 0 mV for 10 ms" in str(told)
    assert "lets V go at 0 mV" in str(told)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: lo.simulate(SQUID, None, 5), "Nothing is done, and V stays"),
        (lambda: lo.simulate(SQUID, lo.Shock(5, 7), 20), "A shock moves V by +7 mV"),
        (lambda: lo.simulate(SQUID, lo.Pulse(5, 10, -5), 12), "V is pulled down by"),
        (
            lambda: lo.simulate(SQUID, lo.Pulse(5, 1, 20), 40).sel(time=slice(6.5, 40)),
            "No action potential begins in this recording",
        ),
        (
            lambda: lo.simulate(SQUID, lo.VoltageClamp(2, 15, -80, to=40), 20),
            "V is clamped for 15 ms and goes from -80 to 39.96 mV.",
        ),
        (
            lambda: lo.simulate(SQUID, lo.VoltageClamp(2, 5, -90) + lo.Pulse(10, 1, 20), 40),
            "10.00 ms   -68.7 mV  20 µA/cm² flow in and charge the membrane.",
        ),
        (
            lambda: lo.simulate(SQUID, lo.Step(5, 5) + lo.Noise(0, 100, 5, seed=2, tau=2), 100),
            "0.00 ms   -65.0 mV  Up to 10 µA/cm² flow in",
        ),
        (
            lambda: lo.simulate(SQUID, lo.Pulse(5, 1, 20), 20)[["V"]].drop_attrs(),
            "what was done is not known",
        ),
    ],
    ids=["rest", "shock", "down", "late", "ramp", "clamp first", "noise", "another's"],
)
def test_other_stories(make: object, words: str) -> None:
    assert words in lo.narrate(make()).text  # type: ignore[operator]


def test_what_cannot_be_told() -> None:
    fibre = lo.simulate(SQUID, None, 5).expand_dims(position=[0.0])
    for rec, words in (
        (fibre, "along an axon"),
        (fibre.isel(position=0), "along an axon"),
        (lo.simulate(SQUID, None, 5, record=["spikes"]), "needs V"),
        ("rec", "needs a recording"),
    ):
        with pytest.raises(lo.LoligoError, match=words):
            lo.narrate(rec)


def test_the_figure_marks_every_phase(spike: xr.Dataset) -> None:
    told = lo.narrate(spike)
    chart = narrated_chart(told, None)
    voltage, currents = chart.panels
    notes = [layer.words for layer in voltage.layers if hasattr(layer, "words")]
    assert notes == [str(k + 1) for k in range(told.marks.sizes["mark"])]
    labels = [getattr(layer, "label", "") for layer in currents.layers]
    assert [label for label in labels if label] == ["Na", "K", "L", "net"]
    assert "(4) peak: 6.5" in chart.caption
    assert "(1) cause: 5.00 ms, −65.0 mV." in chart.caption
    assert len(lo.plot(told).axes) >= 2
    with pytest.raises(lo.LoligoError, match="one figure"):
        lo.plot(told, panels=["V"])


MODELS = ("connor-stevens-1977", "hodgkin-huxley-1952", "traub-miles-1991", "wang-buzsaki-1996")


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_story_holds_in_every_model(name: str) -> None:
    model = lo.load(name)
    rec = lo.simulate(model, lo.Pulse(5, 1, 60), 40, sample_interval=0.002)
    told = lo.narrate(rec)
    net = sum(rec[f"I_{c.name}"].values for c in model.channels)
    time = rec.time.values
    turn, peak = mark(told, "turns inward"), mark(told, "peak")
    here = int(np.searchsorted(time, float(turn.time) - 1e-9))
    until = int(np.searchsorted(time, float(mark(told, "upstroke").time)))
    assert (net[here + 3 : until] < 0).all()
    assert net[here - 5] > -0.02 * abs(net).max()
    assert abs(float(peak.I_stim - peak.I_ionic)) < 0.05 * np.abs(net).max()
    assert float(peak.V) == pytest.approx(float(rec.V.max()), abs=0.2)
    silent = lo.simulate(model, lo.Pulse(5, 1, 0.1), 40)
    assert "It did not fire." in str(lo.narrate(silent))
