"""What the page gives away, the link, the command, the script and the table, is what it shows: 50
random states, computed there and by Python, are the same to the last bit."""

from __future__ import annotations

import base64
import random
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.cli import main
from loligo.errors import LoligoError
from loligo.lab.calling import USUAL, entry
from loligo.lab.limits import LIMITS
from loligo.lab.link import write_link
from loligo.lab.simulation import Simulation, from_document
from scripted import called

pytestmark = pytest.mark.slow

COMPUTED = """
const models = {};
for (const { name, manifest, wasm } of given.entries) {
  models[name] = await $engine_model.openModel(
    { name, manifest, wasm: Uint8Array.from(Buffer.from(wasm, "base64")) });
}
const bits = (row) => Buffer.from(Float64Array.from(row).buffer).toString("base64");
return given.asked.map((simulation) => {
  const model = models[simulation.model];
  const link = $link_write.writeLink(simulation, {}, given.limits);
  let ran;
  try { ran = model.simulate(simulation, { record: ["V"] }); }
  catch (problem) { return { link, failed: problem.message }; }
  return {
    V: bits(ran.values.V), time: bits(ran.time), status: ran.status,
    spikes: bits(ran.spikes.map(({ time }) => time)),
    peaks: bits(ran.spikes.map(({ peak }) => peak)),
    link,
    script: $texts.pythonScript(simulation, simulation.model, given.limits),
    command: $texts.command(simulation, simulation.model, given.limits),
    csv: $texts.csv(ran, { V: "mV" }),
  };
});"""


# which models, under what: each is a kernel of Python's
DONE = (
    (0, ("pulse",)), (0, ("pulse", "pulse", "ramp")), (0, ("train", "sine")), (0, ("clamp",)),
    (0, ("noise",)),
    (1, ("pulse", "clamp")), (1, ("chirp",)), (2, ("pulse", "train")), (3, ("pulse", "ramp")),
)  # fmt: skip


def state(rng: random.Random) -> dict[str, Any]:
    """A simulation as hands make it."""
    which, drawn = rng.choice(DONE)
    name = USUAL[which]
    model = lo.load(name)
    changed = rng.sample(sorted(model.parameters), rng.randint(0, 3))
    parameters = {
        key: round(float(model.parameters[key].value) * rng.uniform(0.8, 1.25), 3)  # type: ignore[arg-type]
        for key in changed
    }

    def box() -> list[float]:
        return [round(rng.uniform(0, 15), 2), round(rng.uniform(0.1, 15), 2),
                round(rng.uniform(-5, 25), 2)]  # fmt: skip

    kinds = {
        "pulse": lambda: lo.Pulse(*box()),
        "train": lambda: lo.PulseTrain(*box()[:1], 1, rng.uniform(0, 30), 3.3, rng.randint(1, 6)),
        "ramp": lambda: lo.Ramp(*box()),
        "sine": lambda: lo.Sine(*box(), rng.uniform(5, 200), rng.choice([0.0, 1.25])),
        "chirp": lambda: lo.Chirp(*box(), 1, rng.uniform(50, 300)),
        "noise": lambda: lo.Noise(*box(), seed=rng.randint(0, 99), tau=rng.choice([None, 2.0])),
        "clamp": lambda: lo.VoltageClamp(*box()[:2], rng.uniform(-90, 30),
                                         to=rng.choice([None, 20.0])),
    }  # fmt: skip
    return {
        "model": name, "parameters": parameters,
        "stimulus": [kinds[each]().to_dict() for each in drawn],
        "duration": rng.choice([20.0, 30.0, 33.3]),
        "sample_interval": rng.choice([0.05, 0.02, 0.1]),
        "solver": {"kind": "Taylor", "tolerance": 1e-8, "portable": True},
        "initial": rng.choice([None, None, "rest", -60.0]),
        "threshold": rng.choice([None, None, -20.0]),
    }  # fmt: skip


@pytest.fixture(scope="module")
def asked() -> list[dict[str, Any]]:
    rng = random.Random(2026)
    return [state(rng) for _ in range(50)]


@pytest.fixture(scope="module")
def there(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the page makes of them."""
    entries = []
    for name in USUAL:
        one = entry(name, lo.load(name))
        wasm = base64.b64encode(one.wasm).decode()
        entries.append({"name": name, "manifest": one.told["manifest"], "wasm": wasm})
    given = {"entries": entries, "asked": asked, "limits": LIMITS}
    return called(COMPUTED, given, "engine/model.js", "texts.js", "link/write.js")


def same(rec: Any, page: dict[str, Any]) -> bool:
    def row(name: str) -> Any:
        return np.frombuffer(base64.b64decode(page[name]), dtype="<f8")

    times = np.atleast_1d(rec.spike_time.values)
    peaks = np.atleast_1d(rec.spike_peak.values)
    return (
        np.array_equal(rec.V.values, row("V"), equal_nan=True)
        and np.array_equal(rec.time.values, row("time"))
        and np.array_equal(times[~np.isnan(times)], row("spikes"))
        and np.array_equal(peaks[~np.isnan(peaks)], row("peaks"))
    )


def test_a_link_is_the_same_simulation_in_python(asked: list[Any], there: list[Any]):
    ran = [page for page in there if "failed" not in page]
    assert len(ran) > 40
    assert all(page["status"] == "ok" for page in ran)
    assert sum(bool(page["spikes"]) for page in ran) > 15
    wrong = list[str]()
    for document, page in zip(asked, there, strict=True):
        one = lo.from_link("#" + page["link"])
        assert one.link() == "#" + page["link"] == "#" + write_link(document)
        assert one == from_document(document, one.original)
        if "failed" in page:  # where the page finds no rest there is none
            with pytest.raises(LoligoError, match="rest"):
                one.simulate()
        elif not same(one.simulate(record=["V"]), page):
            wrong.append(page["link"])
    assert not wrong


def test_a_script_and_a_command_make_the_same_recording(
    there: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lo, "plot", lambda rec: None)
    monkeypatch.setattr(lo, "narrate", lambda rec: "")
    wrong = list[str]()
    for page in [each for each in there if "failed" not in each][:10]:
        namespace: dict[str, Any] = {}
        exec(compile(page["script"], "script.py", "exec"), namespace)
        if not same(namespace["rec"], page):
            wrong.append(page["script"])
        words = shlex.split(page["command"])
        assert main([*words[1:], "--output", "rec.npz"]) == 0
        if not same(lo.open("rec.npz"), page):
            wrong.append(page["command"])
    assert not wrong, wrong[0]


def test_the_table_is_read_as_a_recording(there: list[Any], tmp_path: Path):
    page = there[0]
    (tmp_path / "rec.csv").write_text(page["csv"], encoding="utf-8", newline="")
    rec = lo.open(tmp_path / "rec.csv")
    V = np.frombuffer(base64.b64decode(page["V"]), dtype="<f8")
    assert np.array_equal(rec.V.values, V)
    assert rec.V.attrs["units"] == "mV"


def test_a_model_without_a_file_is_named_in_the_script():
    model = lo.Membrane.from_dict(lo.load(USUAL[0]).to_dict() | {"name": "my own ä"})
    one = Simulation("my own ä", model, {}, lo.Pulse(5, 1, 20))
    code = """return [$texts.pythonScript(given.one, null, given.limits),
                      $texts.command(given.one, null, given.limits),
                      $texts.command({ ...given.one, initial: { V: 1 } }, "x", given.limits),
                      $texts.command(given.one, "a file's.toml", given.limits)];"""
    script, *commands = called(code, {"one": one.to_dict(), "limits": LIMITS}, "texts.js")
    assert "model = ...  # my own ?\n" in script
    assert commands[:2] == [None, None]
    assert shlex.split(commands[2])[:3] == ["loligo", "run", "a file's.toml"]
