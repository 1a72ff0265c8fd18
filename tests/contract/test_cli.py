"""The command line: what it writes, what it says, and how it ends."""

from __future__ import annotations

import inspect
import os
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import loligo as lo
from commands import called
from few import FEW
from loligo.cli import arguments, main, stimuli

SMALL = ("--size", "320x240", "--fps", "5")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Ended:
    """What a command printed, and its exit status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def loligo(capsys: pytest.CaptureFixture[str]):
    """Run a command in this process."""

    def call(*words: str) -> Ended:
        return Ended(*called(capsys, *words))

    return call


def process(*words: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "loligo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **options,  # type: ignore[call-overload]
    )


# What it does -------------------------------------------------------------------------------


def test_the_classical_demonstration(loligo, folder: Path) -> None:
    ended = loligo("animate", *SMALL)
    assert ended.status == 0
    assert ended.err == ""
    lines = ended.out.splitlines()
    assert re.fullmatch(r"wrote action_potential.gif \(\d+ frames of 320 × 240, .+\)", lines[0])
    found = re.fullmatch(
        r"3 spikes at (.+) ms, peaking at \+40\.\d, \+30\.\d, \+30\.\d mV", lines[1]
    )
    assert found
    times = [float(number) for number in found[1].split(", ")]
    np.testing.assert_allclose(times, [6.90, 21.82, 36.47], atol=0.02)
    assert re.fullmatch(r"\d+\.\d s", lines[2])
    assert (folder / "action_potential.gif").read_bytes()[:6] == b"GIF89a"


def test_float32_is_asked_for_behind_the_step(loligo, folder: Path) -> None:
    loligo("run", "--solver", "exponential:0.02:float32", "--duration", "10", "-o", "a.npz")
    said = lo.open(folder / "a.npz").attrs["provenance"]
    assert '"precision": "float32"' in said
    assert '"dt": 0.02' in said


def test_run_saves_what_the_api_computes(loligo, folder: Path) -> None:
    ended = loligo(
        "run", "--pulse", "5", "1", "20", "--duration", "20", "--initial", "rest",
        "--set", "g_Na=110", "--celsius", "7", "--solver", "exponential:0.005",
        "--sample-interval", "0.1", "--output", "a.npz",
    )  # fmt: skip
    assert ended.status == 0
    assert ended.out.startswith("wrote a.npz (")
    squid = lo.load("hodgkin-huxley-1952").replace(g_Na=110, celsius=7)
    rec = lo.simulate(
        squid, lo.Pulse(5, 1, 20), 20, solver=lo.Exponential(dt=0.005), sample_interval=0.1
    )
    saved = lo.open(folder / "a.npz")
    np.testing.assert_array_equal(saved.V, rec.V)
    assert saved.attrs["provenance"] == rec.attrs["provenance"]


def test_without_a_model_the_start_is_at_minus_65(loligo, folder: Path) -> None:
    loligo("run", "--duration", "10", "--output", "a.nc")
    loligo("run", "hodgkin-huxley-1952", "--duration", "10", "--output", "b.nc")
    loligo("run", "--initial", "-70 mV", "--duration", "10", "--output", "c.nc")
    starts = [float(lo.open(folder / name).V[0]) for name in ("a.nc", "b.nc", "c.nc")]
    assert starts == [-65.0, pytest.approx(-64.9964, abs=1e-4), -70.0]


def test_a_sweep(loligo, folder: Path) -> None:
    ended = loligo("run", "--set", "g_Na=60:180:3", "--pulse", "5", "40", "0:20:4", "-o", "a.csv")
    assert ended.status == 0
    assert "3 × 4 = 12 cells, 0 to " in ended.out
    rec = lo.open(folder / "a.csv")
    assert rec.V.dims == ("g_Na", "amplitude", "time")
    assert rec.g_Na.values.tolist() == [60.0, 120.0, 180.0]


def test_plot_a_saved_recording(loligo, folder: Path) -> None:
    loligo("run", "--duration", "10", "--output", "a.nc")
    ended = loligo("plot", "a.nc", "--output", "b.png", "--size", "400x300", "--panels", "V,m")
    assert ended.status == 0
    assert (folder / "b.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    ended = loligo("plot", "a.nc", "--output", "b.png", "--celsius", "18", "--pulse", "1", "2", "3")
    assert ended.status == 2
    assert "a.nc is a recording; --celsius, --pulse cannot change it any more" in ended.err


def test_no_spikes(loligo) -> None:
    ended = loligo("run", "--pulse", "5", "1", "1", "--duration", "10")
    assert "no spikes: V did not rise through 0 mV" in ended.out


def test_waveforms_from_files(loligo, folder: Path) -> None:
    (folder / "named.csv").write_text("time (ms),I\n0,0\n5,20\n10,0\n")
    (folder / "bare.txt").write_text("0,0\n5,2e1\n10,0\n")
    peaks = [
        loligo("run", "--waveform", name, "--duration", "20").out.splitlines()[0]
        for name in ("named.csv", "bare.txt")
    ]
    assert peaks[0] == peaks[1]
    assert "1 spike at" in peaks[0]
    (folder / "stated.csv").write_text("I (mA/cm2);time (s)\n0;0\n0,02;0,005\n0;0,01\n")
    stated = loligo("run", "--waveform", "stated.csv", "--duration", "20", "--output", "wave.xlsx")
    assert stated.out.splitlines()[1] == peaks[0]
    again = loligo("run", "--waveform", "wave.xlsx", "--duration", "20")
    assert "1 spike at" in again.out
    assert loligo("plot", "wave.xlsx", "--output", "wave.png").status == 0
    (folder / "bad.csv").write_text("time (ms),V (mV)\n0,0\n5,20\n")
    ended = loligo("run", "--waveform", "bad.csv")
    assert (ended.status, ended.out) == (2, "")
    assert "bad.csv has besides the time: V (mV); a waveform is a column" in ended.err
    ended = loligo("run", "--waveform", "none.csv")
    assert ended.status == 2
    assert "cannot read none.csv: there is no such file" in ended.err


def test_models_and_show(loligo) -> None:
    listed = loligo("models").out
    assert all(name in listed for name in lo.models())
    for name in FEW:
        shown = loligo("show", name)
        assert shown.status == 0
        assert "C_m dV/dt" in shown.out
        assert "doi:" in shown.out
    assert "60" in loligo("show", "hodgkin-huxley-1952", "--set", "g_Na=60").out


def test_the_cost_of_a_step_is_a_table_for_each_solver(loligo) -> None:
    shown = loligo("show", "hodgkin-huxley-1952", "--cost").out
    first, second = shown.strip().split("\n\n")
    assert first.startswith("exponential:")
    assert second.startswith("taylor, order 11:")
    for table in (first, second):
        head, *rows = table.splitlines()
        assert all(len(row) == len(head) for row in rows)
        end = head.index("total") + len("total")
        totals = [int(row[:end].split()[-1]) for row in rows]
        assert totals == sorted(totals, reverse=True)
        assert rows[0].startswith("as written")
    assert first.splitlines()[-1].startswith("multiply-adds")
    assert second.splitlines()[-1].startswith("high orders in float32")


def test_timings(loligo) -> None:
    table = loligo("run", "--duration", "10", "--timings").out
    for stage in ("start", "import", "model", "simulate", "kernel", "steps", "spikes", "total"):
        assert re.search(rf"^ *{stage}.* \d+\.\d\d\d s$", table, re.MULTILINE), stage


def test_help(loligo) -> None:
    assert "animate" in loligo().out
    assert "animate" in loligo("--help").out
    for command in ("animate", "plot", "run", "show", "explain", "models"):
        ended = loligo(command, "--help")
        assert ended.status == 0
        if command != "models":
            assert f"loligo {command}" in ended.out  # the examples
    assert "START DURATION AMPLITUDE" in loligo("run", "-h").out
    assert loligo("--version").out == f"loligo {lo.__version__}\n"


@pytest.mark.slow
def test_what_is_done_to_a_membrane(loligo, folder: Path) -> None:
    """As the same is in Python."""
    squid = lo.load("hodgkin-huxley-1952")
    (folder / "command.csv").write_text("time (ms),V (V)\n0,-0.065\n5,0.02\n8,-0.065\n")
    (folder / "opened.csv").write_text("time (ms),g (mS/cm2)\n0,0\n2,0.4\n6,0\n")
    for words, stimulus in (
        ("--clamp 2 5 -60:20:3 to=0", lo.VoltageClamp(2, 5, [-60, -20, 20], to=0)),
        (
            "--clamp 1 9 command.csv",
            lo.VoltageClamp(1, 9, lo.Waveform([0, 5, 8], [-65, 20, -65], unit="mV")),
        ),
        (
            "--conductance 1 opened.csv 0 --shock 15 7",
            lo.Conductance(1, lo.Waveform([0, 2, 6], [0, 0.4, 0]), 0) + lo.Shock(15, 7),
        ),
        (
            "--conductance 1 0.5 -75 tau=2 rise=1 --alpha 2 1 9 --clamp 9 1 -65",
            lo.Alpha(2, 1, 9)
            + lo.Conductance(1, 0.5, E=-75, tau=2, rise=1)
            + lo.VoltageClamp(9, 1, -65),
        ),
    ):
        options = [*words.split(), "--duration", "20", "--initial", "rest", "--output", "made.nc"]
        assert loligo("run", *options, "--solver", "exponential:0.01").status == 0
        rec = lo.simulate(squid, stimulus, 20, solver=lo.Exponential(0.01))
        assert np.array_equal(lo.open("made.nc").V, rec.V), words


def test_steps_from_a_file(loligo, folder: Path) -> None:
    (folder / "steps.csv").write_text("time (ms),current (uA/cm2)\n0,0\n5,20\n6,0\n")
    pulse = loligo("run", "--pulse", "5", "1", "20", "--duration", "20").out.splitlines()[0]
    ended = loligo("run", "--waveform", "steps.csv", "hold=yes", "--duration", "20")
    assert ended.out.splitlines()[0] == pulse


def test_every_example_in_the_help_is_right(loligo, folder: Path) -> None:
    """Each is taken from the help and its arguments are read, without the long runs."""
    from loligo.cli.commands import COMMANDS

    for command in COMMANDS.values():
        for line in (command.__doc__ or "").splitlines():
            words = line.split()
            if words[:1] != ["loligo"] or "recording" in line or "mine.toml" in line:
                continue
            for option, value in pairwise(words):
                if option == "--set":
                    arguments.model(arguments.SQUID, [value], None)
                if option in stimuli.STIMULI:
                    joined = stimuli.join_values(words[words.index(option) :])[1]
                    said = stimuli.Stimuli(**{option.removeprefix("--"): [joined]})
                    assert said.sum() is not None


def test_an_amplifier_has_the_settings_of_its_class() -> None:
    from loligo.stimulus.amplifier import Amplifier

    (usage,) = stimuli.AMPLIFIERS.values()
    assert usage.values == ("series_resistance",)
    assert {*usage.values, *usage.settings} == {*Amplifier.quantities, "level"}


@pytest.mark.parametrize("usage", stimuli.STIMULI.values(), ids=stimuli.STIMULI)
def test_a_stimulus_is_written_as_its_class_is(usage: stimuli.Usage) -> None:
    """The help is read without the classes: its words are the names of their arguments."""
    wanted = inspect.signature(getattr(lo, usage.name)).parameters
    if usage.values == ("file",):  # its times and its values
        assert list(wanted)[:2] == ["time", "values"]
    else:
        required = [n for n, p in wanted.items() if p.default is inspect.Parameter.empty]
        assert list(usage.values) == required == list(wanted)[: len(required)]
    assert set(usage.settings) <= set(wanted) - set(usage.values)


# How it fails --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run hodgkin-huxley-1953", "did you mean hodgkin-huxley-1952?"),
        ("run mine.toml", "mine.toml"),
        ("run --set g_NA=3", "there is no parameter g_NA (did you mean g_Na?)"),
        ("run --set g_Na", "--set takes NAME=VALUE, such as --set g_Na=60, not 'g_Na'"),
        ("run --set g_Na=1 --set g_Na=2", "--set gives g_Na twice"),
        ("run --set celsius=7 --celsius 8", "both give the temperature"),
        ("run --set g_Na=3mV", "g_Na: '3mV' is a voltage"),
        ("run --set g_Na=1:2:1", "FROM:TO:COUNT takes a count of 2"),
        ("run --pulse 5 40", "--pulse takes START DURATION AMPLITUDE, not 5 40"),
        ("run --pulse 5\xa040\xa010", "without quotation marks around all of them, not '5 40 10'"),
        ("run nothing.d/mine.toml", "see `loligo models` for the library"),
        ("run --pulse", "--pulse takes START DURATION AMPLITUDE, not nothing"),
        ("run --pulse 5 40 x", "amplitude"),
        ("run --pulse 100 1 1", "lies wholly outside the run"),
        ("run --noise 0 9 1 sed=1", "--noise has no setting sed= (did you mean seed?)"),
        ("run --noise 0 9 1 seed=1.5", "seed=1.5: a seed is a whole number"),
        ("run --waveform a.csv hold=perhaps", "hold=perhaps: hold=yes for steps that last"),
        ("run --clamp 0 5 0 --clamp 3 5 0", "--clamp 0 5 0 and --clamp 3 5 0 are on at the same"),
        ("run --clamp 5 -1 0", "duration must be above 0 ms, but is -1 ms; write it as in --clamp"),
        ("run --clamp 0 5 5nA", "'5nA' is a current, but a voltage in mV is wanted"),
        ("run --clamp 0 5 0 series_resistance=5", "--set area=1000 in um2"),
        ("run --amplifier 10", "clamp it too, as in --clamp 0 5 -65 --clamp 5 10 0"),
        ("run --clamp 0 5 0 --amplifier 10", "the membrane needs an area: --set area=2000"),
        ("run --clamp 0 5 0 --amplifier 10 gain=1", "--amplifier has no setting gain="),
        ("run --clamp 0 5 a.csv", "cannot read a.csv: there is no such file"),
        ("run --conductance 5 0.5", "--conductance takes START g E, not 5 0.5"),
        ("run --conductance 5 0.5 0", "Write it as in --conductance 5 0.5 0 tau=2"),
        ("run --conductance 5 20nS 0 tau=1", "--conductance 5 '0.02 uS' 0 tau=1 is a total cond"),
        ("run --conductance 5 -1 0 tau=1", "g must be 0 mS/cm2 or more, but is -1 mS/cm2"),
        ("run --shock 5 5nC", "--shock 5 '5 nC' is a whole charge (nC), but the membrane has no"),
        ("run --shock 5", "--shock takes START AMPLITUDE, not 5"),
        ("run --duration long", "duration: 'long'"),
        ("run --duration -1", "duration"),
        ("run --initial low", "initial: 'low'"),
        ("run --solver exponental", "did you mean exponential?"),
        ("run --solver exponential:0", "dt must be above 0 ms"),
        ("run --solver exponential:0.01:half", "precision is 'half'"),
        (
            "run --solver taylor:1e-8:float32",
            "taylor has no precision to choose: taylor:1e-8:float32 may end before :float32",
        ),
        ("run --solver reference:cuda", "reference has no engine to choose: reference:cuda may"),
        ("run --solver taylor:1e-8:1e-9", "taylor has no precision to choose"),
        ("run --solver taylor:cuda:llvm", "taylor:cuda:llvm says twice what its engine is"),
        ("run --record W", "the model has no 'W'"),
        ("run --until 10", "ends a run by --until '10 spikes', or a condition"),
        ("run --until Q>3", "--until: Q is not recorded"),
        ("run --output a.gif", ".gif is written by loligo animate"),
        ("run --output a", "the name needs a suffix; use .nc, .npz, .csv"),
        ("run --output none/a.nc", "the folder none does not exist; make it first"),
        ("plot none.nc", "cannot read none.nc: there is no such file"),
        ("plot --theme blue", "'blue'"),
        (
            "plot --size big",
            "--size 'big' is not a size; give WIDTHxHEIGHT in pixels, each from 200 to 16000, such "
            "as 1600x1200, or in inches, such as 8x6in, or what it is for: 'slide', '16:9', ",
        ),
        ("animate --fps fast", "fps"),
        ("animate --nonsense", "--nonsense"),
        ("simulate", "simulate"),
        ("show", "MODEL"),
    ],
)
def test_usage_errors_end_with_2(loligo, folder: Path, line: str, words: str) -> None:
    ended = loligo(*(word.replace("\xa0", " ") for word in line.split(" ")))
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert words in ended.err
    assert list(folder.iterdir()) == []


def test_failed_runs_end_with_1(loligo, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = loligo("run", "--duration", "1e9")
    assert ended.status == 1
    assert "needs" in ended.err
    assert "of memory" in ended.err

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("loligo.files.os.fsync", full)
    ended = loligo("run", "--duration", "10", "--output", "a.nc")
    assert ended.status == 1
    assert "cannot write a.nc: the disk is full; free some space or write elsewhere" in ended.err
    assert list(folder.iterdir()) == []


def test_a_fault_of_ours_is_said_to_be_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(arguments, "model", broken)
    assert main(["show", "x"]) == 1
    err = capsys.readouterr().err
    assert "ZeroDivisionError: oops" in err
    assert "a fault in loligo" in err
    assert "Traceback" not in err
    assert main(["show", "x", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_debug_shows_the_traceback_of_our_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "none.toml", "--debug"]) == 2
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.strip().splitlines()[-1].startswith("error: ")


def test_notes_are_one_line_on_the_error_stream(loligo, monkeypatch: pytest.MonkeyPatch) -> None:
    import warnings

    from loligo import simulation

    real = simulation.simulate

    def warned(*args: object, **options: object) -> object:
        warnings.warn("several resting potentials; the lowest is taken", stacklevel=2)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(simulation, "simulate", warned)
    ended = loligo("run", "--duration", "5", "--pulse", "1", "1", "1")
    assert ended.err == "note: several resting potentials; the lowest is taken\n"


# As a process --------------------------------------------------------------------------------


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from loligo.cli import main; main(['--help'])\n"
        "heavy = {'numpy', 'xarray', 'scipy', 'matplotlib', 'sympy', 'llvmlite', 'pandas'}\n"
        "print(heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr == "set()\n"


def test_no_colours_or_bars_where_nobody_looks(folder: Path) -> None:
    child = process("run", "--duration", "10", "--output", "a.nc")
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0
    assert err == ""
    assert "\x1b" not in out
    child = process("run", "nothing")
    out, err = child.communicate(timeout=120)
    assert child.returncode == 2
    assert out == ""
    assert "\x1b" not in err


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c(folder: Path, interruptible: None) -> None:
    words = ["run", "--duration", "1e7", "--sample-interval", "100", "--output", "a.nc"]
    begun = "print('begun', flush=True)"  # Python may take long to begin where others work
    code = f"from loligo.cli import main; {begun}; raise SystemExit(main({words}))"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    time.sleep(1.0)
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert err.strip() == "error: interrupted; files are as they were"
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_a_reader_that_goes_away() -> None:
    child = process("show", "hodgkin-huxley-1952")
    assert child.stdout is not None
    child.stdout.close()
    child.stdout = None
    _, err = child.communicate(timeout=120)
    assert err == ""
    assert child.returncode == 141


@pytest.mark.skipif(os.name != "posix", reason="locales")
def test_a_terminal_with_few_letters() -> None:
    child = process("show", "hodgkin-huxley-1952", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0
    assert err == ""
    assert "C_m dV/dt = I_stim - I_Na" in out  # no "?" in an equation


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_what_is_printed_to_a_full_disk() -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "loligo", "models"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert ended.returncode == 1
    assert "the output could not be written" in ended.stderr
    assert "fault in loligo" not in ended.stderr


@pytest.mark.skipif(os.name != "posix", reason="the shell of POSIX systems")
def test_a_closed_standard_output() -> None:
    line = f'"{sys.executable}" -m loligo models >&-'
    ended = subprocess.run(line, shell=True, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
