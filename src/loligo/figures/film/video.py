"""Writes MP4 from the same frames, with ffmpeg from the extra ``loligo[mp4]``."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from loligo.errors import FileError, UsageError
from loligo.figures.film.frames import Frame
from loligo.figures.film.timing import Timing


def check_mp4() -> None:
    """A `FileError` if the extra that writes MP4 is not installed."""
    try:
        import imageio_ffmpeg  # type: ignore[import-not-found]
    except ImportError:
        raise FileError(
            'writing .mp4 needs ffmpeg: pip install "loligo[mp4]"; '
            "or write a .gif or .webp, which need nothing more."
        ) from None
    try:
        imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise FileError(
            f"writing .mp4 needs ffmpeg, and none was found ({error}); "
            'pip install --force-reinstall "loligo[mp4]", or write a .gif or .webp.'
        ) from None


def write_mp4(
    path: Path,
    frames: Iterable[Frame],
    colours: np.ndarray,
    size: tuple[int, int],
    timing: Timing,
) -> None:
    """Write ``frames`` as H.264, which every browser and slide program plays.

    ffmpeg repeats the last frame for as long as it is held; looping is the player's business.
    """
    import imageio_ffmpeg  # type: ignore[import-not-found]

    # it has no annotations, and the types of its defaults are not all that it takes
    write_frames: Callable[..., Generator[None, Any, None]] = imageio_ffmpeg.write_frames
    planes = _Planes(colours, size)
    last = timing.delays(timing.fps)[-1] - 1
    held = ("-vf", f"tpad=stop_mode=clone:stop={last}") if last else ()
    writer = write_frames(
        str(path),
        planes.size,
        pix_fmt_in="yuv420p",
        fps=timing.fps,
        codec="libx264",
        quality=None,
        macro_block_size=1,
        output_params=[*_QUALITY, *_QUICK, *_CODING, *held],
    )
    writer.send(None)
    try:
        for frame in frames:
            planes.show(frame)
            writer.send(planes.memory)
    except OSError as error:
        raise UsageError(f"ffmpeg could not write {path.name}: {error}") from error
    finally:
        writer.close()


# One quality for every picture, which needs no looking ahead: of 1080p 46 dB beside the frames.
_QUALITY = ("-qp", "18", "-preset", "ultrafast")
# No frame waits for those that come: next to nothing changes from one to the next.
_QUICK = ("-tune", "zerolatency", "-movflags", "+faststart")
# What the numbers mean (ITU-R BT.709), and that they are of a screen's colours (sRGB). Said to the
# encoder: to ffmpeg it would be one more conversion.
_MEANING = "colormatrix=bt709:colorprim=bt709:transfer=iec61966-2-1"
_CODING = ("-x264-params", f"cabac=1:8x8dct=1:{_MEANING}")


class _Planes:
    """A frame as H.264 takes it: brightness of every pixel, and two differences of colour of every
    four. What did not change is not converted again."""

    def __init__(self, colours: np.ndarray, size: tuple[int, int]) -> None:
        width, height = (side + side % 2 for side in size)
        self.size = width, height
        self._given = size[1], size[0]  # rows, columns
        red, green, blue = (colours[:, k] / 255.0 for k in range(3))
        light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        parts = (16.0 + 219 * light, 128 + 224 * (blue - light) / 1.8556,
                 128 + 224 * (red - light) / 1.5748)  # fmt: skip
        bright, blue, red = (np.rint(part).astype(np.uint32) for part in parts)
        self._bright_codes = bright.astype(np.uint8)
        self._tint_codes = blue | red << 16  # four of both are added at once
        self.memory = np.zeros(width * height * 3 // 2, dtype=np.uint8)
        first, rest = np.split(self.memory, [width * height])
        self._bright = first.reshape(height, width)
        self._tints = rest.reshape(2, height // 2, width // 2)

    def show(self, frame: Frame) -> None:
        """Take over what a frame has changed; an odd last row or column is repeated."""
        left, top, right, bottom = frame.box
        rows = _pairs(top, bottom, self._given[0])
        columns = _pairs(left, right, self._given[1])
        top, left = int(rows[0]), int(columns[0])
        bottom, right = top + rows.size, left + columns.size
        odd = bottom > self._given[0] or right > self._given[1]
        image = frame.image[np.ix_(rows, columns)] if odd else frame.image[top:bottom, left:right]
        self._bright[top:bottom, left:right] = self._bright_codes[image]
        there = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
        four = np.uint32(0x20002)
        for corner in (np.s_[::2, ::2], np.s_[::2, 1::2], np.s_[1::2, ::2], np.s_[1::2, 1::2]):
            four = four + self._tint_codes[image[corner]]
        self._tints[0][there] = (four >> 2) & 255
        self._tints[1][there] = four >> 18


def _pairs(first: int, last: int, count: int) -> np.ndarray:
    """Which rows or columns are converted: whole pairs, the last one of an odd number twice."""
    return np.minimum(np.arange(first & ~1, last + last % 2), count - 1)
