"""``loligo features``: a recording as a table of numbers that describe each cell."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from loligo.cli import arguments, options
from loligo.cli.arguments import RECORDINGS
from loligo.cli.report import Stopwatch, aligned, notes, size
from loligo.cli.stimuli import Stimuli
from loligo.errors import UsageError

if TYPE_CHECKING:
    import xarray

_SOURCES = (*RECORDINGS, ".tsv", ".txt", ".dat")
_DIGITS = 6


def features(
    *,
    recording: Annotated[
        str,
        typer.Argument(
            metavar="RECORDING",
            help="A saved recording (.nc, .npz, .csv, .xlsx), or another program's table with a "
            "time and a voltage (also .tsv, .txt, .dat).",
        ),
    ],
    threshold: Annotated[
        options.Text,
        typer.Option(
            metavar="MV",
            help="A spike is a rise of V through it; the recording's own, or 0.",
            rich_help_panel=options.RUN,
        ),
    ] = None,
    derivative_threshold: Annotated[
        options.Text,
        typer.Option(
            metavar="MV/MS",
            help="A spike begins where V rises faster; 10 by default.",
            rich_help_panel=options.RUN,
        ),
    ] = None,
    stimuli: Stimuli,
    output: Annotated[
        Optional[Path],  # noqa: UP045  (the oldest Typer knows no Path | None)
        options.output("Save the table, a row for each cell: .csv, .xlsx, .nc or .npz."),
    ] = None,
    timings: options.Timings = False,
) -> None:
    """How cells fired, what their spikes looked like, how V followed the stimulus: in numbers.

    The names are eFEL's. A stimulus is said only of a file that does not say it itself.

    \b
    loligo features sweep.nc --output features.csv
    loligo features recording.csv --threshold -20
    loligo features measured.csv --pulse 500 1000 -50pA --output features.xlsx
    """
    where = arguments.output(output, RECORDINGS, {}) if output else None
    watch = Stopwatch()
    with watch.stage("import"):
        for module in ("numpy", "xarray", "loligo.recording", "loligo.analysis"):
            importlib.import_module(module)
    if Path(recording).suffix.lower() not in _SOURCES:
        raise UsageError(
            f"{recording} is no recording: features are those of a {', '.join(_SOURCES)} file; "
            "`loligo run --output FILE` saves one"
        )
    with watch.stage("open"), arguments.reading():
        from loligo.recording import open as open_recording

        rec = open_recording(recording)
    with watch.stage("features"), notes():
        found = _found(rec, threshold, derivative_threshold, stimuli)
    if where:
        from loligo.recording import save

        with watch.stage("write"):
            save(found, where)
        print(f"wrote {where} ({size(where)})")
    print(told(found))
    print(watch.table() if timings else f"{watch.total:.1f} s")


def _found(
    rec: "xarray.Dataset", threshold: str | None, derivative: str | None, stimuli: Stimuli
) -> "xarray.Dataset":
    from loligo.analysis import features

    asked: dict[str, Any] = {"stimulus": stimuli.sum()}
    if threshold is not None:
        asked["threshold"] = arguments.value(threshold)
    if derivative is not None:
        asked["derivative_threshold"] = arguments.value(derivative)
    return features(rec, **asked)


def told(found: "xarray.Dataset") -> str:
    """A line for each feature that any cell has: its value, or how it varies over the cells."""
    import numpy as np

    from loligo.figures.content import labels

    many = bool(found.sizes)
    rows: list[tuple[str, ...]] = []
    for name, variable in found.data_vars.items():
        values = variable.values[np.isfinite(variable.values)]
        if values.size:
            spread = (values.min(), np.median(values), values.max()) if many else (values.item(),)
            count = (str(values.size),) if many else ()
            numbers = [f"{value:.{_DIGITS}g}" for value in spread]
            unit = labels.unit(str(variable.attrs["units"]))
            rows.append((str(name), *count, *numbers, unit, str(variable.attrs["long_name"])))
    heads = ("", "cells", "least", "median", "most") if many else ("", "")
    lines = [(*heads, "", ""), *rows] if many else rows
    if not lines:
        return "no feature is known of any cell"
    table = [line[: len(heads)] for line in lines]
    widths = [max(len(line[k]) for line in table) for k in range(len(heads))]
    unit_width = max(len(line[-2]) for line in lines)
    return "\n".join(
        f"{aligned(cells, widths)} {line[-2]:<{unit_width}}  {line[-1]}".rstrip()
        for cells, line in zip(table, lines, strict=True)
    )
