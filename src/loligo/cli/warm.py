"""``loligo warm``: the library's kernels made beforehand, so that every first run is a quick one"""

import os
import sys
from threading import Thread
from typing import Annotated

import typer

from loligo.cli import options
from loligo.cli.groups import Texts


def warm(
    models: Annotated[
        Texts,
        typer.Argument(
            metavar="[MODEL]…",
            help="Models of the library (`loligo models`) or TOML files. Without one: the whole "
            "library, which takes some minutes of one core.",
        ),
    ] = None,
    quietly: Annotated[
        bool,
        typer.Option(
            "--quietly",
            help="Say nothing, at the lowest priority, and stop when the standard input ends.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
) -> None:
    """Compile the library's models beforehand, for this processor, into your cache.

    A model is compiled when it is first run, which takes a second or several, and kept. This does
    it for all of them at once: one cell and a sweep, exactly and in fixed steps.

    \b
    loligo warm
    loligo warm hodgkin-huxley-1952 mine.toml
    """
    from loligo.progress import progress
    from loligo.warm import is_done
    from loligo.warm import warm as made

    if quietly:
        from loligo.ready import humbly

        humbly()
        Thread(target=_until_the_end, daemon=True).start()
    count = 0
    with progress("compiling the library", False if quietly else None) as advance:
        for each in made(models or []):
            count = each.of
            advance(each.done / each.of)
    if not quietly:
        before = "were ready" if is_done() else "are being made by another process"
        print(f"{count} kernels are ready" if count else f"the library's kernels {before}")


def _until_the_end() -> None:
    """Stop when who started this is gone."""
    from loligo.ready import let_go

    while sys.stdin.buffer.read(1):
        pass
    let_go()
    os._exit(0)
