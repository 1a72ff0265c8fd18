"""What is left of a sweep: blocks without a record, and those whose bytes are not as written."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from loligo.crew import threads
from loligo.sweeps.folder import read_json
from loligo.sweeps.store import Store, remove


def left_to_do(store: Store, damaged: list[str]) -> list[int]:
    """The numbers of blocks that are to be computed.

    Parameters
    ----------
    damaged
        Told of each that was whole once.
    """
    with ThreadPoolExecutor(threads()) as pool:
        states = list(pool.map(lambda number: _state(store, number), store.numbers))
    for number, state in enumerate(states):
        if state:
            store.forget(number)
            damaged.append(
                f"{state} in {store.folder.path}; {store.label(number)} is computed again"
            )
    told = read_json(store.folder.whole)
    if told is None or told["sums"] != store.sums():  # then the end is written again
        store.folder.whole.unlink(missing_ok=True)
    shared = _shared(store, states)
    damaged += shared
    return [n for n, state in enumerate(states) if state is not None or (shared and n == 0)]


def _state(store: Store, number: int) -> str | None:
    """None of a whole block, nothing of one that is not there; else what is the matter."""
    path = store.folder.record(number)
    if not path.exists():
        return ""
    record = store.record(number)
    if record is None:
        return f"the record of a block, {path.name}, is not as it was written"
    chunk = store.damage(number, record)
    return None if chunk is None else f"the chunk {chunk} is not as it was written"


def _shared(store: Store, states: Iterable[str | None]) -> list[str]:
    """What all lanes share is written again with the first block, if it cannot be read."""
    whole = next((number for number, state in enumerate(states) if state is None), None)
    record: Any = None if whole is None else store.record(whole)
    if record is None:
        return []
    bad = [name for name, told in record["arrays"].items()
           if not told["lanes"] and not store.shares(name, told)]  # fmt: skip
    if not bad:
        return []
    for name in bad:
        remove(store.folder.array(name))
    store.forget(0)
    listed = ", ".join(bad)
    return [f"{listed} in {store.folder.path} is not as it was written; {store.label(0)} is "
            "computed again"]  # fmt: skip
