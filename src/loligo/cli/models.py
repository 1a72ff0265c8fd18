"""``loligo models`` and ``show``: what models there are, and what is in one."""

from typing import Annotated

import typer

from loligo.cli import arguments, options


def models() -> None:
    """List the library of published models."""
    from loligo.model import models as library

    print(repr(library()))


def show(
    model: options.SomeModel,
    parameters: options.Parameters,
    cost: Annotated[
        bool,
        typer.Option(
            "--cost",
            help="Instead: the operations of a step, before and after each transformation of the "
            "program.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
) -> None:
    """Print a model: its equations, parameters and source.

    \b
    loligo show hodgkin-huxley-1952
    loligo show mine.toml
    loligo show hodgkin-huxley-1952 --cost
    """
    with arguments.reading():
        shown = arguments.model(model, parameters.set or [], parameters.celsius)
    if cost:
        from loligo.cli.report import operations
        from loligo.simulation import cost as count

        print(operations(count(shown)))
    else:
        print(shown)
