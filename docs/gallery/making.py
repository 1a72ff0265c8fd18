"""Makes the pictures of the gallery, in several processes where there are cores for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from docs.gallery.table import ROWS, Row, variants

Made = dict[str, list[str]]  # of each picture, what is wrong with it


def made(names: Sequence[str], into: Path, jobs: int) -> Iterator[Made]:
    """Row after row the pictures whose names begin with one of ``names``, or all if there are none.

    Parameters
    ----------
    jobs : int
        How many processes draw; all variants of a row are drawn by one, which simulates once.
    """
    wanted = [(row.name, _chosen(row, names), into) for row in ROWS if _chosen(row, names)]
    if jobs == 1 or len(wanted) < 2:
        yield from map(_drawn, wanted)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_drawn, wanted)


def _chosen(row: Row, names: Sequence[str]) -> tuple[str, ...]:
    """The variants of a row that are asked for."""
    begun = tuple(names) or ("",)
    return tuple(one for one in variants(row) if f"{row.name}-{one}".startswith(begun))


def _drawn(task: tuple[str, tuple[str, ...], Path]) -> Made:
    """The pictures of a row, and what is wrong with each; one that fails is told, and the others
    are made."""
    name, chosen, into = task
    row = next(row for row in ROWS if row.name == name)
    found: Made = {}
    for variant in chosen:
        called = f"{name}-{variant}"
        try:
            found[called] = row.made(variant, into / f"{called}.png")
        except Exception as error:
            found[called] = [f"{type(error).__name__}: {error}"]
    return found
