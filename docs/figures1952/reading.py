"""What the paper says of a figure, beside what loligo finds and what SciPy finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Where a value of the paper was had from: the paper itself could not be opened.
SOURCES: Mapping[str, str] = {
    "a": "[stevehaigh/hodgkin-huxley-1952](https://github.com/stevehaigh/hodgkin-huxley-1952): "
    "constants, equations and passages with their pages, and times read off figure 12",
    "b": "[ChaseHendrick/hh-pulse](https://github.com/ChaseHendrick/hh-pulse): pages 522 to 528, "
    "as read from a scan",
    "c": "[ModelDB 5426](https://modeldb.science/5426): copies of figures 3 and 6 with their "
    "captions",
    "d": "[workspace 64f of the Physiome Model Repository](https://models.cellml.org/workspace/"
    "64f): what its authors took off figures 12, 14 and 19 to 22 to run them",
    "e": "remembered by those who wrote this page: no transcription was at hand, so a hint and no "
    "reading",
}


@dataclass(frozen=True)
class Reading:
    """A number of a figure: the paper's beside what is found.

    Attributes
    ----------
    figure
        The paper's number of the figure.
    what, unit
        What it is.
    found
        What loligo makes of it.
    independent
        What SciPy makes of the equations as they were printed; None where the number is their
        consequence by plain algebra that loligo does not share.
    close
        How well these two agree.
    printed, error, source
        The paper's value; how far it may be off, half of its last digit or as a figure can be
        read; a letter of `SOURCES` with the page. None and empty where no value is at hand.
    differs
        Why the paper has another, where it has.
    digits
        After the decimal point, in the table.
    """

    figure: int
    what: str
    unit: str
    found: Callable[[], float]
    independent: Callable[[], float]
    close: float
    printed: float | None = None
    error: float = 0.0
    source: str = ""
    differs: str = ""
    digits: int = 2

    def agrees(self) -> bool:
        """Whether the paper's value is within its error of what is found."""
        return self.printed is None or abs(self.found() - self.printed) <= self.error


def row(one: Reading) -> str:
    """A reading as a row of the page's table."""
    printed = "not at hand" if one.printed is None else f"{one.printed:g} ± {one.error:g}"
    page = f" ({one.source})" if one.source else ""
    numbers = (f"{value:.{one.digits}f}" for value in (one.found(), one.independent()))
    unit = f", {one.unit}" if one.unit else ""
    return f"| {one.what}{unit} | {printed}{page} | {' | '.join(numbers)} | {one.differs} |"


HEAD = "| | the paper | loligo | SciPy | what differs |\n|---|---|---|---|---|"
