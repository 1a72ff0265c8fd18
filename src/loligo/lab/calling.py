"""``lo.lab``: models, a stimulus and what else is said, as a page that is saved, opened or shown"""

from __future__ import annotations

import os
import tempfile
import webbrowser
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loligo import files
from loligo.errors import UsageError
from loligo.lab.described import described, own_current
from loligo.lab.file import Entry, page
from loligo.lab.kernels import browser_kernel
from loligo.lab.limits import LIMITS, known
from loligo.lab.look import look
from loligo.lab.simulation import Simulation, asked, linked, named, usual_solver
from loligo.lab.spoken import spoken_languages
from loligo.model import Membrane, load, models
from loligo.stimulus import Pulse
from loligo.stimulus.base import Stimulus
from loligo.words import code_of

if TYPE_CHECKING:
    from loligo.lab.sheet import Sheet


class Lab:
    """A live page: models, and what it begins with.

    It is made by :func:`loligo.lab`. In a notebook it shows itself; there ``model`` and
    ``stimulus`` can be given anew, and the page that is shown follows; ``simulation`` is what the
    page shows now.

    Attributes
    ----------
    models : mapping
        Name in links -> Membrane, in the order in which the page offers them.
    start : Simulation
        What it begins with.
    """

    def __init__(
        self,
        models: Mapping[str, Membrane],
        start: Simulation,
        tasks: Mapping[str, Any] | None = None,
        language: str | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        self.models = dict(models)
        self.start = start
        self._tasks, self._language = tasks, language
        self._files = dict(files or {})  # name in links -> the file that it was read from
        self._bridge: Any = None  # to the page in a notebook

    @property
    def html(self) -> str:
        """The page as the text of an HTML file."""
        solvers = tuple({type(s): s for s in (usual_solver(), self.start.solver)}.values())
        entries = [
            entry(name, model, solvers, self._files.get(name))
            for name, model in self.models.items()
        ]
        return page(entries, self._told(entries))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file, which needs nothing else: no network, no server.

        Raises
        ------
        FileError, UsageError
            It cannot be written there, or is not to be an ``.html``.
        """
        where = files.named(path)
        if where.suffix.lower() not in (".html", ".htm"):
            raise UsageError(f"{where}: the lab is an .html file")
        with files.replacing(where) as part:
            part.write_text(self.html, encoding="utf-8", newline="\n")
        return where

    def open(self) -> Path:
        """Write the page to a temporary place, and show it in the browser."""
        folder = tempfile.mkdtemp(prefix="loligo-lab-")
        where = self.save(Path(folder, "lab.html"))
        webbrowser.open(where.as_uri())
        return where

    @property
    def simulation(self) -> Simulation:
        """What the page in a notebook shows now; before it is shown, what it begins with."""
        link = self._bridge.link if self._bridge is not None else ""
        return linked(f"#{link}", self.models.values()) if link else self.start

    @property
    def model(self) -> Membrane:
        """The membrane of `simulation`. Another one may be given: the page follows."""
        return self.simulation.model

    @model.setter
    def model(self, model: Membrane) -> None:
        name, original, parameters = named(model)
        self._follow(replace(self.simulation, name=name, original=original, parameters=parameters))

    @property
    def stimulus(self) -> Stimulus | None:
        """The stimulus of `simulation`. Another one may be given: the page follows."""
        return self.simulation.stimulus

    @stimulus.setter
    def stimulus(self, stimulus: Stimulus | None) -> None:
        self._follow(replace(self.simulation, stimulus=stimulus))

    def _follow(self, start: Simulation) -> None:
        link = start.link().removeprefix("#")
        self.start = linked(f"#{link}", [start.original])
        known = self.models.get(start.name) == start.original
        self.models[start.name] = start.original
        if not known:
            self._files.pop(start.name, None)
        if self._bridge is not None:
            self._bridge.show(link, "" if known else self.html)

    def _told(self, entries: Iterable[Entry]) -> dict[str, Any]:
        texts = [text for each in entries for text in _texts(each.told)]
        return {
            "simulation": self.start.to_dict(),
            "view": dict(self.start.view),
            "tasks": self._tasks,
            "language": self._language,
            "languages": spoken_languages(texts),
            "style": look(),
            "limits": LIMITS,
        }

    def __repr__(self) -> str:
        return f"<lab of {', '.join(self.models)}: save('lab.html') writes it, open() shows it>"

    def _ipython_display_(self) -> None:
        """In a notebook: the page in a frame, which an export of the notebook shows too; and what
        joins it with Python, where anywidget is installed."""
        from loligo.lab.widget import display

        self._bridge = display(self.html, self._bridge)


def lab(
    model: Any = None,
    stimulus: Stimulus | None = None,
    duration: float | None = None,
    *,
    link: str | None = None,
    tasks: str | os.PathLike[str] | None = None,
    language: str | None = None,
    **more: Any,
) -> Lab:
    """A live page of a membrane: every parameter a slider, the stimulus drawn by hand.

    It is one HTML file with loligo's own machine code in it, as WebAssembly: it needs no
    installation, no server and no network, and computes the bits that :func:`loligo.simulate`
    computes. In a notebook it shows itself.

    Parameters
    ----------
    model : Membrane, str or sequence of them, optional
        The model, or the names of several; the page begins with the first. ``lo.models()`` are
        all of the library; by default it has the squid's axon and three others.
    stimulus : Stimulus, optional
        What it begins with. If none is given, a current that shows what the model does: that of
        the library's table (:func:`loligo.library`), or 10 µA/cm² from 5 to 45 ms.
    duration : float, optional
        ms; 50, or as long as the library's table has it.
    link : str, optional
        A link of the lab: the page begins with what it says, in place of all other arguments but
        ``model``.
    tasks : path, optional
        A sheet of tasks, TOML: see :mod:`loligo.lab.sheet`.
    language : str, optional
        In which the page speaks; by default the reader's own.
    **more
        ``sample_interval``, ``solver``, ``initial`` and ``threshold`` as :func:`loligo.simulate`
        takes them.

    Returns
    -------
    Lab
        ``save("lab.html")`` writes it, ``open()`` shows it in a browser.

    Raises
    ------
    LoligoError
        A model is none, has an array among its numbers, or the stimulus is one that the page does
        not have.

    Examples
    --------
    >>> import loligo as lo
    >>> lo.lab("hodgkin-huxley-1952", lo.Pulse(5, 40, 10))
    <lab of hodgkin-huxley-1952: save('lab.html') writes it, open() shows it>
    """
    sheet = sheet_of(tasks, members(model) if model is not None else [])
    if model is None and sheet is not None:
        model = sheet.models
    membranes = members(model)
    if link is not None:
        if stimulus is not None or more:
            raise UsageError("a link says what is done already: give it, or a stimulus, not both")
        start = linked(link, membranes)
    else:
        start = _begun(membranes[0], stimulus, duration, more)
    start = linked(start.link(), [start.original])  # what a page cannot say is refused here
    offered = {start.name: start.original}
    for each in membranes:
        name, original, _ = named(each)
        offered.setdefault(name, original)
    read = {
        named(each)[0]: file for each, file in zip(membranes, _files(model), strict=True) if file
    }
    code = None if language is None else code_of(language, "language")
    if sheet is not None:
        start = replace(start, view={"tab": "tasks", **start.view})
    return Lab(offered, start, None if sheet is None else sheet.to_dict(), code, read)


def members(model: Any) -> list[Membrane]:
    """The models that a person gave, by name or as they are."""
    many = _listed(model)
    if not many:
        raise UsageError("the lab needs a model: lo.models() lists the library's")
    return [each if isinstance(each, Membrane) else load(each) for each in many]


def _listed(model: Any) -> list[Any]:
    if model is None:
        return list(USUAL)
    listed = isinstance(model, Sequence | Mapping) and not isinstance(model, str)
    return list(model) if listed else [model]


def _files(model: Any) -> list[str | None]:
    """The files that models were read from, without their folders, which are nobody's concern; of
    each what a script can load, None for what has no file."""
    return [
        None if isinstance(each, Membrane) or each in models() else Path(each).name
        for each in _listed(model)
    ]


# Where nothing is said: each of them shows what the others do not.
SQUID = "hodgkin-huxley-1952"
USUAL = ("hodgkin-huxley-1952", "connor-stevens-1977", "traub-miles-1991", "wang-buzsaki-1996")


def entry(
    name: str, model: Membrane, solvers: Sequence[Any] = (), file: str | None = None
) -> Entry:
    """A model as the page has it, with kernels of some solvers; of the usual one by default."""
    solvers = solvers or (usual_solver(),)
    kernel = browser_kernel(model, solvers)
    told = {
        "manifest": kernel.manifest,
        "description": described(model),
        "known": known(model, [type(each).__name__ for each in solvers]),
        "load": name if name in models() else file,
    }
    return Entry(name, told, kernel.wasm)


def sheet_of(path: str | os.PathLike[str] | None, models: Sequence[Membrane]) -> Sheet | None:
    """A sheet of tasks, which may be about some models of a person's own."""
    if path is None:
        return None
    from loligo.lab.sheet import read_sheet
    from loligo.lab.tasks import tried

    return tried(read_sheet(path, models))


def _begun(
    model: Membrane, stimulus: Stimulus | None, duration: float | None, more: dict[str, Any]
) -> Simulation:
    """What the page begins with, of which nothing needs to be said."""
    if not isinstance(stimulus, Stimulus | None):
        raise UsageError(
            "stimulus must be a stimulus such as lo.Pulse(5, 40, 10), or None, not "
            f"{stimulus!r:.60}; several models are one list, lo.lab([...])"
        )
    own = own_current(model) if stimulus is None and model.name != SQUID else None
    if own is not None:
        stimulus, more = own[0], {**own[1], **more}
    elif stimulus is None:
        stimulus = Pulse(start=5, duration=40, amplitude=10)
    if duration is not None:
        more = {**more, "duration": duration}
    return asked(model, stimulus, **more)


def _texts(told: Mapping[str, Any]) -> Iterable[str]:
    """What a model says of itself."""
    about = told["description"]
    yield from filter(None, [about["title"], *about["meanings"].values()])
    yield from (each["long_name"] for each in about["variables"])
    yield from (each["meaning"] for each in about["terms"].values())
    yield from (each["meaning"] for each in told["manifest"]["parameters"])
