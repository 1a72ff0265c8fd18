"""The commands of ``loligo``."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loligo.cli import arguments, options
from loligo.cli.arguments import ANIMATIONS, PICTURES, RECORDINGS, SQUID
from loligo.cli.axon import axon
from loligo.cli.report import Stopwatch, notes, report
from loligo.errors import UsageError

if TYPE_CHECKING:
    import xarray

app = typer.Typer(
    name="loligo",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_OTHERS = {"run": RECORDINGS, "plot": PICTURES, "animate": ANIMATIONS}


def run(given: Sequence[str]) -> int:
    """Run the command line ``given`` and return its exit status."""
    result = app(args=arguments.join_values(given), prog_name="loligo", standalone_mode=False)
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
    debug: options.Debug = False,
) -> None:
    """Membrane models as their papers write them, and the action potentials they make.

    [b]loligo animate[/b] makes the classical demonstration, the squid axon
    under 10 µA/cm², an animation in action_potential.gif; [b]loligo axon[/b] sends an
    action potential along it, in travelling_action_potential.gif.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


@dataclass(frozen=True)
class Job:
    """What a command line asks to be simulated; None where nothing was said."""

    model: str | None
    stimuli: dict[str, list[str]]
    settings: list[str]
    celsius: str | None
    duration: str | None
    initial: str | None
    solver: str | None
    sample_interval: str | None
    threshold: str | None
    record: list[str]

    @classmethod
    def of(cls, given: dict[str, Any]) -> Job:
        """From the options of a command, by their names."""
        stimuli = {option: given[option.removeprefix("--")] or [] for option in arguments.STIMULI}
        return cls(
            given["model"], stimuli, given["set"] or [], given["celsius"], given["duration"],
            given["initial"], given["solver"], given["sample_interval"], given["threshold"],
            given.get("record") or [],
        )  # fmt: skip

    def result(self, watch: Stopwatch, extra: Sequence[str] = ()) -> xarray.Dataset:
        """The recording: opened, where one was named; or simulated."""
        with watch.stage("import"):
            for module in ("numpy", "xarray", "loligo.recording", "loligo.simulation", *extra):
                importlib.import_module(module)
        if self.model is not None and Path(self.model).suffix.lower() in RECORDINGS:
            return self._opened(watch, self.model)
        return self._simulated(watch)

    def _opened(self, watch: Stopwatch, path: str) -> xarray.Dataset:
        from loligo.recording import open as open_recording

        said = [
            f"--{field.name.replace('_', '-').replace('settings', 'set')}"
            for field in dataclasses.fields(self)
            if field.name not in ("model", "stimuli") and getattr(self, field.name)
        ]
        said += [option for option, texts in self.stimuli.items() if texts]
        if said:
            raise UsageError(f"{path} is a recording; {', '.join(said)} cannot change it any more")
        with watch.stage("open"), arguments.reading():
            return open_recording(path)

    def _simulated(self, watch: Stopwatch) -> xarray.Dataset:
        from loligo.simulation import simulate

        with watch.stage("model"), arguments.reading():
            model = arguments.model(self.model or SQUID, self.settings, self.celsius)
            stimulus = arguments.stimulus(self.stimuli)
            if stimulus is None:
                stimulus = arguments.demonstration()
            solver = arguments.solver(self.solver)
        initial = self.initial if self.initial or self.model else "-65"
        with watch.stage("simulate"), notes():
            return simulate(
                model,
                stimulus,
                arguments.value(self.duration or "50"),
                solver=solver,
                record=self.record or None,
                sample_interval=arguments.value(self.sample_interval or "0.05"),
                initial=arguments.initial(initial),
                threshold=arguments.value(self.threshold or "0"),
                timings=watch.inner,
            )


@app.command()
def animate(
    model: options.ModelOrRecording = None,
    output: options.Animation = Path("action_potential.gif"),
    pulse: options.Pulse = None,
    step: options.Step = None,
    train: options.Train = None,
    ramp: options.Ramp = None,
    sine: options.Sine = None,
    chirp: options.Chirp = None,
    noise: options.Noise = None,
    waveform: options.Waveform = None,
    set: options.Set = None,
    celsius: options.Celsius = None,
    duration: options.Duration = None,
    initial: options.Initial = None,
    solver: options.Solver = None,
    sample_interval: options.SampleInterval = None,
    threshold: options.Threshold = None,
    panels: options.Panels = None,
    theme: options.Theme = "light",
    size: options.Size = None,
    dpi: options.Dpi = None,
    title: options.Title = None,
    fps: options.Fps = None,
    speed: options.Speed = None,
    timings: options.Timings = False,
    debug: options.Debug = False,
) -> None:
    """Simulate, and draw the action potentials in time.

    Without arguments: the classical demonstration in action_potential.gif.

    \b
    loligo animate
    loligo animate --pulse 5 1 20 --initial rest --theme dark --output shock.webp
    loligo animate wang-buzsaki-1996 --step 5 1 --duration 100 --speed 20
    loligo animate recording.nc --panels V,currents --size 1200x900
    """
    job, look = Job.of(locals()), arguments.look(panels, theme, size, dpi, title)
    where = arguments.output(output, ANIMATIONS, _OTHERS)
    watch = Stopwatch()
    rec = job.result(watch, ["loligo.figures"])
    with watch.stage("draw and write"), notes():
        from loligo.figures import animate as draw

        made = draw(rec, where, fps=fps, speed=speed, **look)
    width, height = made.size
    report(where, f"{made.frames} frames of {width} × {height}", rec, watch, timings, made.note)


@app.command()
def plot(
    model: options.ModelOrRecording = None,
    output: options.Picture = Path("action_potential.png"),
    pulse: options.Pulse = None,
    step: options.Step = None,
    train: options.Train = None,
    ramp: options.Ramp = None,
    sine: options.Sine = None,
    chirp: options.Chirp = None,
    noise: options.Noise = None,
    waveform: options.Waveform = None,
    set: options.Set = None,
    celsius: options.Celsius = None,
    duration: options.Duration = None,
    initial: options.Initial = None,
    solver: options.Solver = None,
    sample_interval: options.SampleInterval = None,
    threshold: options.Threshold = None,
    panels: options.Panels = None,
    theme: options.Theme = "light",
    size: options.Size = None,
    dpi: options.Dpi = None,
    title: options.Title = None,
    timings: options.Timings = False,
    debug: options.Debug = False,
) -> None:
    """Simulate, and draw a figure.

    \b
    loligo plot
    loligo plot --pulse 5 40 0:20:6 --output steps.pdf
    loligo plot connor-stevens-1977 --pulse 10 180 8:12:3 --duration 200
    loligo plot recording.npz --panels V,m,h,n
    """
    job, look = Job.of(locals()), arguments.look(panels, theme, size, dpi, title)
    where = arguments.output(output, PICTURES, _OTHERS)
    watch = Stopwatch()
    rec = job.result(watch, ["loligo.figures", "matplotlib.figure"])
    with watch.stage("draw"), notes():
        from loligo.figures import plot as draw

        figure = draw(rec, **look)
    with watch.stage("write"):
        from loligo.files import replacing

        with replacing(where) as part:
            figure.savefig(part)
    report(where, "", rec, watch, timings)


app.command()(axon)


@app.command(name="run")
def simulate(
    model: options.Model = None,
    output: options.Recording = None,
    pulse: options.Pulse = None,
    step: options.Step = None,
    train: options.Train = None,
    ramp: options.Ramp = None,
    sine: options.Sine = None,
    chirp: options.Chirp = None,
    noise: options.Noise = None,
    waveform: options.Waveform = None,
    set: options.Set = None,
    celsius: options.Celsius = None,
    duration: options.Duration = None,
    initial: options.Initial = None,
    solver: options.Solver = None,
    sample_interval: options.SampleInterval = None,
    threshold: options.Threshold = None,
    record: options.Record = None,
    timings: options.Timings = False,
    debug: options.Debug = False,
) -> None:
    """Simulate, say what happened, and save the recording if asked to.

    \b
    loligo run --timings
    loligo run --pulse 5 1 20 --initial rest --duration 20 --output shock.csv
    loligo run --set g_Na=60:180:50 --pulse 5 40 0:20:100 --output sweep.nc
    loligo run traub-miles-1991 --noise 0 1000 2 tau=3 seed=1 --duration 1000
    """
    job = Job.of(locals())
    where = arguments.output(output, RECORDINGS, _OTHERS) if output else None
    watch = Stopwatch()
    rec = job.result(watch)
    if where:
        from loligo.recording import save

        with watch.stage("write"):
            save(rec, where)
    report(where, "", rec, watch, timings)


@app.command()
def models(debug: options.Debug = False) -> None:
    """List the library of published models."""
    from loligo.model import models as library

    print(repr(library()))


@app.command()
def show(
    model: options.SomeModel,
    set: options.Set = None,
    celsius: options.Celsius = None,
    cost: options.Cost = False,
    debug: options.Debug = False,
) -> None:
    """Print a model: its equations, parameters and source.

    \b
    loligo show hodgkin-huxley-1952
    loligo show mine.toml
    loligo show hodgkin-huxley-1952 --cost
    """
    with arguments.reading():
        shown = arguments.model(model, set or [], celsius)
    if cost:
        from loligo.cli.report import operations
        from loligo.simulation import cost as count

        print(operations(count(shown)))
    else:
        print(shown)
