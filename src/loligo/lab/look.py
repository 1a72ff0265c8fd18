"""How the page looks: the figures' own colours, dashes and letters, as plain data"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from loligo.figures.style import DASHES, FONT, LINE_WIDTH, THEMES


def look() -> dict[str, Any]:
    """What the page needs of the figures' tables.

    >>> look()["themes"]["dark"]["channels"]["K"]
    '#58b4f4'
    """
    return {
        "fonts": [FONT],
        "line_width": LINE_WIDTH,
        "dashes": [list(dash) for dash in DASHES],
        "themes": {name: asdict(theme) for name, theme in THEMES.items()},
    }
