"""The options of the commands: their names, their help, their defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from loligo.cli.arguments import STIMULI

_STIMULUS = "Stimulus (ms, µA/cm²; repeat to add up)"
_MODEL = "Model"
_RUN = "Run"
_LOOK = "Look"
_OTHER = "Other"


def _shape(option: str, what: str):
    settings = "".join(f" [{name}=…]" for name in STIMULI[option].settings)
    return typer.Option(
        option, metavar=f"{STIMULI[option].usage}{settings}", help=what, rich_help_panel=_STIMULUS
    )


Texts = Optional[list[str]]  # noqa: UP045  (Typer reads it at run time)
Text = Optional[str]  # noqa: UP045

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
        "(.nc, .npz, .csv). Without one: the squid axon of Hodgkin & Huxley 1952.",
    ),
]
SomeModel = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model of the library, or a TOML file.")
]

Pulse = Annotated[Texts, _shape("--pulse", "A rectangular pulse.")]
Step = Annotated[Texts, _shape("--step", "A step that stays on.")]
Train = Annotated[Texts, _shape("--train", "Pulses, one every INTERVAL.")]
Ramp = Annotated[Texts, _shape("--ramp", "From 0 to AMPLITUDE, then off.")]
Sine = Annotated[Texts, _shape("--sine", "FREQUENCY in Hz.")]
Chirp = Annotated[Texts, _shape("--chirp", "A sine of rising frequency, in Hz.")]
Noise = Annotated[Texts, _shape("--noise", "White, or coloured with tau.")]
Waveform = Annotated[Texts, _shape("--waveform", "Two columns: time (ms), current.")]

Cost = Annotated[
    bool,
    typer.Option(
        "--cost",
        help="Instead: the operations of a step, before and after each transformation of the "
        "program.",
    ),
]
Set = Annotated[
    Texts,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a parameter, as in g_Na=60 or C_m='2 uF/cm2'. FROM:TO:COUNT makes a sweep, "
        "here and in stimuli. Repeatable.",
        rich_help_panel=_MODEL,
    ),
]
Celsius = Annotated[
    Text, typer.Option(metavar="DEGREES", help="Temperature.", rich_help_panel=_MODEL)
]
Duration = Annotated[
    Text, typer.Option(metavar="MS", help="Length of the run; 50 by default.", rich_help_panel=_RUN)
]
Initial = Annotated[
    Text,
    typer.Option(
        metavar="rest|MV",
        help="Start at rest, or held at a voltage. By default rest; -65 if no MODEL is given.",
        rich_help_panel=_RUN,
    ),
]
Solver = Annotated[
    Text,
    typer.Option(
        metavar="NAME[:SETTING]",
        help="taylor:TOLERANCE, exponential:DT (ms), exponential:DT:float32 or "
        "reference:TOLERANCE.",
        rich_help_panel=_RUN,
    ),
]
SampleInterval = Annotated[
    Text,
    typer.Option(metavar="MS", help="Time between samples; 0.05 by default.", rich_help_panel=_RUN),
]
Threshold = Annotated[
    Text,
    typer.Option(
        metavar="MV", help="A spike is a rise of V through it; 0 by default.", rich_help_panel=_RUN
    ),
]
Record = Annotated[
    Texts,
    typer.Option(
        metavar="NAME",
        help="Record only this (V, m, I_Na, G_K, spikes, …). Repeatable. "
        "By default everything for one cell, V for several.",
        rich_help_panel=_RUN,
    ),
]

Panels = Annotated[
    Text,
    typer.Option(
        metavar="NAMES",
        help="What to draw, top to bottom, with commas: V, gates, conductances, currents, "
        "stimulus, or names such as I_Na.",
        rich_help_panel=_LOOK,
    ),
]
Theme = Annotated[str, typer.Option(metavar="light|dark", rich_help_panel=_LOOK)]
Size = Annotated[Text, typer.Option(metavar="WIDTHxHEIGHT", help="Pixels.", rich_help_panel=_LOOK)]
Dpi = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(metavar="DPI", help="Larger makes text larger.", rich_help_panel=_LOOK),
]
Title = Annotated[Text, typer.Option(metavar="TEXT", help="'' for none.", rich_help_panel=_LOOK)]
Fps = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(metavar="N", help="Frames a second; 25 if not given.", rich_help_panel=_LOOK),
]
Speed = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(metavar="N", help="ms of model time a second.", rich_help_panel=_LOOK),
]

Animation = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="A .gif, .webp or .mp4 file.")
]
Picture = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="A .png, .svg, .pdf or .jpg file.")
]
Recording = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Save the recording: .nc (NetCDF), .npz or .csv.",
    ),
]
Timings = Annotated[
    bool, typer.Option("--timings", help="Say where the time went.", rich_help_panel=_OTHER)
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=_OTHER)
]
