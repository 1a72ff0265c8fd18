"""Passive dendrites solved by hand: sealed ends, a current step at the beginning.

A cable by the series of its modes, and a branching tree by the admittances of its branches: two
ways that share nothing but the cable equation.
"""

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


def tree_response(levels, t, *, axial_resistivity, conductance, capacitance, current):
    """V above rest (mV) at the root and at a leaf of a tree whose every branch ends in two.

    ``levels`` are (length, diameter) in um from the root on; one alone is a cable. Times t > 0.
    In Laplace's domain, with q = sqrt(1 + s tau), L a branch's length in its length constants and
    G the input conductance of an endless cable of its diameter, a branch that ends in the
    admittance Y takes in

        G q (Y + G q tanh(q L))/(G q + Y tanh(q L))

    and hands on 1/(cosh(q L) + Y/(G q) sinh(q L)) of its V (Rall 1959,
    doi:10.1016/0014-4886(59)90046-9; for transients Butz & Cowan 1974, Biophys J 14:661-689).
    """

    def transformed(s):
        q = np.sqrt(1 + s * capacitance / conductance)
        ahead, passed = np.zeros_like(q), np.ones_like(q)
        for length, diameter in reversed(levels):
            constant = np.sqrt(diameter * 1e7 / (4 * axial_resistivity * conductance))  # um
            # uS, as in step_response
            own = q * np.pi * diameter**2 / (4e-2 * axial_resistivity * constant)
            far = q * length / constant
            passed = passed / (np.cosh(far) + ahead / own * np.sinh(far))
            taken = own * (ahead + own * np.tanh(far)) / (own + ahead * np.tanh(far))
            ahead = 2 * taken
        root = current / (s * taken)
        return np.stack([root, root * passed])

    return _back_in_time(transformed, np.asarray(t, dtype=float))


def _back_in_time(transform, t, terms=20):
    """The inverse Laplace transform on Talbot's contour, to some ten digits (Abate & Whitt 2006,
    doi:10.1287/ijoc.1050.0137)."""
    k = np.arange(1, terms)
    cotangent = 1 / np.tan(k * np.pi / terms)
    at = np.array([2 * terms / 5, *(2 * k * np.pi / 5 * (cotangent + 1j))])
    bend = 1 + 1j * k * np.pi / terms * (1 + cotangent**2) - 1j * cotangent
    weights = np.array([0.5, *bend]) * np.exp(at)
    return 2 / (5 * t) * (weights * transform(at / t[:, None])).real.sum(axis=-1)
