"""Writes an animated GIF frame by frame: one palette, only what changed, Pillow's compressor.

The container is GIF89a (CompuServe 1990, https://www.w3.org/Graphics/GIF/spec-gif89a.txt) with
the Netscape loop extension.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from loligo.figures.film.difference import Patch, patches
from loligo.figures.film.frames import Frame
from loligo.figures.film.palette import TRANSPARENT
from loligo.figures.film.timing import Timing

_KEEP = 1 << 2  # disposal: leave the frame in place
_SEE_THROUGH = 1


def write_gif(
    path: Path,
    frames: Iterable[Frame],
    colours: np.ndarray,
    size: tuple[int, int],
    timing: Timing,
) -> None:
    """Write ``frames``; ``timing`` is in whole hundredths of a second."""
    with path.open("wb") as file:
        file.write(_header(colours, size, timing.loop))
        for patch, delay in zip(patches(frames), timing.delays(100), strict=True):
            file.write(_block(patch, delay))
        file.write(b";")


def _header(colours: np.ndarray, size: tuple[int, int], loop: bool) -> bytes:
    table = np.zeros((256, 3), dtype=np.uint8)
    table[: len(colours)] = colours
    screen = struct.pack("<HHBBB", *size, 0b1111_0111, 0, 0)
    again = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00" if loop else b""
    return b"GIF89a" + screen + table.tobytes() + again


def _block(patch: Patch, delay: int) -> bytes:
    flags = _KEEP if patch.whole else _KEEP | _SEE_THROUGH
    control = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, flags, delay, TRANSPARENT, 0)
    height, width = patch.pixels.shape
    descriptor = struct.pack("<BHHHHB", 0x2C, *patch.corner, width, height, 0)
    return control + descriptor + compressed(patch.pixels)


def compressed(pixels: np.ndarray) -> bytes:
    """The LZW data of an index image, as a GIF holds it: code size, sub-blocks, terminator.

    Pillow writes a one-frame GIF, of which all but the image data is dropped.
    """
    from PIL import Image

    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.save(buffer, format="GIF", optimize=False, interlace=0)
    data = buffer.getvalue()
    at = _image_data(data)
    return data[at : data.rindex(b";")]


def _image_data(data: bytes) -> int:
    """Where the first image's data begins."""
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while data[at] == 0x21:  # an extension: skip its sub-blocks
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    flags = data[at + 9]
    return at + 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
