"""Writes animated WebP (Pillow) and MP4 (the extra ``loligo[mp4]``) from the same frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from loligo.errors import FileError, UsageError
from loligo.figures.frames import Frame
from loligo.figures.timing import Timing


def write_webp(
    path: Path,
    frames: Iterable[Frame],
    colours: np.ndarray,
    size: tuple[int, int],
    timing: Timing,
) -> None:
    """Write ``frames`` without loss."""
    _moving_image(frames, colours, size, timing.count).save(
        path,
        format="WEBP",
        save_all=True,
        lossless=True,
        method=0,
        quality=0,
        duration=timing.delays(1000),
        loop=0 if timing.loop else 1,
        minimize_size=False,
    )


def check_webp() -> None:
    """A `FileError` if this Pillow was built without WebP."""
    from PIL import features

    if not features.check("webp"):
        raise FileError(
            "this Pillow cannot write WebP; write a .gif, or: pip install --upgrade pillow"
        )


def _moving_image(
    frames: Iterable[Frame], colours: np.ndarray, size: tuple[int, int], count: int
) -> Any:
    """An image of many frames, each made when Pillow asks for it."""
    from PIL import Image

    coming = _rgb(frames, colours)

    class Moving(Image.Image):
        n_frames = count
        is_animated = True
        _at = -1

        def seek(self, frame: int) -> None:
            while self._at < frame:
                self._at += 1
                self.im = Image.fromarray(next(coming)).im

        def tell(self) -> int:
            return max(self._at, 0)

    moving = Moving()
    moving._mode, moving._size = "RGB", size
    moving.seek(0)
    return moving


def _rgb(frames: Iterable[Frame], colours: np.ndarray) -> Iterator[np.ndarray]:
    for frame in frames:
        yield colours[frame.image]


def check_mp4() -> None:
    """A `FileError` if the extra that writes MP4 is not installed."""
    try:
        import imageio_ffmpeg
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

    The last frame is repeated for as long as it is held; looping is the player's business.
    """
    import imageio_ffmpeg

    even = "pad=ceil(iw/2)*2:ceil(ih/2)*2"
    writer = imageio_ffmpeg.write_frames(
        str(path),
        size,
        pix_fmt_in="rgb24",
        fps=timing.fps,
        codec="libx264",
        quality=None,
        macro_block_size=1,
        output_params=["-crf", "18", "-preset", "veryfast", "-vf", even, "-movflags", "+faststart"],
    )
    writer.send(None)
    try:
        ticks = timing.delays(timing.fps)
        for picture, times in zip(_rgb(frames, colours), ticks, strict=True):
            for _ in range(times):
                writer.send(np.ascontiguousarray(picture))
    except OSError as error:
        raise UsageError(f"ffmpeg could not write {path.name}: {error}") from error
    finally:
        writer.close()
