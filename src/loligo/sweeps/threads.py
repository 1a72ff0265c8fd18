"""Blocks on this machine's cores, by threads: no other process, and nothing to install."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import copy_context

from loligo.crew import share, threads
from loligo.errors import FileError, UsageError
from loligo.program.recipe import NotSmoothError
from loligo.run.boxes import boxed
from loligo.run.compiled import kernels_of
from loligo.run.loop import Advance
from loligo.run.pace import Pace
from loligo.run.problem import Uncut
from loligo.run.solve import refuse_on_gpu
from loligo.solvers import Exponential, Reference, Solver, Taylor
from loligo.sweeps.block import run
from loligo.sweeps.store import Store

_LOOK = 0.1  # s, between two looks at how far it has come

Done = Callable[[int, list[str]], None]


class Stopped(BaseException):
    """Somebody else has failed, or the person has stopped it."""


def at_once(solver: Solver | None, blocks: int) -> int:
    """How many blocks are computed at the same time: what holds the interpreter's lock, or has a
    device of its own, gains nothing by more than one."""
    engine = "llvm" if solver is None else solver.engine
    return max(1, min(threads() if engine == "llvm" else 1, blocks))


def by_threads(store: Store, numbers: Iterator[int], done: Done, advance: Advance) -> None:
    """Compute and write the blocks of some numbers.

    Parameters
    ----------
    numbers
        Asked for the next whenever a thread has none.
    done
        Told, here, of each that is whole: its number, and the variables that it has.
    advance
        Called with how many lanes are done, of blocks under way as well.
    """
    crew = _Crew(store, numbers)
    workers = at_once(store.asked.solver, store.boxes.count)
    cores = max(1, threads() // workers)
    _compile(store)
    with ThreadPoolExecutor(workers) as pool:
        work = [pool.submit(copy_context().run, crew.work, cores) for _ in range(workers)]
        try:
            crew.watch(work, done, advance)
        except BaseException:
            crew.stop.set()
            raise


def _compile(store: Store) -> None:
    """Once, for all threads."""
    asked, posed = store.asked, store.asked.posed
    if isinstance(posed, Uncut) or isinstance(asked.solver, Reference):
        return
    solver = asked.solver or (Exponential() if posed.dense else Taylor())
    with suppress(NotSmoothError, UsageError):  # it is told why by the block
        refuse_on_gpu(posed, solver)
        kernels_of(boxed(posed, store.boxes.where(0)), solver, Pace())


class _Crew:
    """Threads that take one block after the other.

    Attributes
    ----------
    stop
        Set when no more is to be done.
    """

    def __init__(self, store: Store, numbers: Iterator[int]) -> None:
        self.store, self.numbers = store, numbers
        self.stop, self.one_at_a_time = threading.Event(), threading.Lock()
        self.under_way: dict[int, float] = {}
        self.ready: list[tuple[int, list[str]]] = []

    def work(self, cores: int) -> None:
        """Until there is no block left."""
        with share(cores):
            while not self.stop.is_set():
                with self.one_at_a_time:
                    number = next(self.numbers, None)
                if number is None:
                    return
                try:
                    self._block(number)
                except BaseException:
                    self.stop.set()
                    raise

    def _block(self, number: int) -> None:
        store = self.store

        def advance(fraction: float) -> None:
            if self.stop.is_set():
                raise Stopped
            self.under_way[number] = fraction * store.boxes.lanes(number)

        names = compute(store, number, advance)
        with self.one_at_a_time:
            self.under_way.pop(number, None)
            self.ready.append((number, names))

    def watch(self, work: Sequence[Future[None]], done: Done, advance: Advance) -> None:
        """Until all threads have ended; what one of them raises is raised here."""
        left = set(work)
        finished = 0
        while left:
            ended, left = wait(left, timeout=_LOOK, return_when=FIRST_COMPLETED)
            with self.one_at_a_time:
                ready, self.ready = self.ready, []
            for number, names in ready:
                finished += self.store.boxes.lanes(number)
                done(number, names)
            advance(finished + sum(list(self.under_way.values())))
            failed = [error for each in ended if (error := each.exception()) is not None]
            for error in failed:
                self.stop.set()
                if not isinstance(error, Stopped):
                    raise error


def compute(store: Store, number: int, advance: Advance) -> list[str]:
    """One block, from its lanes to its record; the names of what it has."""
    result = run(store.asked, store.boxes.where(number), store.label(number), advance)
    try:
        store.write(number, result)
    except FileError:
        if not store.is_whole(number):  # otherwise another has written it meanwhile, and tidied up
            raise
    return sorted(map(str, result.kept.variables))
