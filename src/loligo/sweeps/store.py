"""The store of a sweep: blocks are written to it, each to regions of its own, and told to be whole.

A block is whole once its record lies in the store; the record has a sum of the bytes of each of its
chunks, so that what was torn or changed later is found.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from loligo.errors import FileError, UsageError
from loligo.files import Lasting, replacing
from loligo.sweeps.arrays import Layout, coordinate_layout, layout_of, values_of
from loligo.sweeps.asked import Asked
from loligo.sweeps.block import GROWS, Result, attributes
from loligo.sweeps.boxes import Boxes, keys
from loligo.sweeps.folder import Folder, read_json, write_json, writing


class Store:
    """A store that is there, and the sweep that it is for.

    Attributes
    ----------
    asked
        What is computed; its lanes are cut into ``boxes``.
    """

    def __init__(self, path: Any, asked: Asked, boxes: Boxes) -> None:
        self.folder, self.asked, self.boxes = Folder(path), asked, boxes
        self.disk = Lasting(self.folder.path)

    # -- what is whole ---------------------------------------------------------------------------

    def record(self, number: int) -> dict[str, Any] | None:
        """What is told of a block, if it is whole."""
        return read_json(self.folder.record(number))

    def is_whole(self, number: int) -> bool:
        return self.folder.record(number).exists() and self.record(number) is not None

    def damage(self, number: int, record: Mapping[str, Any]) -> str | None:
        """Which chunk of a block is not as it was written, if any is not."""
        for name, told in record["arrays"].items():
            for key in told["keys"]:
                path = self.folder.array(name) / key
                if summed(path) != told["chunks"].get(key):
                    return f"{name}/{key}"
        return None

    def forget(self, number: int) -> None:
        """A block is not whole."""
        self.folder.record(number).unlink(missing_ok=True)
        self.folder.whole.unlink(missing_ok=True)

    # -- writing ---------------------------------------------------------------------------------

    def write(self, number: int, result: Result) -> None:
        """A block's regions, and then that it is whole.

        Raises
        ------
        FileError
            If the system refuses.
        UsageError
            If the block has not the variables that the others have.
        """
        with writing(self.folder):
            arrays = {
                str(name): self._write(number, str(name), variable, name in result.kept.coords)
                for name, variable in result.kept.variables.items()
            }
            # what a record says is whole must be on the disk before it
            self.disk.keep(
                self.folder.array(name) / key
                for name, told in arrays.items()
                for key in told["chunks"]
            )
            facts = {**result.facts, "kept": _plain_attributes(result.kept)}
            document = {"block": number, "arrays": arrays, "facts": facts}
            write_json(self.folder.record(number), document)

    def _write(self, number: int, name: str, variable: Any, coordinate: bool) -> dict[str, Any]:
        """One variable of a block; what is told of it."""
        layout = layout_of(name, variable, self.asked, self.boxes, kept=not coordinate)
        values = values_of(variable, layout)
        sizes = variable.transpose(*layout.dims).shape
        told = {
            "dims": list(layout.dims), "dtype": layout.dtype, "chunks_of": list(layout.chunks),
            "sizes": list(sizes), "lanes": layout.lanes, "coordinate": coordinate,
            "attributes": dict(attributes(variable, name)),
        }  # fmt: skip
        if not layout.lanes:
            self._share(layout, values, told, number)
            return {**told, "digest": _digest(values), "keys": [], "chunks": {}}
        self._prepare(layout, told, number)
        region = (
            *self.boxes.where(number).values(), *(slice(0, n) for n in sizes[layout.lanes :])
        )  # fmt: skip
        _array(self.folder.array(name))[region] = values
        place = self.boxes.place(number)
        names = list(keys(place, sizes[layout.lanes :], layout.chunks[layout.lanes :]))
        sums = {key: summed(self.folder.array(name) / key) for key in names}
        chunks = {k: s for k, s in sums.items() if s is not None}
        return {**told, "keys": names, "chunks": chunks}

    def _prepare(self, layout: Layout, told: Mapping[str, Any], number: int) -> None:
        """See to it that the array is there, and reaches as far as the block."""
        file = self.folder.array(layout.name) / "zarr.json"
        there = _shape(file, layout)
        if there is None or any(a < b for a, b in zip(there, layout.shape, strict=True)):
            with self.folder.lock():
                there = _shape(file, layout) or layout.shape
                self._check(file, layout, number)
                there = tuple(map(max, there, layout.shape))
                reaching = layout.reaching(dict(zip(layout.dims, there, strict=True)))
                file.parent.mkdir(exist_ok=True)
                write_zarr(file, reaching.told(told["attributes"]))
        else:
            self._check(file, layout, number)

    def _check(self, file: Path, layout: Layout, number: int) -> None:
        """Refuse a block of which something is not as in the others."""
        known = read_zarr(file)
        if known is None:
            return
        own = layout.told({})
        same = known.get("dimension_names") == own["dimension_names"]
        same &= known.get("data_type") == own["data_type"]
        same &= all(
            a == b
            for dim, a, b in zip(layout.dims, known.get("shape", ()), layout.shape, strict=False)
            if dim not in GROWS
        )
        if not same:
            raise UsageError(
                f"{self.label(number)}: {layout.name!r} is {layout.dtype} over "
                f"{_over(layout.dims, layout.shape)}, and of other blocks "
                f"{known.get('data_type')} over "
                f"{_over(known.get('dimension_names', ()), known.get('shape', ()))}; let the "
                "summary return the same of every block"
            )

    def _share(self, layout: Layout, values: Any, told: Mapping[str, Any], number: int) -> None:
        """Write what all lanes share, if it is not there yet, or reaches less far.

        Raises
        ------
        UsageError
            If it is there, and is something else.
        """
        path = self.folder.array(layout.name)
        with self.folder.lock():
            self._check(path / "zarr.json", layout, number)
            # without a chunk: killed before it was written, or nothing but what stands for nothing
            known = self.shared(layout.name) if (path / "c").exists() else None
            if known is not None and known.ndim == values.ndim:
                both = tuple(slice(min(n)) for n in zip(known.shape, values.shape, strict=True))
                if _digest(known[both]) != _digest(values[both]):
                    raise differing(layout.name, self.label(number))
                if known[both].shape == values.shape:
                    return
            path.mkdir(exist_ok=True)
            write_zarr(path / "zarr.json", layout.told(told["attributes"]))
            _array(path)[...] = values
            self.disk.keep(each for each in path.rglob("*") if each.is_file())

    def shared(self, name: str) -> Any:
        """What all lanes share; None where it is not there, or cannot be read."""
        try:
            return np.asarray(_array(self.folder.array(name))[...])
        except Exception:  # whatever a damaged file makes Zarr raise
            return None

    def shares(self, name: str, told: Mapping[str, Any]) -> bool:
        """Whether what all lanes share is as a block has it."""
        known = self.shared(name)
        if known is None or known.ndim != len(told["sizes"]):
            return False
        return _digest(known[tuple(map(slice, told["sizes"]))]) == told["digest"]

    # -- the whole -------------------------------------------------------------------------------

    def label(self, number: int) -> str:
        """A block, for people."""
        return self.boxes.label(number, self.asked.lanes.coords)

    def write_coordinates(self) -> None:
        """The lanes' labels, and what differs between them."""
        with writing(self.folder):
            for name, variable in self.asked.coordinates.variables.items():
                layout = coordinate_layout(str(name), variable, self.boxes)
                file = self.folder.array(str(name)) / "zarr.json"
                file.parent.mkdir(exist_ok=True)
                write_zarr(file, layout.told(attributes(variable, str(name))))
                values = values_of(variable, layout)
                _array(file.parent)[...] = values

    def sums(self) -> dict[str, Any]:
        """Of what belongs to no block: descriptions, and the numbers of the lanes."""
        root = self.folder.path
        files = [root / "zarr.json", *root.glob("*/zarr.json")]
        for name in map(str, self.asked.coordinates.variables):
            files += [root / name / "c", *(root / name / "c").rglob("*")]
        return {
            file.relative_to(root).as_posix(): summed(file)
            for file in sorted(files)
            if file.is_file()
        }

    @cached_property
    def numbers(self) -> range:
        """Of all blocks."""
        return range(self.boxes.count)

    def records(self) -> Iterator[dict[str, Any]]:
        """What is told of all blocks, which are whole."""
        for number in self.numbers:
            record = self.record(number)
            if record is None:
                raise FileError(f"{self.label(number)} is not whole; call again")
            yield record


def differing(name: str, label: str) -> UsageError:
    """Of what all lanes share, if one block has something else."""
    return UsageError(
        f"{label}: {name!r} has not the lanes' dimensions, and differs from what other blocks "
        "have; give it those dimensions, or leave it out"
    )


def write_zarr(file: Path, document: Mapping[str, Any]) -> None:
    """A node's description."""
    with replacing(file) as part:
        text = json.dumps(document, indent=2, ensure_ascii=False)
        part.write_text(text, encoding="utf-8", newline="\n")


def read_zarr(file: Path) -> dict[str, Any] | None:
    """A node's description; None where there is none that can be read."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _shape(file: Path, layout: Layout) -> tuple[int, ...] | None:
    """How far an array goes that is there; None where it is not, or cannot be that one."""
    document = read_zarr(file)
    shape = document.get("shape") if document else None
    if not isinstance(shape, list) or len(shape) != len(layout.shape):
        return None
    return tuple(shape)


def _array(path: Path) -> Any:
    """The array at a path, to be written to."""
    import zarr
    from zarr.storage import LocalStore

    return zarr.open_array(store=LocalStore(path), mode="r+", zarr_format=3)


def summed(path: Path) -> list[int] | None:
    """How long a file is, and a sum over its bytes; None where there is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return [len(content), zlib.crc32(content)]


def _digest(values: Any) -> int:
    """Of numbers, the missing ones at the end apart."""
    if values.dtype.kind in "OUT":
        return zlib.crc32("\0".join(map(str, values.ravel().tolist())).encode())
    return zlib.crc32(np.ascontiguousarray(values).tobytes())


def _over(dims: Any, shape: Any) -> str:
    each = ", ".join(f"{dim}: {n}" for dim, n in zip(dims, shape, strict=False))
    return f"({each})"


def _plain_attributes(kept: Any) -> dict[str, Any]:
    """Those of a summary's result that JSON holds, without what tells of a block's own lanes."""
    plain: dict[str, Any] = {}
    for name, value in kept.attrs.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            continue
        if name not in ("provenance", "stimulus", "solver", "until"):
            plain[str(name)] = value
    return plain


def remove(path: Path) -> None:
    """An array that is not to be there."""
    shutil.rmtree(path, ignore_errors=True)
