"""One browser and one lab for all tests of the page: four models, and the sheet of the docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import loligo as lo
from browser import browser, opened
from loligo.lab.calling import USUAL, Lab

SHEET = Path(__file__).parents[2] / "docs" / "lab" / "sheet.toml"
MEMBRANE = "#v=1&model=hodgkin-huxley-1952&pulse=5,40,10&tab=membrane"


@pytest.fixture(scope="session")
def made() -> Lab:
    return lo.lab(USUAL, lo.Pulse(5, 40, 10), tasks=SHEET, language="en")


@pytest.fixture(scope="session")
def file(made: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.save(tmp_path_factory.mktemp("lab") / "lab.html")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture
def page(chromium: Any, file: Path) -> Iterator[Any]:
    """The tab Membrane on a screen, of one who wants no motion; nothing may go wrong on it."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    shown, seen = opened(context, file, MEMBRANE)
    shown.wait_for_selector(".verdict:not(:empty)")
    yield shown
    context.close()
    assert not seen.complaints
    assert not seen.requests
