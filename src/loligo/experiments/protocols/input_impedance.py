"""How a membrane answers small currents of all frequencies: linearised, and by a chirp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import membrane_of, one, varied
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import protocol, run
from loligo.lanes import Labelled
from loligo.model import Membrane
from loligo.solvers import Taylor
from loligo.stimulus import Chirp, Step
from loligo.theory.linear import Linear
from loligo.theory.patch import Patch
from loligo.theory.rest import rest
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_FREQUENCIES = np.geomspace(1.0, 500.0, 241)  # Hz
_SWING = 5e-3  # mV of the answer to a chirp: what is nonlinear is about a millionth of it
_PROBED = 30  # frequencies at most of which the chirp's answer is told
_CYCLES = 40  # samples of the fastest
_LONGEST = 4e5  # samples
_RINGS = 30.0  # time constants of the slowest mode that are waited for
# a rule for integrals of what is smooth between its ends (Gregory's, of fourth order)
_ENDS = np.array([251.0, 897.0, 633.0, 739.0]) / 720
_NOTHING = float("nan")


@protocol("measuring the impedance")
def input_impedance(
    membrane: Membrane, frequency: Any = None, *, current: Any = 0.0, amplitude: Any = None,
    duration: Any = 1000.0, progress: bool | None = None
) -> xarray.Dataset:  # fmt: skip
    """V over a small current at each frequency: of the linearised equations, and by a chirp.

    Around rest, Z = 1/C_m times the upper left element of (i omega - J)**-1, with J the Jacobian
    (Mauro et al. 1970, J. Gen. Physiol. 55:497, doi:10.1085/jgp.55.4.497). Beside it, as in a
    laboratory, the spectrum of V over that of a chirp (ZAP: Puil et al. 1986, J. Neurophysiol.
    55:995), of which two with opposite signs are subtracted.

    Parameters
    ----------
    membrane : Membrane
    frequency : sequence of float, optional
        Hz; from 1 to 500 if not given.
    current : float
        uA/cm2 that is injected besides: it moves the rest.
    amplitude : float, optional
        uA/cm2 of the chirp; if not given, so small that V moves by some 0.005 mV. What is
        nonlinear shows with larger ones.
    duration : float
        ms of the chirp, from 0 Hz to a fifth above the highest frequency.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``impedance`` (kohm cm2) and ``phase`` (deg) over ``frequency``; ``zap`` and ``zap_phase``
        over some of them, ``probed``; ``input_resistance`` (kohm cm2), that at 0 Hz;
        ``time_constant`` (ms), C_m over the conductance at rest, and ``slowest`` (ms), that of the
        slowest way back to rest; ``resonance`` (Hz), where the impedance is largest, and ``Q``,
        how many times larger than at 0 Hz; NaN if that is at 0 Hz; ``response`` (mV) to the chirp
        over ``time``. NaN all where there is no stable rest.

    Raises
    ------
    UsageError
        If it is no membrane, or its parameters vary, or a number cannot be.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.input_impedance(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.resonance), 2), round(float(found.input_resistance), 4)
    (66.69, 0.857)
    """
    patch = membrane_of(membrane, "input_impedance")
    row = varied(frequency, _FREQUENCIES, "Hz", "frequency", above=0.0).values
    held = one(current, "uA/cm2", "current")
    lasts = one(duration, "ms", "duration", above=0.0)
    size = None if amplitude is None else one(amplitude, "uA/cm2", "amplitude", above=0.0)
    found = _Linear.around(patch, held)
    Z = found.impedance(row)
    probed = row[np.unique(np.linspace(0, row.size - 1, min(_PROBED, row.size)).astype(int))]
    chirp = _chirped(patch, found, probed, held, size, lasts)
    zap = chirp.impedance(probed)
    top, Q = found.resonance()
    return dataset(
        EXPERIMENT, "Input impedance",
        {
            "impedance": ("frequency", np.abs(Z), told(_UNIT, "impedance", label="linearised")),
            "phase": ("frequency", _degrees(Z), told("deg", "phase", label="linearised")),
            "zap": ("probed", np.abs(zap), told(_UNIT, "impedance", label="chirp")),
            "zap_phase": ("probed", _degrees(zap), told("deg", "phase", label="chirp")),
            "input_resistance": ((), found.resistance, told(_UNIT, "input resistance")),
            "time_constant": ((), found.time_constant, told("ms", "time constant, gates at rest")),
            "slowest": ((), found.slowest, told("ms", "time constant of the slowest return")),
            "resonance": ((), top, told("Hz", "resonance", label="resonance")),
            "Q": ((), Q, told("1", "impedance at the resonance over that at 0 Hz")),
            "response": ("time", chirp.response, told("mV", "answer to the chirp")),
        },
        {
            "frequency": ("frequency", row, told("Hz", "frequency")),
            "probed": ("probed", probed, told("Hz", "frequency")),
            "time": ("time", chirp.time, told("ms", "time")),
        },
        patch, summary=_summary(found, top, Q, zap - found.impedance(probed)),
    )  # fmt: skip


_UNIT = "kohm*cm2"


def _degrees(Z: np.ndarray) -> np.ndarray:
    return np.degrees(np.angle(Z))


# ------------------------------------------------------------------------ linearised


@dataclass(frozen=True, eq=False)
class _Linear:
    """A membrane around its rest.

    Attributes
    ----------
    states
        Name -> value; empty where there is no stable rest.
    jacobian : (states, states)
        per ms, V first.
    capacitance
        uF/cm2.
    resistance
        At 0 Hz, kohm cm2.
    """

    states: dict[str, float]
    jacobian: np.ndarray
    capacitance: float
    resistance: float
    why: str

    @classmethod
    def around(cls, membrane: Membrane, current: float) -> _Linear:
        found = rest(membrane, current)
        about = Patch.of(membrane, "rest")
        capacitance = float(membrane.parameters["C_m"].value)  # type: ignore[arg-type]
        size = len(about.outline.states)
        if not found.stable:
            nothing = np.full((size, size), np.nan)
            return cls({}, nothing, capacitance, _NOTHING, str(found.attrs["summary"]))
        states = {name: float(found[name]) for name in about.outline.states}
        jacobian = about.jacobian(np.array(list(states.values()))[:, None])[0]
        resistance = 1 / float(found.slope_conductance)
        return cls(states, jacobian, capacitance, resistance, "")

    def impedance(self, frequency: np.ndarray) -> np.ndarray:
        """Complex, kohm cm2, at frequencies in Hz."""
        if not self.states:
            return np.full(np.shape(frequency), complex(np.nan, np.nan))
        return Linear(self.jacobian, self.capacitance).impedance(frequency)

    def resonance(self) -> tuple[float, float]:
        """Where the impedance is largest, and how much larger than at 0 Hz; NaN if it is there."""
        if not self.states:
            return _NOTHING, _NOTHING
        return Linear(self.jacobian, self.capacitance).resonance()

    @property
    def time_constant(self) -> float:
        """With all but V at rest, ms."""
        return -1 / float(self.jacobian[0, 0])

    @property
    def slowest(self) -> float:
        """Of the mode that decays last, ms."""
        if not self.states:
            return _NOTHING
        return float(-1 / np.linalg.eigvals(self.jacobian).real.max())


# ------------------------------------------------------------------------ by a chirp


@dataclass(frozen=True, eq=False)
class _Chirped:
    """The answer to a chirp, (samples,), mV; the chirp ends at a sample."""

    time: np.ndarray
    response: np.ndarray
    stimulus: np.ndarray  # uA/cm2, while it lasts

    def impedance(self, frequency: np.ndarray) -> np.ndarray:
        """The spectrum of V over that of the current."""
        if not np.isfinite(self.response).all():
            return np.full(frequency.shape, complex(np.nan, np.nan))
        last, samples = self.stimulus.size, self.time.size
        flows = _weights(last) * self.stimulus
        moves = np.zeros(samples)
        moves[:last] += _weights(last) * self.response[:last]
        moves[last - 1 :] += _weights(samples - last + 1) * self.response[last - 1 :]
        interval = float(self.time[1])
        return _spectrum(moves, interval, frequency) / _spectrum(flows, interval, frequency)


def _spectrum(values: np.ndarray, interval: float, frequency: np.ndarray) -> np.ndarray:
    """The sum of values times exp(-i omega t), t from 0 in steps; in rows, so that few
    exponentials are taken."""
    width = int(np.ceil(np.sqrt(values.size)))
    rows = np.zeros(width * width)
    rows[: values.size] = values
    turning = -2j * np.pi * frequency[:, None] / 1e3 * interval * np.arange(width)
    inner = rows.reshape(width, width) @ np.exp(turning).T
    return np.einsum("rf,fr->f", inner, np.exp(width * turning))


def _weights(samples: int) -> np.ndarray:
    weights = np.ones(samples)
    weights[: _ENDS.size] = _ENDS
    weights[-_ENDS.size :] = _ENDS[::-1]
    return weights


def _chirped(
    membrane: Membrane, around: _Linear, probed: np.ndarray, current: float, size: float | None,
    lasts: float,
) -> _Chirped:  # fmt: skip
    """What V does in a chirp that goes beyond all frequencies, by whole turns, and after it."""
    if not around.states:
        return _Chirped(np.zeros(8), np.full(8, np.nan), np.ones(8))
    turns = np.ceil(0.6 * probed.max() * lasts / 1e3)
    fastest = 2e3 * turns / lasts  # Hz: so many turns from 0 Hz on
    if size is None:
        every = np.linspace(0.0, fastest, 500)
        size = _SWING / float(np.abs(around.impedance(every)).max())
    samples = int(np.ceil(lasts * fastest / 1e3 * _CYCLES))
    interval = lasts / samples
    after = int(min(np.ceil(_RINGS * around.slowest / interval), max(_LONGEST - samples, samples)))
    both = Labelled(("lane",), np.array([size, -size]))
    chirp = Chirp(0.0, lasts, both, 0.0, fastest)
    rec = _run(membrane, Step(0.0, current) + chirp, around.states, interval, samples + after)
    response = (rec.V.values[0] - rec.V.values[1]) / 2
    time = np.arange(response.size) * interval
    stimulus = Chirp(0.0, lasts, size, 0.0, fastest).value(time[: samples + 1])
    stimulus[-1] = 0.0  # after whole turns
    return _Chirped(time, response, stimulus)


def _run(
    membrane: Membrane, stimulus: Any, states: dict[str, float], interval: float, samples: int
) -> xarray.Dataset:  # fmt: skip
    """As exactly as there is a solver for it."""
    return run(
        membrane, stimulus, samples * interval, initial=states, record=["V"],
        sample_interval=interval, solver=Taylor(1e-12),
    )  # fmt: skip


def _summary(found: _Linear, top: float, Q: float, apart: np.ndarray) -> str:
    if not found.states:
        return say("There is no stable rest around which to measure. {why}", why=found.why)
    said = say("Its input resistance is {resistance:.4g} kΩ·cm²", resistance=found.resistance)
    if np.isfinite(top):
        said += say("; it resonates at {top:.4g} Hz, with {Q:.4g} times that", top=top, Q=Q)
    else:
        said += say(", and it does not resonate: no impedance is larger")
    return say(
        "{said}. A chirp finds the same within {apart:.1g} kΩ·cm².",
        said=said,
        apart=np.abs(apart).max(),
    )


EXPERIMENT = Experiment(
    input_impedance, theme="membrane", model="membrane",
    chart=Plan((
        Panel(("zap",), ("impedance",), across="probed", log="x", weight=1.5),
        Panel(
            ("zap_phase",), ("phase",), across="probed", log="x", zero=True, marks=("resonance",)
        ),
    )),
    facts={
        "frequency": Facts("Hz", many=True), "current": Facts("uA/cm2"),
        "amplitude": Facts("uA/cm2"), "duration": Facts("ms"),
    },
)  # fmt: skip
