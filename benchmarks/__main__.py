"""The one command: measure, keep the numbers, write the page.

    python -m benchmarks                       everything, about a quarter of an hour
    python -m benchmarks --quick               everything small, a minute or two
    python -m benchmarks --only heyoka,jax     loligo and these
    python -m benchmarks --from docs/performance.json    the page again, from the numbers
    python -m benchmarks --gpu                 a GPU alone; the page's other numbers stay

Nothing is installed: a peer that is absent is skipped, by name.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks import gpu, measure, page, plan, plot
from benchmarks.peers import NAMES
from benchmarks.workers import ROOT


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="loligo beside its peers on one problem."
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: does it all work?")
    parser.add_argument("--only", default="", help=f"peers, by commas: {', '.join(NAMES[1:])}")
    parser.add_argument("--gpu", action="store_true", help="a GPU alone, under four minutes")
    parser.add_argument("--from", dest="source", type=Path, help="rewrite the page from this JSON")
    parser.add_argument(
        "--output", type=Path,
        help="folder for performance.md, .svg and .json (docs; with --quick benchmarks/quick)",
    )  # fmt: skip
    told = parser.parse_args(given)
    told.only = tuple(filter(None, told.only.split(",")))
    for name in told.only:
        if name not in NAMES and name != "none":
            parser.error(f"there is no peer {name!r}; there are {', '.join(NAMES)}")
    if told.output is None:
        told.output = ROOT / ("benchmarks/quick" if told.quick else "docs")
    return told


def save(path: Path, text: str) -> None:
    """Whole or not at all."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def main(given: list[str] | None = None) -> int:
    told = arguments(given)
    folder: Path = told.output
    folder.mkdir(parents=True, exist_ok=True)

    def keep(results: dict[str, Any]) -> None:
        save(folder / "performance.json", json.dumps(results, indent=1) + "\n")

    def say(text: str) -> None:
        print(text, flush=True)

    if told.source:
        results = json.loads(told.source.read_text(encoding="utf-8"))
    elif told.gpu:
        return on_gpu(folder, told.quick, say)
    else:
        log = folder / "performance.log"
        size = plan.QUICK if told.quick else plan.FULL
        results = measure.everything(size, told.only, log, keep, say)
    if (folder / "gpu.json").exists():
        results["gpu"] = json.loads((folder / "gpu.json").read_text(encoding="utf-8"))
    keep(results)
    plot.draw(results, folder / "performance.svg")
    save(folder / "performance.md", page.write(results))
    say(f"{folder / 'performance.md'}")
    return 0


def on_gpu(folder: Path, quick: bool, say: Any) -> int:
    """The section of a GPU, put beside whatever the folder has measured otherwise."""
    from loligo import LoligoError

    try:
        found = gpu.without_warnings(say, quick)
    except LoligoError as problem:
        print(problem, file=sys.stderr)
        return 1
    save(folder / "gpu.json", json.dumps(found, indent=1) + "\n")
    say(f"{folder / 'gpu.json'}; python -m benchmarks --from {folder / 'performance.json'} puts "
        "it into the page")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
