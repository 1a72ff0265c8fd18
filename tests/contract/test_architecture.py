"""The shape of the package: who imports whom, how long things are, what is public."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import zip_longest
from pathlib import Path

import pytest

import loligo as lo

PACKAGE = Path(lo.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# From the bottom to the top, in the package ("") and inside its parts. A module imports only from
# those above it in this list, and not from those beside it: at its top, in functions, for types.
# What a part does not list may stand anywhere in it, as long as nothing goes round in a circle.
ORDER: dict[str, list[set[str]]] = {
    "": [
        {"cgroups", "errors", "packed"},
        {"cores", "files", "lanes", "memory", "progress", "words"},
        {"crew", "ready"},
        {"units"},
        {"model", "stimulus"},
        {"system"},
        {"program"},
        {"engine", "solvers"},
        {"run"},
        {"recording"},
        {"many", "simulation"},
        {"again", "citing", "warm"},
        {"analysis", "explanation", "sweeps", "theory"},
        {"experiments"},
        {"figures"},
        {"lab"},
        {"cli"},
        {"__main__"},
    ],
    "model": [
        {"combining", "places", "table", "tree"},
        {"catalogue", "formats", "latex", "mathml", "plain", "tokens"},
        {"functions"}, {"expression"}, {"reading"}, {"drug", "parameter"}, {"parts"},
        {"earlier", "scheme"},
        {"rewritten", "written"}, {"frame", "ode", "start"}, {"blocks"}, {"ions", "namespace"},
        {"check", "document", "equations", "speed"}, {"changes"}, {"membrane"},
        {"library", "region"}, {"axon"},
    ],
    "system": [
        {"symbols"}, {"numeric", "singularity"}, {"limits"}, {"equations"},
        {"conserved", "outline"}, {"driven"}, {"amplifier", "tangent"},
    ],
    "stimulus": [
        {"applied"}, {"amplifier", "base"}, {"clamp", "pulses"}, {"noise", "periodic", "waveform"},
        {"document"}, {"place"},
    ],
    "program": [{"arithmetic"}, {"scheme"}, {"passes", "series"}, {"exponential", "taylor"}],
    "program.series": [{"terms"}, {"recurrences"}, {"expansion"}],
    "engine": [{"kernel"}, {"coupled"}, {"numpy", "llvm"}, {"engines"}],
    "run": [
        {"cells", "pace"}, {"geometry"}, {"problem"},
        {"drive", "outcome", "pose", "recipes"},
        {"conserved"}, {"bounds", "steady"}, {"equilibrium", "tangents"}, {"initial"},
        {"divergence"}, {"jumps", "loop", "march"}, {"adaptive", "fixed"},
        {"axon"}, {"compiled", "reference"}, {"halving"}, {"scouting"}, {"default"},
        {"solve"},
    ],
    "run.axon": [
        {"beginnings", "commands", "compartments"}, {"pose", "resolution"}, {"pilot", "places"},
        {"cut", "electrodes"},
        {"currents"}, {"clamps", "divergence", "placed", "rest"}, {"coupled"}, {"reference"},
    ],
    "explanation": [
        {"page"}, {"subject"}, {"equation", "slices", "steps", "overview"}, {"programs"},
    ],
    "sweeps": [
        {"boxes", "folder"}, {"asked"}, {"block", "size"}, {"arrays"}, {"store"},
        {"opening", "checking", "ending", "threads"}, {"dask", "leases", "status"}, {"calling"},
    ],
    "figures": [
        {"style"}, {"content"}, {"page"}, {"film"}, {"axon"}, {"figure"}, {"animation"},
    ],
    "cli": [
        {"clock", "groups"}, {"arguments"}, {"options", "report", "stimuli"},
        {"axon", "features", "findings", "lab", "models", "simulating"}, {"experiment", "sweeping"},
        {"commands"},
    ],
}  # fmt: skip
LEVEL = {
    (package, part): level
    for package, parts_ in ORDER.items()
    for level, parts in enumerate(parts_)
    for part in parts
}

# What may be longer, and why.
LONG_MODULES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}

HEAVY = ("numpy", "scipy", "sympy", "xarray", "matplotlib", "PIL", "llvmlite", "pandas", "rich",
         "typer", "tomli_w", "platformdirs")  # fmt: skip
# package -> the only places that may import it
HOMES = {
    "sympy": (
        "system/",
        "program/lower.py",
        "program/taylor.py",
        "run/reference.py",
        "run/axon/reference.py",
    ),
    "llvmlite": ("engine/llvm/",),
    "matplotlib": ("figures/",),
    "typer": ("cli/",),
    "tomli_w": ("model/formats.py",),
}


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def module(path: Path) -> str:
    """`engine.llvm.jit`; a package is its `__init__`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")


MODULES = {module(path): path for path in FILES}


@cache
def imports(path: Path) -> tuple[tuple[str, bool], ...]:
    """Every module that a file imports, and whether only inside a function; types apart."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    apart: set[int] = set()
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            apart |= {id(n) for n in ast.walk(node)}
        if isinstance(node, ast.FunctionDef):
            inside |= {id(n) for n in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in apart:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: imports are written in full"
            module = node.module or ""
            names = [f"{module}.{a.name}" for a in node.names] if module == "loligo" else [module]
            yield from ((each, id(node) in inside) for each in names)


def mentions(path: Path) -> Iterator[str]:
    """Every module of ours that a file names: imported anywhere, or as text for `importlib`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        said: list[str] = []
        if isinstance(node, ast.Import):
            said = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            each = [f"{node.module}.{alias.name}" for alias in node.names]
            said = [e if known(e) in MODULES else node.module or "" for e in each]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = [node.value] if known(node.value) in MODULES else []
        # from `loligo` itself comes its version
        yield from (known(each) for each in said if known(each))


def known(dotted: str) -> str:
    """`engine.llvm` of `loligo.engine.llvm`; nothing of what is not ours."""
    return dotted.removeprefix("loligo.") if dotted.startswith("loligo.") else ""


@cache
def arrows() -> dict[str, set[str]]:
    """Who imports whom; the package itself, which has all public names, apart."""
    return {one: set(mentions(path)) - {one} for one, path in MODULES.items() if one}


def upwards(one: str, other: str) -> bool:
    """Whether `other` stands above or beside `one`, by what first tells them apart."""
    package: list[str] = []
    for a, b in zip_longest(one.split("."), other.split("."), fillvalue=""):
        if a != b:
            of = ".".join(package)
            levels = LEVEL.get((of, a)), LEVEL.get((of, b))
            return None not in levels and levels[0] <= levels[1]  # type: ignore[operator]
        package.append(a)
    return False


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_point_one_way(path: Path) -> None:
    own = module(path)
    if not own:  # the public names, imported when asked for; those of stimuli are light
        assert {m for m, _ in imports(path) if m.startswith("loligo")} == {"loligo.stimulus"}
        return
    part = own.split(".")[0]
    assert ("", part) in LEVEL, f"{part} is new: give it a place in ORDER"
    for other in sorted(arrows()[own]):
        assert not upwards(own, other), f"{own} imports {other}, which is not below it"


def test_no_imports_go_round_in_a_circle() -> None:
    try:
        TopologicalSorter(arrows()).prepare()
    except CycleError as found:
        pytest.fail(" -> ".join(reversed(found.args[1])))


@pytest.mark.parametrize("heavy", HOMES)
def test_a_heavy_package_is_imported_where_it_belongs(heavy: str) -> None:
    for path in FILES:
        if heavy in {module.split(".")[0] for module, _ in imports(path)}:
            assert name(path).startswith(HOMES[heavy]), f"{name(path)} imports {heavy}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_what_is_heavy_is_imported_when_it_is_needed(path: Path) -> None:
    """At the top of a module stand NumPy and, in SymPy's and LLVM's own homes, those."""
    top = {module.split(".")[0] for module, inside in imports(path) if not inside}
    slow = top & {"scipy", "xarray", "pandas", "matplotlib"}
    if name(path).startswith(("figures/", "run/reference.py", "run/dense.py")):
        slow -= {"matplotlib", "scipy"}
    assert not slow, f"{name(path)} imports {slow} at its top"


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_importing_loligo_imports_nothing_heavy() -> None:
    out = run(f"import sys, loligo; print(sorted(set({HEAVY!r}) & set(sys.modules)))")
    assert out.strip() == "[]"


def test_building_a_model_needs_no_sympy_and_no_xarray() -> None:
    light = "import sys, loligo as lo; lo.load('hodgkin-huxley-1952'); lo.Pulse(5, 1, 2); "
    slow = ("scipy", "sympy", "xarray", "matplotlib", "PIL", "llvmlite", "pandas")
    assert run(f"{light} print(sorted(set({slow!r}) & set(sys.modules)))").strip() == "[]"


def test_drawing_needs_no_sympy() -> None:
    used = "import sys, loligo.figures.animation, loligo.figures.figure; "
    assert run(f"{used} print('sympy' in sys.modules)").strip() == "False"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > 400:
        assert name(path) in LONG_MODULES, f"{name(path)} has {lines} lines"
    else:
        assert name(path) not in LONG_MODULES, f"{name(path)} is short again: strike it off"
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{name(path)} says nothing about itself"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_function_is_no_longer_than_a_screen(path: Path) -> None:
    """60 lines; its docstring does not count."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            said = ast.get_docstring(node, clean=False) or ""
            lines = (node.end_lineno or 0) - node.lineno + 1 - said.count("\n")
            key = f"{name(path)}:{node.name}"
            assert lines <= 60 or key in LONG_FUNCTIONS, f"{key} has {lines} lines"


FORBIDDEN = {"eval", "exec", "sympify", "parse_expr", "compile", "__import__"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_runs_what_a_person_wrote(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            word = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            owner = ast.unparse(called.value) if isinstance(called, ast.Attribute) else ""
            if word == "compile" and owner == "re":
                continue
            assert word not in FORBIDDEN, f"{name(path)}:{node.lineno} calls {word}"
    modules = {module.split(".")[0] for module, _ in imports(path)}
    assert not modules & {"pickle", "marshal", "shelve", "dill", "cloudpickle"}


@pytest.mark.parametrize("public", lo.__all__)
def test_a_public_name_is_there_and_shows_an_example(public: str) -> None:
    thing = getattr(lo, public)
    assert public in dir(lo)
    said = thing.__doc__ or ""
    assert len(said.strip().splitlines()[0]) > 10
    assert "Examples\n" in said, f"lo.{public} has no example"
    assert ">>>" in said


def test_a_name_that_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'loligo' has no attribute 'simulat'"):
        lo.simulat  # noqa: B018
    assert len(set(lo.__all__)) == len(lo.__all__)
    assert lo.__version__.count(".") == 2
