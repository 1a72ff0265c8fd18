"""The classical experiments find what their papers found."""

from __future__ import annotations

import numpy as np
import pytest

import loligo as lo
from loligo.errors import UsageError

E = lo.experiments


def test_velocity_is_as_the_root_of_diameter_over_resistivity():
    """To 1e-3: cable theory has it exactly (Hodgkin 1954, J. Physiol. 125:221)."""
    thick = E.velocity(diameter=[20, 119, 476])
    assert np.abs(thick.velocity / thick.root_law - 1).max() < 1e-3
    assert float(thick.velocity[2]) == pytest.approx(18.73, rel=1e-3)
    loaded = E.velocity(axial_resistivity=[20, 80])
    assert float(loaded.velocity[0] / loaded.velocity[1]) == pytest.approx(2.0, rel=1e-3)


def test_warmth_speeds_up_and_then_blocks():
    """The equations conduct to some 33 degC (Huxley 1959, Ann. N.Y. Acad. Sci. 81:221)."""
    found = E.velocity(celsius=[6.3, 18.5, 30, 38])
    assert (np.diff(found.velocity.values[:3]) > 0).all()
    assert found.outcome.values[3] in ("blocked", "no spike")
    assert np.isnan(found.velocity.values[3])


@pytest.mark.slow
def test_velocity_can_be_checked_against_the_travelling_wave():
    found = E.velocity(g_Na=[70, 120], check=True)
    assert np.isfinite(found.velocity.values).tolist() == [True, True]
    assert np.abs(found.velocity / found.travelling_wave - 1).max() < 1e-3


def test_two_that_meet_vanish_wherever_they_meet():
    for lag in (0.0, 1.5):
        rec = E.collision(lag=lag)
        assert int(rec.spike_count.max()) == 1  # nothing comes through
        times = lo.spike_times(rec).isel(spike=0)
        place = float(times.position[int(times.values.argmax())]) / 1e5
        # the one from the left has gone on for the lag at 18.7 m/s before the other set out
        assert place == pytest.approx(0.5 + 0.5 * lag * 18.73e-2, abs=0.02)


def test_backwards_is_as_fast_as_forwards():
    forth, back = E.direction().velocity.values
    assert forth == pytest.approx(-back, rel=1e-6)
    assert forth == pytest.approx(18.73, rel=1e-3)


def test_a_widening_delays_and_then_blocks():
    """Goldstein & Rall 1974 (doi:10.1016/S0006-3495(74)85947-3): delay grows with the step, and
    beyond some ratio, 5 to 6 here, nothing passes."""
    found = E.obstacle("widening", [1, 2, 4, 8])
    assert found.blocked.values.tolist() == [False, False, False, True]
    delay = found.delay.values[:3]
    assert abs(delay[0]) < 1e-3
    assert (np.diff(delay) > 0.05).all()


@pytest.mark.parametrize(("kind", "values"), [("cooled", [18.5, 10, 2]), ("ttx", [1.0, 0.5, 0.05])])
def test_cold_delays_and_tetrodotoxin_blocks(kind, values):
    found = E.obstacle(kind, values)
    assert abs(float(found.delay[0])) < 1e-3
    assert float(found.delay[1]) > 0.05
    if kind == "cooled":  # cold alone does not block squid axons
        assert float(found.delay[2]) > float(found.delay[1])
    else:
        assert bool(found.blocked[2])


def test_the_best_g_ratio_is_that_of_nerve():
    """0.6 to 0.77 (Rushton 1951, doi:10.1113/jphysiol.1951.sp004655; Chomiak & Hu 2009)."""
    found = E.saltatory(g_ratio=np.arange(0.45, 0.96, 0.05))
    assert 0.6 <= float(found.g_ratio[int(found.velocity.values.argmax())]) <= 0.77


def test_internodes_have_a_best_length_and_a_longest():
    found = E.saltatory(internode=[200, 1500, 20_000], fibre=10)
    assert found.velocity.dims == ("internode",)
    assert float(found.velocity[1]) > float(found.velocity[0])
    assert np.isnan(found.velocity[2])
    # myelin multiplies the velocity of the same axon (7 um) bare
    bare = float(E.velocity(diameter=[7.0]).velocity[0])
    assert float(found.velocity[1]) > 10 * bare


def test_the_passive_cable_is_as_cable_theory_has_it():
    found = E.passive()
    assert float(abs(found.V - found.analytic).max()) < 1e-5 * float(found.analytic.max())
    settled = found.analytic.isel(time=-1)
    decay = np.exp(-found.position / found.attrs["length_constant_um"])
    near = found.position < found.attrs["length_constant_um"]
    assert np.abs(settled / settled[0] / (decay / decay[0]) - 1)[near].max() < 5e-3


@pytest.mark.slow
def test_the_propagated_action_potential_is_the_travelling_wave():
    found = E.membrane_and_propagated()
    assert found.action_potential.values.tolist() == ["membrane", "propagated"]
    squid = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
    wave = lo.travelling_wave(lo.Axon(squid, "1 cm", 476, 35.4))
    inside = wave.time[(wave.time > -1) & (wave.time < 3)]
    ours = np.interp(inside, found.time, found.V[1])  # the wave's own peak is a sample's
    assert np.abs(ours - wave.V.sel(time=inside).values).max() < 0.2
    rates = [float(np.gradient(V, 0.01).max()) for V in found.V.values]
    assert rates[1] < rates[0]  # it must charge what lies ahead


@pytest.mark.parametrize(
    ("call", "wording"),
    [
        (lambda: E.velocity(), "one property and its values.*0 were given"),
        (lambda: E.velocity(diameter=[1], celsius=[2]), "2 were given"),
        (lambda: E.velocity(g_na=[1]), "no parameter g_na .did you mean g_Na"),
        (lambda: E.velocity("squid", diameter=[1]), r"axon must be lo.Axon\(...\), or left out"),
        (lambda: E.velocity(E.myelinated(), diameter=[1]), "uniform axon, and this one has 49"),
        (lambda: E.obstacle("wall", [1]), "kind='wall' is no obstacle; use one of widening"),
        (lambda: E.obstacle("ttx", [-1]), "cannot be left"),
        (lambda: E.obstacle("cooled", [5], extent="9 cm"), "leaves too little of an axon"),
        (lambda: E.saltatory(g_ratio=[1.2]), "g_ratio lies between 0 and 1"),
    ],
)
def test_impossible_experiments_say_what_is_possible(call, wording):
    with pytest.raises(lo.LoligoError, match=wording):
        call()


def test_every_experiment_can_be_drawn():
    for found in (E.velocity(celsius=[10, 20]), E.obstacle("widening", [1, 3]), E.passive()):
        assert lo.plot(found).axes
    with pytest.raises(UsageError, match="one figure"):
        lo.plot(E.velocity(celsius=[10, 20]), panels=("V",))
