"""Several recordings in one call: what was given, what they are of, and the picture of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loligo.errors import UsageError
from loligo.experiments.drawn import drawn
from loligo.figures.axon.content import is_axon
from loligo.figures.content import signals
from loligo.figures.content.arrivals import is_arrivals
from loligo.figures.content.picture import Picture
from loligo.figures.style import Theme
from loligo.recording.door import welcome
from loligo.recording.tree import is_tree


def told_apart(
    first: Any, more: Sequence[Any], last: Any, usual: Any, name: str
) -> tuple[list[Any], Any]:
    """The recordings of a call, and what follows them by its place or, as ``last``, by its name.

    Raises
    ------
    UsageError
        If it is given both ways, or something between them is no recording.
    """
    recordings = [drawn(one) if is_tree(one) else one for one in (first, *more)]
    if len(recordings) > 1 and not _labelled(recordings[-1]):
        if last != usual:
            raise UsageError(
                f"{name} is given twice, as {recordings[-1]!r:.60} and as {name}={last!r:.60}."
            )
        last = recordings.pop()
    for one in recordings[1:]:
        signals.check(one)
    return [welcome(one) if hasattr(one, "data_vars") else one for one in recordings], last


def _labelled(thing: Any) -> bool:
    """Whether something is a dataset, or an array of one."""
    return hasattr(thing, "dims") and hasattr(thing, "attrs")


def together(
    recs: Sequence[Any], labels: object, chosen: Sequence[object] | str | None, theme: Theme
) -> Picture:
    """The picture of several recordings, all of patches of membrane or all of axons.

    Raises
    ------
    UsageError
        For recordings that have no axes in common; it says what to do.
    """
    from loligo.figures.axon import overlay as axons
    from loligo.figures.content import overlay as patches

    draw = axons.overlaid if of_axons(recs) else patches.overlaid
    return draw(recs, labels, chosen, theme)


def of_axons(recs: Sequence[Any]) -> bool:
    """Whether several recordings are of axons; else all are of patches of membrane.

    Raises
    ------
    UsageError
        For recordings that have no axes in common; it says what to do.
    """
    from loligo.figures.page.curves import is_experiment

    for k, rec in enumerate(recs, start=1):
        signals.check(rec)
        if is_experiment(rec):
            raise UsageError(
                f"recording {k} is what an experiment found, which is drawn alone: lo.plot(found)."
            )
        if is_arrivals(rec):
            raise UsageError(
                f"recording {k} is of several axons, or of spikes alone, and is drawn alone; "
                "select one axon of which V is recorded."
            )
    kinds = [is_axon(rec) for rec in recs]
    if any(kinds) and not all(kinds):
        raise UsageError(
            f"recording {kinds.index(True) + 1} is of an axon and recording "
            f"{kinds.index(False) + 1} is not; select a place of the axon (um), as in "
            'rec.sel(position=2e4, method="nearest").'
        )
    return all(kinds)


def refuse_labels(labels: object) -> None:
    """Labels tell several recordings apart."""
    if labels is not None:
        raise UsageError("labels=... tells several recordings apart, and there is one.")
