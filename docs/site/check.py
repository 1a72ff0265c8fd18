"""What must be true of the site: nothing comes from elsewhere, no link is broken, no picture is
missing or silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# attributes by which a page loads something when it is read
_LOADED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href",
}  # fmt: skip
_SAID_BY_LINK = {"canonical", "search", "next", "prev", "author", "copyright", "index"}


@dataclass
class _Page(HTMLParser):
    path: Path
    loaded: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    silent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        if "id" in about:
            self.anchors.add(about["id"])
        if tag == "a" and "href" in about:
            self.links.append(about["href"])
        address = about.get(_LOADED.get(tag, ""))
        if address and not set(about.get("rel", "").split()) & _SAID_BY_LINK:
            self.loaded.append(address)
        if tag == "img" and not about.get("alt", "").strip():
            self.silent.append(about.get("src", "")[:60])


def faults(site: Path) -> Iterator[str]:
    """What is wrong, a line each."""
    read = {path: _Page(path) for path in sorted(site.rglob("*.html"))}
    anchors = {path.resolve(): page.anchors for path, page in read.items()}
    for path, page in read.items():
        name = path.relative_to(site)
        for address in page.loaded:
            where = urlsplit(address)
            if where.scheme not in ("", "data") or where.netloc:
                yield f"{name} loads {address[:80]} from elsewhere"
            elif not address.startswith("data:") and not _there(path, address).exists():
                yield f"{name}: {address[:80]} is missing"
        for address in page.links:
            yield from (f"{name}: {why}" for why in _broken(path, address, anchors))
        for picture in page.silent:
            yield f"{name}: the picture {picture} has no words for who does not see it"


def _there(page: Path, address: str) -> Path:
    return (page.parent / unquote(urlsplit(address).path)).resolve()


def _broken(page: Path, address: str, anchors: dict[Path, set[str]]) -> Iterator[str]:
    parts = urlsplit(address)
    if parts.scheme or address in ("#", ""):
        return
    path = _there(page, address) if parts.path else page.resolve()
    if not path.exists():
        yield f"the link {address[:80]} leads nowhere"
        return
    if parts.fragment and path in anchors and unquote(parts.fragment) not in anchors[path]:
        yield f"the link {address[:80]} leads to no place on its page"
