"""The least that excites: how far V must be displaced, and how all-or-none the answer is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.analysis.curve import highest
from loligo.experiments.excited import THRESHOLD, Excitable, excitable, lanes
from loligo.experiments.experiment import Experiment, Facts
from loligo.experiments.found import dataset, told
from loligo.experiments.membranes import one
from loligo.experiments.plan import Panel, Plan
from loligo.experiments.runs import part, protocol
from loligo.experiments.search import Threshold, least
from loligo.model import Membrane
from loligo.words import decimal, say

if TYPE_CHECKING:
    import xarray

_SMALLEST, _LARGEST = 1e-3, 300.0  # mV
_RELATIVE = 1e-9  # width of a bracket
_WAIT = 100.0  # ms
_AROUND = np.concatenate([np.linspace(0.1, 0.98, 23), np.linspace(0.985, 1.015, 31),
                          np.linspace(1.02, 2.0, 25)])  # fmt: skip
_UNEXCITED = 10.0  # mV: what is shown instead of a threshold, where there is none
_SHOWN = 1.5  # times as long as the spike at the threshold takes to come, and so much more:
_AND = 5.0  # ms
_SAMPLES = 1500


@protocol("seeking the threshold")
def threshold(
    membrane: Membrane, *, threshold: Any = THRESHOLD, wait: Any = _WAIT,
    progress: bool | None = None,
) -> xarray.Dataset:  # fmt: skip
    """How far V must be displaced, at once and from rest, to excite; and what other shocks do.

    The gates stay as they are at rest while V jumps, as in figure 12 of Hodgkin & Huxley 1952
    (doi:10.1113/jphysiol.1952.sp004764). The answer is steep around the threshold, and yet no
    step: ``width`` says over what part of the threshold the peak grows from a quarter to three
    quarters of the way between where the shock at threshold itself takes V and what one of twice
    its size reaches. Where it is small the answer is all-or-none; in the warmth it is graded
    (Cole, Guttman & Bezanilla 1970, doi:10.1073/pnas.65.4.884).

    Parameters
    ----------
    membrane : Membrane
    threshold : float
        mV that V must rise through to count as excited.
    wait : float
        ms in which it may.
    progress : bool, optional
        Whether to show a bar.

    Returns
    -------
    xarray.Dataset
        ``threshold`` (mV above rest), its ``charge`` (nC/cm2), and ``width`` (part of it);
        ``peak`` (mV), the highest V after a shock, over ``amplitude`` (mV), and the traces behind
        it, ``V`` (mV) over (``amplitude``, ``time``). NaN where no shock excites.

    Raises
    ------
    UsageError
        If it is no membrane, or rests above the threshold.

    Examples
    --------
    >>> import loligo as lo
    >>> found = lo.experiments.threshold(lo.load("hodgkin-huxley-1952"))
    >>> round(float(found.threshold), 5)
    6.50507
    """
    level, lasts = one(threshold, "mV", "threshold"), one(wait, "ms", "wait", above=0.0)
    patch = excitable(membrane, "threshold", level)
    found = _least(patch, level, lasts)
    value = float(found.value[0])
    row = (value if np.isfinite(value) else _UNEXCITED) * _AROUND
    V, time = _traces(patch, row, value, lasts)
    height, _, sure = highest(time, V)
    width = _width(patch, value, height, lasts)
    return dataset(
        EXPERIMENT, "Threshold of a shock",
        {
            "peak": ("amplitude", height, told(
                "mV", "highest V after the shock", precision=float(sure.max()),
            )),
            "V": (("amplitude", "time"), V, told("mV", "membrane potential")),
            "threshold": ((), value, told(
                "mV", "threshold", precision=found.precision,
            )),
            "charge": ((), value * patch.capacitance, told("nC/cm2", "threshold charge")),
            "width": ((), width, told("1", "width of the threshold, as a part of it")),
        },
        {
            "amplitude": ("amplitude", row, told("mV", "displacement of V")),
            "time": ("time", time, told("ms", "time")),
        },
        patch.membrane, summary=_summary(patch, value, width),
    )  # fmt: skip


def _least(patch: Excitable, level: float, lasts: float, at_once: bool = False) -> Threshold:
    """The least displacement that makes V rise through a level, or, if that counts, jump there."""
    if patch.trouble:
        return Threshold.none(1)

    def fires(_: np.ndarray, sizes: np.ndarray, until: float) -> np.ndarray:
        # no shock, which would count as a spike itself where it takes V through the threshold
        there = at_once & (patch.start["V"] + sizes >= level)
        return there | (patch.fired(until, start=_displaced(patch, sizes), level=level).count > 0)

    return least(fires, _SMALLEST, np.array([_LARGEST]), lasts, relative=_RELATIVE)


def _displaced(patch: Excitable, by: np.ndarray) -> dict[str, Any]:
    return {"V": lanes(patch.start["V"] + by)[0]}


def _traces(
    patch: Excitable, row: np.ndarray, value: float, lasts: float
) -> tuple[np.ndarray, np.ndarray]:
    """V after every shock, and its time: for as long as a late spike takes."""
    shown = lasts
    if np.isfinite(value):
        late = patch.fired(lasts, start=_displaced(patch, np.array([value]))).time[0]
        shown = min(lasts, float(np.ceil(_SHOWN * late + _AND)))
    rec = patch.under(shown, start=_displaced(patch, row), every=shown / _SAMPLES)
    return rec.V.values, rec.time.values


def _width(patch: Excitable, value: float, height: np.ndarray, lasts: float) -> float:
    """Over what part of the threshold the peak grows from 1/4 to 3/4 of the way.

    The way begins where a shock of the threshold's size takes V by itself.
    """
    if not np.isfinite(value):
        return float("nan")
    low, high = patch.start["V"] + value, height[-1]
    quarters = []
    for k, share in enumerate((0.25, 0.75)):
        with part(k, 2):
            found = _least(patch, low + share * (high - low), lasts, at_once=True)
            quarters.append(float(found.value[0]))
    return max(0.0, quarters[1] - quarters[0]) / value


def _summary(patch: Excitable, value: float, width: float) -> str:
    if patch.trouble:
        return say("{trouble}: there is no threshold.", trouble=patch.trouble)
    if not np.isfinite(value):
        return say("No displacement of V up to {largest:g} mV excites it.", largest=_LARGEST)
    how = say("all or none" if width < _ALL_OR_NONE else "graded")
    within = (
        say("less than {solved:g}", solved=_SOLVED) if width < _SOLVED else decimal(f"{width:.2g}")
    )
    return say(
        "A displacement of V by {value:.6g} mV from rest, {V:.2f} mV, excites it. The "
        "answer is {how}: the peak grows from a quarter to three quarters of the way "
        "within {within} of the threshold.",
        value=value,
        V=patch.start["V"],
        how=how,
        within=within,
    )


_ALL_OR_NONE = 0.05  # of the threshold
_SOLVED = 1e-7  # of the threshold: a smaller width is not told apart

EXPERIMENT = Experiment(
    threshold, theme="excitability", model="membrane",
    chart=Plan((
        Panel(("peak",)),
        Panel(("V",), across="time", lines="amplitude", heading="V after the shocks"),
    )),
    facts={"threshold": Facts("mV"), "wait": Facts("ms")},
)  # fmt: skip
