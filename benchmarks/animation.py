"""The classical animation as a whole process: ``loligo animate`` beside matplotlib's own way.

    python benchmarks/animation.py [ROUNDS]

Both draw the squid axon under 10 uA/cm2, four panels, the same number of frames at 1600 x 1200,
into a GIF. matplotlib's way is FuncAnimation with PillowWriter (``benchmarks/funcanimation.py``,
SciPy's odeint for the numbers), as most teaching scripts have it. ``loligo axon``, the wave along
10 cm of axon, is timed with them. Interpreter, imports and computing are included in all; loligo's
kernel cache is warm. Runs alternate.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent


def run(command: list[str], folder: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def frames(path: Path) -> tuple[int, tuple[int, int]]:
    from PIL import Image

    with Image.open(path) as image:
        return getattr(image, "n_frames", 1), image.size


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        ours = [sys.executable, "-m", "loligo", "animate"]
        run(ours, folder)  # warms the kernel cache
        count, size = frames(Path(folder, "action_potential.gif"))
        theirs = [sys.executable, str(HERE / "funcanimation.py"), str(count)]
        wave = [sys.executable, "-m", "loligo", "axon"]
        run(wave, folder)
        ways = {"loligo animate": ours, "FuncAnimation": theirs, "loligo axon": wave}
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, command in ways.items():
                seconds[name].append(run(command, folder))
        other = frames(Path(folder, "funcanimation.gif"))
        print(f"{count} frames of {size[0]} x {size[1]}; FuncAnimation: {other[0]} of {other[1]}")
        for name, values in seconds.items():
            print(
                f"{name:>15}: best {min(values):6.2f} s, median {statistics.median(values):6.2f} s"
            )
        pairs = zip(seconds["FuncAnimation"], seconds["loligo animate"], strict=True)
        ratios = [a / b for a, b in pairs]
        print(f"          ratio: median {statistics.median(ratios):.1f} (pair by pair)")
        gifs = ("action_potential.gif", "funcanimation.gif", "travelling_action_potential.gif")
        for name in gifs:
            print(f"{name:>20}: {os.path.getsize(Path(folder, name)) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
