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

    The last frame is repeated for as long as it is held; looping is the player's business.
    """
    import imageio_ffmpeg  # type: ignore[import-not-found]

    even = "pad=ceil(iw/2)*2:ceil(ih/2)*2"
    # it has no annotations, and the types of its defaults are not all that it takes
    write_frames: Callable[..., Generator[None, Any, None]] = imageio_ffmpeg.write_frames
    writer = write_frames(
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
        for frame, times in zip(frames, ticks, strict=True):
            picture = np.ascontiguousarray(colours[frame.image])
            for _ in range(times):
                writer.send(picture)
    except OSError as error:
        raise UsageError(f"ffmpeg could not write {path.name}: {error}") from error
    finally:
        writer.close()
