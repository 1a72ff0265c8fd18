"""What a tab of the lab simulates: a membrane's run, a family under voltage clamp, a wave along an
axon; as what :func:`loligo.simulate` is given, so that Python makes what the page shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from loligo.errors import RunError
from loligo.experiments.common import strength
from loligo.experiments.fibre import myelinated
from loligo.lab.cuts import FAMILY, FIBRE
from loligo.lab.drugs import blocked, drugs
from loligo.lab.limits import LIMITS
from loligo.model import Axon, Membrane
from loligo.run.initial import rest_of
from loligo.simulation import simulate
from loligo.solvers import Exponential
from loligo.stimulus import Pulse, VoltageClamp
from loligo.stimulus.place import Placed, at

_USUAL = {
    each["word"]: {field["name"]: field["usual"] for field in each["fields"]}
    for each in LIMITS["own"]
    if "fields" in each
}


class Looked(Protocol):
    """A simulation, and how it is looked at."""

    @property
    def original(self) -> Membrane: ...
    @property
    def model(self) -> Membrane: ...
    @property
    def stimulus(self) -> Any: ...
    @property
    def duration(self) -> float: ...
    @property
    def sample_interval(self) -> float: ...
    @property
    def solver(self) -> Any: ...
    @property
    def initial(self) -> Any: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def view(self) -> Mapping[str, Any]: ...


def shown(one: Looked) -> dict[str, Any]:
    """What :func:`loligo.simulate` is given to make what a page shows in its tab.

    Examples
    --------
    >>> import loligo as lo
    >>> link = "#v=1&model=hodgkin-huxley-1952&tab=clamp&steps=first:0,last:20,number:3"
    >>> asked = shown(lo.from_link(link))
    >>> asked["duration"], asked["initial"]
    (14.5, -65)
    """
    return TABS.get(one.view.get("tab", ""), _membrane)(one)


def _own(one: Looked, key: str) -> dict[str, Any]:
    return {**_USUAL.get(key, {}), **one.view.get("own", {}).get(key, {})}


def _membrane(one: Looked) -> dict[str, Any]:
    return {
        "model": one.model, "stimulus": one.stimulus, "duration": one.duration,
        "sample_interval": one.sample_interval, "solver": one.solver, "initial": one.initial,
        "threshold": 0.0 if one.threshold is None else one.threshold,
    }  # fmt: skip


def _family(one: Looked) -> dict[str, Any]:
    """Held, stepped, held again; all steady at holding before."""
    own = _own(one, "steps")
    holding, start, width = own["holding"], own["start"], own["width"]
    tail = max(1.0, math.floor(width * 2.5 + 0.5) / 10)
    number = int(own["number"])
    levels = np.linspace(own["first"], own["last"], number) if number > 1 else own["first"]
    parts = [
        VoltageClamp(0, start, holding) if start > 0 else None,
        VoltageClamp(start, width, levels),
        VoltageClamp(start + width, tail, holding),
    ]
    clamp = sum(each for each in parts if each is not None)
    return {
        "model": in_drugs(one), "stimulus": clamp, "duration": start + width + tail,
        "sample_interval": width / samples(width), "solver": one.solver, "initial": holding,
        "threshold": 0.0,
    }  # fmt: skip


def samples(width: float) -> int:
    """Into how many samples a step of so many ms is cut: its peaks are not to fall between them."""
    fine = math.ceil(width / FAMILY["apart"])
    return int(min(max(FAMILY["samples"], fine), FAMILY["most"]))


def in_drugs(one: Looked) -> Membrane:
    """The membrane with its channels blocked as the page has it."""
    doses = _own(one, "block")
    if not doses:
        return one.model
    return one.model.replace(**blocked(doses, drugs(one.original), _numbers(one.model)))


def _wave(one: Looked) -> dict[str, Any]:
    """A shock at an end, or at both, until all is quiet."""
    axon, stimulus = _fibre(one)
    begin, initial = _beginning(one.model)
    dt = FIBRE["bare" if len(axon.regions) == 1 else "wrapped"]["dt"]
    asked = {
        "model": axon, "stimulus": stimulus, "duration": FIBRE["longest"],
        "sample_interval": FIBRE["every"], "solver": Exponential(dt=dt, portable=True),
        "initial": initial, "threshold": begin + FIBRE["above"],
    }  # fmt: skip
    V = simulate(**asked, record=["V"]).V.transpose("time", "position").values
    ends = max(p.start + p.duration for point in stimulus.points for p in point.shapes)  # type: ignore[attr-defined]
    time = np.arange(V.shape[0]) * FIBRE["every"]
    over = (time > ends + 1) & np.all(begin + FIBRE["quiet"] > V, axis=1)
    quiet = np.flatnonzero(over)
    return {**asked, "duration": round(float(time[quiet[0]]), 9)} if quiet.size else asked


def _fibre(one: Looked) -> tuple[Axon, Placed]:
    own, membrane = _own(one, "axon"), one.model
    wrapped = own["sheath"] == "myelin"
    lasts = FIBRE["wrapped" if wrapped else "bare"]["lasts"]
    if wrapped:
        fibre, internode = own["fibre"], FIBRE["internode"]
        axon = myelinated(own["g_ratio"], internode * fibre, fibre, membrane=_node(membrane))
        amplitude = FIBRE["wrapped"]["strength"] * fibre
    else:
        long, wide = 1e3 * own["length"], own["diameter"]
        resistivity = FIBRE["squid"]["resistivity"]
        axon = Axon(membrane, long, wide, resistivity, compartments=_count(wide, long))
        amplitude = strength(axon)
    lag = own["lag"] if own["side"] == "both" else 0.0
    start = FIBRE["start"]
    shocks = {"left": at(0, Pulse(start, lasts, amplitude)),
              "right": at(axon.length, Pulse(start + lag, lasts, amplitude))}  # fmt: skip
    chosen = [shock for end, shock in shocks.items() if own["side"] in (end, "both")]
    return axon, chosen[0] if len(chosen) == 1 else chosen[0] + chosen[1]


def _count(diameter: float, length: float) -> int:
    """Into how many compartments an axon is cut."""
    piece = FIBRE["piece"] * math.sqrt(diameter / FIBRE["squid"]["diameter"])
    return min(max(math.floor(length / piece + 0.5), FIBRE["fewest"]), FIBRE["most"])


def _node(membrane: Membrane) -> Membrane:
    names = [f"g_{channel.name}" for channel in membrane.channels]
    numbers = _numbers(membrane)
    more = {n: FIBRE["channels"] * numbers[n] for n in names if n in numbers}
    return membrane.replace(**more)


def _beginning(membrane: Membrane) -> tuple[float, Any]:
    """V where an axon begins, and how that is said: its rest, else the model's own start, else
    where V is held."""
    numbers = {name: np.array([value]) for name, value in _numbers(membrane).items()}
    try:
        rest, _ = rest_of(membrane, numbers)
    except RunError:
        start = membrane.start.get("V")
        return (FIBRE["held"],) * 2 if start is None else (float(start), None)  # type: ignore[arg-type]
    return float(rest[0, 0]), "rest"


def _numbers(membrane: Membrane) -> dict[str, float]:
    return {name: float(each.value) for name, each in membrane.parameters.items()}  # type: ignore[arg-type]


TABS: Mapping[str, Callable[[Looked], dict[str, Any]]] = {"clamp": _family, "axon": _wave}
