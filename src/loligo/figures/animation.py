"""A recording as an animation: the figure, drawn in time."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loligo.errors import UsageError
from loligo.figures import style
from loligo.figures.axon import content, several
from loligo.figures.content import signals
from loligo.figures.content.data import laid_over
from loligo.figures.content.origin import counted
from loligo.figures.content.panels import MOST_OVERLAID
from loligo.figures.content.recorded import picture
from loligo.figures.figure import check_choice, titled
from loligo.figures.film.timing import Timing, timing
from loligo.figures.page.size import sized
from loligo.figures.several import of_axons, refuse_labels, together, told_apart
from loligo.files import named, replacing
from loligo.progress import progress as progress_bar
from loligo.words import speaking

if TYPE_CHECKING:
    import numpy as np
    import xarray

    from loligo.figures.axon.layout import Content
    from loligo.figures.content.picture import Picture
    from loligo.figures.film.frames import Frame
    from loligo.figures.film.palette import Palette
    from loligo.figures.page.size import Size

_SHOWN_WIDTH = 800  # CSS pixels in a notebook
_USUAL_PATH = "action_potential.gif"
_USUAL_SIZE = (1600, 1200)
_PER_AXON = 120  # pixels of height for each further axon


@dataclass(frozen=True)
class Animation:
    """A written animation. It shows itself in a notebook.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    frames : int
        How many frames it has.
    size : (int, int)
        Width and height in pixels.
    fps : float
        Frames a second, as written; ``note`` says if that is not what was asked for.
    speed : float
        Milliseconds of model time a second.
    seconds : float
        How long it plays, the last frame's hold included.
    """

    path: Path
    frames: int
    size: tuple[int, int]
    fps: float
    speed: float
    seconds: float
    note: str = field(default="", compare=False)

    def __repr__(self) -> str:
        width, height = self.size
        facts = (
            f"{self.frames} frames of {width} × {height}, {self.fps:.4g} a second, "
            f"{self.speed:.4g} ms of model time a second"
        )
        return f"Animation({str(self.path)!r}: {facts}{'; ' + self.note if self.note else ''})"

    def _repr_html_(self) -> str:
        kind = _FORMATS[self.path.suffix.lower()].mime
        data = base64.b64encode(self.path.read_bytes()).decode("ascii")
        source = f'src="data:{kind};base64,{data}"'
        width, name = f'width="{min(_SHOWN_WIDTH, self.size[0])}"', html.escape(self.path.name)
        if kind.startswith("video"):
            video = f'<source {source} type="{kind}">{name}'
            return f"<video {width} controls autoplay loop muted playsinline>{video}</video>"
        return f'<img {source} {width} alt="{name}">'


def animate(
    rec: xarray.Dataset,
    *more: Any,
    path: str | os.PathLike[str] = _USUAL_PATH,
    labels: Sequence[str] | None = None,
    size: tuple[float, float] | str | None = None,
    dpi: float | None = None,
    fps: float | None = None,
    speed: float | None = None,
    frames: int | None = None,
    panels: Sequence[object] | str | None = None,
    theme: str = "light",
    title: str | None = None,
    loop: bool = True,
    progress: bool | Callable[[int, int], object] | None = None,
    data: Any = None,
    stacked: bool = False,
    from_rest: bool = False,
    language: str | None = None,
) -> Animation:
    """Draw a recording in time, or several on the same axes, with a moving head.

    The figure is that of `loligo.plot`, with the current values at its head; of an axon, the
    wave runs along it and V is traced at three places. Several axons, which may differ in length
    and duration, lie below one another under one clock, each with its speed, and V is traced at
    one place of all. The file appears when it is whole: an interrupted run leaves what was there.

    Parameters
    ----------
    rec, *more : xarray.Dataset
        What `loligo.simulate` returned; up to 8 lanes. Of several, one lane each.
    path : path
        May follow the recordings by its place. Ends in ``.gif``, ``.webp`` (smaller, all colours)
        or ``.mp4`` (needs ``pip install "loligo[mp4]"``).
    size, dpi
        As for `loligo.plot`; by default 1600 × 1200 pixels, higher for several axons. ``"slide"``
        and ``"16:9"`` are 1920 × 1080, where more panels than fit one below the other stand in
        columns.
    fps : float, optional
        Frames a second, 25 by default. GIF knows whole hundredths of a second and browsers slow
        down less than two, so 50, 33.3, 25, 20, 16.7, ... exist; the nearest is taken and stated.
    speed : float, optional
        Milliseconds of model time a second; by default the whole recording takes 5 s.
    frames : int, optional
        Number of frames, instead of ``speed``.
    panels, labels, theme, title, data, stacked, from_rest, language
        As for `loligo.plot`.
    loop : bool
        Begin again after the end (the last frame stands for 1.5 s).
    progress : bool or callable, optional
        ``callable(done, total)`` after every frame; True or False for a bar or none. By default
        a bar appears on a terminal when it takes long.

    Returns
    -------
    Animation
        With the ``path``, and showing itself in a notebook.

    Raises
    ------
    UsageError
        For a recording, file type, size or speed that cannot be animated; it says what can.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import loligo as lo
    >>> rec = lo.simulate(lo.load("hodgkin-huxley-1952"), lo.Pulse(5, 40, 10), 50)
    >>> lo.animate(rec, "spikes.gif", theme="dark", speed=5).frames  # doctest: +SKIP
    251
    >>> pair = [rec, lo.simulate(lo.load("traub-miles-1991"), lo.Pulse(5, 40, 10), 50)]
    >>> lo.animate(*pair, "pair.gif", labels=["squid", "hippocampus"], frames=9)  # doctest: +SKIP
    """
    check_choice("stacked", stacked)
    check_choice("from_rest", from_rest)
    colours = style.theme(theme)
    given, path = told_apart(rec, more, path, _USUAL_PATH, "path")
    recs = [counted(one, from_rest) for one in given]
    target = named(path)
    kind = _format(target)
    sized(size, dpi, _USUAL_SIZE)  # told at once if it is none
    with speaking(language):
        subject = _subject(recs, labels, panels, colours, title, data, stacked)
    where = sized(size, dpi, subject.usual)
    duration = subject.end - subject.start
    plan = timing(duration, fps=fps, speed=speed, frames=frames, loop=loop, ticks=kind.ticks)
    kind.check()
    with replacing(target) as part, speaking(language):
        with style.house_style():
            made = subject.made(where, plan.times(subject.start, subject.end))
        flow = _reported(made.frames(), plan.count, progress, target.name)
        kind.write(part, flow, made.palette.colours, (where.width, where.height), plan)
    pace = duration * plan.fps / (plan.count - 1)
    pixel_size = (where.width, where.height)
    return Animation(target, plan.count, pixel_size, plan.fps, pace, plan.seconds, plan.note)


# ------------------------------------------------------------------------ what is animated


@dataclass(frozen=True)
class _Made:
    """Drawn, up to the frames themselves."""

    palette: Palette
    frames: Callable[[], Iterator[Frame]]


@dataclass(frozen=True)
class _Subject:
    """What an animation shows from ``start`` to ``end`` (ms), once its size and times are known;
    and how large it is where nobody says."""

    start: float
    end: float
    made: Callable[[Size, np.ndarray], _Made]
    usual: tuple[int, int] = _USUAL_SIZE


def _subject(
    recs: Sequence[Any], labels: object, panels: Any, colours: style.Theme, title: str | None,
    data: Any, stacked: bool,
) -> _Subject:  # fmt: skip
    """Several recordings, one axon, or the lines of one recording."""
    if len(recs) > 1:
        if stacked:
            raise UsageError("stacked=True is of the lanes of one recording; these are several")
        if of_axons(recs):
            _refuse_data(data)
            return _axons(several.together(recs, labels, panels, colours, title), colours)
        shown = laid_over(together(recs, labels, panels, colours), data, colours)
        return _lines(titled(shown, title), colours)
    refuse_labels(labels)
    (rec,) = recs
    if content.is_axon(rec) and not stacked:
        _refuse_data(data)
        return _axon(rec, panels, colours, title)
    recorded = signals.read(rec)
    _check_lanes(recorded, stacked)
    shown = laid_over(picture(recorded, panels, colours, stacked), data, colours)
    return _lines(titled(shown, title), colours)


def _refuse_data(data: Any) -> None:
    if data is not None:
        raise UsageError(
            "data=... is laid over lines in time; of an axon choose a place: "
            'rec.sel(position=2e4, method="nearest")'
        )


def _lines(shown: Picture, colours: style.Theme) -> _Subject:
    """Lines in time."""

    def made(size: Size, times: np.ndarray) -> _Made:
        from loligo.figures.film import frames

        scene = frames.scene(shown, size, colours, times)
        return _Made(scene.palette, lambda: frames.frames(scene))

    return _Subject(shown.start, shown.end, made)


def _axon(rec: Any, panels: Any, colours: style.Theme, title: str | None) -> _Subject:
    """The wave along an axon."""
    from loligo.figures.axon import layout

    axon = content.read(rec)
    rows, extras = content.rows(axon, panels, content.TRACES, colours)
    if content.MAP in extras:
        raise UsageError("panel 'map' stands still; lo.plot(rec) draws it")
    what = layout.content(axon, rows, extras, colours, title, True, panels is not None)
    return _axons(what, colours)


def _axons(what: Content, colours: style.Theme) -> _Subject:
    """One axon, or several under one clock."""
    start = min(float(axon.time[0]) for axon in what.axons)
    end = max(float(axon.time[-1]) for axon in what.axons)

    def made(size: Size, times: np.ndarray) -> _Made:
        from loligo.figures.axon import frames

        film = frames.film(what, colours, size, times)
        return _Made(film.palette, lambda: frames.frames(film))

    wide, tall = _USUAL_SIZE
    return _Subject(start, end, made, (wide, tall + _PER_AXON * (len(what.axons) - 1)))


def _check_lanes(recorded: signals.Signals, stacked: bool) -> None:
    count = len(recorded.lanes)
    if count > MOST_OVERLAID and not stacked:
        raise UsageError(
            f"the recording has {count} lanes, and an animation shows up to {MOST_OVERLAID}; "
            f"select some, as in rec.isel({recorded.dims[0]}=[0, -1]), or use lo.plot(rec)."
        )


# ------------------------------------------------------------------------ file formats


@dataclass(frozen=True)
class _Format:
    """A kind of file: its time resolution (parts of a second, None for any) and its writer."""

    mime: str
    ticks: int | None
    check: Callable[[], None]
    write: Callable[[Path, Iterable[Frame], np.ndarray, tuple[int, int], Timing], None]


def _gif(*arguments) -> None:
    from loligo.figures.film.gif import write_gif

    write_gif(*arguments)


def _webp(*arguments) -> None:
    from loligo.figures.film.webp import write_webp

    write_webp(*arguments)


def _mp4(*arguments) -> None:
    from loligo.figures.film.video import write_mp4

    write_mp4(*arguments)


def _check_webp() -> None:
    from loligo.figures.film.webp import check_webp

    check_webp()


def _check_mp4() -> None:
    from loligo.figures.film.video import check_mp4

    check_mp4()


_FORMATS = {
    ".gif": _Format("image/gif", 100, lambda: None, _gif),
    ".webp": _Format("image/webp", 1000, _check_webp, _webp),
    ".mp4": _Format("video/mp4", None, _check_mp4, _mp4),
}


def _format(target: Path) -> _Format:
    suffix = target.suffix.lower()
    if suffix not in _FORMATS:
        what = f"ends in {target.suffix!r}" if target.suffix else "has no suffix"
        raise UsageError(
            f"cannot tell the kind of animation: {target.name!r} {what}; "
            f"end it in {', '.join(_FORMATS)}."
        )
    return _FORMATS[suffix]


# ------------------------------------------------------------------------ progress


def _reported(
    flow: Iterator[Frame],
    total: int,
    told: bool | Callable[[int, int], object] | None,
    name: str,
) -> Iterator[Frame]:
    """The same frames, telling after each how many are done."""
    if callable(told):
        for done, frame in enumerate(flow, start=1):
            yield frame
            told(done, total)
        return
    with progress_bar(f"writing {name}", told) as advance:
        for done, frame in enumerate(flow, start=1):
            yield frame
            advance(done / total)
