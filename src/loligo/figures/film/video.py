"""Writes MP4 from the same frames, with ffmpeg from the extra ``loligo[mp4]``."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

import numpy as np

from loligo.errors import FileError
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

    The last frame is written once and lasts as long as it is held; to loop is a player's business.
    """
    planes = _Planes(colours, size)
    with _encoder(path, planes.size, timing) as pipe:
        for frame in frames:
            planes.show(frame)
            _hand(pipe, planes.memory)


@contextlib.contextmanager
def _encoder(path: Path, size: tuple[int, int], timing: Timing) -> Iterator[BinaryIO]:
    """What takes raw frames of ``size`` and writes them as a video to ``path``; it is gone when the
    block is left, whichever way.

    Raises
    ------
    FileError
        If ffmpeg could not write it; in its own words.
    """
    import imageio_ffmpeg  # type: ignore[import-not-found]

    times = timing.delays(timing.fps)[-1]
    last = f"setts=duration=if(eq(N\\,{timing.count - 1})\\,DURATION*{times}\\,DURATION)"
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", "{}x{}".format(*size))
    given = ("-probesize", "32", *raw, "-framerate", f"{timing.fps:.6f}", "-i", "pipe:0")
    coded = ("-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", *_QUALITY, *_QUICK, *_CODING)
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error"]
    # as a file, whatever its name looks like: an option, or a protocol and its address
    command = [*program, *given, *coded, "-bsf:v", last, f"file:{path}"]
    with tempfile.TemporaryFile() as said:
        running = _started(command, said)
        pipe, taken = cast(BinaryIO, running.stdin), False
        try:
            _widen(pipe)
            with _unread():  # it ended: the reason is in what it said
                yield pipe
                taken = True
            with _unread():
                pipe.close()
            running.wait()
        finally:
            if running.poll() is None:
                running.kill()
                running.wait()
            with _unread():
                pipe.close()
        if running.returncode or not taken:
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").strip().splitlines()
            raise _refused(lines, running.returncode)


def _started(command: list[str], said: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, bufsize=0,
            env={**os.environ, **_KEPT},
            start_new_session=True,  # Ctrl-C is for us, who then end it
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows opens one else
        )  # fmt: skip
    except OSError as error:
        raise _refused([f"{command[0]}: {error.strerror}"], 1) from None


@contextlib.contextmanager
def _unread() -> Iterator[None]:
    """Nobody reads from a pipe any more, and that is no error here."""
    try:
        yield
    except OSError as error:
        if not isinstance(error, BrokenPipeError) and error.errno != _UNREAD_ON_WINDOWS:
            raise


def _refused(lines: list[str], code: int) -> Exception:
    """Why ffmpeg wrote nothing: a disk that is full is told as of any other file."""
    if any(os.strerror(errno.ENOSPC) in line for line in lines):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    reason = lines[-1][:200] if lines else f"it ended with {code}"
    return FileError(
        f"ffmpeg could not write the video ({reason}); write a .gif or .webp, or try "
        'pip install --force-reinstall "loligo[mp4]"'
    )


def _widen(pipe: BinaryIO) -> None:
    """Room for a good part of a frame in the pipe, where a system lets us: each side is woken less
    often."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def _hand(pipe: BinaryIO, memory: np.ndarray) -> None:
    """Write all of it: a pipe may take a part at a time."""
    rest = memory.data
    while rest:
        rest = rest[pipe.write(rest) :]


_UNREAD_ON_WINDOWS = errno.EINVAL if os.name == "nt" else None
_PIPE = 1 << 20  # bytes: as many as Linux lets anyone have
# To the C library of Linux: memory of a frame's size is kept for the next frame, not given back.
_KEPT = {"MALLOC_MMAP_THRESHOLD_": str(1 << 29), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
# One quality for every picture, which needs no looking ahead: of 1080p 46 dB beside the frames.
# Arithmetic coding (cabac) would save 5 % of the file and take 13 % more of the encoder's time.
_QUALITY = ("-qp", "18", "-preset", "ultrafast")
# No frame waits for those that come: next to nothing changes from one to the next.
_QUICK = ("-tune", "zerolatency", "-movflags", "+faststart")
# What the numbers mean (ITU-R BT.709), and that they are of a screen's colours (sRGB). Said to the
# encoder: to ffmpeg it would be one more conversion.
_MEANING = "colormatrix=bt709:colorprim=bt709:transfer=iec61966-2-1"
_CODING = ("-x264-params", _MEANING)


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
        self._bright[top:bottom, left:right] = self._bright_codes.take(image)
        there = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
        both = self._tint_codes.take(image[::2])
        both += self._tint_codes.take(image[1::2])
        four = both[:, ::2] + both[:, 1::2] + np.uint32(0x20002)
        self._tints[0][there] = (four >> 2) & 255
        self._tints[1][there] = four >> 18


def _pairs(first: int, last: int, count: int) -> np.ndarray:
    """Which rows or columns are converted: whole pairs, the last one of an odd number twice."""
    return np.minimum(np.arange(first & ~1, last + last % 2), count - 1)
