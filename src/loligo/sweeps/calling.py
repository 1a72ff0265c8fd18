"""The one call: a sweep of any size, in blocks, each written once."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loligo import units
from loligo.errors import Interrupted, UsageError, callers_level
from loligo.model import Axon, Membrane
from loligo.progress import progress as bar
from loligo.recording.store import check_zarr, read
from loligo.simulation import check as check_solver
from loligo.solvers import Solver
from loligo.stimulus.base import Stimulus
from loligo.stimulus.place import Placed
from loligo.sweeps.asked import Asked, Summary, asked
from loligo.sweeps.boxes import Boxes
from loligo.sweeps.checking import left_to_do
from loligo.sweeps.ending import conclude, refuse_others
from loligo.sweeps.folder import writing
from loligo.sweeps.opening import found, opened
from loligo.sweeps.size import lanes_at_once, refuse_too_large
from loligo.sweeps.status import sweep_status
from loligo.sweeps.store import Store
from loligo.sweeps.threads import at_once, by_threads

if TYPE_CHECKING:
    import xarray


def sweep(
    model: Membrane | Axon,
    stimulus: Stimulus | Placed | None = None,
    duration: Any = 50.0,
    *,
    store: str | Path = "sweep.zarr",
    client: Any = None,
    block: int | None = None,
    share: bool = False,
    solver: Solver | None = None,
    record: Any = None,
    sample_interval: Any = 0.05,
    initial: Any = None,
    threshold: Any = 0.0,
    positions: Any = None,
    until: Any = None,
    sensitivities: Any = None,
    summary: Summary | None = None,
    dtype: Any = None,
    progress: bool | Callable[[float], None] | None = None,
    timings: dict[str, float] | None = None,
) -> xarray.Dataset:
    """Simulate a sweep of any size, in blocks of lanes, each written to a store once.

    The numbers are those of one :func:`loligo.simulate`, to the last bit, however the lanes are cut
    and wherever they run. A sweep that was interrupted, or killed, goes on when it is called again
    with the same arguments.

    Parameters
    ----------
    model, stimulus, duration
        As :func:`loligo.simulate` takes them.
    solver, record, sample_interval, initial, threshold, positions, until, sensitivities
        As it takes them, too.
    store : path
        A folder in Zarr's format. A new one is made; one of the same sweep is gone on with; one of
        another, or of another version of loligo, is refused.
    client : distributed.Client, optional
        Whose workers compute the blocks and write them, each of a worker's threads one at a time;
        they must see the folder under the same name. By default this machine's cores.
    block : int, optional
        The most lanes in a block, a box of the grid. If not given it follows from the memory and
        from what a lane costs; a store that is gone on with keeps its own.
    summary : callable, optional
        A function from a block's recording to an ``xarray.Dataset``, of which that alone is kept:
        of each lane by itself, over all dimensions of the lanes. By default the recording.
    dtype : {"float64", "float32"}, optional
        Of the values that are kept; the times of spikes are float64.
    share : bool
        Whether other processes, each of which calls the same, work on the store at the same time.
        They take blocks by leases; a block that a dead one had is taken over.
    progress : bool or callable, optional
        As for :func:`loligo.simulate`.
    timings : dict, optional
        Filled with stage -> seconds.

    Returns
    -------
    xarray.Dataset
        The store, opened lazily: values are read when they are used (``.load()`` reads all;
        ``xarray.open_zarr`` gives Dask's arrays). Variables are those of :func:`loligo.simulate`;
        spikes are always over (lanes…, ``spike``).

    Raises
    ------
    LoligoError
        What :func:`loligo.simulate` raises; or if the store is another's or cannot be written, or
        the summary fails. Blocks that were whole before are kept.

    Examples
    --------
    >>> import loligo as lo
    >>> from tempfile import TemporaryDirectory
    >>> squid = lo.load("hodgkin-huxley-1952").replace(g_Na=[60, 120, 180])
    >>> with TemporaryDirectory() as folder:
    ...     rec = lo.sweep(squid, lo.Pulse(5, 40, [5, 10]), 50, store=f"{folder}/sweep.zarr",
    ...                    record="spikes")
    ...     print(rec.spike_count.values.tolist())
    [[0, 1], [1, 3], [3, 3]]
    """
    check_solver(solver, timings)
    check_zarr()
    watch = _Watch(timings)
    whole = asked(
        model, stimulus, duration, solver=solver, summary=summary, dtype=dtype, record=record,
        sample_interval=sample_interval, initial=initial, threshold=threshold,
        positions=positions, until=until, sensitivities=sensitivities,
    )  # fmt: skip
    return worked(opened(store, whole, _cut(whole, block)), client, share, progress, watch)


def resumed(
    store: Any, summary: Summary | None, client: Any, share: bool, progress: Any
) -> xarray.Dataset:
    """Go on with the sweep of a store."""
    check_zarr()
    return worked(found(store, summary), client, share, progress, _Watch(None))


def _cut(whole: Asked, block: Any) -> Boxes:
    grid = whole.lanes
    if block is None:
        workers = at_once(whole.solver, grid.size)
        return Boxes.of(grid.dims, grid.shape, lanes_at_once(whole, workers))
    number = units.read(block, "1", "block", above=0)
    if not isinstance(number, float) or number != int(number):
        raise UsageError(f"block is {block!r:.60}; give the most lanes in a block, a whole number")
    cut = Boxes.of(grid.dims, grid.shape, int(number))
    refuse_too_large(whole, cut.most, at_once(whole.solver, cut.count))
    return cut


def worked(store: Store, client: Any, share: bool, progress: Any, watch: _Watch) -> xarray.Dataset:
    """Do what is left of a sweep, and open its store."""
    with writing(store.folder), store.folder.at_work(share):
        damaged: list[str] = []
        left = left_to_do(store, damaged)
        for each in damaged:
            warnings.warn(each, stacklevel=callers_level())
        watch.stage("check")
        if left or not store.folder.whole.exists():
            for note in _finished(store, left, client, share, progress, watch):
                warnings.warn(note, stacklevel=callers_level())
    return read(store.folder.path)


def _finished(
    store: Store, left: list[int], client: Any, share: bool, progress: Any, watch: _Watch
) -> list[str]:
    if not store.folder.whole.exists():
        store.write_coordinates()
    with bar("sweeping", progress, amount=(store.boxes.size, "lanes")) as advance, _kept(store):
        _blocks(store, left, client, share, advance)
    watch.stage("blocks")
    notes = conclude(store)
    watch.stage("end")
    return notes


def _blocks(
    store: Store, left: list[int], client: Any, share: bool, advance: Callable[[float], None]
) -> None:
    boxes = store.boxes
    before = boxes.size - sum(map(boxes.lanes, left))
    known: set[str] | None = None

    def done(number: int, names: list[str]) -> None:
        nonlocal known
        store.folder.note(block=number, lanes=boxes.lanes(number))
        if known is not None and store.asked.summary is not None:
            refuse_others(known, set(names), store.label(number))
        known = known or set(names)

    def told(lanes: float) -> None:
        advance(min(1.0, (before + lanes) / boxes.size))

    if not left:
        return
    if client is not None:
        from loligo.sweeps.dask import by_client

        by_client(store, left, client, done, told)
    elif share:
        from loligo.sweeps.leases import shared

        shared(store, left, done, told)
    else:
        by_threads(store, iter(left), done, told)


@contextmanager
def _kept(store: Store) -> Iterator[None]:
    """What is told where a sweep ends before its time."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; {sweep_status(store.folder.path)}") from None


class _Watch:
    """How long the stages take."""

    def __init__(self, timings: MutableMapping[str, float] | None) -> None:
        self.timings, self.last = timings, time.perf_counter()

    def stage(self, name: str) -> None:
        """What ended now."""
        now = time.perf_counter()
        if self.timings is not None:
            self.timings[name] = now - self.last
        self.last = now
