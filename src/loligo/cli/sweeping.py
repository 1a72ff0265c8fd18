"""``loligo sweep``: many lanes, in blocks, in a store that is gone on with; and how far it is."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from loligo.cli import arguments, options
from loligo.cli.axon import Along
from loligo.cli.report import Stopwatch, notes, report
from loligo.cli.simulating import Job
from loligo.cli.stimuli import Stimuli
from loligo.errors import Interrupted, StoppedError, UsageError

SWEEP = "Sweep"
STORES = (".zarr",)

Where = Annotated[
    Path,
    typer.Option(
        "--output", "-o", metavar="FOLDER", rich_help_panel=SWEEP,
        help="The store, in Zarr's format: a new one, or one that is gone on with.",
    ),
]  # fmt: skip
Block = Annotated[
    Optional[int],  # noqa: UP045  (the oldest Typer knows no int | None)
    typer.Option(metavar="LANES", help="The most lanes in a block.", rich_help_panel=SWEEP),
]
SummaryName = Annotated[
    options.Text,
    typer.Option(
        "--summary", metavar="NAME|MODULE:FUNCTION", rich_help_panel=SWEEP,
        help="Keep what a function makes of each block's recording: one of loligo's, such as "
        "features, or of a module of yours.",
    ),
]  # fmt: skip
Kept = Annotated[
    options.Text,
    typer.Option(
        "--dtype", metavar="float64|float32", help="Of the values that are kept.",
        rich_help_panel=SWEEP,
    ),
]  # fmt: skip
Dask = Annotated[
    options.Text,
    typer.Option(
        "--dask", metavar="ADDRESS", help="Compute on the workers of this Dask scheduler.",
        rich_help_panel=SWEEP,
    ),
]  # fmt: skip
Share = Annotated[
    bool,
    typer.Option(
        "--share", rich_help_panel=SWEEP,
        help="Work on the store together with other processes that say so too.",
    ),
]  # fmt: skip
Status = Annotated[
    bool,
    typer.Option("--status", help="Only say how far it has come.", rich_help_panel=SWEEP),
]
ModelOrStore = Annotated[
    options.Text,
    typer.Argument(
        metavar="MODEL|STORE",
        help="A model of the library (`loligo models`), a TOML file, or a store (.zarr), which is "
        "gone on with. Without one: the squid axon of Hodgkin & Huxley 1952.",
    ),
]


def sweep(
    *,
    model: ModelOrStore = None,
    parameters: options.Parameters,
    stimuli: Stimuli,
    run: options.Run,
    along: Along,
    record: options.Record = None,
    output: Where = Path("sweep.zarr"),
    block: Block = None,
    summary: SummaryName = None,
    dtype: Kept = None,
    dask: Dask = None,
    share: Share = False,
    status: Status = False,
    timings: options.Timings = False,
) -> None:
    """Simulate a sweep of any size, in blocks that are each written once.

    What was interrupted goes on when it is called again.

    \b
    loligo sweep --set g_Na=60:180:300 --pulse 5 1000 0:20:300 --duration 1000 --record spikes
    loligo sweep sweep.zarr --status
    loligo sweep sweep.zarr
    loligo sweep --share sweep.zarr
    loligo sweep --dask tcp://10.0.0.1:8786 sweep.zarr
    loligo sweep --length '5 cm' --diameter 100:500:9 --positions '1 cm,4 cm' --record spikes
    """
    from loligo.sweeps import sweep_status

    named = model is not None and Path(model).suffix.lower() in STORES
    where = Path(model) if named and model is not None else output
    if status:
        with arguments.reading():
            print(sweep_status(where))
        return
    watch = Stopwatch()
    how = {"client": None, "share": share, "progress": None}
    if named:
        given = [*parameters.said(), *stimuli.said(), *run.said(), *along.said()]
        given += ["--record"] if record else []
        if given:
            raise UsageError(f"{where} is a store; {', '.join(given)} cannot change it any more")
        rec = _with_client(dask, how, lambda how: _gone_on_with(where, summary, how, watch))
    else:
        of_axon = partial(along.asked, model, parameters, run, stimuli) if along.said() else None
        kept = {"block": block, "summary": _summary(summary), "dtype": dtype, "store": where}
        job = Job(model, parameters, stimuli, run, record or (), of_axon)
        rec = _with_client(dask, how, lambda how: job.result(watch, swept={**how, **kept}))
    print(sweep_status(where))
    report(None, "", rec, watch, timings)


def _with_client(address: str | None, how: dict[str, Any], work: Any) -> Any:
    try:
        if address is None:
            return work(how)
        from loligo.sweeps.dask import connected

        with connected(address) as client:
            return work({**how, "client": client})
    except Interrupted as error:  # Typer would keep no word of it
        raise StoppedError(str(error)) from None


def _gone_on_with(where: Path, summary: str | None, how: dict[str, Any], watch: Stopwatch) -> Any:
    from loligo.sweeps.calling import resumed

    with watch.stage("simulate"), notes(), arguments.reading():
        return resumed(where, _summary(summary), **how)


def _summary(name: str | None) -> Any:
    """A function by its name: one of ours, or one of a module that the person names."""
    import importlib

    import loligo

    if name is None:
        return None
    module, colon, function = name.partition(":")
    if not colon:
        if name not in loligo.__all__ or not callable(getattr(loligo, name)):
            raise UsageError(
                f"--summary {name}: loligo has no such function; one of your own is named with its "
                "module, mymodule:myfunction"
            )
        return getattr(loligo, name)
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--summary {name}: {error}") from None
