"""How many frames, how long each, and what time of the model each shows."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from loligo.errors import UsageError

HOLD = 1.5  # seconds that the last frame stands
_USUAL_FPS = 25.0
_USUAL_SECONDS = 5.0  # of playing
_MOST_FRAMES = 5000


@dataclass(frozen=True)
class Timing:
    """``count`` frames at ``fps`` frames a second, the last one held for `HOLD` seconds."""

    count: int
    fps: float
    loop: bool
    note: str = ""

    @property
    def seconds(self) -> float:
        """From the first frame to the end of the last."""
        return (self.count - 1) / self.fps + HOLD

    def delays(self, unit: float) -> list[int]:
        """How long each frame stands, in ``unit``-ths of a second.

        >>> Timing(3, 25.0, True).delays(100)
        [4, 4, 150]
        """
        return [round(unit / self.fps)] * (self.count - 1) + [round(HOLD * unit)]

    def times(self, start: float, end: float) -> np.ndarray:
        """The time of the model that each frame shows."""
        return np.linspace(start, end, self.count)


def timing(
    duration: float,
    *,
    fps: float | None,
    speed: float | None,
    frames: int | None,
    loop: bool,
    ticks: int | None,
) -> Timing:
    """Decide how ``duration`` ms of model time are shown.

    ``ticks`` is how finely the file format divides a second (100 for GIF, 1000 for WebP), or None
    if it takes any frame rate. A frame lasts at least 0.02 s there: browsers slow down what is
    shorter.

    Raises
    ------
    UsageError
        For numbers that make no animation; it says which would.
    """
    if not isinstance(loop, bool | np.bool_):
        raise UsageError(f"loop may be True or False, not {loop!r:.60}")
    wanted = _USUAL_FPS if fps is None else _positive(fps, "fps", "frames a second, such as 25")
    if wanted > 1000:
        raise UsageError(f"fps={fps!r} is more than any screen shows; give 50 or less.")
    rate, note = _possible(wanted, ticks)
    if frames is not None and speed is not None:
        raise UsageError(
            "frames and speed both say how long the animation is; give one of them and fps."
        )
    if frames is not None:
        count = _whole(frames)
    elif speed is not None:
        pace = _positive(speed, "speed", "ms of model time a second, such as 10")
        count = _count(duration, pace, rate)
    else:
        count = round(_USUAL_SECONDS * rate) + 1
    return Timing(count, rate, bool(loop), note)


def _count(duration: float, pace: float, rate: float) -> int:
    steps = duration / pace * rate
    if steps < 0.5:
        raise UsageError(
            f"speed={pace:g} passes {duration:g} ms in less than one frame; "
            f"give ms of model time a second, such as {duration / _USUAL_SECONDS:.3g}."
        )
    if steps >= _MOST_FRAMES:
        raise UsageError(
            f"speed={pace:g} needs {steps + 1:.0f} frames for {duration:g} ms, more than "
            f"{_MOST_FRAMES}; give a larger speed, such as {duration / _USUAL_SECONDS:.3g}, "
            "or a lower fps."
        )
    return max(2, round(steps) + 1)


def _possible(wanted: float, ticks: int | None) -> tuple[float, str]:
    if ticks is None:
        return wanted, ""
    delay = max(round(0.02 * ticks), round(ticks / wanted))
    rate = ticks / delay
    if abs(rate - wanted) < 0.005 * wanted:
        return rate, ""
    return rate, f"{wanted:g} frames a second do not exist in this format: {rate:.4g} are shown"


def _positive(value: object, name: str, meaning: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise UsageError(f"{name}={value!r} is not a number; give {meaning}.")
    if not 0 < value <= sys.float_info.max:  # also of a whole number beyond all floats
        raise UsageError(f"{name}={value!r} must be positive; give {meaning}.")
    return float(value)


def _whole(frames: object) -> int:
    if isinstance(frames, bool) or not isinstance(frames, int | np.integer):
        raise UsageError(f"frames={frames!r} is not a number of frames; give one such as 126.")
    if not 2 <= frames <= _MOST_FRAMES:
        raise UsageError(f"frames={frames} must be from 2 to {_MOST_FRAMES}.")
    return int(frames)
