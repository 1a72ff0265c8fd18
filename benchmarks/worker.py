"""One peer in a process of its own: what crashes there, or prints, or spins, harms nobody else.

    python -m benchmarks.worker NAME CORES   serves one JSON request a line (see `serve`)
    python -m benchmarks.worker NAME first   one run from nothing, for the cold start

The parent has set the threads' environment; the cores are set here, before anything is imported.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

MOST = 1000  # runs for one answer


def pin(cores: int) -> None:
    """Stay on the last of the cores there are (interrupts like the first), or use them all."""
    if cores == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


@contextmanager
def _answers() -> Iterator[TextIO]:
    """The stream of answers; what a peer prints goes to the errors' instead."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    yield stream
    stream.close()


def serve(name: str) -> None:
    """Answer requests until the parent closes the pipe.

    A request is ``{"work": …, "options": …, "keep": path or None, "at least": s}``; the answer
    ``{"seconds": s}``, the mean of as many runs as fill the time, or with V saved at the path;
    or ``{"error": text}``.
    """
    from benchmarks.peers import peer

    made: dict[str, Callable[[], Any]] = {}
    with _answers() as out:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = _answer(peer(name), made, request)
            except Exception as problem:
                answer = {"error": _words(problem)}
            print(json.dumps(answer), file=out, flush=True)


def _words(problem: Exception) -> str:
    """An exception in one line: of a traceback inside it, the last that names an error."""
    lines = [f"{type(problem).__name__}: {problem}", *str(problem).splitlines()]
    named = [line.strip() for line in lines if "Error: " in line]
    return (named or lines)[-1].partition("\n")[0][:300]


def _answer(peer: Any, made: dict[str, Callable[[], Any]], request: dict[str, Any]) -> Any:
    import numpy as np

    from benchmarks.squid import Work

    key = json.dumps([request["work"], request["options"]], sort_keys=True)
    if key not in made:
        made[key] = peer.make(Work(**request["work"]), **request["options"])
    if request["keep"]:
        np.save(request["keep"], made.pop(key)().V)
        return {"seconds": 0.0}
    seconds = [made[key]().seconds]
    while sum(seconds) < request["at least"] and len(seconds) < MOST:
        seconds.append(made[key]().seconds)
    return {"seconds": sum(seconds) / len(seconds)}


def first(name: str) -> None:
    """One cell, 50 ms, from importing the peer to V at the end."""
    from benchmarks.peers import peer
    from benchmarks.squid import Work

    someone = peer(name)
    found = someone.make(Work(1, 50.0, keep=50.0), **someone.first)()
    print(f"V at the end: {found.V[-1, 0]:.3f} mV")


def main() -> None:
    name, what = sys.argv[1:]
    if what == "first":
        first(name)
        return
    pin(int(what))
    serve(name)


if __name__ == "__main__":
    main()
