"""What the pictures of the gallery are of: models and runs, each made once."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import loligo as lo

LIBRARY = (
    "hodgkin-huxley-1952", "connor-stevens-1977", "traub-miles-1991", "wang-buzsaki-1996",
)  # fmt: skip
# enough current to fire a few times in 50 ms
_FIRING = {
    "hodgkin-huxley-1952": 10, "connor-stevens-1977": 20, "traub-miles-1991": 5,
    "wang-buzsaki-1996": 2,
}  # fmt: skip
# other kinds: a plateau, a channel of many states, two compartments
CELLS = ("beeler-reuter-1977", "golomb-2007", "pinsky-rinzel-1994")


@cache
def model(name: str) -> Any:
    """A membrane of the library."""
    return lo.load(name)


def squid() -> Any:
    """The squid's giant axon, a patch of it."""
    return model("hodgkin-huxley-1952")


@cache
def firing(name: str) -> Any:
    """A membrane of the library under a current that makes it fire."""
    return lo.simulate(model(name), lo.Pulse(5, 40, _FIRING[name]), 50)


@cache
def stepped(name: str) -> Any:
    """A membrane under the step with which the library's table shows it, of 20 s at most."""
    said = lo.library().loc[name]
    lasts = min(said.lasts, 20_000.0)
    pulse = lo.Pulse(0.1 * lasts, lasts, said.step)
    return lo.simulate(model(name), pulse, 1.2 * lasts, threshold=said.threshold)


@cache
def brief(**changes: Any) -> Any:
    """One action potential of the squid, after a pulse of 1 ms."""
    return lo.simulate(squid().replace(**changes), lo.Pulse(5, 1, 20), 20)


@cache
def silent() -> Any:
    """Nothing is done."""
    return lo.simulate(squid(), None, 50)


@cache
def lanes(*amplitudes: float) -> Any:
    """The squid under several currents."""
    pulse = lo.Pulse(5, 40, amplitude=list(amplitudes))
    return lo.simulate(squid(), pulse, 50, record=["V", "m", "h", "n", "I_stim"])


@cache
def many() -> Any:
    """More currents than can be told apart as lines."""
    return lo.simulate(squid(), lo.Pulse(5, 40, amplitude=np.linspace(0, 30, 31)), 50)


@cache
def spikes(count: int) -> Any:
    """Spikes alone, under many currents."""
    pulse = lo.Pulse(5, 40, amplitude=np.linspace(0, 30, count))
    return lo.simulate(squid(), pulse, 50, record=["spikes"])


@cache
def grid() -> Any:
    """A sweep over two parameters, of which the spikes are kept."""
    swept = squid().replace(g_Na=np.linspace(60, 180, 9))
    pulse = lo.Pulse(5, 40, amplitude=np.linspace(0, 30, 11))
    return lo.simulate(swept, pulse, 50, record=[])


@cache
def noisy() -> Any:
    """A current that fluctuates."""
    stimulus = lo.Step(5, 5) + lo.Noise(5, 90, amplitude=4, tau=2, seed=1)
    return lo.simulate(squid(), stimulus, 100)


@cache
def oscillating() -> Any:
    """A sine."""
    return lo.simulate(squid(), lo.Sine(5, 90, amplitude=8, frequency=60), 100)


@cache
def long() -> Any:
    """Ten seconds."""
    return lo.simulate(squid(), lo.Pulse(1000, 8000, 10), 10_000, record=["V", "I_stim"])


@cache
def clamped(*voltages: float) -> Any:
    """V stepped to each of several potentials."""
    command = lo.VoltageClamp(0, 5, -65) + lo.VoltageClamp(5, 15, voltage=list(voltages))
    return lo.simulate(squid(), command, 25)


@cache
def synaptic() -> Any:
    """Excited, then inhibited."""
    synapses = lo.Conductance(5, 0.4, E=0, tau=1) + lo.Conductance(20, 1, E=-75, tau=8, rise=1)
    return lo.simulate(squid(), synapses, 50)


@cache
def membrane(name: str, amplitude: float, duration: float = 100.0) -> Any:
    """A membrane of `models` under a current."""
    from docs.gallery import models

    made = getattr(models, name)()
    stimulus = lo.Pulse(0.1 * duration, 0.8 * duration, amplitude)
    return lo.simulate(made, stimulus, duration)


# ------------------------------------------------------------------------ axons

_SHOCK = lo.at(0, lo.Pulse(start=0.2, duration=0.3, amplitude=50e3))


@cache
def axon(**changes: Any) -> Any:
    """The wave along the squid's giant axon."""
    fibre = lo.Axon(
        squid().replace(celsius=18.5, **changes), length="6 cm", diameter=476,
        axial_resistivity=35.4,
    )  # fmt: skip
    return lo.simulate(fibre, _SHOCK, duration=5, sample_interval=0.02)


@cache
def taper() -> Any:
    """An axon that widens."""
    warm = squid().replace(celsius=18.5)
    wide = lo.Axon(
        regions=[
            lo.Region(warm, "3 cm", diameter=300),
            lo.Region(warm, "1 cm", diameter=300, diameter_end=900),
            lo.Region(warm, "3 cm", diameter=900),
        ],
        axial_resistivity=35.4,
    )
    shock = lo.at(0, lo.Pulse(start=0.5, duration=0.2, amplitude=30e3))
    return lo.simulate(wide, shock, duration=6, sample_interval=0.02)


@cache
def myelinated(duration: float = 1.2) -> Any:
    """An action potential along a myelinated fibre."""
    shock = lo.at(0, lo.Pulse(start=0.1, duration=0.1, amplitude=10))
    fibre = lo.experiments.myelinated()
    return lo.simulate(fibre, shock, duration, sample_interval=0.01)


@cache
def bare() -> Any:
    """The same fibre without its myelin."""
    fibre = lo.experiments.myelinated()
    axon = lo.Axon(lo.experiments.node(), fibre.length, fibre.regions[0].diameter, 35.4)
    shock = lo.at(0, lo.Pulse(start=0.1, duration=0.1, amplitude=30))
    return lo.simulate(axon, shock, 9.0, sample_interval=0.01)


@cache
def thin() -> Any:
    """A thin fibre, excited in its middle."""
    fibre = lo.Axon(squid().replace(celsius=18.5), "8 mm", 2, 35.4)
    shock = lo.at("4 mm", lo.Pulse(start=0.5, duration=0.2, amplitude=20))
    return lo.simulate(fibre, shock, 8, sample_interval=0.02)


@cache
def cooled() -> Any:
    """The squid's axon, of which a part is cold."""
    warm = squid().replace(celsius=18.5)
    fibre = lo.Axon(
        regions=[
            lo.Region(warm, "3 cm", 476),
            lo.Region(warm.replace(celsius=5), "2 cm", 476, name="cooled"),
            lo.Region(warm, "3 cm", 476),
        ],
        axial_resistivity=35.4,
    )
    return lo.simulate(fibre, _SHOCK, duration=8, sample_interval=0.02)


@cache
def one_place() -> Any:
    """What happens at one place of an axon."""
    return axon().sel(position=[3e4], method="nearest")


@cache
def places() -> Any:
    """V at three places of an axon."""
    fibre = lo.Axon(
        squid().replace(celsius=18.5), length="6 cm", diameter=476, axial_resistivity=35.4
    )
    return lo.simulate(fibre, _SHOCK, duration=5, positions=["1 cm", "3 cm", "5 cm"])


# ------------------------------------------------------------------------ experiments


@cache
def found(name: str, *membranes: str, **options: Any) -> Any:
    """What an experiment found, of a membrane of the library if one is named."""
    return getattr(lo.experiments, name)(*map(model, membranes), **options)


@cache
def found_in(language: str, name: str, *membranes: str, **options: Any) -> Any:
    """The same, in words of a language."""
    with lo.language(language):
        return getattr(lo.experiments, name)(*map(model, membranes), **options)


@cache
def measured(*more: str) -> Any:
    """What a person might have measured: the model's values at other times, with noise."""
    import xarray as xr

    rec = brief()
    time = np.arange(0.05, float(rec.time[-1]), 0.1)
    draw = np.random.default_rng(1952)
    rows = {
        name: 0.92 * np.interp(time, rec.time, rec[name]) + draw.normal(0, 1.5, time.size)
        for name in ("V", *more)
    }
    taken = {name: ("time", row, {"units": rec[name].units}) for name, row in rows.items()}
    return {"cell 7": xr.Dataset(taken, {"time": ("time", time, {"units": "ms"})})}


@cache
def told() -> Any:
    """The story of an action potential."""
    return lo.narrate(brief())
