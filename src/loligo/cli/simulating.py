"""``loligo run``, ``plot`` and ``animate``: a model and a stimulus, simulated and shown."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

from loligo.cli import arguments, options
from loligo.cli.arguments import ANIMATIONS, PICTURES, RECORDINGS, SQUID
from loligo.cli.report import Stopwatch, notes, report
from loligo.cli.stimuli import Stimuli, demonstration
from loligo.errors import UsageError

if TYPE_CHECKING:
    import xarray

_OTHERS = {"run": RECORDINGS, "plot": PICTURES, "animate": ANIMATIONS}


@dataclass(frozen=True)
class Job:
    """What a command line asks to be simulated; None where nothing was said."""

    model: str | None
    parameters: options.Parameters
    stimuli: Stimuli
    run: options.Run
    record: Sequence[str] = ()
    otherwise: Callable[[], dict[str, Any]] | None = None  # what is asked of no membrane alone

    def result(
        self, watch: Stopwatch, extra: Sequence[str] = (), swept: dict[str, Any] | None = None
    ) -> "xarray.Dataset":
        """The recording: opened, where one was named; or simulated; or swept, as is said."""
        with watch.stage("import"):
            for module in ("numpy", "xarray", "loligo.recording", "loligo.simulation", *extra):
                importlib.import_module(module)
        if self.model is not None and Path(self.model).suffix.lower() in RECORDINGS:
            return self._opened(watch, self.model)
        return self._simulated(watch, swept)

    def _opened(self, watch: Stopwatch, path: str) -> "xarray.Dataset":
        from loligo.recording import open as open_recording

        said = [*self.parameters.said(), *self.run.said()]
        said += ["--record"] if self.record else []
        said += self.stimuli.said()
        if said:
            raise UsageError(f"{path} is a recording; {', '.join(said)} cannot change it any more")
        with watch.stage("open"), arguments.reading():
            return open_recording(path)

    def _simulated(self, watch: Stopwatch, swept: dict[str, Any] | None) -> "xarray.Dataset":
        from loligo.simulation import simulate

        run, call = self.run, simulate
        if swept is not None:
            from loligo.sweeps import sweep

            call = partial(sweep, **swept)
        if run.sensitivity:
            call = partial(call, sensitivities=list(run.sensitivity))
        with watch.stage("model"), arguments.reading():
            asked = self._of_membrane() if self.otherwise is None else self.otherwise()
            asked |= {
                "solver": arguments.solver(run.solver),
                "sample_interval": arguments.value(run.sample_interval or "0.05"),
            }
        with watch.stage("simulate"), notes():
            return call(**asked, record=self.record or None, until=run.until, timings=watch.inner)

    def _of_membrane(self) -> dict[str, Any]:
        """A patch of membrane, and what is done to it."""
        run, named = self.run, SQUID if self.model is None else self.model
        model = arguments.model(named, self.parameters.set or [], self.parameters.celsius)
        stimulus = self.stimuli.sum()
        initial = run.initial if run.initial or self.model is not None else "-65"
        return {
            "model": model,
            "stimulus": demonstration() if stimulus is None else stimulus,
            "duration": arguments.value(run.duration or "50"),
            "initial": arguments.initial(initial),
            "threshold": arguments.value(run.threshold or "0"),
        }


def animate(
    *,
    model: options.ModelOrRecording = None,
    parameters: options.Parameters,
    stimuli: Stimuli,
    run: options.Run,
    drawing: options.Film,
    output: Annotated[Path, options.output("A .gif, .webp or .mp4 file.")] = Path(
        "action_potential.gif"
    ),
    timings: options.Timings = False,
) -> None:
    """Simulate, and draw the action potentials in time.

    Without arguments: the classical demonstration in action_potential.gif.

    \b
    loligo animate
    loligo animate --pulse 5 1 20 --initial rest --theme dark --output shock.webp
    loligo animate wang-buzsaki-1996 --step 5 1 --duration 100 --speed 20
    loligo animate recording.nc --panels V,currents --size 1200x900
    """
    job, look = Job(model, parameters, stimuli, run), drawing.keywords()
    where = arguments.output(output, ANIMATIONS, _OTHERS)
    watch = Stopwatch()
    rec = job.result(watch, ["loligo.figures"])
    with watch.stage("draw and write"), notes():
        from loligo.figures import animate as draw

        made = draw(rec, where, **drawing.pace(), **look)
    width, height = made.size
    report(where, f"{made.frames} frames of {width} × {height}", rec, watch, timings, made.note)


def plot(
    *,
    model: options.ModelOrRecording = None,
    parameters: options.Parameters,
    stimuli: Stimuli,
    run: options.Run,
    drawing: options.Still,
    output: Annotated[Path, options.output("A .png, .svg, .pdf or .jpg file.")] = Path(
        "action_potential.png"
    ),
    timings: options.Timings = False,
) -> None:
    """Simulate, and draw a figure.

    \b
    loligo plot
    loligo plot --pulse 5 40 0:20:6 --output steps.pdf
    loligo plot connor-stevens-1977 --pulse 10 180 8:12:3 --duration 200
    loligo plot --step 5 10 --duration 100 --until 'V > 20'
    loligo plot recording.npz --panels V,m,h,n
    """
    job, look = Job(model, parameters, stimuli, run), drawing.keywords()
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


def simulate(
    *,
    model: options.Model = None,
    parameters: options.Parameters,
    stimuli: Stimuli,
    run: options.Run,
    record: options.Record = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045  (the oldest Typer knows no Path | None)
        options.output("Save the recording: .nc (NetCDF), .npz, .csv or .xlsx."),
    ] = None,
    timings: options.Timings = False,
) -> None:
    """Simulate, say what happened, and save the recording if asked to.

    \b
    loligo run --timings
    loligo run --pulse 5 1 20 --initial rest --duration 20 --output shock.csv
    loligo run --set g_Na=60:180:50 --pulse 5 40 0:20:100 --output sweep.nc
    loligo run --clamp 5 20 -60:60:7 --record I_Na --record I_clamp --output family.nc
    loligo run --clamp 0 2 -65 --clamp 2 8 0 --amplifier 10 compensation=0.7 --set area=2000
    loligo run --conductance 5 0.5 0 tau=2 --conductance 6 1 -75 tau=8 rise=1 --shock 20 7
    loligo run traub-miles-1991 --noise 0 1000 2 tau=3 seed=1 --duration 1000
    loligo run --step 5 10 --duration 1000 --until '10 spikes'
    loligo run --pulse 5 1 20 --sensitivity g_Na --sensitivity amplitude --output derivatives.nc
    """
    job = Job(model, parameters, stimuli, run, record or ())
    where = arguments.output(output, RECORDINGS, _OTHERS) if output else None
    watch = Stopwatch()
    rec = job.result(watch)
    if where:
        from loligo.recording import save

        with watch.stage("write"):
            save(rec, where)
    report(where, "", rec, watch, timings)
