"""The arrays of a store: which chunks each has, and how one is told in Zarr's own words.

Format 3, whose description is plain JSON: https://zarr-specs.readthedocs.io/en/latest/v3/core/.
It is written here, so that its bytes are those of every version; chunks are the library's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loligo.recording.spikes import COUNT, SPIKE
from loligo.run.problem import EDGE
from loligo.sweeps.asked import Asked
from loligo.sweeps.block import KEEPS_DIGITS
from loligo.sweeps.boxes import Boxes

_LARGEST = 1 << 25  # bytes of a chunk, before it is compressed
_SPIKES = 64  # of each lane in a chunk
_FINE = 1 << 20  # numbers of a lane's coordinate in a chunk at least
# what is read where nothing was written yet; a lane that was not run has no count and no status
_FILL = {COUNT: -1, "status": -1}


@dataclass(frozen=True)
class Layout:
    """How an array lies in the store.

    Attributes
    ----------
    chunks
        How far one reaches along each dimension.
    dtype
        In Zarr's words.
    lanes
        How many of the dimensions, which come first, are the lanes'.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: str
    lanes: int = 0

    @property
    def fill(self) -> Any:
        """What stands where nothing is written."""
        kind = np.dtype(self.dtype).kind if self.dtype != "string" else "U"
        return {"f": np.nan, "b": False, "U": ""}.get(kind, _FILL.get(self.name, 0))

    def reaching(self, sizes: Mapping[str, int]) -> Layout:
        """As far as some dimensions go."""
        shape = [sizes.get(dim, n) for dim, n in zip(self.dims, self.shape, strict=True)]
        return replace(self, shape=tuple(shape))

    def told(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The array in Zarr's words."""
        text = self.dtype == "string"
        size = 1 if text else np.dtype(self.dtype).itemsize
        how = {"typesize": size, "cname": "lz4", "clevel": 5, "shuffle": "shuffle", "blocksize": 0}
        numbers = {"name": "bytes", "configuration": {"endian": "little"}} if size > 1 else {
            "name": "bytes"
        }  # fmt: skip
        codecs = [{"name": "vlen-utf8", "configuration": {}}] if text else [
            numbers, {"name": "blosc", "configuration": how},
        ]  # fmt: skip
        fill = self.fill
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(self.shape),
            "data_type": self.dtype,
            "chunk_grid": {
                "name": "regular", "configuration": {"chunk_shape": list(self.chunks)},
            },
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": "NaN" if isinstance(fill, float) else fill,
            "codecs": [*codecs, {"name": "crc32c"}],
            "attributes": dict(attributes),
            "dimension_names": list(self.dims),
            "storage_transformers": [],
        }  # fmt: skip


def layout_of(name: str, variable: Any, asked: Asked, boxes: Boxes, kept: bool) -> Layout:
    """How a block's variable lies in the store.

    Parameters
    ----------
    kept
        Whether it is a value, which may be kept with fewer digits, and no coordinate.
    """
    over = boxes if set(boxes.dims) <= set(variable.dims) else Boxes((), (), ())
    others = [str(dim) for dim in variable.dims if dim not in over.dims]
    along: list[int] = []
    most = _LARGEST // (8 * over.most)
    for dim in reversed(others):
        along.insert(0, _along(dim, variable.sizes[dim], asked, most))
        most = max(1, most // along[0])
    shape = (*over.shape, *(variable.sizes[dim] for dim in others))
    narrow = kept and asked.dtype == "float32" and name not in KEEPS_DIGITS
    return Layout(
        name, (*over.dims, *others), shape, (*over.box, *along), dtype_of(variable, narrow),
        len(over.dims),
    )  # fmt: skip


def coordinate_layout(name: str, variable: Any, boxes: Boxes) -> Layout:
    """How a coordinate of the lanes lies, which is written as a whole."""
    box = dict(zip(boxes.dims, boxes.box, strict=True))
    small = variable.size <= _FINE
    chunks: list[Any] = [n if small else box.get(str(d), n) for d, n in variable.sizes.items()]
    dims, shape = tuple(map(str, variable.dims)), tuple(variable.shape)
    return Layout(name, dims, shape, tuple(chunks), dtype_of(variable, False))


def _along(dim: str, size: int, asked: Asked, most: int) -> int:
    """How much of a dimension is in one chunk: not how far this block goes along it, which another
    may go further."""
    if dim == SPIKE:
        return _SPIKES
    if dim == EDGE:
        return max(1, sum(each.noted for each in asked.posed.driven))
    whole = asked.posed.times.samples if dim == "time" else size
    return -(-whole // -(-whole // max(1, min(whole, most)))) if whole else 1


def dtype_of(variable: Any, narrow: bool) -> str:
    """In Zarr's words."""
    kind = variable.dtype.kind
    if kind in "UOT":
        return "string"
    if kind == "f" and narrow:
        return "float32"
    return str(variable.dtype.name)


def values_of(variable: Any, layout: Layout) -> Any:
    """The numbers, in the order of the layout and as they are kept."""
    values = variable.transpose(*layout.dims).values
    if layout.dtype == "string":
        return np.array(values, dtype=object)
    with np.errstate(over="ignore"):
        return np.array(values, dtype=layout.dtype, order="C")
