"""``python -m docs.figures1952 --into FOLDER``: every figure of 1952 as a picture.

``python -m docs.figures1952 12 22 --into FOLDER`` makes some; ``--tables`` finds the numbers of the
page anew and writes them there, and to the terminal what does not agree.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from docs.figures1952.curriculum import NUMBERS
from docs.figures1952.page import PAGE, READINGS, drawn, figures, written


def main() -> int:
    """Make what is asked for; 1 if two computations of a number do not agree."""
    asked = argparse.ArgumentParser(prog="python -m docs.figures1952", description=__doc__)
    asked.add_argument("numbers", nargs="*", type=int, help="figures of the paper; all if none")
    asked.add_argument("--into", type=Path, metavar="FOLDER", help="where pictures go")
    asked.add_argument("--tables", action="store_true", help="write the page's tables")
    given = asked.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    if unknown := set(given.numbers) - set(figures(page)):
        asked.error(f"no figure {sorted(unknown)} is drawn; there are {sorted(figures(page))}")
    if given.into is None and not given.tables:
        asked.error("say where pictures go, --into FOLDER, or ask for --tables")
    if given.into is not None:
        given.into.mkdir(parents=True, exist_ok=True)
        for number, figure in drawn(page):
            if not given.numbers or number in given.numbers:
                figure.savefig(given.into / f"figure-{number:02d}.png")
                print(f"figure {number}", flush=True)
    return _tables(page) if given.tables else 0


def _tables(page: str) -> int:
    """Write the page's numbers; how many of them two computations do not agree on."""
    PAGE.write_text(written(page), encoding="utf-8")
    apart = [one for one in READINGS if abs(one.found() - one.independent()) > one.close]
    for one in apart:
        print(f"figure {one.figure}: {one.what}: {one.found()!r}, but SciPy {one.independent()!r}")
    other = [one for one in NUMBERS if not one.agrees()]
    for number in other:
        print(f"{number.what}: {number.usual}, but {number.found()!r} by {number.call}")
    return int(bool(apart or other))


if __name__ == "__main__":
    sys.exit(main())
