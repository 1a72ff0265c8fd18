"""``loligo lab``: a live page of models, in one file; and what its links and codes say"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from loligo.cli import arguments, options
from loligo.cli.groups import Group, Text, Texts
from loligo.cli.stimuli import Stimuli
from loligo.errors import UsageError

_LAB = "Lab"


@dataclass(frozen=True)
class Page(Group):
    """What is in the page besides models and what it begins with."""

    library: Annotated[
        bool,
        typer.Option("--library", help="Every model of the library.", rich_help_panel=_LAB),
    ] = False
    link: Annotated[
        Text,
        typer.Option(metavar="URL", help="Begin with what a link says.", rich_help_panel=_LAB),
    ] = None
    tasks: Annotated[
        Optional[Path],  # noqa: UP045  (the oldest Typer knows no Path | None)
        typer.Option(
            metavar="SHEET", help="A sheet of tasks (.toml) in the page.", rich_help_panel=_LAB
        ),
    ] = None
    check: Annotated[
        Text,
        typer.Option(
            metavar="CODE",
            help="Check the code in which a student's sheet ended; needs --tasks.",
            rich_help_panel=_LAB,
        ),
    ] = None
    key: Annotated[
        Text,
        typer.Option(
            metavar="NAME",
            help="Print the answers of the student NAME, for the teacher; needs --tasks.",
            rich_help_panel=_LAB,
        ),
    ] = None
    language: Annotated[
        Text,
        typer.Option(metavar="en|de", help="By default the reader's own.", rich_help_panel=_LAB),
    ] = None


def lab(
    models: Annotated[
        Texts,
        typer.Argument(
            metavar="[MODEL]…",
            help="Models of the library (`loligo models`) or TOML files. Without one: the squid's "
            "axon and three others.",
        ),
    ] = None,
    *,
    parameters: options.Parameters,
    stimuli: Stimuli,
    run: options.Run,
    page: Page,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        options.output("An .html file. Without it, the lab opens in the browser."),
    ] = None,
) -> None:
    """Make a live page: every parameter a slider, the stimulus drawn by hand, in one file.

    The file needs no installation, no server and no network.

    \b
    loligo lab
    loligo lab hodgkin-huxley-1952 mine.toml --output lab.html
    loligo lab connor-stevens-1977 --pulse 10 180 8 --duration 200 --output a_current.html
    loligo lab --link 'https://…/lab.html#v=1&model=hodgkin-huxley-1952&pulse=5,40,10'
    loligo lab --library --output library.html
    loligo lab --tasks sheet.toml --output sheet.html
    loligo lab --tasks sheet.toml --check 4F7Q-K2MN-…
    """
    if page.check is not None or page.key is not None:
        return _marked(models or [], page)
    with arguments.reading():
        if output:
            arguments.output(output, (".html",), {})
        made = _made([*(models or []), *(_library() if page.library else [])],
                     parameters, stimuli, run, page)  # fmt: skip
    if output:
        from loligo.cli.report import size

        made.save(output)
        print(f"wrote {output} ({size(output)})")
    else:
        print(f"opened {made.open()}")
    return None


def _made(
    names: list[str], parameters: options.Parameters, stimuli: Stimuli, run: options.Run, page: Page
) -> Any:
    """The lab that was asked for."""
    from loligo.lab.calling import lab as make

    if page.link is not None:
        _refuse_both([*parameters.said(), *stimuli.said(), *run.said()])
    model: Any = names or None
    settings = parameters.set or []
    if settings or parameters.celsius is not None:
        first, *others = names or [arguments.SQUID]
        model = [arguments.model(first, settings, parameters.celsius), *others]
    asked = {} if page.link is not None else _asked(stimuli, run)
    return make(model, link=page.link, tasks=page.tasks, language=page.language, **asked)


def _library() -> list[str]:
    from loligo.model import models as library

    return list(library())


def _refuse_both(said: list[str]) -> None:
    if said:
        raise UsageError(f"a link says what is done already; {', '.join(said)} cannot change it")


def _asked(stimuli: Stimuli, run: options.Run) -> dict[str, Any]:
    """What the page begins with, as it was said."""
    if run.until is not None:
        raise UsageError("the lab has no --until")
    asked: dict[str, Any] = {"stimulus": stimuli.sum()}
    if run.duration is not None:
        asked["duration"] = arguments.quantity(run.duration, "ms", "duration")
    if run.sample_interval is not None:
        asked["sample_interval"] = arguments.quantity(run.sample_interval, "ms", "sample_interval")
    if run.threshold is not None:
        asked["threshold"] = arguments.quantity(run.threshold, "mV", "threshold")
    if run.initial is not None:
        asked["initial"] = arguments.initial(run.initial)
    if run.solver is not None:
        asked["solver"] = arguments.solver(run.solver)
    return asked


def _marked(models: list[str], page: Page) -> None:
    """What a code says of a student's sheet, or the answers of a student's."""
    if page.tasks is None:
        raise UsageError("--check and --key are about a sheet of tasks: name it with --tasks")
    from loligo.lab import tasks as sheets
    from loligo.lab.sheet import read_sheet

    with arguments.reading():
        sheet = read_sheet(page.tasks, [arguments.model(name, [], None) for name in models])
    if page.key is not None:
        print(sheets.key(sheet, page.key))
    if page.check is not None:
        print(sheets.check(sheet, page.check))
