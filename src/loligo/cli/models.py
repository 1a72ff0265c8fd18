"""``loligo models``, ``show`` and ``explain``: what models there are, and what is in one."""

from typing import Annotated, Optional

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
            "program. `loligo explain MODEL` says more.",
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
        from loligo.explanation import cost as count

        print(operations(count(shown)))
    else:
        print(shown)


def explain(
    model: options.SomeModel,
    parameters: options.Parameters,
    name: Annotated[
        Optional[str],  # noqa: UP045  (the oldest Typer knows no str | None)
        typer.Argument(
            metavar="[NAME]",
            help="V, a gate, a state, a helper, a current (I_Na), a conductance (G_Na) or a "
            "channel (Na). Without one: what the model has, and what a step of it costs.",
        ),
    ] = None,
    solver: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="NAME[:SETTING]",
            help="Of one solver, more fully: exponential:DT or taylor:TOLERANCE.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    stage: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            metavar="N",
            help="One stage alone: 1 the paper's text, 2 the differential equation, 3 the "
            "solvers' steps, 4 the program, 5 the machine code.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
) -> None:
    """Show one equation through all stages: from the paper to the machine code.

    \b
    loligo explain hodgkin-huxley-1952
    loligo explain hodgkin-huxley-1952 m
    loligo explain hodgkin-huxley-1952 V --solver taylor --stage 4
    loligo explain mine.toml I_Na
    """
    from loligo.cli.report import print_explanation
    from loligo.explanation import explain as told_of

    with arguments.reading():
        shown = arguments.model(model, parameters.set or [], parameters.celsius)
    told = told_of(shown, name, arguments.solver(solver))
    print_explanation(told if stage is None else told.only(stage))
