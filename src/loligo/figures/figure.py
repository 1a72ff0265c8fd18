"""A recording as a figure: voltage on top, what makes it below, one time axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from loligo.errors import UsageError
from loligo.figures import style
from loligo.figures.axon.content import is_axon
from loligo.figures.content import signals
from loligo.figures.content.arrivals import arrivals, is_arrivals
from loligo.figures.content.data import laid_over
from loligo.figures.content.lanes import most_overlaid
from loligo.figures.content.origin import counted
from loligo.figures.content.picture import Picture
from loligo.figures.content.recorded import picture
from loligo.figures.page.size import Size, sized
from loligo.figures.several import refuse_labels, together, told_apart
from loligo.model import Membrane
from loligo.words import speaking

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from loligo.figures.page.chart import Chart
    from loligo.figures.page.notebook import ShownFigure

_USUAL_AXON = (1600, 1300)  # pixels
_MANY_PANELS = 4  # of a chart, for which it is higher


def plot(
    rec: xarray.Dataset | xarray.DataTree,
    *more: Any,
    panels: Sequence[object] | str | None = None,
    labels: Sequence[str] | None = None,
    theme: str = "light",
    size: tuple[float, float] | str | None = None,
    dpi: float | None = None,
    title: str | None = None,
    at: float | Sequence[float] | None = None,
    data: Any = None,
    stacked: bool = False,
    transparent: bool = False,
    from_rest: bool = False,
    language: str | None = None,
) -> Figure:
    """Draw a recording, or several on the same axes.

    Voltage on top; gates, conductances and the injected current below it on one time axis.
    The tinted band is where current is injected; dashed lines are the resting potential and 0 mV.
    Up to 8 lanes are drawn over one another, coloured in the order of their values, a panel for
    each variable that was recorded; ``stacked=True`` gives each of up to 24 axes of its own. More
    along one dimension become a map of V, and along two or three maps of the spike count. Spikes
    alone are a raster, a row for each lane, with their number below it. Of a clamp V and its
    current are drawn; what charges the membrane through a series resistance may lie beyond the
    axis.

    Between its samples a line is the solution: the run is made again with more samples, where that
    is soon done and gives the same values, and samples are joined by polynomials where it is not;
    never across an edge of the stimulus. Lines of more than 40,000 vertices are drawn as they look
    at the figure's size.

    Of an axon: V along it at a few instants and the ionic currents at one of them, the axon
    itself coloured by V, and a map of V over place and time. (Of up to 8 ``positions`` of an
    axon: V in time at each.) Of several axons along one dimension, or of spikes alone: when the
    action potential arrived where. What an experiment of ``loligo.experiments`` found is drawn
    against what it varied, with what theory says. Of a model: its gates' steady states, time
    constants and rates against V. Of what `loligo.narrate` tells: V and the currents, its phases
    marked.

    Several recordings, ``lo.plot(control, drug, labels=["control", "TTX"])``, lie over one
    another: a panel for each variable, a line for each recording, which may differ in sampling
    and duration. Of axons, V in time at three places.

    Parameters
    ----------
    rec, *more : xarray.Dataset
        What `loligo.simulate` returned, or an experiment; of several, one lane each. Or a
        membrane, or what `loligo.narrate` returned.
    panels : sequence of str, optional
        May follow the recordings by its place. From the top down, any of ``"V"``, ``"gates"``,
        ``"states"``, ``"conductances"``, ``"currents"``, ``"stimulus"``, or a recorded variable's
        name, or a tuple of names for one panel. By default, as far as there is room, whatever of V,
        gates, states, conductances and stimulus is recorded (currents where there are no
        conductances); of several recordings V and stimulus. Of an axon also ``"axon"``,
        ``"map"`` and ``"traces"`` (V in time at three places).
    labels : sequence of str, optional
        What to call each of several recordings; by default their titles, if they differ.
    theme : str
        ``"light"`` or ``"dark"``.
    size : str or (float, float), optional
        What the figure is for: ``"slide"`` (16:9, with type for the last row of a lecture hall),
        ``"16:9"``, ``"paper"`` (7 inches wide) or ``"column"`` (3.4 inches). Or width and height:
        in pixels, ``(1600, 1200)``, with which the type grows; in inches, ``(8, 6)``; with a unit,
        ``"16 x 9 cm"``. By default 8 inches wide, 1600 pixels, and as high as its panels ask for:
        1200 pixels for V, gates, conductances and stimulus, less for fewer and more for more; 1300
        for an axon, and 1000 for an experiment (1300 of four panels and more).
    dpi : float, optional
        Pixels per inch, which changes pixels alone: 200, on slides 144, on paper 300. Of a size in
        pixels it says how large they are in print.
    title : str, optional
        Instead of the recording's own; ``""`` for none.
    at : float or sequence of float, optional
        Of an axon: the instants shown (ms), the middle one in full.
    data : optional
        Your own, laid over lines in time: a DataArray or a pair ``(time, values)``, plain numbers
        in ms and in the panel's unit, others converted; a pandas table or the path of a file
        (CSV, Excel, ...) whose heads say ``time (s)``, ``V (mV)``; several in a dictionary,
        ``{"cell 1": ...}``. Each finds its panel by its name, or by its unit.
    stacked : bool
        Lanes one above the other, each on axes of its own, instead of over one another.
    transparent : bool
        Whether what lies behind the figure is to be seen through its background.
    from_rest : bool
        Potentials from the resting potential, as in papers of the time of Hodgkin and Huxley: V,
        and what a clamp asked it to be. Your own ``data`` are drawn as they are. Of a model whose
        every V, every threshold and every experiment is to count so, see
        `Membrane.shift_voltage`.
    language : str, optional
        ``"en"`` or ``"de"``; by default that of `loligo.language`.

    Returns
    -------
    matplotlib.figure.Figure
        It shows itself in a notebook; in a script ``plt.show()`` or ``figure.show()`` shows it.
        ``figure.savefig("spike.pdf")`` writes it: PDF with real fonts, SVG with words that can be
        edited.

    Raises
    ------
    UsageError
        If the recording, a panel, the theme or the size cannot be drawn; it says what can.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> rec = lo.simulate(squid, lo.Pulse(5, 40, 10), 50)
    >>> lo.plot(rec, panels=("V", "currents"), theme="dark").savefig("spike.png")  # doctest: +SKIP

    Two recordings on the same axes:

    >>> control = lo.simulate(squid, lo.Pulse(5, 1, 20), 20)
    >>> blocked = lo.simulate(squid.replace(g_Na=12), lo.Pulse(5, 1, 20), 20)
    >>> figure = lo.plot(control, blocked, labels=["control", "TTX"])
    >>> len(figure.axes)
    2
    """
    choices = {"stacked": stacked, "transparent": transparent, "from_rest": from_rest}
    for name, chosen in choices.items():
        check_choice(name, chosen)
    with speaking(language):
        given, panels = told_apart(_of_model(rec), more, panels, None, "panels")
        recs = [counted(one, from_rest) for one in given]
        drawn = _plot(recs, panels, labels, theme, size, dpi, title, at, stacked, data)
    return (drawn.see_through() if transparent else drawn).waiting()


def check_choice(name: str, chosen: Any) -> None:
    """A `UsageError` if it is neither true nor false."""
    if not isinstance(chosen, bool):
        raise UsageError(f"{name} may be True or False, not {chosen!r:.60}")


def _plot(
    recs: Sequence[Any], panels: Any, labels: Any, theme: str, size: Any, dpi: Any,
    title: str | None, at: Any, stacked: bool, data: Any,
) -> ShownFigure:  # fmt: skip
    """What is drawn, in the language that is spoken."""
    colours = style.theme(theme)

    def large(usual: tuple[int, int]) -> Size:
        return sized(size, dpi, usual)

    if len(recs) > 1:
        if at is not None:
            raise UsageError("at=... chooses instants of one axon; these are several recordings")
        if stacked:
            raise UsageError("stacked=True is of the lanes of one recording; these are several")
        shown = laid_over(together(recs, labels, panels, colours), data, colours)
        return _lines(titled(shown, title), large, colours)
    refuse_labels(labels)
    return _one(recs[0], panels, at, stacked, data, title, large, colours)


def _one(
    rec: Any, panels: Any, at: Any, stacked: bool, data: Any, title: str | None,
    large: Callable[[tuple[int, int]], Size], colours: style.Theme,
) -> ShownFigure:  # fmt: skip
    """One thing drawn: what it is decides how."""
    chart = None if stacked else _chart(rec, panels, at, title)
    along = is_axon(rec) and not stacked
    if data is not None and (chart is not None or along):
        instead = (
            'of an axon choose a place: rec.sel(position=2e4, method="nearest")'
            if along
            else "put your own on its axes: lo.plot(...).axes[0].plot(x, y)"
        )
        raise UsageError(
            f"data=... is laid over lines in time, which this figure has none of; {instead}"
        )
    if chart is not None:
        from loligo.figures.page.charting import draw_chart

        usual = (1600, 1000 if len(chart.panels) < _MANY_PANELS - chart.spare else 1300)
        with style.house_style():
            return draw_chart(chart, large(usual), colours)
    if is_axon(rec) and not stacked:
        from loligo.figures.axon.drawing import draw_axon

        with style.house_style():
            return draw_axon(rec, panels, colours, large(_USUAL_AXON), title, at)
    if at is not None:
        raise UsageError("at=... chooses instants of the recording of an axon; this is of none")
    shown = laid_over(picture(signals.read(rec), panels, colours, stacked), data, colours)
    return _lines(titled(shown, title), large, colours)


def _lines(
    shown: Picture, large: Callable[[tuple[int, int]], Size], colours: style.Theme
) -> ShownFigure:
    """Lines in time."""
    from loligo.figures.page.drawing import draw

    with style.house_style():
        return draw(shown, large(usual_size(shown)), colours).figure


def _chart(rec: Any, panels: Any, at: Any, title: str | None) -> Chart | None:
    """Of what is drawn as a chart: a model, an experiment, arrivals along several axons, many
    lanes."""
    if hasattr(rec, "course") and not hasattr(rec, "dims"):
        # Of a narration (its module brings that of runs with it); a dataset's may be a variable.
        from loligo.figures.page.narrated import narrated_chart

        _refuse_panels(panels, "a story has one figure")
        return narrated_chart(rec, title)
    if getattr(rec, "attrs", {}).get("experiment") == "rate functions":
        from loligo.figures.page.gates import gates_chart

        _refuse_panels(panels, "the gates of a membrane have one figure")
        return gates_chart(rec, title)
    if "experiment" in getattr(rec, "attrs", {}):
        from loligo.figures.page.curves import experiment_chart, is_experiment

        if is_experiment(rec):
            _refuse_panels(panels, "an experiment has one figure")
            return experiment_chart(rec, title)
    if panels is not None or at is not None:
        return None
    if is_arrivals(rec):
        from loligo.figures.page.curves import experiment_chart

        return experiment_chart(arrivals(rec), title)
    if is_axon(rec):
        return None
    return _sweep_chart(rec, title)


def _sweep_chart(rec: Any, title: str | None) -> Chart | None:
    """Of spikes alone, and of more lanes than can be told apart as lines."""
    from loligo.figures.page import maps, rasters

    signals.check(rec)
    if not any("time" in variable.dims for variable in rec.data_vars.values()):
        swept = signals.unswept(rec)
        if rasters.is_spikes(swept):
            return rasters.spikes_chart(swept, title)
        if maps.is_grid(swept):
            return maps.map_chart(swept, title)
        return None
    recorded = signals.read(rec)
    if len(recorded.lanes) <= most_overlaid(recorded):
        return None
    return maps.map_chart(recorded.recording, title)


def _refuse_panels(panels: Any, why: str) -> None:
    if panels is not None:
        raise UsageError(f"panels=... chooses from a recording; {why}")


def _of_model(rec: Any) -> Any:
    """Of a membrane, what its gates depend on V like; of anything else, itself."""
    if not isinstance(rec, Membrane):
        return rec
    from loligo.experiments import rate_functions

    found = rate_functions(rec)
    return found.assign_attrs(title=str(found.attrs["subtitle"]), subtitle="Gates")


def titled(shown: Picture, title: str | None) -> Picture:
    """``shown`` under another title; ``""`` takes the stimulus's line away too."""
    if title is None:
        return shown
    if not isinstance(title, str):
        raise UsageError(f"title={title!r} is not text; give a string, or leave it out.")
    if not title.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in title):
        raise UsageError(f"title={title!r} holds half a letter, which cannot be drawn")
    return replace(shown, title=title, subtitle=shown.subtitle if title else "")


def usual_size(shown: Picture) -> tuple[int, int]:
    """1600 pixels wide, and as high as the panels ask for."""
    weight = sum(panel.axis.weight for panel in shown.panels)
    return 1600, int(min(2400, max(600, 394 + 120 * weight)))
