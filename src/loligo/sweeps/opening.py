"""A store, made or found: whether it is one, whether it is of this sweep, how it was cut."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import loligo
from loligo.errors import FileError, UsageError
from loligo.files import MARK
from loligo.recording.store import UNFINISHED
from loligo.sweeps.asked import Asked, Summary, from_document, key_of, name_of
from loligo.sweeps.boxes import Boxes
from loligo.sweeps.folder import Folder, read_json, write_json, writing
from loligo.sweeps.store import Store, write_zarr

_UNFINISHED = "call loligo.sweep again with the same arguments, and it goes on"
# what makes a sweep another one -> how it is called
_SAID = {
    "model": "model", "stimulus": "stimulus", "initial": "initial state", "solver": "solver",
    "duration": "duration", "sample_interval": "sample_interval", "threshold": "threshold",
    "record": "record", "positions": "positions", "until": "until",
    "sensitivities": "sensitivities", "summary": "summary", "dtype": "dtype",
}  # fmt: skip


def opened(path: Any, asked: Asked, boxes: Boxes) -> Store:
    """The store of a sweep, cut as it was when it was made; a new one, if there is none.

    Raises
    ------
    FileError
        If something else is there, or the store cannot be made.
    UsageError
        If it is of another sweep or version.
    """
    folder = Folder(path)
    if not folder.path.exists():
        _make(folder, asked, boxes)
    document = _read(folder)
    _refuse_another(folder, document["asked"], asked)
    return Store(path, asked, _boxes(document))


def found(path: Any, summary: Summary | None) -> Store:
    """The store of a sweep that was begun, with all that it takes to go on.

    Raises
    ------
    FileError
        If there is none.
    UsageError
        If it is of another version, or keeps a summary that is not the given one.
    """
    folder = Folder(path)
    document = _read(folder)
    told = document["asked"]
    _refuse_version(folder, told)
    name = None if summary is None else name_of(summary)
    if told["summary"] != name:
        raise UsageError(_other_summary(folder, told["summary"], name))
    return Store(path, from_document(told, summary), _boxes(document))


def cut_of(path: Any) -> tuple[Folder, Boxes]:
    """How the sweep of a store is cut, without reading its model."""
    folder = Folder(path)
    return folder, _boxes(_read(folder))


def _read(folder: Folder) -> dict[str, Any]:
    document = read_json(folder.asked)
    if document is None:
        if not folder.path.exists():
            raise FileError(f"there is no {folder.path}")
        if folder.own.is_dir():
            raise FileError(
                f"the store {folder.path} does not say of which sweep it is: "
                f"{folder.asked.relative_to(folder.path)} is damaged. Its arrays can still be "
                "opened with xarray.open_zarr; sweep into another store"
            )
        raise FileError(
            f"{folder.path} is there already and is no sweep; give another name, or remove it"
        )
    return document


def _boxes(document: Mapping[str, Any]) -> Boxes:
    return Boxes(*(tuple(document[name]) for name in ("dims", "shape", "box")))


def _make(folder: Folder, asked: Asked, boxes: Boxes) -> None:
    """A store with nothing in it yet; it appears whole."""
    where = folder.path
    beside = where.with_name(f".{where.name[:40]}.{os.getpid()}-{secrets.token_hex(4)}{MARK}")
    if not where.parent.is_dir():
        raise FileError(
            f"cannot write {where}: the folder {where.parent} does not exist; make it first or "
            "write elsewhere"
        )
    try:
        with writing(folder):
            beside.mkdir()
            _fill(Folder(beside), asked, boxes)
            _move(beside, where)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _fill(folder: Folder, asked: Asked, boxes: Boxes) -> None:
    (folder.own / "blocks").mkdir(parents=True)
    about = {UNFINISHED: _UNFINISHED, "loligo_version": loligo.__version__}
    group = {"zarr_format": 3, "node_type": "group", "attributes": about}
    write_zarr(folder.path / "zarr.json", group)
    told = {"asked": asked.document, "key": asked.key}
    cut = {"dims": list(boxes.dims), "shape": list(boxes.shape), "box": list(boxes.box)}
    write_json(folder.asked, {**told, **cut})


def _move(beside: Path, where: Path) -> None:
    try:
        os.rename(beside, where)
    except OSError:
        if not where.exists():  # otherwise another process was faster: its store is ours
            raise


def _refuse_version(folder: Folder, told: Mapping[str, Any]) -> None:
    if told["loligo"] != loligo.__version__:
        raise UsageError(
            f"the store {folder.path} was begun by loligo {told['loligo']}, and this is "
            f"{loligo.__version__}: the last digits may differ. Finish it with that version, or "
            "give another store"
        )


def _refuse_another(folder: Folder, told: Mapping[str, Any], asked: Asked) -> None:
    """Two sweeps are never mixed."""
    _refuse_version(folder, told)
    if key_of(told) == asked.key:
        return
    differs = [said for key, said in _SAID.items() if told.get(key) != asked.document.get(key)]
    if differs == ["summary"]:
        raise UsageError(_other_summary(folder, told["summary"], asked.document["summary"]))
    raise UsageError(
        f"the store {folder.path} is of another sweep (its {', '.join(differs) or 'form'} "
        "differs): give another store, or remove that one"
    )


def _other_summary(folder: Folder, its: str | None, given: str | None) -> str:
    keeps = "whole recordings" if its is None else f"what {its} makes of them"
    asks = "no summary was given" if given is None else f"the given summary is {given}"
    return f"the store {folder.path} keeps {keeps}, and {asks}: give the same, or another store"
