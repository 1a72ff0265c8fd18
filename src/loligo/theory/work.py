"""A bound on what one call may take of the processor, told by counting: the same everywhere."""

from __future__ import annotations

ALLOWED = 20.0  # s of one usual core, for all that is followed and found again in one call


class Work:
    """What was done, in seconds that a usual core takes for it.

    No clock is read: each kind of step has a price that was measured once, so that where a call
    stops does not depend on the machine or on what runs beside it.

    Examples
    --------
    >>> work = Work(1.0)
    >>> work.spend(0.75)
    >>> work.over, work.share_over(0.5)
    (False, True)
    """

    def __init__(self, allowed: float = ALLOWED) -> None:
        self.allowed, self.spent = allowed, 0.0

    def spend(self, seconds: float) -> None:
        self.spent += seconds

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return self.spent > self.allowed

    def share_over(self, share: float) -> bool:
        """Whether a share of all is used up, 0 to 1."""
        return self.spent > share * self.allowed
