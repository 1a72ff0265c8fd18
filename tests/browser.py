"""A browser that is driven by a test: Chromium, by Playwright; and what it says it asked for."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """Where Chromium is; skips the test where it is not, or cannot be driven."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = os.environ.get("LOLIGO_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip("there is no Chromium (apt-get install chromium)")
    return found


@dataclass
class Seen:
    """What a page did besides what it shows.

    Attributes
    ----------
    requests
        Addresses that it asked for, as the browser's network log has them, its own file apart.
    complaints
        Errors, and what the console was told of errors and of the policy.
    """

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextlib.contextmanager
def browser(**options: Any) -> Iterator[Any]:
    """Headless Chromium."""
    where = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=where, args=["--no-sandbox", "--force-device-scale-factor=1"]
        )
        try:
            yield started
        finally:
            started.close()


def opened(context: Any, file: Path, fragment: str = "") -> tuple[Any, Seen]:
    """A page that is loaded from a file, watched from its first moment."""
    page, seen = context.new_page(), Seen()
    address = file.resolve().as_uri()
    log = context.new_cdp_session(page)
    log.send("Network.enable")

    def asked(event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        if url.partition("#")[0] != address and not url.startswith("blob:"):
            seen.requests.append(url)

    log.on("Network.requestWillBeSent", asked)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: seen.complaints.append(said.text) if said.type == "error" else None,
    )
    page.goto(address + fragment)
    return page, seen
