"""Arrays of very many numbers in plain documents: as text that is written and read in no time.

A number in JSON takes a third of a microsecond to write and eighteen letters: of a million lanes
that is a second, and nobody reads it. Up to :data:`READABLE` numbers stay a list, as a person would
write it.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

READABLE = 10_000
"""Numbers in an array that are still written one by one."""

_NUMBERS = "float64"


def packed(values: Any) -> Any:
    """Numbers for a document: as they are, or, of very many, their bytes.

    Parameters
    ----------
    values
        Nested lists, or an array. Only numbers are packed, and only if float64 keeps them.

    >>> packed([1.0, 2.0])
    [1.0, 2.0]
    >>> told = packed([0.5] * 10_001)
    >>> told["shape"], told["float64"][:12]
    ([10001], 'AAAAAAAA4D8A')
    """
    numbers = np.asarray(values)
    if numbers.size <= READABLE or numbers.dtype != np.float64:
        return numbers.tolist() if isinstance(values, np.ndarray) else values
    text = base64.b64encode(numbers.astype("<f8", order="C").tobytes()).decode("ascii")
    return {"shape": list(numbers.shape), _NUMBERS: text}


def aside(values: Any, mark: str, texts: list[str]) -> Any:
    """Numbers for a document with a mark in place of the text of packed ones, which goes to a list.

    >>> texts = []
    >>> aside([1.0], "*", texts)
    [1.0]
    >>> aside({"shape": [1], "float64": "AAAAAAAA4D8="}, "*", texts), texts
    ({'shape': [1], 'float64': '*'}, ['AAAAAAAA4D8='])
    """
    if not isinstance(values, Mapping) or not isinstance(values.get(_NUMBERS), str):
        return values
    texts.append(values[_NUMBERS])
    return {**values, _NUMBERS: mark}


def unpacked(values: Any) -> NDArray[Any]:
    """The inverse of :func:`packed`, as an array.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is no array.

    >>> unpacked([1.0, 2.0]), float(unpacked(packed([0.5] * 10_001)).sum())
    (array([1., 2.]), 5000.5)
    """
    if not isinstance(values, Mapping):
        return np.array(values)
    text, shape = values[_NUMBERS], values["shape"]
    if not (isinstance(text, str) and isinstance(shape, list)):
        raise ValueError("numbers are packed as a shape and the text of their bytes")
    sizes = [n for n in shape if isinstance(n, int) and not isinstance(n, bool) and n >= 0]
    raw = base64.b64decode(text, validate=True)
    if len(sizes) != len(shape) or len(raw) != 8 * math.prod(sizes):
        raise ValueError(
            f"there are {len(raw) / 8:g} packed numbers, and the shape is {shape!r:.60}"
        )
    return np.frombuffer(raw, "<f8").astype(np.float64).reshape(sizes)
