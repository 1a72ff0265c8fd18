"""What earlier releases wrote is opened by this one: recordings, models, links of the lab.

``tests/kept/VERSION`` holds what the release of that name wrote (``python -m tests.keep``).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import loligo as lo

FOLDERS = sorted(path for path in (Path(__file__).parents[1] / "kept").iterdir() if path.is_dir())
RECORDINGS = [
    file for folder in FOLDERS for file in sorted(folder.iterdir())
    if file.suffix in (".nc", ".npz", ".csv", ".xlsx")
]  # fmt: skip
MODELS = [file for folder in FOLDERS for file in sorted(folder.glob("*.toml"))]
LINKS = [
    (link, told) for folder in FOLDERS
    for link, told in json.loads((folder / "links.json").read_text(encoding="utf-8")).items()
]  # fmt: skip


def name(path: Path) -> str:
    return f"{path.parent.name} {path.name}"


def test_this_release_is_among_them() -> None:
    assert lo.__version__ in [folder.name for folder in FOLDERS]
    for folder in FOLDERS:
        assert list(folder.glob("*.nc"))
        assert list(folder.glob("*.toml"))


@pytest.mark.parametrize("file", RECORDINGS, ids=name)
def test_a_recording_opens_with_what_it_says_of_itself(file: Path) -> None:
    rec = lo.open(file)
    provenance = json.loads(rec.attrs["provenance"])
    assert provenance["model"]["name"] == "hodgkin-huxley-1952" or "kind" in provenance["model"]
    assert (rec.spike_count >= 0).all()


@pytest.mark.parametrize("file", MODELS, ids=name)
def test_a_model_is_the_same_when_saved_again(file: Path, tmp_path: Path) -> None:
    model = lo.load(file)
    model.save(tmp_path / "again.toml")
    assert lo.load(tmp_path / "again.toml") == model


@pytest.mark.parametrize("link", [link for link, _ in LINKS])
def test_a_link_is_read(link: str) -> None:
    assert lo.from_link(link).model.name == "hodgkin-huxley-1952"


@pytest.mark.slow
@pytest.mark.parametrize(("link", "told"), LINKS)
def test_a_link_gives_what_it_gave(link: str, told: dict[str, list[float]]) -> None:
    """To the tolerance: a release may have other bits, and says so."""
    rec = lo.from_link(link).simulate()
    assert lo.spike_times(rec).values == pytest.approx(told["spikes"], abs=1e-5)
    assert float(rec.V[-1]) == pytest.approx(told["V"], abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("file", [f for f in RECORDINGS if f.suffix == ".nc"], ids=name)
def test_a_recording_is_made_again(file: Path) -> None:
    rec = lo.open(file)
    again = lo.rerun(rec)
    assert np.array_equal(again.spike_count, rec.spike_count)
    if "V" in rec:
        np.testing.assert_allclose(again.V, rec.V, rtol=0, atol=1e-2)
