"""The passive cable solved by hand: sealed ends, a current step at one of them."""

from __future__ import annotations

import numpy as np


def step_response(
    x, t, *, length, diameter, axial_resistivity, conductance, capacitance, current, terms=4000
):
    """V above rest (mV) at place x (um) and times t (ms) after a step of ``current`` (nA) at 0.

    The eigenfunctions of a sealed cable are cosines (Rall 1969,
    doi:10.1016/S0006-3495(69)86467-2, equation 22): with X = x/lambda, T = t/tau, L =
    length/lambda,

        V = I r (cosh(L - X)/sinh L - exp(-T)/L
                 - (2/L) sum over n of cos(n pi X/L) exp(-(1 + (n pi/L)^2) T)/(1 + (n pi/L)^2)),

    r the input resistance of the endless cable. um, ohm cm, mS/cm2, uF/cm2.
    """
    squared = diameter * 1e7 / (4 * axial_resistivity * conductance)  # lambda^2, um^2
    constant = np.sqrt(squared)
    # ohm: the axial resistance of one length constant; 1 nA over 1 Mohm is 1 mV
    resistance = axial_resistivity * 1e4 * constant / (np.pi * diameter**2 / 4) * 1e-6
    big, near = length / constant, x / constant
    late = np.atleast_1d(t) * conductance / capacitance
    n = np.arange(1, terms + 1)
    rate = 1 + (n * np.pi / big) ** 2
    modes = np.cos(n * np.pi * near / big) / rate
    sums = np.array([np.sum(modes * np.exp(-rate * each)) for each in late])
    value = np.cosh(big - near) / np.sinh(big) - np.exp(-late) / big - 2 / big * sums
    return np.where(late > 0, current * resistance * value, 0.0)
