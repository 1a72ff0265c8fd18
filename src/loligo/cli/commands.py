"""The table of the commands of ``loligo``, and the application made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from loligo.cli.axon import axon
from loligo.cli.experiment import command_of, experiment, named
from loligo.cli.features import features
from loligo.cli.groups import spelt_out
from loligo.cli.lab import lab
from loligo.cli.models import explain, models, show
from loligo.cli.options import Debug, Other
from loligo.cli.simulating import animate, plot, simulate
from loligo.cli.stimuli import join_values
from loligo.cli.sweeping import sweep
from loligo.cli.warm import warm

# In the order of the help. A new command is a function that says which options it takes, in a
# module of its own, and a line here.
COMMANDS: Mapping[str, Callable[..., None]] = {
    "animate": animate,
    "plot": plot,
    "axon": axon,
    "experiment": experiment,
    "run": simulate,
    "sweep": sweep,
    "features": features,
    "lab": lab,
    "models": models,
    "show": show,
    "explain": explain,
    "warm": warm,
}

_LOOK: Mapping[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "rich",
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
app = typer.Typer(name="loligo", **_LOOK)
for _name, _function in COMMANDS.items():
    app.command(_name, add_help_option=False)(spelt_out(_function, besides=Other))


def run(given: Sequence[str]) -> int:
    """Run the command line ``given`` and return its exit status."""
    words = [word for word in given if word != "--debug"]
    if len(words) > 1 and words[0] == "experiment" and not words[1].startswith("-"):
        return _called(_alone(words[1]), words[2:], f"loligo experiment {words[1]}")
    return _called(app, given, "loligo")


def _alone(name: str) -> typer.Typer:
    """The command of one experiment: what it takes is known once the experiment is imported."""
    one = typer.Typer(**_LOOK)
    one.command(name, add_help_option=False)(command_of(named(name)))
    return one


def _called(command: typer.Typer, given: Sequence[str], name: str) -> int:
    result = command(args=join_values(given), prog_name=name, standalone_mode=False)
    return result if isinstance(result, int) else 0


def _version(wanted: bool) -> None:
    if wanted:
        from loligo import __version__

        print(f"loligo {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def loligo(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Membrane models as their papers write them, and the action potentials they make.

    [b]loligo animate[/b] makes the classical demonstration, the squid axon
    under 10 µA/cm², an animation in action_potential.gif; [b]loligo axon[/b] sends an
    action potential along it, in travelling_action_potential.gif.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())
