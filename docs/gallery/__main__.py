"""``python -m docs.gallery``: makes every picture, checks it, and writes the pages that show them.

``python -m docs.gallery NAME...`` makes those whose names begin so. ``pictures/index.html`` shows
what was made; ``README.md`` says what there is.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from docs.gallery import making
from docs.gallery.pages import PAGE, html, page

from loligo.cores import cores


def main() -> int:
    """Make what is asked for; 1 if a picture may not be shown."""
    asked = argparse.ArgumentParser(prog="python -m docs.gallery", description=__doc__)
    asked.add_argument("names", nargs="*", help="beginnings of the pictures' names; all if none")
    asked.add_argument("--into", type=Path, default=PAGE.parent / "pictures", metavar="FOLDER")
    told = "processes that draw; as many as there are cores if not given"
    asked.add_argument("--jobs", type=int, default=cores(), metavar="N", help=told)
    given = asked.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    made: dict[str, list[str]] = {}
    started = time.perf_counter()
    for pictures in making.made(given.names, given.into, max(1, given.jobs)):
        made |= pictures
        for name, faults in pictures.items():
            for fault in faults:
                print(f"{name}: {fault}", flush=True)
    (given.into / "index.html").write_text(html(made), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    wrong = sum(map(bool, made.values()))
    lasted = time.perf_counter() - started
    print(f"{len(made)} pictures in {given.into} ({lasted:.0f} s), {wrong} of them not for showing")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
