"""Files made to do harm: each is read in little memory and little time, or refused in our words.

They are opened in a process of its own, which may take no more than so much memory beyond what it
has when it begins.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if sys.platform != "linux":
    pytest.skip("limits of memory are set as on Linux", allow_module_level=True)

MEMORY = 300_000_000  # bytes beyond what is imported; the largest file here has 4 million
SECONDS = 20  # of each file, on a machine that others keep busy

READ = f"""
import resource, signal, sys, warnings
import loligo as lo
import loligo.recording.xlsx, loligo.recording.table, loligo.recording.netcdf, loligo.recording.npz
import xarray
warnings.simplefilter("ignore")
pages = int(open("/proc/self/statm").read().split()[0])
most = pages * resource.getpagesize() + {MEMORY}
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for path in sys.argv[1:]:
    signal.alarm({SECONDS})
    try:
        told = "opened"
        lo.spike_times(lo.open(path))
    except lo.LoligoError as error:
        told = "ours: " + str(error).replace(path, "FILE").replace(chr(10), " ")
    except BaseException as error:
        told = f"{{type(error).__name__}}: {{error}}"
    print(told, flush=True)
"""


def read(paths: list[Path]) -> list[str]:
    """What is said of each file; the process must outlive all of them."""
    command = [sys.executable, "-c", READ, *map(str, paths)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ}, check=False
    )
    assert done.returncode == 0, (done.returncode, done.stdout[-300:], done.stderr[-2000:])
    return done.stdout.splitlines()


# NumPy archives -------------------------------------------------------------------------------


def archive(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)


def npy(values: Any) -> bytes:
    import io

    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def spikes(count: Any, when: Any, **more: Any) -> dict[str, bytes]:
    """A recording of spikes alone, as loligo writes one."""
    arrays = {"spike_count": (["a"], count), "spike_time": (["event"], when), **more}
    about = {n: {"dims": d, "attrs": {}, "coord": n == "spike"} for n, (d, _) in arrays.items()}
    notes = np.array(json.dumps({"format": 1, "attrs": {}, "variables": about}))
    return {"loligo.npy": npy(notes)} | {
        f"{n}.npy": npy(np.array(v)) for n, (_, v) in arrays.items()
    }


def announced(shape: tuple[int, ...], dtype: str = "<f8") -> bytes:
    head = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    head = head.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + bytes(16)


ARCHIVES: dict[str, Mapping[str, bytes]] = {
    # promises 2**64 + 3 spikes, which wraps around to 3
    "a count that wraps around": spikes([2**62] * 4 + [3], [1.0, 2.0, 3.0]),
    "a negative count": spikes([2**63 - 1, -(2**63) + 4], [1.0, 2.0, 3.0]),
    "spikes of one cell of many": spikes(np.r_[np.zeros(10**6, int), 9 * 10**4], np.arange(9e4)),
    "many places for no spike": spikes(
        np.zeros(10**5, int), np.zeros(0), spike=(["spike"], np.arange(10**5))
    ),
    "zeros": {"time.npy": announced((12_000_000,))[:-16] + bytes(96_000_000)},
    "a shape": {"time.npy": announced((2**62, 2**62))},
    "nothing, many times": {"time.npy": announced((10**15,), "<U0")},
    "no text": {"time.npy": npy(np.arange(2.0)), "x.npy": npy(np.array(["ab"]))[:-8] + b"\xff" * 8},
    "deep notes": {"loligo.npy": npy(np.array("[" * 100_000)), "time.npy": npy(np.arange(2.0))},
    "many members": {f"a{i}.npy": b"" for i in range(20_000)},
}


# NetCDF ---------------------------------------------------------------------------------------


def netcdf(
    dims: list[int], ids: list[list[int]], records: int = 0, attributes: bytes = bytes(8),
    data: int = 0,
) -> bytes:  # fmt: skip
    """Dimensions of these lengths, and variables over some of them that all begin at one place."""
    head = b"CDF\x02" + struct.pack(">iii", records, 10, len(dims))
    for i, length in enumerate(dims):
        head += struct.pack(">i4si", 4, b"d%03d" % i, length)
    head += attributes + struct.pack(">ii", 11, len(ids))
    for i, over in enumerate(ids):
        head += struct.pack(">i4si", 4, b"v%03d" % i, len(over))
        head += b"".join(struct.pack(">i", dim) for dim in over)
        head += bytes(8) + struct.pack(">iiq", 6, 0, 64)
    return head + bytes(data)


NETCDF = {
    "a length": netcdf([2**31 - 1], [[0]]),
    "a product": netcdf([2**31 - 1], [[0, 0, 0, 0]]),
    "a product that wraps around": netcdf([65536], [[0, 0, 0, 0]]),
    "variables upon each other": netcdf([100_000], [[0]] * 900, data=900_000),
    "records": netcdf([0], [[0], [0]], records=2**31 - 1),
    "a negative length": netcdf([-5], [[0]]),
    "attributes": netcdf([5], [[0]], attributes=struct.pack(">ii", 12, 2**31 - 1)),
    "a name": b"CDF\x02" + bytes(4) + struct.pack(">iii", 10, 1, 2**31 - 1),
    "dimensions": netcdf([1], [[0] * 65], data=1000),
}


# Tables ---------------------------------------------------------------------------------------


def table(
    sizes: Mapping[str, int], variables: Mapping[str, Any], lanes: tuple[str, ...] = ()
) -> str:
    """What a table of loligo's announces; its rows hold nothing of it."""
    columns = [["time (ms)", "time", {}], ["V (mV)", "V", {}], ["spike_time", "spike_time", {}]]
    first = {"loligo recording": 2, "sizes": sizes, "lanes": lanes, "axis": "time"}
    items = [{**first, "columns": columns}, *({"variable": {n: v}} for n, v in variables.items())]
    cells = [f"{i}/{len(items)}: {json.dumps(item)}" for i, item in enumerate(items, 1)]
    rows = ['0.0,1.0,,"' + cell.replace('"', '""') + '"' for cell in cells]
    return "\n".join(["time (ms),V (mV),spike_time,loligo recording 2", *rows])


def over(*dims: str, dtype: str = "float64", **more: Any) -> dict[str, Any]:
    return {"dims": dims, "dtype": dtype, "attrs": {}, **more}


PLAIN = {"time": over("time"), "V": over("time"), "spike_time": over("event", values=[])}
COUNTED = {**PLAIN, "spike_count": over("a", dtype="int64", values=[2**62] * 4)}
TABLES = {
    "blanks": "time" + " " * 100_000 + "x,V" + " " * 100_000 + "(mV\n0,1\n",
    "brackets": "(" * 60_000 + ")" * 60_000 + ",V\n0,1\n",
    "brackets and blanks": " (" * 50_000 + "time,V\n0,1\n",
    "separators": "time,V\n" + "," * 3_900_000 + "\n",
    "columns": ",".join(f"c{i}" for i in range(100_000)) + "\n",
    "one line": "1" * 4_100_000,
    "an open quotation": 'time,V\n0,"' + "1\n" * 1_000_000,
    "a number": "time,V\n0," + "9" * 120_000 + "\n1,2\n",
    "a length": table({"time": 10**12, "event": 0}, PLAIN),
    "lanes": table({"time": 2, "event": 0, "a": 2**30, "b": 2**30}, PLAIN, ("a", "b")),
    "text": table({"time": 2, "event": 0}, {**PLAIN, "V": over("time", dtype="<U200000000")}),
    "a count": table({"time": 2, "event": 0, "a": 4}, COUNTED, ("a",)),
    "notes": 'time (ms),loligo recording 2\n0,"1/1000000000: {}"\n',
    "deep notes": 'time (ms),loligo recording 2\n0,"1/1: ' + "[" * 100_000 + '"\n',
    "comments": "# loligo recording 1\n# sizes " + "[" * 100_000 + "\n",
    "old text": '# loligo recording 1\n# sizes {"time": 4000000}\n# variable {"V": '
    '{"dims": ["time"], "attrs": {}, "dtype": "<U10"}}\nV (mV)\n',
}


# Workbooks ------------------------------------------------------------------------------------


def workbook(sheet: str, **more: str) -> dict[str, bytes]:
    parts = {
        "xl/workbook.xml": '<workbook xmlns:r="r"><sheets><sheet name="a" r:id="r1"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="r1" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
        **{f"xl/{name}.xml": text for name, text in more.items()},
    }
    return {name: text.encode() for name, text in parts.items()}


def cells(*texts: str) -> str:
    return "<row>" + "".join(f'<c t="str"><v>{text}</v></c>' for text in texts) + "</row>"


HEAD = "<worksheet>" + cells("time", "V")
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
WORKBOOKS = {
    "a billion laughs": workbook(
        f'<!DOCTYPE l [<!ENTITY l0 "lol">{LAUGHS}]><worksheet>{cells("&l9;", "V")}</worksheet>'
    ),
    "the last column": workbook(HEAD + '<row><c r="XFD1"><v>1</v></c></row>' * 50_000),
    "the last column only": workbook(
        "<worksheet>" + '<row><c r="XFD1"><v>1</v></c></row>' * 50_000 + "</worksheet>"
    ),
    "no such column": workbook(HEAD + '<row><c r="ZZZZZZZZ1"><v>1</v></c></row>'),
    "a cell": workbook(HEAD + cells("0", "1" * 10_000_000)),
    "a text that all share": workbook(
        HEAD + '<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' * 50_000 + "</worksheet>",
        sharedStrings=f"<sst><si><t>{'9' * 32_000}</t></si></sst>",
    ),
    "depth": workbook("<a>" * 1_000_000),
    "blanks": workbook(" " * 70_000_000),
    "no sheet": {"xl/workbook.xml": b"<workbook/>", "xl/_rels/workbook.xml.rels": b"<a/>"},
}


def written(folder: Path) -> Iterator[tuple[str, Path]]:
    kinds: dict[str, tuple[Mapping[str, Any], Callable[[Path, Any], Any]]] = {
        ".npz": (ARCHIVES, archive),
        ".nc": (NETCDF, Path.write_bytes),
        ".csv": (TABLES, Path.write_text),
        ".xlsx": (WORKBOOKS, archive),
    }
    for suffix, (files, write) in kinds.items():
        for name, content in files.items():
            path = folder / f"{name}{suffix}"
            write(path, content)
            yield path.name, path


OPEN = {"many places for no spike.npz"}  # as they may: what they promise is not needed


@pytest.mark.slow
def test_files_made_to_do_harm(tmp_path: Path) -> None:
    names, paths = zip(*written(tmp_path), strict=True)
    assert max(path.stat().st_size for path in paths) < 4_200_000
    told = dict(zip(names, read(list(paths)), strict=True))
    unexpected = {n: t for n, t in told.items() if not t.startswith("ours: ") and n not in OPEN}
    assert not unexpected
    assert "promises 1.844674407e+19 spikes" in told["a count that wraps around.npz"]
    assert "'spike_count' must be one whole number for each cell" in told["a negative count.npz"]
    assert "1,000,001 cells × 90,000 places" in told["spikes of one cell of many.npz"]
    assert "would unpack to 96 MB" in told["zeros.npz"]
    assert "declares a document type" in told["a billion laughs.xlsx"]
    assert "it promises more values than its" in told["variables upon each other.nc"]
    assert "is an archive of 20,000 files" in told["many members.npz"]
