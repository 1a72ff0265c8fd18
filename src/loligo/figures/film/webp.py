"""Writes an animated WebP without loss, frame by frame, as `gif` does: only what changed.

The container is that of https://developers.google.com/speed/webp/docs/riff_container; the frames'
image data is Pillow's.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from loligo.errors import FileError
from loligo.figures.film.difference import Patch, patches
from loligo.figures.film.frames import Frame
from loligo.figures.film.palette import TRANSPARENT
from loligo.figures.film.timing import Timing

_ANIMATED, _ALPHA = 0x02, 0x10
_OPAQUE_FRAME = 0x02  # do not blend: the first frame


def check_webp() -> None:
    """A `FileError` if this Pillow was built without WebP."""
    from PIL import features

    if not features.check("webp"):
        raise FileError(
            "this Pillow cannot write WebP; write a .gif, or: pip install --upgrade pillow"
        )


def write_webp(
    path: Path,
    frames: Iterable[Frame],
    colours: np.ndarray,
    size: tuple[int, int],
    timing: Timing,
) -> None:
    """Write ``frames``."""
    table = np.zeros((256, 4), dtype=np.uint8)
    table[: len(colours), :3] = colours
    table[:, 3] = 255
    table[TRANSPARENT] = 0
    with path.open("wb") as file:
        file.write(b"RIFF\0\0\0\0WEBP")
        file.write(_chunk(b"VP8X", bytes((_ANIMATED | _ALPHA, 0, 0, 0)) + _corner(size)))
        file.write(_chunk(b"ANIM", struct.pack("<IH", 0xFFFFFFFF, 0 if timing.loop else 1)))
        delays = timing.delays(1000)
        for patch, delay in zip(patches(frames, even=True), delays, strict=True):
            file.write(_chunk(b"ANMF", _frame(patch, delay, table)))
        whole = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", whole - 8))


def _frame(patch: Patch, delay: int, table: np.ndarray) -> bytes:
    height, width = patch.pixels.shape
    place = b"".join(_three(part // 2) for part in patch.corner)
    flags = bytes((_OPAQUE_FRAME if patch.whole else 0,))
    head = place + _corner((width, height)) + _three(delay) + flags
    return head + b"".join(_image_chunks(table[patch.pixels]))


def _image_chunks(rgba: np.ndarray) -> Iterator[bytes]:
    """The image data of a still WebP, without its container."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, format="WEBP", lossless=True, quality=20, method=1)
    data, at = buffer.getvalue(), 12
    while at < len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        end = at + 8 + size + (size & 1)
        if name in (b"ALPH", b"VP8 ", b"VP8L"):
            yield data[at:end]
        at = end


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def _corner(size: tuple[int, int]) -> bytes:
    """Width and height, less one, of 24 bits each."""
    return _three(size[0] - 1) + _three(size[1] - 1)


def _three(number: int) -> bytes:
    return struct.pack("<I", number)[:3]
