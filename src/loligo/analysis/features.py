"""A cell in numbers: how it fired, what its spikes looked like, how V followed the stimulus."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from loligo.analysis.curve import Array, Trace
from loligo.analysis.levels import levels
from loligo.analysis.shape import read_rate, shapes
from loligo.analysis.spikes import Lanes, Spikes, find, lost, trace
from loligo.analysis.stimulated import Stimulated
from loligo.analysis.trains import Train, ratio, rhythm
from loligo.errors import callers_level
from loligo.recording.door import welcome

if TYPE_CHECKING:
    import xarray


class Feature(NamedTuple):
    """What a feature is.

    Attributes
    ----------
    unit
        In which it is; of an input resistance the one that the current has.
    meaning
        In a few words.
    definition
        Exactly.
    """

    unit: str
    meaning: str
    definition: str


_INSIDE = "of the stimulus"
_LATER = "of the intervals after the first"
_MEAN = "mean over the spikes"

# Names are eFEL's wherever it has the feature; where eFEL has a value for each spike, the mean.
RHYTHM: Mapping[str, Feature] = {
    "spike_count": Feature("1", "number of spikes", "in the whole recording"),
    "spike_count_stimint": Feature(
        "1", "number of spikes during the stimulus", "from its start to its end, both included"
    ),
    "rate": Feature(
        "Hz", "mean firing rate",
        "intervals over the time from the first spike to the last; 0 without a spike, unknown of "
        "one",
    ),
    "mean_frequency": Feature(
        "Hz", "mean frequency", "spikes during the stimulus over the time from its start to the "
        "last of them; 0 without one",
    ),
    "time_to_first_spike": Feature(
        "ms", "latency of the first spike", "from the start of the stimulus to the first spike "
        "after it",
    ),
    "time_to_last_spike": Feature(
        "ms", "time of the last spike", "from the start of the stimulus to the last spike after it"
    ),
    "all_ISI_values": Feature("ms", "mean interval between spikes", "over all intervals"),
    "doublet_ISI": Feature("ms", "first interval", "between the first two spikes"),
    "inv_first_ISI": Feature("Hz", "initial frequency", "1 over the first interval"),
    "inv_last_ISI": Feature("Hz", "final frequency", "1 over the last interval"),
    "ISI_CV": Feature(
        "1", "coefficient of variation of the intervals",
        f"standard deviation (n - 1) over mean, {_LATER}",
    ),
    "ISI_log_slope": Feature(
        "1", "slope of the intervals",
        f"of the straight line through log(interval) over log(its number), {_LATER}",
    ),
    "irregularity_index": Feature(
        "ms", "irregularity", f"mean size of the difference of neighbours, {_LATER}"
    ),
    "adaptation_index": Feature(
        "1", "adaptation",
        "mean over neighbouring intervals of their difference over their sum, during the "
        "stimulus; without the first tenth of the spikes, two at most, and of four at least",
    ),
    "adaptation_index2": Feature(
        "1", "adaptation from the second spike on", "the same without the first spike alone"
    ),
}  # fmt: skip
SHAPE: Mapping[str, Feature] = {
    "peak_voltage": Feature("mV", "voltage of the peak", _MEAN),
    "AP_begin_voltage": Feature(
        "mV", "voltage of the onset", f"where dV/dt passes derivative_threshold for good; {_MEAN}"
    ),
    "AP_amplitude": Feature("mV", "height of spikes", f"from onset to peak; {_MEAN}"),
    "AP1_amp": Feature("mV", "height of the first spike", "from onset to peak"),
    "AP2_amp": Feature("mV", "height of the second spike", "from onset to peak"),
    "APlast_amp": Feature("mV", "height of the last spike", "from onset to peak"),
    "AP1_begin_voltage": Feature("mV", "voltage of the onset of the first spike", "its threshold"),
    "AP_rise_time": Feature("ms", "time from onset to peak", _MEAN),
    "AP_duration_half_width": Feature(
        "ms", "width of spikes", f"halfway between onset and peak; {_MEAN}"
    ),
    "AP_peak_upstroke": Feature("mV/ms", "maximum rate of rise", _MEAN),
    "AHP_depth_abs": Feature(
        "mV", "voltage of the after-hyperpolarisation",
        f"the lowest after the peak until V has risen 1 mV from there; {_MEAN}",
    ),
    "AHP_depth": Feature(
        "mV", "after-hyperpolarisation", "AHP_depth_abs less voltage_base: negative below it"
    ),
    "AHP_time_from_peak": Feature(
        "ms", "time from the peak to the after-hyperpolarisation", _MEAN
    ),
    "fast_AHP": Feature(
        "mV", "depth of the after-hyperpolarisation below the onset",
        f"{_MEAN} but the last",
    ),
}  # fmt: skip
LEVELS: Mapping[str, Feature] = {
    "voltage_base": Feature(
        "mV", "voltage before the stimulus", "mean over the last tenth of the time before it"
    ),
    "steady_state_voltage_stimend": Feature(
        "mV", f"voltage at the end {_INSIDE}", f"mean over the last tenth {_INSIDE}"
    ),
    "steady_state_voltage": Feature(
        "mV", "voltage after the stimulus", "mean from its end to that of the recording"
    ),
    "minimum_voltage": Feature(
        "mV", "lowest voltage during the stimulus", "of the samples"
    ),
    "maximum_voltage": Feature(
        "mV", "highest voltage during the stimulus", "of the samples"
    ),
    "voltage_deflection_vb_ssse": Feature(
        "mV", "deflection by the stimulus", "steady_state_voltage_stimend less voltage_base"
    ),
    "sag_amplitude": Feature(
        "mV", "sag", "steady_state_voltage_stimend less minimum_voltage, of a stimulus that "
        "hyperpolarises and makes no spike",
    ),
    "sag_ratio1": Feature(
        "1", "sag over the largest deflection", "sag_amplitude over voltage_base less "
        "minimum_voltage",
    ),
    "sag_ratio2": Feature(
        "1", "steady over the largest deflection",
        "voltage_base less steady_state_voltage_stimend over voltage_base less minimum_voltage, "
        "where there is a sag_amplitude",
    ),
    "ohmic_input_resistance_vb_ssse": Feature(
        "kohm*cm2", "input resistance",
        "voltage_deflection_vb_ssse over the current of a pulse or a step that makes no spike; "
        "kohm*cm2 where it is a density, MOhm where it is a total current",
    ),
}  # fmt: skip

_OF_TOTAL = "MOhm"
_ABOUT = ("title", "model", "stimulus", "solver", "loligo_version")


def features(
    rec: xarray.Dataset,
    threshold: Any = None,
    *,
    stimulus: Any = None,
    derivative_threshold: Any = 10.0,
) -> xarray.Dataset:
    """A table of numbers that describe each cell: its firing, its spikes, its response.

    Names and definitions are those of eFEL (Blue Brain's Electrophys Feature Extraction Library,
    https://efel.readthedocs.io) wherever it has the feature; where that is one number for each
    spike, it is their mean here. Every variable says in its attributes what it is in
    (``units``), what it is (``long_name``) and how it is ``defined``. A feature that a cell does
    not have is NaN: the height of spikes where there is none, everything of a lane that was
    lost. Each lane is looked at as if it were alone, so that a sweep in blocks
    (``lo.sweep(..., summary=lo.features)``) has the same bits.

    The time of a spike is that of its peak, as in eFEL; in a recording without V, which has
    only the features of rhythm, it is the rise through the threshold:
    ``attrs["spikes_timed_at"]`` says which. Widths and rates are those of the smooth curve
    through the samples (:func:`loligo.spike_shape` has them and more of each spike), means those
    over time, so that nothing depends on how densely V was sampled, and samples need not be evenly
    spaced.

    Parameters
    ----------
    rec : xarray.Dataset
        A recording, of any number of lanes; of an axon each position is a lane.
    threshold : voltage, optional
        What a spike is, as for :func:`loligo.spike_times`.
    stimulus : Stimulus, optional
        What was done, where the recording does not say, such as a file of another program's:
        ``lo.Pulse(500, 1000, "-50 pA")``. Of a sum of several, what goes on all the time, and
        noise, are the background of the others. Without any, features of the stimulus are NaN.
    derivative_threshold : float
        mV/ms: where a spike begins, as for :func:`loligo.spike_shape`.

    Returns
    -------
    xarray.Dataset
        One variable for each feature over the lanes, with their coordinates;
        ``.to_dataframe()`` is the table (of a single run, ``.to_pandas()``).

    Raises
    ------
    UsageError
        ``stimulus`` is none, or what :func:`loligo.spike_times` raises.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> rec = lo.simulate(squid, lo.Pulse(20, 60, [-2, 10]), 100)
    >>> found = lo.features(rec)
    >>> found.spike_count.values.tolist(), found.AP_amplitude.values.round(1).tolist()
    ([0.0, 5.0], [nan, 84.4])
    >>> print(found.sag_amplitude.attrs["units"], found.sag_amplitude.attrs["long_name"])
    mV sag
    """
    import xarray as xr

    rate = read_rate(derivative_threshold)
    rec = welcome(rec)
    lanes = Lanes.of(rec)
    gone = lost(rec, lanes)
    times = _recorded(rec)
    done = Stimulated.of(rec, lanes, stimulus, times)
    if done.clamped:
        warnings.warn(
            "V was clamped: what the features tell of V is what it was led along, while it was",
            stacklevel=callers_level(),
        )
    spikes = find(rec, lanes, threshold)
    values, about = _measured(rec, lanes, spikes, done, rate)
    if done.unit == "nA":
        name = "ohmic_input_resistance_vb_ssse"
        about = {**about, **({name: about[name]._replace(unit=_OF_TOTAL)} if name in about else {})}
    variables = {
        name: (
            lanes.dims,
            np.where(gone, np.nan, values[name]).reshape(lanes.shape),
            {"units": what.unit, "long_name": what.meaning, "defined": what.definition},
        )
        for name, what in about.items()
    }
    timed = "peak" if "V" in rec else "threshold"
    said = {name: rec.attrs[name] for name in _ABOUT if name in rec.attrs}
    own = {"threshold": spikes.threshold, "derivative_threshold": rate, "spikes_timed_at": timed}
    return xr.Dataset(variables, lanes.coords, {**said, **own})


def _recorded(rec: xarray.Dataset) -> tuple[float, float]:
    """From when to when something was recorded, ms; of spikes alone, as long as the run was."""
    if "time" in rec.coords and rec.sizes.get("time", 0):
        time = np.asarray(rec["time"].values, dtype=float)
        return float(time.min()), float(time.max())
    return 0.0, np.inf


def _measured(
    rec: xarray.Dataset, lanes: Lanes, spikes: Spikes, done: Stimulated, rate: float
) -> tuple[dict[str, Array], dict[str, Feature]]:
    """The features, each a row of all lanes, and what they are."""
    if "V" not in rec:
        train = Train(spikes.lane, spikes.time, lanes.size)
        return rhythm(train, done.start, done.end), dict(RHYTHM)
    about = {**RHYTHM, **SHAPE, **LEVELS}
    values = {name: np.full(lanes.size, np.nan) for name in about}
    for rows, v in _stretches(rec, lanes):
        found = _of_trace(v, spikes.of(rows), done.within(rows, v.time[-1]), rate)
        for name in values:
            values[name][rows] = found[name]
    return values, about


def _stretches(rec: xarray.Dataset, lanes: Lanes) -> Iterator[tuple[Array, Trace]]:
    """Cells whose V was recorded for the same time: all, but where each lane ended by itself."""
    known = None
    if "until" in rec.attrs and set(rec["V"].dims) == {*lanes.dims, "time"}:
        known = rec["V"].transpose(*lanes.dims, "time").notnull().values
        known = known.reshape(lanes.size, rec.sizes["time"])
    if known is None or (known[:, 1:] > known[:, :-1]).any():  # a gap, which is told of
        yield np.arange(lanes.size), trace(rec, lanes)
        return
    length = known.sum(axis=1)
    v = trace(rec.assign(V=rec["V"].fillna(0.0)), lanes)
    for samples in np.unique(length[length > 1]).tolist():
        rows = np.flatnonzero(length == samples)
        yield rows, Trace(v.time[:samples], v.values[rows, :samples])


def _of_trace(v: Trace, spikes: Spikes, done: Stimulated, rate: float) -> dict[str, Array]:
    """The features of these cells."""
    lanes = len(v.values)
    each = shapes(v, spikes, rate, whole=False)
    timed = np.isfinite(each["peak_time"])
    train = Train(spikes.lane[timed], each["peak_time"][timed], lanes)
    found = rhythm(train, done.start, done.end)
    found["spike_count"] = np.bincount(spikes.lane, minlength=lanes).astype(float)
    found |= levels(v, done.start, done.end)
    found |= _shape(Train(spikes.lane, spikes.time, lanes), each)
    return found | _response(found, done, spikes.threshold)


def _shape(train: Train, each: Mapping[str, Array]) -> dict[str, Array]:
    """Of each lane, what its spikes look like."""
    means = {name: train.mean(each[name]) for name in SHAPE if name in each}
    amplitude, begin = each["AP_amplitude"], each["AP_begin_voltage"]
    more = train.place < train.count[train.lane] - 1
    return means | {
        "AP1_amp": train.nth(amplitude, 0),
        "AP2_amp": train.nth(amplitude, 1),
        "APlast_amp": train.nth(amplitude, -1),
        "AP1_begin_voltage": train.nth(begin, 0),
        "AP_rise_time": train.mean(each["peak_time"] - each["AP_begin_time"]),
        "fast_AHP": train.chosen(more).mean((begin - each["AHP_depth_abs"])[more]),
    }


def _response(found: Mapping[str, Array], done: Stimulated, threshold: float) -> dict[str, Array]:
    """How V followed the stimulus."""
    base, steady = found["voltage_base"], found["steady_state_voltage_stimend"]
    lowest = found["minimum_voltage"]
    quiet = (found["spike_count_stimint"] == 0) & (found["maximum_voltage"] < threshold)
    deflection = steady - base
    sag = np.where(quiet & (deflection <= 0), steady - lowest, np.nan)
    return {
        "AHP_depth": found["AHP_depth_abs"] - base,
        "voltage_deflection_vb_ssse": deflection,
        "sag_amplitude": sag,
        "sag_ratio1": ratio(sag, base - lowest),
        "sag_ratio2": np.where(np.isnan(sag), np.nan, ratio(base - steady, base - lowest)),
        "ohmic_input_resistance_vb_ssse": np.where(quiet, ratio(deflection, done.current), np.nan),
    }
