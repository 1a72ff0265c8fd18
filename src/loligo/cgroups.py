"""The control groups around this process (containers, batch systems), of both versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

ROOT = Path("/")
_UNIFIED = ("sys/fs/cgroup", "sys/fs/cgroup/unified")  # of version 2, alone or beside the first


def groups(controller: str, root: Path = ROOT) -> Iterator[tuple[int, Path]]:
    """The version and the folder of every group that this process is in, and of all above it.

    Parameters
    ----------
    controller
        What it limits: ``"memory"``, ``"cpu"``.
    root
        Where the files of the system are.
    """
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                for base in _UNIFIED:
                    yield from ((2, folder) for folder in _upwards(root / base, path))
            elif controller in controllers.split(","):
                for name in dict.fromkeys((controller, controllers)):  # one is a link, mostly
                    base = root / "sys/fs/cgroup" / name
                    yield from ((1, folder) for folder in _upwards(base, path))


def _upwards(base: Path, path: str) -> Iterator[Path]:
    """A group's folder and those of all groups around it. Inside a container the path may be one
    of the host's, of which only the top is seen."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
    for count in range(len(parts), -1, -1):
        yield base.joinpath(*parts[:count])
