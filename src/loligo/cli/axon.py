"""``loligo axon``: a shock to an axon, and the action potential that travels along it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loligo.cli import arguments, options
from loligo.cli.arguments import ANIMATIONS, PICTURES, RECORDINGS, SQUID
from loligo.cli.groups import Group, Text, Texts
from loligo.cli.report import Stopwatch, notes, report
from loligo.cli.stimuli import words
from loligo.errors import UsageError

if TYPE_CHECKING:
    import xarray

    from loligo.model import Axon

_AXON = "Axon"
_SUFFIXES = (*ANIMATIONS, *PICTURES, *RECORDINGS)

_CELSIUS = "18.5"  # of the axon of `loligo.experiments.common`, as its other numbers below

_SAMPLES = 400  # along the time shown: smooth in an animation


@dataclass(frozen=True)
class Geometry(Group):
    """An axon."""

    diameter: Annotated[
        str, typer.Option(metavar="UM", help="Of the axon.", rich_help_panel=_AXON)
    ] = "476"
    length: Annotated[
        str, typer.Option(metavar="UM", help="In µm, or with a unit.", rich_help_panel=_AXON)
    ] = "10 cm"
    resistivity: Annotated[
        str, typer.Option(metavar="OHM*CM", help="Of the axoplasm.", rich_help_panel=_AXON)
    ] = "35.4"


@dataclass(frozen=True)
class Cable(Geometry):
    """The same, what is injected into it, and how long it is watched."""

    at: Annotated[
        Texts,
        typer.Option(
            "--at",
            metavar="PLACE START DURATION AMPLITUDE",
            help="A pulse at a place (µm, or '2 cm'), in ms, ms and nA; repeat to add up. "
            "By default a shock at the left end.",
            rich_help_panel=_AXON,
        ),
    ] = None
    duration: Annotated[
        Text,
        typer.Option(
            metavar="MS", help="Until the wave has passed, if not given.", rich_help_panel=_AXON
        ),
    ] = None


@dataclass(frozen=True)
class Along(Group):
    """An axon, what is injected into it and where it is looked at, where none need be meant."""

    length: Annotated[
        Text,
        typer.Option(
            metavar="UM", help="Of an axon of MODEL, which this or any of these options asks for, "
            "in µm or with a unit; 10 cm by default.", rich_help_panel=_AXON,
        ),
    ] = None  # fmt: skip
    diameter: Annotated[
        Text, typer.Option(metavar="UM", help="476 by default.", rich_help_panel=_AXON)
    ] = None
    resistivity: Annotated[
        Text,
        typer.Option(metavar="OHM*CM", help="Of the axoplasm; 35.4.", rich_help_panel=_AXON),
    ] = None
    at: Annotated[
        Texts,
        typer.Option(
            "--at", metavar="PLACE START DURATION AMPLITUDE",
            help="A pulse at a place, in nA; repeatable. By default a shock at the left end.",
            rich_help_panel=_AXON,
        ),
    ] = None  # fmt: skip
    positions: Annotated[
        Text,
        typer.Option(
            metavar="PLACES", help="Where it is recorded, with commas: '1 cm,3 cm'.",
            rich_help_panel=_AXON,
        ),
    ] = None  # fmt: skip

    @property
    def cable(self) -> Geometry:
        """The axon, with the numbers that were not given."""
        given = {"diameter": self.diameter, "length": self.length, "resistivity": self.resistivity}
        return Geometry(**{name: text for name, text in given.items() if text is not None})

    def asked(
        self, model: str | None, parameters: options.Parameters, run: options.Run, others: Group
    ) -> dict[str, Any]:
        """What is to be simulated, as `loligo.simulate` takes it, if none of the others is said."""
        from loligo.experiments.common import passing, threshold

        if others.said():
            raise UsageError(
                f"{', '.join(others.said())}: an axon is stimulated at a place, as in "
                "--at 0 1 0.2 30e3"
            )

        made = axon_of(model, self.cable, parameters)
        stimulus = _stimulus(self.at, made)
        level = arguments.value(run.threshold) if run.threshold else threshold(made)
        lasts = arguments.value(run.duration) if run.duration else passing(made, stimulus, level)
        named = self.positions
        places = None if named is None else [arguments.value(p.strip()) for p in named.split(",")]
        return {
            "model": made, "stimulus": stimulus, "duration": lasts, "threshold": level,
            "positions": places, "initial": arguments.initial(run.initial),
        }  # fmt: skip


@dataclass(frozen=True)
class Parameters(options.Parameters):
    """What is set in the model of its membrane."""

    celsius: Annotated[
        Text,
        typer.Option(
            metavar="DEGREES",
            help="Temperature; 18.5 for the squid axon.",
            rich_help_panel=options.MODEL,
        ),
    ] = None


@dataclass(frozen=True)
class Drawing(options.Film):
    """What a picture along the axon shows."""

    panels: Annotated[
        Text,
        typer.Option(
            metavar="NAMES",
            help="What to draw, with commas: V, gates, conductances, currents or names such as m, "
            "and axon, traces, map (not in animations).",
            rich_help_panel=options.DRAWING,
        ),
    ] = None


def axon(
    *,
    model: options.Model = None,
    cable: Cable,
    parameters: Parameters,
    drawing: Drawing,
    output: Annotated[
        Path,
        options.output(
            "An animation (.gif, .webp, .mp4), a figure (.png, .svg, .pdf, .jpg) or the "
            "recording (.nc, .npz, .csv, .xlsx)."
        ),
    ] = Path("travelling_action_potential.gif"),
    timings: options.Timings = False,
) -> None:
    """Send an action potential along an axon.

    Without arguments: the squid axon of 1952, 476 µm thick, at 18.5 °C,
    shocked at its left end, in travelling_action_potential.gif.

    \b
    loligo axon
    loligo axon --celsius 6.3 --theme dark --output cold.webp
    loligo axon --at 0 1 0.2 30e3 --at '10 cm' 1 0.2 30e3 --output collision.gif
    loligo axon --diameter 238 --set g_Na=60 --output wave.png
    """
    look = drawing.keywords()
    where = arguments.output(output, _SUFFIXES, {})
    watch = Stopwatch()
    with watch.stage("import"):
        import loligo.figures
        import loligo.simulation  # noqa: F401
    with watch.stage("model"), arguments.reading():
        made = axon_of(model, cable, parameters)
        stimulus = _stimulus(cable.at, made)
    with watch.stage("simulate"), notes():
        rec = _simulated(made, stimulus, cable.duration)
    note, what = "", ""
    with watch.stage("draw and write"), notes():
        suffix = where.suffix.lower()
        if suffix in ANIMATIONS:
            from loligo.figures import animate

            found = animate(rec, where, **drawing.pace(), **look)
            note, what = found.note, f"{found.frames} frames of {found.size[0]} × {found.size[1]}"
        else:
            _refuse_pace(drawing, suffix)
            _write(rec, where, look)
    report(where, what, rec, watch, timings, note)


def _refuse_pace(drawing: Drawing, suffix: str) -> None:
    said = [f"--{name}" for name, value in drawing.pace().items() if value is not None]
    if said:
        raise UsageError(f"{' and '.join(said)}: a {suffix} file does not move")


def _write(rec: "xarray.Dataset", where: Path, look: dict[str, Any]) -> None:
    """A figure, or the recording itself."""
    from loligo.files import replacing

    if where.suffix.lower() in RECORDINGS:
        from loligo.recording import save

        save(rec, where)
        return
    from loligo.figures import plot

    figure = plot(rec, **look)
    with replacing(where) as part:
        figure.savefig(part)


def axon_of(name: str | None, cable: Geometry, parameters: options.Parameters) -> "Axon":
    """The axon that the options describe."""
    from loligo.model import Axon

    settings, celsius = parameters.set or [], parameters.celsius
    warm = any(setting.partition("=")[0].strip() == "celsius" for setting in settings)
    if celsius is None and name is None and not warm:
        celsius = _CELSIUS
    membrane = arguments.model(SQUID if name is None else name, settings, celsius)
    return Axon(
        membrane, arguments.value(cable.length), arguments.value(cable.diameter),
        arguments.value(cable.resistivity),
    )  # fmt: skip


def _stimulus(given: list[str] | None, made: "Axon") -> Any:
    """The pulses of ``--at``; or a shock to the left end, as strong as the axon is thick."""
    from loligo.experiments.common import shock
    from loligo.stimulus.place import at

    if given:
        return sum(
            (at(*place_and_pulse(text)) for text in given[1:]), at(*place_and_pulse(given[0]))
        )
    return shock(made)


def place_and_pulse(text: str) -> tuple[Any, Any]:
    """``--at`` as a place and a pulse."""
    from loligo.stimulus import Pulse

    values = words(text)
    if len(values) != 4:
        raise UsageError(
            f"--at takes PLACE START DURATION AMPLITUDE, such as --at 0 1 0.2 30e3, not "
            f"{' '.join(values) or 'nothing'}"
        )
    place, *pulse = (arguments.value(word) for word in values)
    return place, Pulse(*pulse)


def _simulated(made: "Axon", stimulus: Any, duration: str | None) -> "xarray.Dataset":
    """The run; without a duration, until the wave has arrived everywhere."""
    from loligo.experiments.common import passing, threshold
    from loligo.simulation import simulate

    level = threshold(made)
    lasts = passing(made, stimulus, level) if duration is None else arguments.value(duration)
    interval = lasts / _SAMPLES if isinstance(lasts, float) else 0.02
    return simulate(made, stimulus, lasts, sample_interval=interval, threshold=level)
