"""The options of the commands, group by group: their names, their help, their defaults."""

from dataclasses import dataclass
from typing import Annotated, Any, Optional

import typer

from loligo.cli.groups import Group, Text, Texts

# The panels of the help.
MODEL, RUN, DRAWING, OUTPUT, OTHER = "Model", "Run", "Drawing", "Output", "Other"

_SIZES = "Pixels, or with a unit (8x6in, 16x10cm), or what it is for: slide, 16:9, paper, column."
Number = Optional[float]  # noqa: UP045  (the oldest Typer knows no float | None)

Model = Annotated[
    Text,
    typer.Argument(
        metavar="MODEL",
        help="A model of the library (`loligo models`) or a TOML file. "
        "Without one: the squid axon of Hodgkin & Huxley 1952.",
    ),
]
ModelOrRecording = Annotated[
    Text,
    typer.Argument(
        metavar="MODEL|RECORDING",
        help="A model of the library (`loligo models`), a TOML file, or a saved recording "
        "(.nc, .npz, .csv, .xlsx). Without one: the squid axon of Hodgkin & Huxley 1952.",
    ),
]
SomeModel = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model of the library, or a TOML file.")
]


@dataclass(frozen=True)
class Settings(Group):
    """What is set in the model."""

    set: Annotated[
        Texts,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Set a parameter, as in g_Na=60 or C_m='2 uF/cm2'. FROM:TO:COUNT makes a sweep, "
            "here and in stimuli. Repeatable.",
            rich_help_panel=MODEL,
        ),
    ] = None


@dataclass(frozen=True)
class Parameters(Settings):
    """The same, and how warm it is."""

    celsius: Annotated[
        Text, typer.Option(metavar="DEGREES", help="Temperature.", rich_help_panel=MODEL)
    ] = None


Sensitivity = Annotated[
    Texts,
    typer.Option(
        metavar="NAME", rich_help_panel=RUN,
        help="Differentiate the run by this: a parameter, a number of the stimulus (amplitude, "
        "start), a given initial value (initial.V). Repeatable.",
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Run(Group):
    """How long a run is, where it starts, and how it is solved."""

    duration: Annotated[
        Text,
        typer.Option(metavar="MS", help="Length of the run; 50 by default.", rich_help_panel=RUN),
    ] = None
    initial: Annotated[
        Text,
        typer.Option(
            metavar="rest|MV",
            help="Start at rest, or held at a voltage. By default where MODEL says that it starts, "
            "else rest; -65 if no MODEL is given.",
            rich_help_panel=RUN,
        ),
    ] = None
    solver: Annotated[
        Text,
        typer.Option(
            metavar="NAME[:SETTING]",
            help="taylor:TOLERANCE, exponential:DT (ms), exponential:DT:float32 or "
            "reference:TOLERANCE; taylor:cuda or taylor:TOLERANCE:cuda on a GPU of NVIDIA's.",
            rich_help_panel=RUN,
        ),
    ] = None
    sample_interval: Annotated[
        Text,
        typer.Option(
            metavar="MS", help="Time between samples; 0.05 by default.", rich_help_panel=RUN
        ),
    ] = None
    until: Annotated[
        Text,
        typer.Option(
            metavar="CONDITION",
            help="End the run earlier: after '10 spikes', or at 'V > -20'.",
            rich_help_panel=RUN,
        ),
    ] = None
    sensitivity: Sensitivity = None
    threshold: Annotated[
        Text,
        typer.Option(
            metavar="MV",
            help="A spike is a rise of V through it; 0 by default.",
            rich_help_panel=RUN,
        ),
    ] = None


Record = Annotated[
    Texts,
    typer.Option(
        metavar="NAME",
        help="Record only this (V, m, I_Na, G_K, spikes, …). Repeatable. "
        "By default everything for one cell, V for several.",
        rich_help_panel=RUN,
    ),
]


@dataclass(frozen=True)
class Look(Group):
    """How a figure looks."""

    theme: Annotated[str, typer.Option(metavar="light|dark", rich_help_panel=DRAWING)] = "light"
    size: Annotated[
        Text,
        typer.Option(metavar="WIDTHxHEIGHT|FOR", help=_SIZES, rich_help_panel=DRAWING),
    ] = None
    dpi: Annotated[
        Number,
        typer.Option(metavar="DPI", help="Pixels per inch.", rich_help_panel=DRAWING),
    ] = None
    title: Annotated[
        Text, typer.Option(metavar="TEXT", help="'' for none.", rich_help_panel=DRAWING)
    ] = None
    language: Annotated[
        Text,
        typer.Option(
            metavar="en|de", help="By default LOLIGO_LANGUAGE, or en.", rich_help_panel=DRAWING
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """As ``lo.plot`` and ``lo.animate`` take it."""
        return {
            "theme": self.theme, "size": self.size, "dpi": self.dpi, "title": self.title,
            "language": self.language,
        }  # fmt: skip


FromRest = Annotated[
    bool,
    typer.Option(
        "--from-rest", help="Potentials from the resting potential.", rich_help_panel=DRAWING
    ),
]


@dataclass(frozen=True)
class Drawing(Look):
    """The same, and what the figure shows."""

    panels: Annotated[
        Text,
        typer.Option(
            metavar="NAMES",
            help="What to draw, top to bottom, with commas: V, gates, conductances, currents, "
            "stimulus, or names such as I_Na.",
            rich_help_panel=DRAWING,
        ),
    ] = None
    from_rest: FromRest = False

    def keywords(self) -> dict[str, Any]:
        names = self.panels.split(",") if self.panels else []
        shown = [name.strip() for name in names if name.strip()] if self.panels else None
        return {"panels": shown, "from_rest": self.from_rest, **super().keywords()}


@dataclass(frozen=True)
class Still(Drawing):
    """What a figure shows, how it looks, and what it lies on."""

    transparent: Annotated[
        bool,
        typer.Option("--transparent", help="No background.", rich_help_panel=DRAWING),
    ] = False

    def keywords(self) -> dict[str, Any]:
        return {"transparent": self.transparent, **super().keywords()}


@dataclass(frozen=True)
class Film(Drawing):
    """What an animation shows, how it looks, and how fast it goes."""

    fps: Annotated[
        Number,
        typer.Option(
            metavar="N", help="Frames a second; 25 if not given.", rich_help_panel=DRAWING
        ),
    ] = None
    speed: Annotated[
        Number,
        typer.Option(metavar="N", help="ms of model time a second.", rich_help_panel=DRAWING),
    ] = None

    def pace(self) -> dict[str, Any]:
        """As ``lo.animate`` takes it."""
        return {"fps": self.fps, "speed": self.speed}


def output(what: str) -> Any:
    """Where the result is written."""
    return typer.Option("--output", "-o", metavar="FILE", help=what, rich_help_panel=OUTPUT)


Timings = Annotated[
    bool, typer.Option("--timings", help="Say where the time went.", rich_help_panel=OUTPUT)
]


Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=OTHER)
]


def _help(context: typer.Context, wanted: bool) -> None:
    if wanted:
        print(context.get_help())
        raise typer.Exit


@dataclass(frozen=True)
class Other(Group):
    """What every command has."""

    debug: Debug = False
    help: Annotated[
        bool,
        typer.Option(
            "--help", "-h", callback=_help, is_eager=True, help="Show this message and exit.",
            rich_help_panel=OTHER,
        ),
    ] = False  # fmt: skip
