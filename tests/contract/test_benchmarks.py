"""The benchmark harness: it runs with every peer absent, outlives a dead one, and errs not."""

from __future__ import annotations

import json
import math
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from benchmarks import __main__ as command
from benchmarks import page, plan, plot, squid, verdicts, workers
from benchmarks.peers import CELL, NAMES, Peer, peer

import loligo as lo

# as small as it gets, but every part of a run is there
TINY = plan.Plan(16, 20.0, 10.0, 4, 1, 60.0, 32, 10.0, 1e-9, (0.01, 1e-8), quick=True)


@pytest.fixture
def alone(monkeypatch):
    """Every peer but loligo is absent."""
    monkeypatch.setattr(
        Peer, "missing",
        lambda self: "" if self.title == "loligo" else f"{self.package} is not installed",
    )  # fmt: skip
    monkeypatch.setattr(plan, "QUICK", TINY)
    monkeypatch.setattr(workers, "FLOOR", 0.001)


@pytest.mark.slow
def test_one_command_writes_the_page_and_skips_absent_peers_by_name(alone, tmp_path, capsys):
    assert command.main(["--quick", "--output", str(tmp_path)]) == 0
    text = (tmp_path / "performance.md").read_text(encoding="utf-8")
    said = capsys.readouterr().out
    for name in NAMES[1:]:
        assert f"**{peer(name).title}** was skipped: {name} is not installed" in text
        assert f"{name} is not installed; skipped" in said
    assert "Its numbers are not results" in text
    for heading in ("At equal error", "What was promised", "From nothing", "What is not equal"):
        assert f"## {heading}" in text
    assert "failed:" not in text
    assert ET.parse(tmp_path / "performance.svg").getroot().tag.endswith("svg")
    results = json.loads((tmp_path / "performance.json").read_text(encoding="utf-8"))
    taylor = verdicts.families(results["rows"], CELL)[verdicts.OURS]
    assert min(map(verdicts.error, taylor)) < 1e-2

    again = tmp_path / "again"
    source = str(tmp_path / "performance.json")
    assert command.main(["--from", source, "--output", str(again)]) == 0
    assert (again / "performance.md").read_text(encoding="utf-8") == text


def test_an_unknown_peer_is_refused(capsys):
    with pytest.raises(SystemExit):
        command.arguments(["--only", "nestt"])
    assert "there is no peer 'nestt'; there are loligo, heyoka" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_a_peer_says_what_is_not_equal_and_imports_nothing_by_being_asked(name):
    someone = peer(name)
    assert len(someone.differs) > 40
    assert someone.families
    for family in someone.families:
        assert family.knob in ("tolerance", "dt")
        assert family.title.startswith(someone.title)
        for values in family.values.values():
            assert sorted(values, reverse=True) == list(values), "from cheap to accurate"


def test_a_worker_that_dies_or_errs_or_hangs_is_reported_and_started_anew(tmp_path):
    with (tmp_path / "log").open("w") as log:
        worker = workers.Worker("loligo", 1, log, 60.0)
        worker.command = [sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit(3)"]
        with pytest.raises(workers.FailedError, match="its process ended with status 3"):
            worker.ask({})
        worker.command = [sys.executable, "-c", "import time; time.sleep(60)"]
        worker.patience = 0.1
        with pytest.raises(workers.FailedError, match=r"no answer within 0\.1 s"):
            worker.ask({})
        words = 'print(\'{"error": "ValueError: no"}\', flush=True)'
        worker.command = [sys.executable, "-c", f"input(); {words}; input()"]
        worker.patience = 60.0
        with pytest.raises(workers.FailedError, match="ValueError: no"):
            worker.ask({})
        worker.close()


def test_everybody_begins_at_loligos_rest():
    rec = lo.simulate(lo.load("hodgkin-huxley-1952"), None, 1)
    assert squid.rest() == pytest.approx([float(rec[x][0]) for x in "Vmhn"], abs=1e-11)


def test_an_error_is_found_where_it_is():
    work = squid.Work(1, 20.0, keep=10.0)
    assert work.grid[[0, -1]] == pytest.approx([10.0, 20.0])
    V = 40.0 * np.sin(work.grid[:, None] * [1.0, 1.0, 1.0])
    late = 40.0 * np.sin((work.grid[:, None] - 1e-3) * [1.0, 1.0, 1.0])
    in_mV, in_ms = squid.errors(work.grid, late, V)
    assert in_mV == pytest.approx(0.04, rel=1e-3)
    assert in_ms == pytest.approx(1e-3, rel=1e-5)
    assert squid.errors(work.grid, -80.0 + 0.0 * V, V)[1] == math.inf
    assert squid.errors(work.grid, math.nan * V, V) == (math.inf, math.inf)


def _row(error, seconds, family="heyoka, batch"):
    return {"error_mV": error, "seconds": seconds, "family": family, "kind": CELL, "cores": 1}


def test_the_cheapest_good_setting_is_chosen_and_the_most_accurate_if_none_is():
    good = [_row(1e-3, [3.0, 2.0]), _row(9e-3, [1.5, 1.9]), _row(2e-2, [0.1])]
    assert verdicts.cheapest(good) is good[1]
    assert verdicts.cheapest([*good[2:], _row(None, [0.01])]) is good[2]
    rows = [*good, _row(5e-3, [1.0], "heyoka, batch, exponentials shared by hand")]
    assert verdicts.heyoka({"rows": rows}, CELL) is rows[3]


def test_names_beside_the_figure_do_not_overlap():
    placed = plot.spread([0.5, 0.1, 0.5, 0.52, 0.9], 0.1)
    assert np.diff(np.sort(placed)) == pytest.approx([0.3067, 0.1, 0.1, 0.2933], abs=1e-4)
    assert placed[1] == 0.1
    assert placed[4] == 0.9


def test_numbers_are_written_as_people_read_them():
    assert [page.seconds(s) for s in (1.234e-4, 0.5, 12.345)] == ["0.123 ms", "500 ms", "12.3 s"]
    assert [page.times(x) for x in (0.512, 9.9, 41.3)] == ["0.51", "9.90", "41"]
