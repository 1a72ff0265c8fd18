"""``python -m docs.lab``: pictures of every tab of the lab, light, dark and on a phone.
``--sizes`` prints instead how much each model of the library takes in a page.

It needs Chromium and Playwright (``pip install playwright``); ``LOLIGO_CHROMIUM`` says where
Chromium is. ``pictures/index.html`` shows what was made.
"""

from __future__ import annotations

import argparse
import html
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import loligo as lo
from loligo.lab.calling import entry

HERE = Path(__file__).parent
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
MOST = 45_000  # letters, that a model is to take
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LINK = "#v=1&model=hodgkin-huxley-1952&pulse=5,40,10&duration=50&tab="


def main() -> int:
    """Make what is asked for; 1 if the page complained."""
    asked = argparse.ArgumentParser(prog="python -m docs.lab", description=__doc__)
    asked.add_argument("--into", type=Path, default=HERE / "pictures", metavar="FOLDER")
    asked.add_argument("--language", default="en")
    asked.add_argument("--sizes", action="store_true")
    given = asked.parse_args()
    if given.sizes:
        return _sizes()
    found = os.environ.get("LOLIGO_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        print("there is no Chromium: LOLIGO_CHROMIUM says where it is", file=sys.stderr)
        return 2
    from playwright.sync_api import sync_playwright

    given.into.mkdir(parents=True, exist_ok=True)
    lab = lo.lab(tasks=HERE / "sheet.toml", language=given.language)
    page = lab.save(given.into / "lab.html")
    names, complaints = list[str](), list[str]()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme,
                    device_scale_factor=2, has_touch=size == "phone",
                )  # fmt: skip
                names += _pictures(context, page, f"{size}-{scheme}", given.into, complaints)
        browser.close()
    shown = "\n".join(f"<p>{name}<br><img src='{name}.png' alt='{name}'></p>" for name in names)
    (given.into / "index.html").write_text(
        f"<!doctype html><meta charset='utf-8'><title>The lab</title>"
        f"<style>img {{ max-width: 100%; border: 1px solid #bbb }}</style>{shown}"
    )
    for each in complaints:
        print(html.unescape(each))
    print(f"{len(names)} pictures in {given.into}, {len(complaints)} complaints")
    return int(bool(complaints))


def _sizes() -> int:
    """Letters of each model, the largest last: all that a page grows by when it holds one more."""
    rows = list[tuple[int, int, str]]()
    for name in lo.models():
        one = entry(name, lo.load(name))
        rows.append((len(one.packed()), len(one.told["manifest"]["states"]), name))
    for size, states, name in sorted(rows):
        over = f"  over {MOST:,}" if size > MOST else ""
        print(f"{size:7,} {states:3} states  {name}{over}")
    return 0


def _pictures(context: Any, file: Path, kind: str, into: Path, complaints: list[str]) -> list[str]:
    """One of every tab."""
    names = list[str]()
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(f"{kind}: {error}"))
    page.goto(f"{file.resolve().as_uri()}{LINK}membrane")
    page.get_by_role("tab").first.wait_for()
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(1200)  # for what the worker finds
        name = f"{tab.get_attribute('id').removeprefix('tab-')}-{kind}"
        page.screenshot(path=into / f"{name}.png")
        names.append(name)
    return names


if __name__ == "__main__":
    sys.exit(main())
