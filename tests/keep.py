"""``python -m tests.keep``: what later releases will be asked to open, as this one writes it.

Recordings of every format, a model with all that a document can hold, and links of the lab with
what came out of each, in ``tests/kept/VERSION``. What is there already is left as it is: it was
written by the release whose name it has. ``tests/contract/test_kept.py`` opens all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import loligo as lo

KEPT = Path(__file__).parent / "kept"
FORMATS = (".nc", ".npz", ".csv", ".xlsx")


def model() -> lo.Membrane:
    """One of everything that a document holds: gates, a scheme, a state, helpers, concentrations, a
    start, a course."""
    return lo.Membrane(
        name="kept", title="One of everything", citation="Nobody (1900).", doi="10.1000/kept",
        notes=["For later releases.", "Not a cell."], C_m=1.0, celsius=18.5, area=1000,
        parameters={"k": {"value": 0.02, "unit": "1/ms", "meaning": "how fast calcium goes"}},
        helpers={"phi": "q10(3, 6.3)"},
        schemes=[lo.Scheme("S", states=["C", "O"], transitions=["C <-> O: 0.1*exp(V/40), 0.2"])],
        channels=[
            lo.Channel("Na", ion="Na", g=120, E=50, gates=[
                lo.Gate("m", power=3, instantaneous=True, inf="1/(1+exp(-(V+40)/7))"),
                lo.Gate("h", alpha="0.07*exp(-(V+65)/20)", beta="1/(1+exp(-(V+35)/10))",
                        rate="phi"),
            ]),
            lo.Channel("K", ion="K", g=36, E="nernst(1, 20, 400)", gates=[
                lo.Gate("n", power=4, inf="1/(1+exp(-(V+53)/15))", tau="1+5*exp(-((V+79)/50)**2)"),
            ]),
            lo.Channel("Ca", ion="Ca", current="0.1*O*(V-60)"),
            lo.Channel("L", g=0.3, E=-54.4),
        ],
        states=[lo.State("Ca_i", derivative="-0.001*I_Ca - k*Ca_i", initial=0.1, unit="mM")],
        start={"V": -65.0},
    ).replace(g_L=lo.Course([0.0, 20.0], [0.3, 0.2]))  # fmt: skip


def runs() -> Mapping[str, Callable[[], Any]]:
    """Recordings by name."""
    squid = lo.load("hodgkin-huxley-1952")
    axon = lo.Axon(squid, length=3000, diameter=476, axial_resistivity=35.4, compartments=20)
    kick = lo.Pulse(1, 0.5, 40)
    return {
        "one": lambda: lo.simulate(squid, kick, 8, sample_interval=0.2, record=["V", "m", "I_Na"]),
        "many": lambda: lo.simulate(squid, lo.Pulse(1, 10, [0.0, 12, 30]), 15, sample_interval=0.5),
        "spikes": lambda: lo.simulate(squid, lo.Pulse(1, 40, [12.0, 30]), 40, record=["spikes"]),
        "axon": lambda: lo.simulate(
            axon, lo.at(0, lo.Pulse(0.1, 0.2, 5000)), 2, sample_interval=0.2, positions=[500, 2500]
        ),
        "clamp": lambda: lo.simulate(squid, lo.VoltageClamp(1, 4, 0), 6, sample_interval=0.2),
    }


LINKS = (
    "#v=1&model=hodgkin-huxley-1952&pulse=5,40,10&duration=50",
    "#v=1&model=hodgkin-huxley-1952&set=g_Na:100&pulse=5,1,20&pulse=15,1,20&duration=30",
    "#v=1&model=hodgkin-huxley-1952&set=celsius:18.5&sine=5,30,20,100&duration=40",
)


def told(link: str) -> dict[str, Any]:
    """What comes out of a link."""
    rec = lo.from_link(link).simulate()
    return {"spikes": lo.spike_times(rec).values.tolist(), "V": float(rec.V[-1])}


def main() -> None:
    """Write what is not there yet."""
    folder = KEPT / lo.__version__
    folder.mkdir(parents=True, exist_ok=True)
    for name, run in runs().items():
        if not list(folder.glob(f"{name}.*")):
            rec = run()
            for form in FORMATS:
                lo.save(rec, folder / f"{name}{form}")
    if not (folder / "model.toml").exists():
        model().save(folder / "model.toml")
    if not (folder / "links.json").exists():
        found = {link: told(link) for link in LINKS}
        (folder / "links.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{folder}: {size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
