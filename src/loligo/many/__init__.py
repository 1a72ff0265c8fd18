"""Many cells at once, a lane each: numbers drawn from ranges, or read from the rows of a table."""

from __future__ import annotations

from loligo.many.design import design
from loligo.many.rows import rows

__all__ = ["design", "rows"]
