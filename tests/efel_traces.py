"""200 random traces, and what eFEL says of them: ``tests/data/efel-5.7.34.json``.

    pip install efel==5.7.34
    python tests/efel_traces.py

writes that file: eFEL looks at samples every 0.005 ms, its own default (0.1 ms, or the 0.05 ms at
which loligo records) would say less about loligo than about the samples. The mean where eFEL has
a value for each spike, null where it has none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import loligo as lo

DATA = Path(__file__).parent / "data" / "efel-5.7.34.json"
START, DURATION, LENGTH, LANES = 100.0, 300.0, 500.0, 50
FINE = 0.005  # ms
CASES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "hodgkin-huxley-1952": {"g_Na": (90, 150), "g_K": (28, 45), "amplitude": (-6, 25)},
    "wang-buzsaki-1996": {"g_Na": (30, 45), "g_K": (7, 12), "amplitude": (-2, 6)},
    "connor-stevens-1977": {"g_Na": (100, 140), "g_A": (30, 60), "amplitude": (-10, 25)},
    "traub-miles-1991": {"g_Na": (80, 120), "g_K": (60, 100), "amplitude": (-2, 10)},
}


def recording(case: str, interval: float, lanes: int = LANES) -> Any:
    """Cells with random conductances under random currents."""
    ranges = CASES[case]
    drawn = lo.design(None, ranges, lanes, seed=15)
    cells = lo.load(case).replace(**{n: drawn[n] for n in ranges if n != "amplitude"})
    pulse = lo.Pulse(START, DURATION, drawn.amplitude)
    return lo.simulate(cells, pulse, LENGTH, sample_interval=interval, record=["V"])


def by_efel(rec: Any, names: list[str]) -> dict[str, list[float | None]]:
    """What eFEL says of a recording."""
    import efel  # pyright: ignore[reportMissingImports]  (installed by hand)

    efel.reset()
    efel.set_setting("Threshold", 0.0)
    efel.set_setting("interp_step", FINE)
    known = [name for name in names if name in efel.get_feature_names()]
    about = {"T": rec.time.values, "stim_start": [START], "stim_end": [START + DURATION]}
    traces = [
        {**about, "V": V, "stimulus_current": [float(current)]}
        for V, current in zip(rec.V.values, rec.amplitude.values, strict=True)
    ]
    found = efel.get_feature_values(traces, known, raise_warnings=False)
    return {name: [_mean(each[name]) for each in found] for name in known}


def _mean(values: Any) -> float | None:
    if values is None or len(values) == 0:
        return None
    return float(f"{np.mean(values):.9g}")


def main() -> None:
    told = {}
    for case in CASES:
        rec = recording(case, FINE)
        told[case] = by_efel(rec, [str(name) for name in lo.features(rec)])
    DATA.write_text(json.dumps(told, indent=0, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
