"""The usual way to animate an action potential: odeint, FuncAnimation, PillowWriter.

    python benchmarks/funcanimation.py FRAMES

The measure for ``benchmarks/animation.py``: lines grow from frame to frame, a text tells the
values, every frame is drawn whole.
"""

from __future__ import annotations

import sys

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from scipy.integrate import odeint


def rates(v):
    return (
        (0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18)),
        (0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))),
        (0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80)),
    )


def current(t):
    return 10.0 * ((t >= 5) & (t < 45))


def derivative(y, t):
    v, m, h, n = y
    ionic = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
    gates = (a * (1 - x) - b * x for x, (a, b) in zip((m, h, n), rates(v), strict=True))
    return [current(t) - ionic, *gates]


def main(frames: int) -> None:
    t = np.linspace(0, 50, 1001)
    start = [-65.0, *(a / (a + b) for a, b in rates(-65.0))]
    v, m, h, n = odeint(derivative, start, t, tcrit=[5, 45]).T
    panels = [
        {"V (mV)": v},
        {"m": m, "h": h, "n": n},
        {"Na": 120 * m**3 * h, "K": 36 * n**4},
        {"I": current(t)},
    ]
    figure, axes = plt.subplots(4, 1, figsize=(16, 12), dpi=100, sharex=True)
    lines = []
    for axis, traces in zip(axes, panels, strict=True):
        for name, values in traces.items():
            lines.append((axis.plot([], [], label=name)[0], values))
        low = min(x.min() for x in traces.values())
        high = max(x.max() for x in traces.values())
        axis.set(xlim=(0, 50), ylim=(low - 0.05 * (high - low), high + 0.05 * (high - low)))
        axis.legend(loc="upper right")
    text = axes[0].text(0.02, 0.9, "", transform=axes[0].transAxes)

    def draw(frame):
        end = 1 + int(frame / (frames - 1) * 1000)
        for line, values in lines:
            line.set_data(t[:end], values[:end])
        text.set_text(f"{t[end - 1]:.1f} ms   {v[end - 1]:.1f} mV")
        return [line for line, _ in lines]

    animation = FuncAnimation(figure, draw, frames=frames, interval=40)
    animation.save("funcanimation.gif", writer=PillowWriter(fps=25))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
