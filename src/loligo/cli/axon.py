"""``loligo axon``: a shock to an axon, and the action potential that travels along it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loligo.cli import arguments, options
from loligo.cli.arguments import ANIMATIONS, PICTURES, RECORDINGS, SQUID
from loligo.cli.report import Stopwatch, notes, report
from loligo.errors import UsageError

if TYPE_CHECKING:
    import xarray

    from loligo.model import Axon

_AXON = "Axon"
_SUFFIXES = (*ANIMATIONS, *PICTURES, *RECORDINGS)

# The axon of `loligo.experiments.common`, as text.
_DIAMETER, _LENGTH, _RESISTIVITY, _CELSIUS = "476", "10 cm", "35.4", "18.5"

_SAMPLES = 400  # along the time shown: smooth in an animation

Diameter = Annotated[str, typer.Option(metavar="UM", help="Of the axon.", rich_help_panel=_AXON)]
Length = Annotated[
    str,
    typer.Option(metavar="UM", help="In µm, or with a unit.", rich_help_panel=_AXON),
]
Resistivity = Annotated[
    str,
    typer.Option(metavar="OHM*CM", help="Of the axoplasm.", rich_help_panel=_AXON),
]
Celsius = Annotated[
    options.Text,
    typer.Option(
        metavar="DEGREES", help="Temperature; 18.5 for the squid axon.", rich_help_panel=_AXON
    ),
]
At = Annotated[
    options.Texts,
    typer.Option(
        "--at",
        metavar="PLACE START DURATION AMPLITUDE",
        help="A pulse at a place (µm, or '2 cm'), in ms, ms and nA; repeat to add up. "
        "By default a shock at the left end.",
        rich_help_panel=_AXON,
    ),
]
Duration = Annotated[
    options.Text,
    typer.Option(
        metavar="MS", help="Until the wave has passed, if not given.", rich_help_panel=_AXON
    ),
]
Panels = Annotated[
    options.Text,
    typer.Option(
        metavar="NAMES",
        help="What to draw, with commas: V, gates, conductances, currents or names such as m, "
        "and axon, traces, map (not in animations).",
        rich_help_panel="Look",
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="An animation (.gif, .webp, .mp4), a figure (.png, .svg, .pdf, .jpg) or the "
        "recording (.nc, .npz, .csv).",
    ),
]


def axon(
    model: options.Model = None,
    output: Output = Path("travelling_action_potential.gif"),
    diameter: Diameter = _DIAMETER,
    length: Length = _LENGTH,
    resistivity: Resistivity = _RESISTIVITY,
    celsius: Celsius = None,
    set: options.Set = None,
    at: At = None,
    duration: Duration = None,
    panels: Panels = None,
    theme: options.Theme = "light",
    size: options.Size = None,
    dpi: options.Dpi = None,
    title: options.Title = None,
    fps: options.Fps = None,
    speed: options.Speed = None,
    timings: options.Timings = False,
    debug: options.Debug = False,
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
    look = arguments.look(panels, theme, size, dpi, title)
    where = arguments.output(output, _SUFFIXES, {})
    watch = Stopwatch()
    with watch.stage("import"):
        import loligo.figures
        import loligo.simulation  # noqa: F401
    with watch.stage("model"), arguments.reading():
        made = _axon(model, diameter, length, resistivity, celsius, set or [])
        stimulus = _stimulus(at, made)
    with watch.stage("simulate"), notes():
        rec = _simulated(made, stimulus, duration)
    note, what = "", ""
    with watch.stage("draw and write"), notes():
        suffix = where.suffix.lower()
        if suffix in ANIMATIONS:
            from loligo.figures import animate

            found = animate(rec, where, fps=fps, speed=speed, **look)
            note, what = found.note, f"{found.frames} frames of {found.size[0]} × {found.size[1]}"
        else:
            _refuse_pace(fps, speed, suffix)
            _write(rec, where, look)
    report(where, what, rec, watch, timings, note)


def _refuse_pace(fps: float | None, speed: float | None, suffix: str) -> None:
    given = [name for name, value in (("--fps", fps), ("--speed", speed)) if value is not None]
    if given:
        raise UsageError(f"{' and '.join(given)}: a {suffix} file does not move")


def _write(rec: xarray.Dataset, where: Path, look: dict[str, Any]) -> None:
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


def _axon(
    name: str | None, diameter: str, length: str, resistivity: str, celsius: str | None,
    settings: list[str],
) -> Axon:  # fmt: skip
    """The axon that the options describe."""
    from loligo.model import Axon

    warm = any(setting.partition("=")[0].strip() == "celsius" for setting in settings)
    if celsius is None and name is None and not warm:
        celsius = _CELSIUS
    membrane = arguments.model(name or SQUID, settings, celsius)
    return Axon(
        membrane, arguments.value(length), arguments.value(diameter),
        arguments.value(resistivity),
    )  # fmt: skip


def _stimulus(given: list[str] | None, made: Axon) -> Any:
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

    words = arguments.words(text)
    if len(words) != 4:
        raise UsageError(
            f"--at takes PLACE START DURATION AMPLITUDE, such as --at 0 1 0.2 30e3, not "
            f"{' '.join(words) or 'nothing'}"
        )
    place, *pulse = (arguments.value(word) for word in words)
    return place, Pulse(*pulse)


def _simulated(made: Axon, stimulus: Any, duration: str | None) -> xarray.Dataset:
    """The run; without a duration, until the wave has arrived everywhere."""
    from loligo.experiments.common import passing, threshold
    from loligo.simulation import simulate

    level = threshold(made)
    lasts = passing(made, stimulus, level) if duration is None else arguments.value(duration)
    interval = lasts / _SAMPLES if isinstance(lasts, float) else 0.02
    return simulate(made, stimulus, lasts, sample_interval=interval, threshold=level)
