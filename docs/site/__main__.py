"""``python -m docs.site``: builds the site from docs/, the library, the experiments and docstrings.

All code on its pages is run as it is built. What it needs comes with the extra ``docs``:
``pip install -e ".[docs]"``. ``--into FOLDER`` says where it goes. What came out of a page's code
is kept beside that folder until the code, loligo or a package changes; ``--anew`` runs all.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from docs.site.check import faults
from docs.site.generated import library, pages

import loligo as lo

DOCS = Path(__file__).parents[1]
_WRITTEN = ("*.md", "howto/*.md", "course/*.md", "*.svg", "*.gif", "performance.json")
# pages of the project's root, and how they are called here
_OF_THE_ROOT = {
    f"{name}.md": f"{name.lower()}.md"
    for name in ("SUPPORT", "CONTRIBUTING", "CHANGELOG", "SECURITY")
}
# the lab itself, which is no page of Sphinx's
_LIVE = "live.html"
_OPENS = f"\n\n<p><a href='{_LIVE}'><b>Open it, with the whole library.</b></a></p>\n\n"
_COURSE = "\n```{toctree}\n:hidden:\n:glob:\n\n[0-9]*\n```\n"


def staged(folder: Path) -> None:
    """All that the site is built from, written or made, in one folder."""
    for pattern in _WRITTEN:
        for file in DOCS.glob(pattern):
            there = folder / file.relative_to(DOCS)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, there)
    for name, called in _OF_THE_ROOT.items():
        (folder / called).write_text(
            (DOCS.parent / name).read_text(encoding="utf-8"), encoding="utf-8"
        )
    course = folder / "course" / "README.md"
    course.write_text(course.read_text(encoding="utf-8") + _COURSE, encoding="utf-8")
    for page in folder.rglob("*.md"):
        page.write_text(_linked(page.read_text(encoding="utf-8")), encoding="utf-8")
    table = folder / "library.md"
    table.write_text(library(table.read_text(encoding="utf-8")), encoding="utf-8")
    lab = folder / "lab.md"
    lab.write_text(lab.read_text(encoding="utf-8").replace("\n\n", _OPENS, 1), encoding="utf-8")
    for name, text in pages():
        there = folder / f"{name}.md"
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text, encoding="utf-8")


def live() -> Any:
    """The lab with the whole library, the squid's axon first."""
    squid = "hodgkin-huxley-1952"
    return lo.lab([squid, *(name for name in lo.models() if name != squid)])


def kept(beside: Path, anew: bool) -> Path:
    """Where what came out of code is kept: code, loligo, packages and Python being the same."""
    from jupyter_cache import get_cache

    digest = hashlib.sha256(sys.version.encode())
    for each in sorted(f"{one.name} {one.version}" for one in distributions()):
        digest.update(each.encode())
    root = Path(lo.__file__).parent
    for file in sorted(root.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(root)} ".encode() + file.read_bytes())
    name = f"{beside.name}-kept-"
    folder = beside.with_name(name + digest.hexdigest()[:12])
    for other in beside.parent.glob(f"{name}*"):
        if anew or other != folder:
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    _ = get_cache(str(folder)).db  # its tables, which two of Sphinx's processes would make at once
    return folder


def _linked(page: str) -> str:
    """A page whose links to the root's pages, and theirs to those of docs/, lead there."""
    for name, called in _OF_THE_ROOT.items():
        page = page.replace(f"](../{name})", f"]({called})").replace(f"]({name})", f"]({called})")
    return page.replace("](docs/", "](")


def main() -> int:
    """Build it, and say what is wrong with it; 1 if anything is."""
    from sphinx.cmd.build import main as sphinx

    asked = argparse.ArgumentParser(prog="python -m docs.site", description=__doc__)
    asked.add_argument("--into", type=Path, default=Path("build/site"), metavar="FOLDER")
    asked.add_argument("--anew", action="store_true", help="run all code, whatever is kept")
    asked.add_argument("--jobs", default="auto", help="pages at a time")
    told = asked.parse_args()
    os.environ["LOLIGO_WARM"] = "off"  # nobody waits at these notebooks
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        source = Path(place, "pages")
        source.mkdir()
        staged(source)
        wrong = sphinx(
            ["-q", "-W", "--keep-going", "-E", "-j", told.jobs, "-c", str(DOCS / "site"),
             "-D", f"nb_execution_cache_path={kept(told.into.absolute(), told.anew)}",
             "-d", str(Path(place, "trees")), str(source), str(told.into)]
        )  # fmt: skip
    if wrong:
        return wrong
    live().save(told.into / _LIVE)
    said = list(faults(told.into))
    for fault in said:
        print(fault)
    count = len(list(told.into.rglob("*.html")))
    print(f"{count} pages in {told.into} ({time.perf_counter() - began:.0f} s), {len(said)} faults")
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
