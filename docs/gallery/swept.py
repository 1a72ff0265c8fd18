"""Sweeps, clamps and models of many channels for the gallery, each run made once."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import xarray as xr
from docs.gallery import models
from docs.gallery.subjects import squid

import loligo as lo

_GATES = ["V", "m", "h", "n", "G_Na", "G_K", "I_stim"]


def _pulse(amplitude: Any, duration: float = 40.0) -> Any:
    return lo.Pulse(5, duration, amplitude=amplitude)


# ------------------------------------------------------------------------ lanes


@cache
def one() -> Any:
    """A sweep over one value."""
    return lo.simulate(squid(), _pulse([10.0]), 50)


@cache
def two() -> Any:
    """One pulse that excites and one that does not."""
    return lo.simulate(squid(), _pulse([3.0, 20.0], 1.0), 20)


@cache
def disordered() -> Any:
    """Conductances that were not written in their order, one of which leaves no rest."""
    return lo.simulate(squid().replace(g_K=[36.0, 18.0, 72.0, 50.0, 25.0]), _pulse(10.0), 50)


@cache
def recorded() -> Any:
    """Gates, conductances and the stimulus of lanes."""
    return lo.simulate(squid(), _pulse([3.0, 6.0, 20.0], 1.0), 20, record=_GATES)


@cache
def second() -> Any:
    """The second of two pulses varies."""
    both = lo.Pulse(5, 1, 20) + lo.Pulse(15, 1, amplitude=[5.0, 10.0, 20.0, 40.0])
    return lo.simulate(squid(), both, 30)


@cache
def begun() -> Any:
    """A gate begins at several values."""
    return lo.simulate(squid(), None, 20, initial={"V": -65, "m": np.array([0.05, 0.3, 0.6])})


@cache
def held() -> Any:
    """V begins at several potentials."""
    return lo.simulate(squid(), None, 20, initial=[-65.0, -58.0, -55.0, -50.0])


@cache
def crossed() -> Any:
    """Two parameters, six lanes."""
    return lo.simulate(squid().replace(g_Na=[60.0, 120.0]), _pulse([2.0, 10.0, 20.0]), 50)


@cache
def nine(*record: str) -> Any:
    """One lane more than are drawn as lines; two have no rest."""
    swept = squid().replace(g_K=np.linspace(10, 50, 9))
    return lo.simulate(swept, _pulse(10.0), 50, record=list(record) or None)


@cache
def wide(lanes: int, record: str = "V") -> Any:
    """Many currents."""
    pulse = _pulse(np.linspace(0, 20, lanes))
    return lo.simulate(squid(), pulse, 50, record=[record], sample_interval=0.1)


@cache
def trials() -> Any:
    """A noise with several seeds, of which the spikes are kept."""
    noise = lo.Noise(0, 300, 5, tau=2, mean=5, seed=list(range(20)))
    return lo.simulate(squid(), noise, 300, record=["spikes"])


@cache
def spikes() -> Any:
    """One cell's spikes alone."""
    return lo.simulate(squid(), _pulse(10.0, 200.0), 220, record=["spikes"])


@cache
def cube() -> Any:
    """Three parameters."""
    swept = squid().replace(g_Na=np.linspace(60, 180, 8), g_K=[18.0, 36.0, 54.0])
    return lo.simulate(swept, _pulse(np.linspace(0, 20, 11)), 50, record=["spikes"])


@cache
def busy() -> Any:
    """Two parameters, and more spikes than there are colours."""
    swept = squid().replace(g_Na=np.linspace(60, 180, 15))
    return lo.simulate(swept, _pulse(np.linspace(0, 20, 21), 500.0), 520, record=["spikes"])


# ------------------------------------------------------------------------ clamps


@cache
def family(steps: int) -> Any:
    """V stepped from -65 mV to so many potentials, and back."""
    hold = lo.VoltageClamp(0, 2, -65)
    step = lo.VoltageClamp(2, 10, np.linspace(-60, 50, steps))
    return lo.simulate(squid(), hold + step + lo.VoltageClamp(12, 3, -65), 15)


@cache
def prepulses() -> Any:
    """The first segment of a command varies."""
    first = lo.VoltageClamp(0, 10, [-100.0, -80.0, -70.0, -60.0, -50.0])
    return lo.simulate(squid(), first + lo.VoltageClamp(10, 5, 0), 18)


@cache
def tails() -> Any:
    """The last segment of a command varies."""
    last = lo.VoltageClamp(7, 8, [-100.0, -80.0, -60.0, -40.0])
    return lo.simulate(squid(), lo.VoltageClamp(1, 6, 20) + last, 18)


@cache
def resisted() -> Any:
    """A clamp through a series resistance."""
    clamp = lo.VoltageClamp(5, 10, [-40.0, -20.0, 0.0, 20.0], "5 ohm*cm2")
    return lo.simulate(squid(), clamp, 20)


@cache
def patch() -> Any:
    """A patch clamp's amplifier."""
    cell = squid().replace(area=2000)
    rig = lo.Amplifier(series_resistance=5)
    return lo.simulate(cell, lo.VoltageClamp(1, 8, [-40.0, 0.0, 40.0], amplifier=rig), 10)


@cache
def ramp() -> Any:
    """A command that rises."""
    return lo.simulate(squid(), lo.VoltageClamp(1, 100, -100, to=50), 110)


@cache
def at_a_place() -> Any:
    """An axon clamped at a place."""
    fibre = lo.Axon(
        squid().replace(celsius=18.5), length="2 cm", diameter=476, axial_resistivity=35.4
    )
    clamp = lo.at("1 cm", lo.VoltageClamp(0.5, 2, [-40.0, -20.0, 0.0, 20.0]))
    return lo.simulate(fibre, clamp, 4, positions=["1 cm"])


# ------------------------------------------------------------------------ models


@cache
def eight_run() -> Any:
    """It fires."""
    return lo.simulate(models.eight_channels(), lo.Pulse(10, 80, 10), 100)


@cache
def nagumo(amplitudes: int) -> Any:
    """FitzHugh and Nagumo's model under several currents."""
    pulse = lo.Pulse(20, 160, amplitude=np.linspace(0, 1.2, amplitudes))
    return lo.simulate(models.fitzhugh_nagumo(), pulse, 200)


@cache
def nagumo_at_rest() -> Any:
    """Nothing is done to it."""
    return lo.simulate(models.fitzhugh_nagumo(), None, 200)


@cache
def nagumo_found(experiment: str) -> Any:
    """What an experiment finds on it."""
    return getattr(lo.experiments, experiment)(models.fitzhugh_nagumo())


@cache
def nagumo_told() -> Any:
    """Its story."""
    return lo.narrate(lo.simulate(models.fitzhugh_nagumo(), lo.Pulse(20, 60, 0.5), 100))


@cache
def unlabelled() -> Any:
    """Both of two pulses vary, one along a dimension of another name."""
    later = xr.DataArray([5.0, 10.0, 20.0], dims="later")
    both = lo.Pulse(5, 1, [10.0, 20.0]) + lo.Pulse(15, 1, amplitude=later)
    return lo.simulate(squid(), both, 30)
