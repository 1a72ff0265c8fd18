"""``loligo models``, ``show`` and ``explain``: what models there are, and what is in one."""

from typing import Annotated, Optional

import typer

from loligo.cli import arguments, options


def models(
    like: Annotated[
        Optional[str],  # noqa: UP045  (the oldest Typer knows no str | None)
        typer.Option(
            metavar="WORDS",
            help="Only models of which every word stands in the table or in the title: an animal, "
            "a cell, a channel, a year, what it does.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
) -> None:
    """List the library of published models: what they are of, and what they do.

    \b
    loligo models
    loligo models --like "guinea pig"
    loligo models --like "calcium bursting"
    """
    from loligo.errors import UsageError
    from loligo.model.library import entries
    from loligo.model.table import columns

    found = entries(like)
    if not found:
        raise UsageError(
            f"no model of the library has {like!r:.80} in its row; see loligo.models()"
        )
    head = ["model", "year", "animal", "cell", "states", "alone", "under a step", "channels"]
    rows = [
        [name, f"{each.year}", each.animal or "–", each.cell, f"{each.states}", each.alone,
         each.under_step, ", ".join(each.channels)]
        for name, each in found.items()
    ]  # fmt: skip
    print(columns([head, *rows]))


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
