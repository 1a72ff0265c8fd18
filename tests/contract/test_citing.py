"""What to cite, as BibTeX."""

from __future__ import annotations

import json
import re

import pytest

import loligo as lo

SQUID = """@article{hodgkin-huxley-1952,
  author = {Hodgkin, A. L. and Huxley, A. F.},
  title = {A quantitative description of membrane current and its application to conduction and \
excitation in nerve},
  journal = {Journal of Physiology},
  year = {1952},
  volume = {117},
  pages = {500--544},
  doi = {10.1113/jphysiol.1952.sp004764},
}"""
NUMPY = lo.Exponential(0.1, engine="numpy")


def keys(text: str) -> list[str]:
    return re.findall(r"^@\w+\{([^,]+),$", text, flags=re.MULTILINE)


def test_a_model_is_its_paper_and_the_program() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    cited = lo.cite(squid)
    assert cited.startswith(SQUID)
    assert cited == lo.cite("hodgkin-huxley-1952") == lo.cite(squid.replace(g_Na=60))
    assert keys(cited) == ["hodgkin-huxley-1952", "loligo"]
    assert f"version = {{{lo.__version__}}}" in cited


@pytest.mark.parametrize("name", list(lo.models()))
def test_every_citation_of_the_library_is_taken_apart_or_kept_whole(name: str) -> None:
    paper, _ = lo.cite(name).split("\n\n")
    model = lo.load(name)
    assert f"doi = {{{model.doi}}}" in paper
    assert re.search(r"year = \{(19|20)\d\d\}", paper)
    assert paper.count("{") == paper.count("}")
    assert ("journal = {" in paper) == paper.startswith("@article")
    if not paper.startswith("@article"):  # chapters, and what rests on two works
        assert name in ("rinzel-ermentrout-1998", "traub-miles-1991")
        assert model.citation.split("(")[0].strip()[:10] in paper


def test_a_recording_is_its_models_papers_its_method_and_the_program_that_made_it() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    rec = lo.simulate(squid, None, 0.2, solver=NUMPY)
    assert keys(lo.cite(rec)) == [
        "hodgkin-huxley-1952", "hochbruck-ostermann-2010", "strang-1968", "loligo"
    ]  # fmt: skip
    rec.attrs["provenance"] = rec.attrs["provenance"].replace('"exponential"', '"taylor"')
    rec.attrs["loligo_version"] = "0.0.9"
    assert keys(lo.cite(rec)) == ["hodgkin-huxley-1952", "jorba-zou-2005", "loligo"]
    assert "version = {0.0.9}" in lo.cite(rec)
    axon = lo.Axon(squid, 1000, 10, 35.4, compartments=4)
    told = json.loads(rec.attrs["provenance"]) | {"model": axon.to_dict()}
    rec = rec.assign_attrs(provenance=json.dumps(told))
    assert "hines-1984" in keys(lo.cite(rec))
    assert keys(lo.cite(axon)) == ["hodgkin-huxley-1952", "loligo"]


def test_what_an_experiment_found() -> None:
    found = lo.experiments.resting_state(lo.load("hodgkin-huxley-1952"))
    found = found.assign_attrs(loligo_version="0.0.9")
    assert keys(lo.cite(found)) == ["hodgkin-huxley-1952", "loligo"]
    assert "version = {0.0.9}" in lo.cite(found)
    with pytest.raises(lo.LoligoError, match="does not say how it was made"):
        lo.cite(found.assign_attrs(membrane="{}"))


def test_a_model_of_ones_own() -> None:
    leak = lo.Channel("L", g=0.3, E=-65)
    assert keys(lo.cite(lo.Membrane(channels=leak))) == ["loligo"]
    mine = lo.Membrane(channels=leak, name="my cell", citation="In preparation & 100% {new.")
    paper = lo.cite(mine).split("\n\n")[0]
    assert paper.startswith("@misc{my-cell,")
    assert r"note = {In preparation \& 100\% new.}" in paper
    assert paper.count("{") == paper.count("}")


def test_what_cannot_be_cited_is_told() -> None:
    rec = lo.simulate(lo.load("hodgkin-huxley-1952"), None, 0.2, solver=NUMPY)
    for broken in (rec.drop_attrs(), rec.assign_attrs(provenance="{}")):
        with pytest.raises(lo.LoligoError, match="does not say how it was made"):
            lo.cite(broken)
    with pytest.raises(lo.LoligoError, match="did you mean hodgkin-huxley-1952"):
        lo.cite("hodgkin-huxley-1953")
    with pytest.raises(lo.LoligoError, match="load takes the name of a model"):
        lo.cite(3)  # type: ignore[arg-type]
