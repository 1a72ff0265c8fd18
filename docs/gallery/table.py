"""The pictures of the gallery: one row each, made in every variant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docs.gallery import models, swept
from docs.gallery import subjects as of
from PIL import Image

# what each row is drawn as, and how
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "light": {},
    "dark": {"theme": "dark"},
    "slide": {"size": "slide"},
    "thumbnail": {"size": (480, 360)},
}
GERMAN: Mapping[str, Any] = {"language": "de"}
# of these also in German
IN_GERMAN = (
    "recording-hodgkin",
    "recording-noise",
    "lanes",
    "lanes-map",
    "lanes-grid",
    "clamp-family",
    "from-rest",
    "from-rest-clamp",
    "gates-hodgkin",
    "narrated",
    "overlay",
    "axon",
    "axon-traces",
    "axon-myelin",
    "axon-cooled",
    "axon-places",
    "data",
    "german-strength-duration-hodgkin",
    "german-obstacle",
)
SLIDES = ("slide",)  # of which type is to be read from the last row


@dataclass(frozen=True)
class Row:
    """A kind of picture.

    Attributes
    ----------
    name : str
        Of its files.
    about : str
        What is to be seen, in a line.
    shown : callable
        Makes what is drawn: a recording, a model, or several in a tuple.
    options : mapping, or callable that makes it
        What `loligo.plot` is told besides.
    variants : tuple of str
        Which of `VARIANTS` are made.
    film : bool
        Whether it is a frame of an animation.
    """

    name: str
    about: str
    shown: Callable[[], Any]
    options: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = field(default_factory=dict)
    variants: tuple[str, ...] = tuple(VARIANTS)
    film: bool = False

    def drawn(self, variant: str) -> Any:
        """The figure."""
        import loligo as lo

        shown = self.shown()
        several = shown if isinstance(shown, tuple) else (shown,)
        return lo.plot(*several, **self.look(variant))

    def look(self, variant: str) -> Mapping[str, Any]:
        """How it is drawn."""
        how = GERMAN if variant == "german" else VARIANTS[variant]
        options = self.options() if callable(self.options) else self.options
        return {**how, **options}

    def made(self, variant: str, path: Path | None = None) -> list[str]:
        """Draw it, into a file if one is given, and say what is wrong with it."""
        from docs.gallery.check import faults
        from docs.gallery.films import filmed

        if self.film:
            image, found = filmed(self.shown(), self.look(variant), variant in SLIDES)
            if path is not None:
                Image.fromarray(image).save(path)
            return found
        figure = self.drawn(variant)
        if path is not None:
            figure.savefig(path)
        return faults(figure, slide=variant in SLIDES)


def pictures() -> Iterator[tuple[Row, str]]:
    """Every row in every of its variants."""
    for row in ROWS:
        for variant in variants(row):
            yield row, variant


def variants(row: Row) -> tuple[str, ...]:
    """Of a row, German where it is made too."""
    return (*row.variants, *(("german",) if row.name in IN_GERMAN else ()))


def _experiment(name: str, about: str, *membranes: str, **options: Any) -> Row:
    title = "-".join([name.replace("_", "-"), *(m.split("-")[0] for m in membranes)])
    return Row(title, about, lambda: of.found(name, *membranes, **options))


_SQUID, _CONNOR = "hodgkin-huxley-1952", "connor-stevens-1977"

ROWS: tuple[Row, ...] = (
    # recordings
    *(Row(f"recording-{name.split('-')[0]}", f"{name} fires under a current",
          lambda name=name: of.firing(name)) for name in of.LIBRARY),
    Row("recording-silent", "Nothing is done to the squid's axon", of.silent),
    Row("recording-noise", "The squid's axon under a noisy current", of.noisy),
    Row("recording-sine", "The squid's axon under a sine", of.oscillating),
    Row("recording-long", "Ten seconds of action potentials", of.long),
    Row("recording-synapses", "Conductances excite and inhibit", of.synaptic),
    Row("recording-currents", "V and the ionic currents of one action potential", of.brief,
        {"panels": ("V", "currents", "stimulus")}),
    Row("recording-voltage", "V alone", of.brief, {"panels": "V"}),
    Row("recording-german", "In German, with a decimal comma", lambda: of.firing(_SQUID),
        {"language": "de"}),
    Row("recording-paper", "As wide as a page", lambda: of.firing(_SQUID), {"size": "paper"},
        variants=("light",)),
    Row("recording-column", "As wide as a column", lambda: of.firing(_SQUID), {"size": "column"},
        variants=("light",)),
    Row("axon-column", "An axon in a column", of.axon, {"size": "column"}, variants=("light",)),
    Row("experiment-column", "An experiment in a column",
        lambda: of.found("strength_duration", _SQUID), {"size": "column"}, variants=("light",)),
    Row("recording-no-title", "Without a title", of.brief, {"title": ""}),
    # frames of animations
    Row("film", "The demonstration", lambda: of.firing(_SQUID), film=True),
    Row("film-voltage", "V alone, in time", of.brief, {"panels": "V"}, film=True),
    Row("film-calcium", "Five channels in time", lambda: of.membrane("calcium", 10), film=True),
    Row("film-stacked", "Five currents one above the other",
        lambda: of.lanes(0, 2, 5, 10, 20)[["V"]], {"stacked": True}, film=True,
        variants=("light", "dark", "slide")),
    Row("film-lanes", "Five currents in time", lambda: of.lanes(0, 2, 5, 10, 20), film=True,
        variants=("light", "dark", "thumbnail")),
    Row("film-axon", "An action potential travels", of.axon, film=True),
    Row("film-axons", "With myelin and without, under one clock",
        lambda: (of.myelinated(9.0), of.bare()), {"labels": ("with myelin", "bare")}, film=True),
    Row("film-lengths", "Axons of three lengths", lambda: (of.cooled(), of.thin(), of.taper()),
        {"labels": ("cooled", "thin", "widening")}, film=True, variants=("light", "dark")),
    # lanes
    Row("lanes", "Five currents", lambda: of.lanes(0, 2, 5, 10, 20)),
    Row("lanes-gates", "Gates of two lanes", lambda: of.lanes(2, 10), {"panels": ("V", "m", "h")}),
    Row("lanes-eight", "As many lanes as are drawn as lines",
        lambda: of.lanes(0, 1, 2, 4, 7, 10, 15, 20)),
    Row("lanes-stacked", "Lanes one above the other", lambda: of.lanes(0, 2, 5, 10, 20)[["V"]],
        {"stacked": True}),
    Row("lanes-raster", "Spikes alone, of every lane", lambda: of.spikes(31)),
    Row("lanes-map", "More lanes than are drawn as lines", of.many),
    Row("lanes-grid", "Spikes over two parameters", of.grid),
    Row("lanes-one", "A sweep over one value", swept.one),
    Row("lanes-two", "A pulse that excites and one that does not", swept.two),
    Row("lanes-disordered", "Lanes that are not in the order of their values, one of them lost",
        swept.disordered),
    Row("lanes-recorded", "Gates, conductances and stimulus of lanes", swept.recorded),
    Row("lanes-second", "The second pulse varies", swept.second),
    Row("lanes-begun", "A gate begins at several values", swept.begun),
    Row("lanes-held", "V begins at several potentials", swept.held),
    Row("lanes-crossed", "Two parameters as lines", swept.crossed),
    Row("lanes-unlabelled", "Two pulses that both vary", swept.unlabelled),
    Row("lanes-nine", "One lane more than are drawn as lines, two of them lost", swept.nine),
    Row("lanes-200", "Two hundred lanes", lambda: swept.wide(200)),
    Row("lanes-5000", "Five thousand lanes", lambda: swept.wide(5000)),
    Row("lanes-cube", "Spikes over three parameters", swept.cube),
    Row("lanes-busy", "More spikes than there are colours", swept.busy),
    # lanes one above the other
    Row("stacked", "Each lane on axes of its own", lambda: of.lanes(0, 2, 5, 10, 20),
        {"stacked": True}),
    Row("stacked-nine", "Nine lanes, two of them lost", swept.nine, {"stacked": True}),
    Row("stacked-gates", "V and the gates of each lane", swept.recorded,
        {"stacked": True, "panels": ("V", "gates")}, variants=("light", "dark", "slide")),
    Row("stacked-crossed", "Two parameters, each lane by itself", swept.crossed,
        {"stacked": True}),
    # spikes alone
    Row("spikes-one", "The spikes of one cell", swept.spikes),
    Row("spikes-nine", "The spikes of nine lanes, and their number",
        lambda: swept.nine("spikes")),
    Row("spikes-5000", "The spikes of five thousand lanes", lambda: swept.wide(5000, "spikes")),
    Row("spikes-trials", "Trials that differ by chance, and their rate", swept.trials),
    Row("spikes-count", "The number of spikes alone",
        lambda: swept.wide(200, "spikes")[["spike_count"]]),
    # clamps
    Row("clamp-one", "One step of the potential", lambda: of.clamped(0)),
    Row("clamp-family", "A family of steps", lambda: of.clamped(-40, -20, 0, 20, 40)),
    Row("clamp-family-twelve", "Twelve steps from a holding potential", lambda: swept.family(12)),
    Row("clamp-family-200", "Two hundred steps", lambda: swept.family(200)),
    Row("clamp-prepulses", "A family in the first segment", swept.prepulses),
    Row("from-rest", "Potentials from rest", of.brief, {"from_rest": True}),
    Row("from-rest-clamp", "Commands of a clamp from rest", swept.resisted, {"from_rest": True}),
    Row("from-rest-map", "More lanes than are lines, from rest", of.many, {"from_rest": True}),
    Row("from-rest-axon", "An action potential on its way, from rest", of.axon,
        {"panels": ("V", "axon", "traces"), "from_rest": True}),
    Row("from-rest-film", "In time, from rest", of.brief, {"panels": "V", "from_rest": True},
        film=True),
    Row("clamp-tails", "A family in the last segment", swept.tails),
    Row("clamp-resisted", "Through a series resistance: V is not the command", swept.resisted),
    Row("clamp-patch", "What a patch clamp's amplifier shows", swept.patch),
    Row("clamp-ramp", "A command that rises", swept.ramp),
    Row("clamp-place", "An axon clamped at a place", swept.at_a_place),
    # models of other kinds
    Row("calcium", "A pool of calcium and what it opens", lambda: of.membrane("calcium", 10)),
    Row("eight-channels", "Eight channels", lambda: of.membrane("eight_channels", 10)),
    Row("eight-channels-currents", "Eight currents", swept.eight_run,
        {"panels": ("V", "currents")}),
    Row("eight-channels-gates", "The gates of eight channels", models.eight_channels),
    Row("fitzhugh-nagumo", "A model without dimensions",
        lambda: of.membrane("fitzhugh_nagumo", 0.5, 200)),
    Row("fitzhugh-nagumo-lanes", "The same under several currents", lambda: swept.nagumo(4)),
    Row("fitzhugh-nagumo-200", "The same under two hundred", lambda: swept.nagumo(200)),
    Row("fitzhugh-nagumo-rest", "The same at rest", swept.nagumo_at_rest),
    *(Row(f"fitzhugh-nagumo-{name.replace('_', '-')}", f"What {name} finds on it",
          lambda name=name: swept.nagumo_found(name))
      for name in ("strength_duration", "threshold", "phase_plane")),
    Row("fitzhugh-nagumo-told", "Its story", swept.nagumo_told),
    # other cells of the library
    *(Row(f"cell-{name.split('-')[0]}", f"{name} under the step of the library's table",
          lambda name=name: of.stepped(name)) for name in of.CELLS),
    # gates, stories
    *(Row(f"gates-{name.split('-')[0]}", f"The gates of {name}", lambda name=name: of.model(name))
      for name in of.LIBRARY),
    Row("narrated", "An action potential and its phases", of.told),
    # several recordings
    Row("overlay", "Before and after", lambda: (of.brief(), of.brief(celsius=18.5)),
        {"labels": ("6.3 °C", "18.5 °C")}),
    Row("overlay-long-names", "Names that take their room",
        lambda: (of.brief(), of.brief(g_Na=12.0)),
        {"labels": ("control solution", "with tetrodotoxin, 30 nM")}),
    Row("overlay-gates", "Before and after, gate by gate",
        lambda: (of.brief(), of.brief(celsius=18.5)),
        {"labels": ("6.3 °C", "18.5 °C"), "panels": ("V", "gates")}),
    Row("data", "A person's own recording over the model's", of.brief,
        lambda: {"data": of.measured()}),
    Row("data-currents", "The same, of V and of a current", of.brief,
        lambda: {"data": of.measured("I_Na"), "panels": ("V", "currents")}),
    # axons
    Row("axon", "An action potential on its way", of.axon),
    Row("axon-traces", "The same in time at three places", of.axon,
        {"panels": ("V", "gates", "axon", "traces")}),
    Row("axon-taper", "An axon that widens", of.taper),
    Row("axon-places", "V at three places", of.places),
    Row("axon-myelin", "An action potential jumps from node to node", of.myelinated),
    Row("axon-thin", "A thin fibre of the squid's membrane", of.thin),
    Row("axon-cooled", "A stretch that is cooled, and its name", of.cooled),
    Row("axon-one-place", "V, gates and conductances at one place", of.one_place),
    Row("axon-beside", "The bare fibre beside the myelinated one",
        lambda: (of.myelinated(9.0), of.bare()), {"labels": ("with myelin", "bare")}),
    Row("axon-overlay", "Two axons", lambda: (of.axon(), of.axon(g_Na=90.0)),
        {"labels": ("g_Na 120", "g_Na 90")}),
    # experiments
    _experiment("strength_duration", "The least pulse that excites", _SQUID),
    _experiment("fi_curve", "Firing rate against current", _SQUID),
    _experiment("fi_curve", "Firing rate against current", _CONNOR),
    _experiment("iv_curve", "Peak and steady current", _SQUID),
    _experiment("clamp_family", "Currents under a clamp", _SQUID),
    _experiment("activation_curve", "Boltzmann's curve", _SQUID),
    _experiment("refractory_period", "The threshold of a second pulse", _SQUID),
    _experiment("phase_plane", "Nullclines and paths", _SQUID),
    _experiment("bifurcation", "Where it rests and where it fires", _SQUID, current=(0, 180)),
    _experiment("bifurcation", "The same of two states, on the plane of both",
                "rinzel-ermentrout-1998", current=(0, 250)),
    Row("fitzhugh-nagumo-bifurcation", "The same of a model without dimensions",
        lambda: of.found("bifurcation", "fitzhugh-1961", current=(0, 1.7))),
    Row("bifurcation-fast", "A burster's fast subsystem",
        lambda: of.found("bifurcation", "hindmarsh-rose-1984", z=(-12, 3))),
    _experiment("resting_state", "Which currents balance", _SQUID),
    _experiment("action_potential", "A membrane's action potential", _SQUID),
    _experiment("temperature_dependence", "Height and width against temperature", _SQUID),
    _experiment("input_impedance", "Answer at each frequency", _SQUID),
    _experiment("threshold", "How far V must be displaced", _SQUID),
    Row("german-strength-duration-hodgkin", "Reizstärke und Reizdauer",
        lambda: of.found_in("de", "strength_duration", _SQUID), {"language": "de"}),
    Row("german-obstacle", "Ein gekühltes Stück",
        lambda: of.found_in("de", "obstacle", kind="cooled", values=(5.0, 10.0)),
        {"language": "de"}),
    _experiment("obstacle", "What stops an action potential", kind="ttx",
                values=(0.0, 0.2, 0.5, 1.0)),
    Row("obstacle-widening", "The same at a widening",
        lambda: of.found("obstacle", kind="widening", values=(1.0, 3.0, 10.0))),
    _experiment("collision", "Two action potentials meet"),
    _experiment("direction", "Forwards and backwards"),
    _experiment("passive", "A passive cable"),
    _experiment("velocity", "Velocity against diameter", diameter=(30.0, 119.0, 476.0)),
)  # fmt: skip
