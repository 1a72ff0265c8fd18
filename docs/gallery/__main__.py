"""``python -m docs.gallery``: makes every picture, checks it, and writes the page that shows them.

``python -m docs.gallery NAME...`` makes those whose names begin so.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from docs.gallery.check import faults
from docs.gallery.table import SLIDES, pictures


def main() -> int:
    """Make what is asked for; 1 if a picture may not be shown."""
    asked = argparse.ArgumentParser(prog="python -m docs.gallery", description=__doc__)
    asked.add_argument("names", nargs="*", help="beginnings of the pictures' names; all if none")
    asked.add_argument("--into", type=Path, default=Path(__file__).parent / "pictures")
    given = asked.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    made, wrong = 0, 0
    for row, variant in pictures():
        name = f"{row.name}-{variant}"
        if given.names and not name.startswith(tuple(given.names)):
            continue
        try:
            figure = row.drawn(variant)
            figure.savefig(given.into / f"{name}.png", dpi=figure.dpi)
            found = faults(figure, slide=variant in SLIDES)
        except Exception as error:
            found = [f"{type(error).__name__}: {error}"]
        made, wrong = made + 1, wrong + bool(found)
        for fault in found:
            print(f"{name}: {fault}", flush=True)
    print(f"{made} pictures in {given.into}, {wrong} of them not for showing")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
