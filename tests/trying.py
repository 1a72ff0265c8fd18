"""How much Hypothesis tries: a dozen of everything, or all that a test asks for.

The README's command tries a dozen; ``--hypothesis-profile=full``, as ``.ci/run`` has it, the full
number.
"""

from __future__ import annotations

from hypothesis import settings

DOZEN = 12
settings.register_profile("dozen", settings(), max_examples=DOZEN, deadline=None)
settings.register_profile("full", settings(), max_examples=100, deadline=None)
settings.load_profile("dozen")


def examples(full: int) -> int:
    """The number of examples for a test that asks for ``full``."""
    return full if settings.get_current_profile_name() == "full" else min(DOZEN, full)
