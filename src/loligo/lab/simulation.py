"""One simulation as a value: what the page shows, as Python computes it; and as plain data.

The plain data are those of `page/state.js`::

    {"model": "hodgkin-huxley-1952", "parameters": {"g_Na": 100.0},
     "stimulus": [{"kind": "pulse", ...}], "duration": 50.0, "sample_interval": 0.05,
     "solver": {"kind": "Taylor", "tolerance": 1e-8, "portable": True},
     "initial": None, "threshold": None}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from loligo import solvers
from loligo.errors import ModelError, UsageError
from loligo.lab.limits import LIMITS, known
from loligo.lab.link import fitting, read_link, write_link
from loligo.lab.shown import shown
from loligo.lanes import Labelled
from loligo.model import Membrane, load, models
from loligo.simulation import simulate
from loligo.stimulus import Pulse, Step
from loligo.stimulus.base import Stimulus, Sum
from loligo.stimulus.document import current_or_clamp

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Simulation:
    """One simulation of the lab: what a link says, or a page is to begin with.

    Attributes
    ----------
    name : str
        What the model is called in links.
    original : Membrane
        As the page has it.
    parameters : mapping
        Those of its parameters that were changed.
    stimulus : Stimulus or None
    duration, sample_interval : float
        ms.
    solver : Taylor
    initial : None, "rest", float or mapping
        As :func:`loligo.simulate` takes it.
    threshold : float or None
        mV; None for where it usually is.
    view : mapping
        How it is looked at: which tab, which panels.

    Examples
    --------
    >>> import loligo as lo
    >>> one = lo.from_link("#v=1&model=hodgkin-huxley-1952&set=g_Na:100&pulse=5,40,10")
    >>> one.model.parameters["g_Na"].value, one.stimulus
    (100.0, Pulse(start=5, duration=40, amplitude=10))
    """

    name: str
    original: Membrane = field(repr=False)
    parameters: Mapping[str, float]
    stimulus: Stimulus | None
    duration: float = 50.0
    sample_interval: float = 0.05
    solver: solvers.Solver = field(default_factory=lambda: usual_solver())
    initial: Any = None
    threshold: float | None = None
    view: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def model(self) -> Membrane:
        """The membrane, its parameters changed."""
        return self.original.replace(**self.parameters) if self.parameters else self.original

    @property
    def plain(self) -> Simulation:
        """The same, looked at in no tab: its `simulate()` is the membrane's run."""
        return replace(self, view={})

    @property
    def arguments(self) -> dict[str, Any]:
        """What :func:`loligo.simulate` is given to make what the page shows in its tab: of Clamp
        the family of steps, of Axon the axon and its shocks, of all others the membrane's run."""
        return shown(self)

    def simulate(self, **more: Any) -> xarray.Dataset:
        """The recording: as the page shows it, to the last bit.

        In the tab Clamp it is the family of steps, with a dimension ``voltage``; in the tab Axon
        the wave along it, with ``position``, as fixed steps of the same length have it.

        Parameters
        ----------
        **more
            As :func:`loligo.simulate` takes them; they come before what the link says.

        Examples
        --------
        >>> import loligo as lo
        >>> link = "#v=1&model=hodgkin-huxley-1952&tab=clamp&steps=first:-20,last:20,number:3"
        >>> dict(lo.from_link(link).simulate(record=["I_Na"]).I_Na.sizes)
        {'voltage': 3, 'time': 349}
        """
        return simulate(**(self.arguments | more))

    def link(self, page: str = "") -> str:
        """The link, of a page at an address, or what is to stand behind its ``#`` alone."""
        view = fitting(self.view, known(self.original))
        return f"{page.partition('#')[0]}#{write_link(self.to_dict(), view)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as the page has them."""
        shapes = () if self.stimulus is None else self.stimulus.shapes
        return {
            "model": self.name,
            "parameters": dict(self.parameters),
            "stimulus": [self._document(shape) for shape in shapes],
            "duration": self.duration,
            "sample_interval": self.sample_interval,
            "solver": solver_document(self.solver),
            "initial": self.initial,
            "threshold": self.threshold,
        }

    def _document(self, shape: Any) -> dict[str, Any]:
        """What is done, as a page has it: a step is a pulse that ends with the run."""
        varying = [name for name in shape.parameters if isinstance(getattr(shape, name), Labelled)]
        if varying:
            raise UsageError(
                f"the lab shows one run, but the stimulus's {varying[0]} is an array: choose one "
                f"of its values, for example with .at({varying[0]}=...)"
            )
        if isinstance(shape, Step):
            length = max(self.duration - float(shape.start), 1e-3)  # type: ignore[arg-type]
            shape = Pulse(shape.start, length, shape.amplitude, unit=shape.unit)
        return shape.to_dict()


def from_link(url: str, model: Membrane | None = None) -> Simulation:
    """The simulation that a link of the lab says.

    Parameters
    ----------
    url : str
        The whole address, or what stands behind its ``#``. It may come from anyone: it is read as
        numbers and known words, and nothing in it is looked for, opened or run.
    model : Membrane, optional
        The model, where it is none of the library's.

    Returns
    -------
    Simulation
        Its ``simulate()`` makes the recording, with the bits that the page shows.

    Raises
    ------
    UsageError
        It is no link of the lab, or says what cannot be.

    Examples
    --------
    >>> import loligo as lo
    >>> one = lo.from_link("https://example.org/lab.html#v=1&model=hodgkin-huxley-1952")
    >>> one.duration, one.link()
    (50.0, '#v=1&model=hodgkin-huxley-1952&duration=50')
    """
    return linked(url, () if model is None else (model,))


def linked(url: Any, models: Iterable[Membrane]) -> Simulation:
    """The same, where any of some models may be meant that are none of the library's."""
    if not isinstance(url, str):
        raise UsageError(f"a link is a text, not {url!r:.60}")
    found = dict[str, Membrane]()

    def look_up(name: str) -> Mapping[str, Any] | None:
        one = next((each for each in models if called(each)[0] == name), None)
        one = _of_library(name) if one is None else named(one)[1]
        if one is None:
            return None
        found[name] = one
        return known(one)

    told = read_link(url, look_up)
    name = told["simulation"]["model"]
    return from_document(told["simulation"], found[name], told["view"])


def from_document(
    document: Mapping[str, Any], model: Membrane, view: Mapping[str, Any] | None = None
) -> Simulation:
    """What plain data of the page say, of a model; they were checked before."""
    shapes = [current_or_clamp(each) for each in document["stimulus"]]
    stimulus = Sum(tuple(shapes)) if len(shapes) > 1 else next(iter(shapes), None)  # type: ignore[arg-type]
    one = Simulation(
        name=document["model"],
        original=model,
        parameters=dict(document["parameters"]),
        stimulus=stimulus,  # type: ignore[arg-type]
        duration=document["duration"],
        sample_interval=document["sample_interval"],
        solver=solver_of(document["solver"]),
        initial=document["initial"],
        threshold=document["threshold"],
        view=view or {},
    )
    _ = one.model  # what the model itself refuses is said now
    return one


def asked(model: Membrane, stimulus: Stimulus | None, **more: Any) -> Simulation:
    """A simulation of a model as a person has it: told as the library's, changed, where it is."""
    name, original, parameters = named(model)
    return Simulation(name, original, parameters, stimulus, **more)


def named(model: Membrane) -> tuple[str, Membrane, dict[str, float]]:
    """What a model is called in links, what the page has of it, and what was changed in that.

    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> named(squid.replace(g_Na=60))[::2]
    ('hodgkin-huxley-1952', {'g_Na': 60.0})
    """
    name, ours = called(model)
    if ours is None:
        return name, model, {}
    changed = {
        key: float(each.value)  # type: ignore[arg-type]  (no array: see `called`)
        for key, each in model.parameters.items()
        if each.value != ours.parameters[key].value
    }  # fmt: skip
    return name, ours, changed


def called(model: Membrane) -> tuple[str, Membrane | None]:
    """The name of a model in links, and the model of the library that it is but for its numbers."""
    name = model.name or "membrane"
    ours = _of_library(name)
    if ours is None:
        return name, None
    same = ours.structure() == model.structure() and list(ours.parameters) == list(model.parameters)
    plain = not any(isinstance(each.value, Labelled) for each in model.parameters.values())
    return (name, ours) if same and plain else (f"{name}-changed", None)


def _of_library(name: str) -> Membrane | None:
    """A model of the library, by its name alone: no file is looked for."""
    try:
        return load(name) if name in models() else None
    except ModelError:
        return None


def usual_solver() -> solvers.Solver:
    """With which the page computes."""
    return solvers.Taylor(portable=True)


_SOLVERS = {each["kind"]: each["value"]["name"] for each in LIMITS["solvers"]}


def solver_of(document: Mapping[str, Any]) -> solvers.Solver:
    """The solver that a page's document says."""
    setting = _SOLVERS[document["kind"]]
    kind: Any = getattr(solvers, document["kind"])
    return kind(document[setting], portable=True)


def solver_document(solver: solvers.Solver) -> dict[str, Any]:
    """A solver as the page has it: it always computes what all machines compute."""
    kind = type(solver).__name__
    if kind not in _SOLVERS:
        raise UsageError(f"the lab computes with {', '.join(_SOLVERS)}, not with {solver!r:.60}")
    return {"kind": kind, _SOLVERS[kind]: getattr(solver, _SOLVERS[kind]), "portable": True}
