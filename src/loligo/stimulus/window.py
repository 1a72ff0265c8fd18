"""Whether a stimulus acts within the run at all."""

from __future__ import annotations

import numpy as np

from loligo.errors import StimulusError
from loligo.lanes import Labelled, Value, grid
from loligo.stimulus.applied import Applied
from loligo.stimulus.base import Stimulus


def check(stimulus: Stimulus | Applied, duration: float) -> None:
    """Refuse a stimulus of which a shape lies wholly outside the run, in every lane.

    Parameters
    ----------
    stimulus : Stimulus or Clamp
    duration : float
        Of the run, ms.

    Raises
    ------
    StimulusError
        Saying which shape, when it acts and when the run is.

    Examples
    --------
    >>> from loligo.stimulus import Pulse
    >>> check(Pulse(5, 1, 10), duration=20)
    """
    for shape in stimulus.shapes if isinstance(stimulus, Stimulus) else (stimulus,):
        _check_shape(shape, duration)


def _check_shape(shape: Applied, duration: float) -> None:
    start, length = shape.window()
    lanes = grid({"start": start, "duration": length})
    begins = lanes.flat("start")
    ends = begins + lanes.flat("duration")
    if np.any((begins < duration) & (ends > 0)):
        return shape.check_span(float((np.minimum(ends, duration) - begins).max()))
    late = bool(np.all(begins >= duration))
    when = f"begins at {_low(start)} ms" if late else f"ends at {ends.max():g} ms"
    run = f"the run ends at {duration:g} ms" if late else "the run begins at 0 ms"
    remedy = "start it earlier or make the run longer" if late else "start it later"
    raise StimulusError(
        f"{shape!r} lies wholly outside the run: it {when}, but {run}; {remedy} "
        "(all times are in ms)"
    )


def _low(value: Value) -> str:
    return f"{value.values.min():g}" if isinstance(value, Labelled) else f"{value:g}"
