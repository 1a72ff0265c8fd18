"""A bound on what one call may take of the processor, told by counting: the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

ALLOWED = 20.0  # s of one usual core, for all that is followed and found again in one call


class Work:
    """What was done, in seconds that a usual core takes for it, and what may be done.

    No clock is read: each kind of step has a price that was measured once, so that where a call
    stops does not depend on the machine or on what runs beside it. Whoever has several things to do
    gives each a share of what is left.

    Examples
    --------
    >>> work = Work(1.0)
    >>> work.spend(0.5)
    >>> with work.share(0.5):
    ...     work.spend(0.375)
    ...     work.over, work.allows(0.375)
    (True, False)
    >>> work.over, work.allows(0.125)
    (False, True)
    """

    def __init__(self, allowed: float = ALLOWED) -> None:
        self.spent, self._from, self._until = 0.0, 0.0, allowed

    def spend(self, seconds: float) -> None:
        self.spent += seconds

    @contextmanager
    def share(self, of_rest: float, least: float = 0.0) -> Iterator[None]:
        """Within it no more is done than a share, 0 to 1, of what is left; or so many seconds, if
        that is more and they are left."""
        outside = self._from, self._until
        left = max(0.0, self._until - self.spent)
        self._from, self._until = self.spent, self.spent + min(left, max(of_rest * left, least))
        try:
            yield
        finally:
            self._from, self._until = outside

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return not self.allows(0.0)

    @property
    def part(self) -> float:
        """What was done of what may be done, 0 to 1."""
        whole = self._until - self._from
        return min(1.0, (self.spent - self._from) / whole) if whole > 0.0 else 1.0

    def allows(self, seconds: float) -> bool:
        """Whether so much may be done yet."""
        return self.spent + seconds <= self._until
