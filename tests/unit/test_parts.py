"""Some lanes of a run by themselves, and what was found of them put among the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import loligo as lo
from loligo.run.outcome import Outcome
from loligo.run.parts import part, put
from loligo.run.pose import pose

PASSIVE = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-60)])


def test_how_far_spikes_move_goes_with_them() -> None:
    """A lane that had two spikes has one, and another that had none has one."""
    outcome = Outcome({}, np.array([1.0, 2.0, 3.0]), np.array([0, 0, 2]))
    outcome.spike_moved = np.array([[0.1, 0.5], [0.2, 0.6], [0.3, 0.7]])
    found = Outcome({}, np.array([1.5, 2.5]), np.array([0, 1]))
    found.spike_moved = np.array([[0.15, 0.55], [0.25, 0.65]])
    put(outcome, np.array([0, 1]), found)
    assert outcome.spike_lane.tolist() == [0, 1, 2]
    assert outcome.spike_time.tolist() == [1.5, 2.5, 3.0]
    assert outcome.spike_moved.tolist() == [[0.15, 0.55], [0.25, 0.65], [0.3, 0.7]]


def test_a_shorter_part_has_the_knots_of_the_whole() -> None:
    """By which its solver is chosen: all knots lie in the first of 100 ms."""
    wave = lo.Waveform(np.linspace(0, 1, 1001), np.zeros(1001), amplitude=[1.0, 2.0])
    whole = pose(
        PASSIVE, wave, 100.0, record=None, sample_interval=0.5, initial=None, threshold=0.0
    )
    own = part(whole, np.array([1]))
    shorter = replace(own, times=replace(whole.times, duration=1.0))
    assert not whole.dense
    assert shorter.knots == whole.knots
