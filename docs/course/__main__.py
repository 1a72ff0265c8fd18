"""``python -m docs.course``: writes a notebook beside each page of the course.

``--run`` runs them, too; ``--seed N --into FOLDER`` writes those of a student with that number.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from docs.course.notebooks import PAGES, notebook


def main() -> int:
    """Write them, and run them if asked to; 1 if one fails."""
    asked = argparse.ArgumentParser(prog="python -m docs.course", description=__doc__)
    asked.add_argument("--into", type=Path, default=PAGES[0].parent, metavar="FOLDER")
    asked.add_argument("--seed", type=int, help="a student's number")
    asked.add_argument("--run", action="store_true", help="run every notebook")
    told = asked.parse_args()
    told.into.mkdir(parents=True, exist_ok=True)
    failed = 0
    for page in PAGES:
        text = json.dumps(notebook(page, told.seed), ensure_ascii=False, indent=1) + "\n"
        there = told.into / f"{page.stem}.ipynb"
        there.write_text(text, encoding="utf-8")
        if told.run:
            failed += not _runs(there)
    return int(failed > 0)


def _runs(path: Path) -> bool:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    began = time.perf_counter()
    try:
        NotebookClient(nbformat.read(path, as_version=4), timeout=120).execute()
    except CellExecutionError as error:
        print(f"{path.name} failed: {error}")
        return False
    print(f"{path.name} ran in {time.perf_counter() - began:.0f} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
