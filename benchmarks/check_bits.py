"""Are all results what they were, bit for bit? For changes that must not change any.

    python benchmarks/check_bits.py record FILE.json
    python benchmarks/check_bits.py compare FILE.json

The first notes the SHA-256 of every variable of many recordings, and of experiments, files,
pictures, texts and error messages: of every line of check_bits.txt. The second makes them again
and says what differs; its exit status is 1 if anything does, but for the group "help", which is
told apart, and for what is there besides (a variable or an attribute more). Only loligo's public
names are used, so that the same script runs before and after a change. It takes about three
minutes. `--only PATTERN` takes what the pattern is found in; kernels are compiled anew, unless
`--cache` takes those of earlier runs. Bits depend on the processor and on the versions of
packages: record and compare on one machine, in one environment. Files hold loligo's version, so
that another one changes theirs.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.metadata
import io
import itertools
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from PIL import Image, ImageSequence

import loligo as lo

Digests = dict[str, str]

TABLE = Path(__file__).with_suffix(".txt")
LOOSE = "help"  # the group that may change
SHORT = 500  # letters; shorter texts are noted as they are, so that a difference can be read
PACKAGES = ("numpy", "scipy", "sympy", "llvmlite", "xarray", "matplotlib", "pillow", "typer")

# The table ------------------------------------------------------------------------------------


def sections() -> dict[str, list[str]]:
    """The lines of the table under their headings, without comments."""
    text = re.sub(r"^#.*\n", "", TABLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    whole = re.sub(r"\n +", " ", text)
    parts = re.split(r"^\[(.+)\]$", whole, flags=re.MULTILINE)[1:]
    bodies = ([line for line in body.splitlines() if line] for body in parts[1::2])
    return dict(zip(parts[::2], bodies, strict=True))


def expressions() -> Iterator[str]:
    """``group: expression`` for everything in the table, each choice put in."""
    found = sections()
    for group, lines in found.items():
        if group == "names" or group.startswith("$"):
            continue
        for line in lines:
            yield from (f"{group}: {one}" for one in _chosen(line, found))


def _chosen(line: str, choices: Mapping[str, list[str]]) -> Iterator[str]:
    """A line with every choice put in for its first word after $, and so on."""
    word = re.search(r"\$[A-Z]+", line)
    if word is None:
        yield line
        return
    for choice in choices[word[0]]:
        yield from _chosen(line.replace(word[0], choice), choices)


class Names(dict[str, Any]):
    """What an expression may use: the functions of this script, the table's names, loligo's."""

    def __init__(self) -> None:
        functions = (fibre, wide, numbers, texts, saved, kept, pixels, film, cli)
        super().__init__({f.__name__: f for f in functions}, np=np, xr=xr, lo=lo)
        self.texts = dict(line.split(" = ", 1) for line in sections()["names"])

    def __missing__(self, name: str) -> Any:
        if name in self.texts:
            with warnings.catch_warnings():  # they belong to no single line of the table
                warnings.simplefilter("ignore")
                self[name] = eval(self.texts[name], {}, self)
        elif name in lo.__all__:
            self[name] = getattr(lo, name)
        else:
            raise KeyError(name)  # one of Python's own
        return self[name]


# What the table calls -------------------------------------------------------------------------


def fibre(membrane: Any = None, length: str = "2 cm", diameter: Any = 476, **more: Any) -> lo.Axon:
    """A uniform axon, the squid's if no membrane is given, cut less finely than usual."""
    parameters = {name: more.pop(name) for name in ("g_Na", "E_L", "celsius") if name in more}
    if membrane is None:
        squid = lo.load("hodgkin-huxley-1952")
        membrane = squid.replace(**{"celsius": 18.5, **parameters})
    return lo.Axon(
        membrane, length, diameter, **{"axial_resistivity": 35.4, "accuracy": 0.01, **more}
    )


def wide(name: str, count: int) -> tuple[lo.Membrane, lo.Pulse]:
    """A model of the library and a pulse over 10 × count lanes."""
    model, amplitude = lo.load(name), np.linspace(0, 25, count)
    g = float(model.parameters["g_K"].value)
    return model.replace(g_K=g * np.linspace(0.8, 1.2, 10)), lo.Pulse(1, 6, amplitude)


def numbers(stimulus: Any) -> dict[str, Any]:
    """A stimulus of one lane: its current, its charge and its edges."""
    t = np.linspace(-1, 35, 721)
    return {
        "current": stimulus.value(t),
        "charge": stimulus.integral(t[:-1], t[1:]),
        "edges": stimulus.breakpoints(35),
    }


def texts(thing: Any) -> dict[str, Any]:
    """How something shows itself, and its plain data."""
    equations = getattr(thing, "equations", "")
    return {
        "repr": repr(thing),
        "str": str(thing),
        "html": getattr(thing, "_repr_html_", str)(),
        "equations": str(equations),
        "latex": getattr(equations, "latex", ""),
        "plain": json.dumps(thing.to_dict()),
    }


def saved(rec: xr.Dataset, suffix: str) -> dict[str, Any]:
    """The file of a recording, and what is read from it."""
    path = lo.save(rec, f"saved{suffix}")
    return {"file": path.read_bytes(), "opened": lo.open(path)}


def kept(model: lo.Membrane) -> str:
    """The name of a file that a model was written to."""
    model.save("model.toml")
    return "model.toml"


def pixels(figure: Any) -> np.ndarray:
    """What a figure looks like."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return np.asarray(Image.open(file).convert("RGBA"))


def film(rec: xr.Dataset, name: str, **look: Any) -> dict[str, Any]:
    """A small animation: its file, its frames, and what it says about itself."""
    made = lo.animate(rec, name, size=(480, 400), progress=False, **look)
    with Image.open(made.path) as shown:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(shown)]
    told = [repr(made), made._repr_html_()]
    return {"file": made.path.read_bytes(), "frames": np.stack(frames), "told": told}


def cli(line: str) -> dict[str, Any]:
    """What a command prints, but for how long it took, and what it writes."""
    before = set(Path().iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "loligo", *shlex.split(line)],
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    said = re.sub(r"^\d+\.\d s$", "", done.stdout, flags=re.MULTILINE)
    found: dict[str, Any] = {"status": done.returncode, "output": said, "errors": done.stderr}
    for path in set(Path().iterdir()) - before:
        picture = path.suffix == ".png"  # the file names the version of what wrote it
        found[path.name] = np.asarray(Image.open(path)) if picture else path.read_bytes()
        path.unlink()
    return found


# Digests --------------------------------------------------------------------------------------


def digests(found: Any, name: str = "") -> Digests:
    """The digest of every part of a value, under its name.

    Parameters
    ----------
    found : Dataset, DataArray, mapping, or anything that is a whole
    name : str
        Of the value itself, where it is a part.
    """
    parts = _parts(found)
    if parts is None:
        return {name or "value": _digest(found)}
    result: Digests = {}
    for part, value in parts.items():
        result |= digests(value, f"{name}.{part}".strip("."))
    return result


def _parts(found: Any) -> Mapping[str, Any] | None:
    """What a value consists of; None if it is a whole."""
    if isinstance(found, xr.DataArray):
        found = found.to_dataset(name="values")
    if isinstance(found, xr.Dataset):
        # the version is that of the package: noted once, among the texts; the date is today's
        attrs = {str(n): v for n, v in found.attrs.items() if n != "loligo_version"}
        attrs |= {"provenance": _undated(attrs["provenance"])} if "provenance" in attrs else {}
        return {"attributes": attrs} | {str(n): v for n, v in _in_one_row(found).items()}
    if isinstance(found, xr.Variable):
        return {"": (found.dims, found.values), "attributes": repr(found.attrs)}
    return found if isinstance(found, dict) else None


def _in_one_row(rec: xr.Dataset) -> dict[Any, xr.Variable]:
    """The variables, spikes without what pads them: as they lay in earlier versions."""
    found = dict(rec.variables)
    padded = [n for n in ("spike_time", "spike_peak", "spike_trough") if n in found]
    padded = [n for n in padded if "spike_count" in found and "spike" in found[n].dims]
    for name in padded:
        values = rec[name].transpose(*rec["spike_count"].dims, "spike").values
        there = ~np.isnan(rec["spike_time"].transpose(*rec["spike_count"].dims, "spike").values)
        found[name] = xr.Variable("event", values[there], found[name].attrs)
    return {n: v for n, v in found.items() if not (padded and n == "spike")}


def _undated(provenance: str) -> str:
    """What a recording says of how it was made, without when and on what."""
    document = json.loads(provenance)
    document.pop("made", None)
    return json.dumps(document, ensure_ascii=False)


def _digest(found: Any) -> str:
    """SHA-256 of a whole: of an array with its type, shape and dimensions; a short text itself."""
    dims: tuple[Any, ...] = ()
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], np.ndarray):
        dims, found = found
    if isinstance(found, np.ndarray) and not found.dtype.hasobject:
        mark = f"{dims} {found.dtype.str} {found.shape} ".encode()
        return _sha(mark + np.ascontiguousarray(found).tobytes())
    if isinstance(found, bytes):
        return _sha(found)
    plain = json.dumps(found.to_dict()) if hasattr(found, "to_dict") else repr(found)
    text = (found if isinstance(found, str) else plain).replace(str(Path.cwd()), ".")
    return f"text: {text}" if len(text) < SHORT else _sha(text.encode("utf-8", "replace"))


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def noted(expression: str, names: Names) -> Digests:
    """The digests of what an expression gives, of an error if it gives one, and of warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = digests(eval(expression, {}, names))
        except Exception as error:
            found = {"error": _digest(f"{type(error).__name__}: {error}")}
    meant = [w for w in caught if issubclass(w.category, UserWarning | RuntimeWarning)]
    told = [f"{w.category.__name__}: {w.message}" for w in meant]
    return found | ({"warnings": _digest("\n".join(told))} if told else {})


# Recording and comparing ----------------------------------------------------------------------


def machine() -> dict[str, str]:
    """What bits may depend on besides loligo."""
    from llvmlite import binding

    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": binding.get_host_cpu_name(),
        "features": _sha(binding.get_host_cpu_features().flatten().encode())[:16],
        "python": platform.python_version(),
        **versions,
    }


def everything(pattern: str, cache: bool) -> dict[str, Digests]:
    """All digests, made in a folder of their own; says how long each group took."""
    found: dict[str, Digests] = {}
    chosen = [name for name in expressions() if re.search(pattern, name)]
    with tempfile.TemporaryDirectory() as folder:
        if not cache:
            os.environ["LOLIGO_CACHE"] = str(Path(folder) / "kernels")
        (Path(folder) / "work").mkdir()
        with contextlib.chdir(Path(folder) / "work"):
            names = Names()
            for group, members in itertools.groupby(chosen, lambda name: name.partition(": ")[0]):
                started = time.perf_counter()
                for name in members:
                    found[name] = noted(name.partition(": ")[2], names)
                print(f"{group}: {time.perf_counter() - started:.1f} s", flush=True)
    return found


def differences(old: dict[str, Digests], new: dict[str, Digests]) -> list[str]:
    """A line for every variable that is not what it was, with the texts where there are some."""
    lines = []
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name, {}), new.get(name, {})
        for part in dict.fromkeys([*before, *after]):
            pair = [side.get(part, "text: (not there)") for side in (before, after)]
            if pair[0] == pair[1]:
                continue
            shown = [text.removeprefix("text: ") for text in pair if text.startswith("text: ")]
            lines.append("\n    ".join([f"{name}  ->  {part}", *shown]))
    return lines


def count(found: dict[str, Digests]) -> str:
    """How much there is."""
    return f"{len(found)} recordings, {sum(map(len, found.values()))} variables"


def compare(file: Path, pattern: str, cache: bool) -> int:
    """Make everything again and print what differs from the file."""
    document = json.loads(file.read_text(encoding="utf-8"))
    for key, value in machine().items():
        if document["machine"].get(key) != value:
            print(f"another {key}: {document['machine'].get(key)} then, {value} now")
    old = {n: d for n, d in document["recordings"].items() if re.search(pattern, n)}
    new = everything(pattern, cache)
    added = Counter(p for n, d in new.items() for p in d if p not in old.get(n, d))
    new = {n: {p: v for p, v in d.items() if p in old.get(n, d)} for n, d in new.items()}
    found = {True: [], False: []}
    for line in differences(old, new):
        found[line.startswith(f"{LOOSE}: ")].append(line)
    for line in found[False]:
        print(f"differs: {line}")
    for line in found[True]:
        print(f"may differ: {line}")
    for part, times in sorted(added.items()):
        print(f"added: {part} ({times} times)")
    told = f"{len(found[False])} differ" if found[False] else "all equal"
    more = f" ({len(found[True])} texts of the help are others)" if found[True] else ""
    print(f"{count(new)}: {told}{more}")
    return 1 if found[False] else 0


def record(file: Path, pattern: str, cache: bool) -> int:
    """Write everything to the file."""
    found = everything(pattern, cache)
    document = {"machine": machine(), "recordings": found}
    file.write_text(json.dumps(document, indent=0, ensure_ascii=False), encoding="utf-8")
    for name, digest in found.items():
        if "error" in digest and not name.startswith("mistakes: "):
            print(f"an error: {name}\n    {digest['error']}")
    print(f"{count(found)}: written to {file}")
    return 0


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("command", choices=["record", "compare"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", metavar="PATTERN", default="", help="a regular expression")
    parser.add_argument("--cache", action="store_true", help="take kernels that are there already")
    given = parser.parse_args()
    command = {"record": record, "compare": compare}[given.command]
    return command(given.file.resolve(), given.only, given.cache)


if __name__ == "__main__":
    sys.exit(main())
