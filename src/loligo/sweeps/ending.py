"""The end of a sweep: what all blocks together say, written once they are all whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import loligo
from loligo import solvers
from loligo.errors import RunError, UsageError
from loligo.recording.provenance import text_of
from loligo.run.default import accuracy_of_both
from loligo.run.divergence import Loss, first_of_all, told_of_all
from loligo.run.halving import accuracy_told
from loligo.run.status import Status
from loligo.simulation import Swung, told_of_end, told_of_swings
from loligo.sweeps.arrays import Layout
from loligo.sweeps.asked import Asked
from loligo.sweeps.block import GROWS
from loligo.sweeps.folder import write_json, writing
from loligo.sweeps.store import Store, differing, read_zarr, write_zarr

_MOST_NOTES = 5


@dataclass
class Whole:
    """What the records of all blocks say together.

    Attributes
    ----------
    arrays
        Name -> layout, as far as the block that goes furthest, and attributes.
    """

    asked: Asked
    arrays: dict[str, tuple[Layout, Mapping[str, Any]]] = field(default_factory=dict)
    facts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    coordinates: list[str] = field(default_factory=list[str])
    digests: dict[str, int] = field(default_factory=dict[str, int])
    longest: int = -1

    def add(self, record: Mapping[str, Any], label: str) -> None:
        """One block more, in the order of their numbers."""
        facts = record["facts"]
        longer = facts["samples"] > self.longest
        self.longest = max(self.longest, facts["samples"])
        if self.asked.summary is not None and self.facts:
            refuse_others(set(self.arrays), set(record["arrays"]), label)
        for name, told in record["arrays"].items():
            self._check_shared(name, told, label)
            self._array(name, told, longer)
        self.facts.append(facts)

    def _check_shared(self, name: str, told: Mapping[str, Any], label: str) -> None:
        """What all lanes share is the same in all blocks; some may go further along it."""
        if told["lanes"] or GROWS.intersection(told["dims"]):
            return
        if self.digests.setdefault(name, told["digest"]) != told["digest"]:
            raise differing(name, label)

    def _array(self, name: str, told: Mapping[str, Any], longer: bool) -> None:
        lanes = told["lanes"]
        shape = (*(self.asked.lanes.shape if lanes else ()), *told["sizes"][lanes:])
        layout = Layout(
            name, tuple(told["dims"]), shape, tuple(told["chunks_of"]), told["dtype"], lanes
        )
        known = self.arrays.get(name)
        about = told["attributes"] if known is None or longer else known[1]
        if known is not None:
            further = map(max, known[0].shape, layout.shape)
            layout = layout.reaching(dict(zip(layout.dims, further, strict=True)))
        elif told["coordinate"] and name not in layout.dims:
            self.coordinates.append(name)
        self.arrays[name] = layout, about

    # -- attributes --------------------------------------------------------------------------

    def about(self, name: str) -> dict[str, Any]:
        """The attributes of an array."""
        about = dict(self.arrays[name][1])
        rests = [facts["rest"] for facts in self.facts]
        if name == "V" and all(rests):
            lowest, highest = min(rest[0] for rest in rests), max(rest[1] for rest in rests)
            if lowest == highest:
                about["rest"] = lowest
        return about

    def attributes(self) -> dict[str, Any]:
        """Of the whole: as of one recording of all lanes, and what all blocks of a summary say."""
        asked, document = self.asked, self.asked.document
        solver, settings = self.solver(), self.settings()
        said = {**self._common("said"), **self._common("kept")}
        for name in (*_settings_of(self.facts), "not_recorded" if asked.summary else ""):
            said.pop(name, None)
        provenance: dict[str, Any] = {
            name: document[name] for name in ("model", "stimulus")
        } | {"solver": solver.to_dict()} | {
            name: document[name]
            for name in ("duration", "sample_interval", "initial", "threshold", "record")
        }  # fmt: skip
        provenance["made"] = {"loligo": loligo.__version__}
        until = asked.posed.until
        if until is not None:
            provenance["until"] = document["until"]
            ended = sum(facts["ended"] for facts in self.facts)
            settings["until"] = told_of_end(until, ended, asked.lanes)
        if "sensitivities" in document:
            provenance["sensitivities"] = document["sensitivities"]
        if any(facts["lane_by_lane"] for facts in self.facts):
            provenance["lane_by_lane"] = True
        if document["model"].get("kind") == "axon":
            provenance["positions"] = document["positions"]
        about = {
            "title": said.pop("title", ""),
            "model": said.pop("model", ""),
            "stimulus": "none" if asked.stimulus is None else repr(asked.stimulus),
            "solver": repr(solver),
            **settings,
            **said,
            "provenance": text_of(provenance),
        }
        if asked.summary is not None:
            about["summary"] = document["summary"]
        return about

    def _common(self, key: str) -> dict[str, Any]:
        """What all blocks say alike."""
        first, *others = (facts[key] for facts in self.facts)
        return {n: v for n, v in first.items() if all(other.get(n) == v for other in others)}

    def solver(self) -> Any:
        """That of the recording of all lanes."""
        documents = [facts["solver"] for facts in self.facts]
        kinds = {document["name"] for document in documents}
        if kinds == {"exponential"} and any(facts["lane_by_lane"] for facts in self.facts):
            return solvers.Exponential(min(document["dt"] for document in documents))
        first = next((d for d in documents if d["name"] == "taylor"), documents[0])
        return solvers.from_dict(dict(first))

    def settings(self) -> dict[str, Any]:
        """What the solver chose, over all blocks."""
        merged: dict[str, Any] = {}
        for name in _settings_of(self.facts):
            each = [f["settings"][name] for f in self.facts if name in f["settings"]]
            merged[name] = _MERGED[name](each) if name in _MERGED else each[0]
        if "steps" in merged:
            merged["steps"] += sum(facts["tried"] for facts in self.facts)
        if "dt" in merged and any(facts["within"] for facts in self.facts):
            longest = max(merged.get("dt_longest", 0.0), *self._steps())
            merged.pop("dt_longest", None)
            if longest > merged["dt"]:
                merged = _after(merged, "dt", "dt_longest", longest)
            merged["accuracy"] = self._accuracy()
        return merged

    def _steps(self) -> list[float]:
        return [facts["settings"].get("dt", 0.0) for facts in self.facts]

    def _accuracy(self) -> str:
        """To what lanes are good of which the step was chosen, and what the others have."""
        each = [facts["within"] for facts in self.facts if facts["within"]]
        voltages = [voltage for voltage, _ in each if voltage is not None]
        told = accuracy_told(max(voltages, default=None), max(spikes for _, spikes in each))
        plain = next((f["settings"]["accuracy"] for f in self.facts if not f["within"]), None)
        plain = plain or next((f["plain"] for f in self.facts if f["plain"]), None)
        stiff = sum(facts["stiff"] for facts in self.facts)
        return told if plain is None else accuracy_of_both(plain, stiff, told)

    # -- what is said ------------------------------------------------------------------------

    def notes(self, labels: Any) -> list[str]:
        """For the person: how many lanes were lost, and what blocks say."""
        said: list[str] = []
        counts: dict[Status, int] = {}
        for number, facts in enumerate(self.facts):
            each = {Status(int(k)): n for k, n in facts["lost"].items()} or {
                Status.FINE: facts["lanes"]
            }
            for status, count in each.items():
                counts[status] = counts.get(status, 0) + count
            said += [f"{note} ({labels(number)})" if self._several else note
                     for note in facts["notes"]]  # fmt: skip
        swings = [Swung(**facts["swings"]) for facts in self.facts if facts["swings"]]
        if swings:
            most = max(swings, key=lambda each: each.count)
            both = replace(most, lanes=sum(each.lanes for each in swings))
            size = self.asked.lanes.size * self.facts[0]["places"]
            said.insert(0, told_of_swings(both, size, self.asked.posed.times.threshold))
        if any(status.lost for status in counts):
            losses = first_of_all(_losses(self.facts))
            said.insert(0, told_of_all(counts, losses))
        more = len(said) - _MOST_NOTES
        return said if more <= 0 else [*said[:_MOST_NOTES], f"{more:,} more notes of blocks"]

    @property
    def _several(self) -> bool:
        return len(self.facts) > 1


# How what blocks say becomes what the whole says; what is not here is alike in all.
_MERGED = {"steps": sum, "dt": min, "dt_longest": max, "V_error": max}


def _settings_of(facts: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for each in facts for name in each["settings"]))


def _after(settings: dict[str, Any], name: str, new: str, value: Any) -> dict[str, Any]:
    """The settings with a new one behind another."""
    each: dict[str, Any] = {}
    for key, old in settings.items():
        each[key] = old
        if key == name:
            each[new] = value
    return each


def _losses(facts: Iterable[Mapping[str, Any]]) -> list[Loss]:
    return [
        Loss(told["lane"], Status(told["status"]), RunError(told["why"]), told["label"], told["t"])
        for each in facts
        for told in each["losses"]
    ]


def refuse_others(known: set[str], given: set[str], label: str) -> None:
    """Refuse a block of which a summary gave other variables.

    Raises
    ------
    UsageError
        Saying which.
    """
    for names, what in ((known - given, "does not return"), (given - known, "returns")):
        if names:
            raise UsageError(
                f"the summary {what} {', '.join(sorted(names))} of {label}, other than of the "
                "blocks before; let it return the same of every block (NaN where there is nothing "
                "to tell)"
            )


def conclude(store: Store) -> list[str]:
    """Write what the whole says, so that the store's bytes depend on no order; notes for the
    person."""
    whole = Whole(store.asked)
    for number, record in enumerate(store.records()):
        whole.add(record, store.label(number))
    with writing(store.folder), store.folder.lock():
        if not store.folder.whole.exists():  # another may have been faster
            _write(store, whole)
    return whole.notes(store.label)


def _write(store: Store, whole: Whole) -> None:
    nodes: dict[str, Any] = {}
    for name, (layout, _) in whole.arrays.items():
        nodes[name] = layout.told(whole.about(name))
        write_zarr(store.folder.array(name) / "zarr.json", nodes[name])
    own = store.asked.coordinates
    for name in map(str, own.variables):
        nodes[name] = read_zarr(store.folder.array(name) / "zarr.json")
    extra = [name for name in map(str, own.coords) if name not in store.boxes.dims]
    about = whole.attributes()
    if names := sorted({*whole.coordinates, *extra}):
        about["coordinates"] = " ".join(names)
    inline = {"kind": "inline", "must_understand": False, "metadata": dict(sorted(nodes.items()))}
    root = {"zarr_format": 3, "node_type": "group", "attributes": about}
    write_zarr(store.folder.path / "zarr.json", {**root, "consolidated_metadata": inline})
    write_json(store.folder.whole, {"blocks": store.boxes.count, "sums": store.sums()})
    store.folder.tidy()
