"""``loligo experiment``: the classical experiments, listed by theme, and each as a command made of
its function's signature."""

import ast
import contextlib
import inspect
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional, cast

import typer

from loligo.cli import arguments, options
from loligo.cli.arguments import ANIMATIONS, PICTURES, RECORDINGS, SQUID
from loligo.cli.axon import Geometry, axon_of
from loligo.cli.findings import findings
from loligo.cli.groups import Group, Texts, flowing, parameter, spelt_out
from loligo.cli.report import Stopwatch, notes, size
from loligo.errors import ModelError, StimulusError, UnitError, UsageError, nearest
from loligo.words import speaking

if TYPE_CHECKING:
    import xarray

    from loligo.experiments.experiment import Experiment, Parameter

_PANEL = "Experiment"
_VARY = "--vary"  # of any property by its own name
_ROW = re.compile(r"[(\[]((?:[-+]?\d[\d.e+-]*(?:, ?|(?=[)\]]))){2,})[)\]]")  # of numbers
_UNSHORTENED = 1000  # columns, where nobody reads them on a terminal


def experiment() -> None:
    """Make one of the classical experiments: what is found in words, a figure, a table.

    Without a name: list them by theme.

    \b
    loligo experiment
    loligo experiment strength-duration --help
    loligo experiment strength-duration connor-stevens-1977 --output sd.png --data sd.csv
    loligo experiment fi-curve --amplitude 0:20:41 --set g_K=30 --output fi.pdf
    """
    from loligo.experiments.table import experiments

    themes: dict[str, list[Experiment]] = {}
    for each in experiments():
        themes.setdefault(each.theme, []).append(each)
    wide = max(len(each.name) for group in themes.values() for each in group) + 2
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _UNSHORTENED
    for theme in sorted(themes):
        print(theme)
        for each in themes[theme]:
            print(textwrap.fill(
                each.summary, width, initial_indent=f"  {typed(each.name):<{wide}}",
                subsequent_indent=" " * (wide + 2),
            ))  # fmt: skip
        print()
    print("loligo experiment NAME --help says more.")


def typed(name: str) -> str:
    """A name as it is typed: ``strength-duration``."""
    return name.replace("_", "-")


def flag(name: str) -> str:
    """A parameter as an option: ``--sample-interval``, but symbols as they are: ``--g_L``."""
    return f"--{typed(name) if name.islower() else name}"


def named(name: str) -> "Experiment":
    """An experiment by its name as it is typed.

    Raises
    ------
    UsageError
        There is no such experiment; the nearest are offered.
    """
    from loligo.experiments import table

    known = [typed(each) for each in table.names()]
    if typed(name) not in known:
        raise UsageError(
            f"there is no experiment {name[:80]!r}{nearest(typed(name[:80]), known)}; "
            "`loligo experiment` lists them"
        )
    return table.named(name.replace("-", "_"))


# ------------------------------------------------------------------------ the command of one


def command_of(experiment: "Experiment") -> Callable[..., None]:
    """An experiment as a command: its model, its parameters, and how it is drawn and written."""

    def command(**said: Any) -> None:
        _made(experiment, **said)

    taken = {"celsius"} & {each.name for each in experiment.parameters}
    kinds: dict[str, Any] = {
        "asked": _asked(experiment),
        "model": (options.Model, None) if experiment.model else None,
        "cable": Geometry if experiment.model == "axon" else None,
        "parameters": (options.Settings if taken else options.Parameters)
        if experiment.model
        else None,
        "look": options.Look,
        "output": (Annotated[Optional[Path], options.output(_output(experiment))], None),  # noqa: UP045
        "data": (Annotated[Optional[Path], _DATA], None),  # noqa: UP045
        "timings": (options.Timings, False),
    }
    spelt = [
        parameter(name, *(kind if isinstance(kind, tuple) else (kind,)))
        for name, kind in kinds.items()
        if kind is not None
    ]
    command.__signature__ = inspect.Signature(spelt)  # type: ignore[attr-defined]
    command.__doc__ = _help(experiment)
    return spelt_out(command, besides=options.Other)


_DATA = typer.Option(
    "--data", metavar="FILE", rich_help_panel=options.OUTPUT,
    help="Save what was found, all of it: .csv, .xlsx, .nc (NetCDF) or .npz.",
)  # fmt: skip


def _output(experiment: "Experiment") -> str:
    moving = " or an animation (.gif, .webp, .mp4)" if experiment.chart is None else ""
    return f"A figure (.png, .svg, .pdf, .jpg){moving}."


def _help(experiment: "Experiment") -> str:
    """What it is, and how it is typed."""
    name = typed(experiment.name)
    typed_out = [
        f"loligo experiment {name}{' ' * bool(words)}{_marked(words)}"
        for words in examples(experiment)
    ]
    return flowing("\n\n".join([_marked(experiment.summary), "\b" + "\n".join(typed_out)]))


def _marked(text: str) -> str:
    """Text that rich does not take for its marks."""
    return text.replace("[", r"\[")


def _asked(experiment: "Experiment") -> type[Group]:
    """The parameters of an experiment as a group of options."""

    class Asked(Group):
        def __init__(self, **given: Any) -> None:
            self.given = given

        @classmethod
        def options(cls) -> list[inspect.Parameter]:
            return [_option(each) for each in experiment.parameters]

    return Asked


def _option(one: "Parameter") -> inspect.Parameter:
    """One parameter as an option."""
    name = "vary" if one.kind == "property" else one.name
    told = _marked(one.help)
    if one.kind == "flag":
        kind = Annotated[bool, typer.Option(flag(name), help=told, rich_help_panel=_PANEL)]
        return parameter(name, kind, bool(one.default))
    if one.kind == "property":
        kind = Annotated[
            Texts,
            typer.Option(_VARY, metavar="NAME=VALUES", help=told, rich_help_panel=_PANEL),
        ]
        return parameter(name, kind)
    if not one.required and one.default is not None and "by default" not in told.lower():
        told = f"{told.rstrip('.')}; {one.default} by default."
    metavar = "|".join(one.facts.choices) or one.facts.unit.upper().strip("1") or "VALUE"
    metavar += ",…" if one.facts.many else ""
    many = " FROM:TO:COUNT or numbers with commas." if one.facts.many else ""
    option = typer.Option(flag(name), metavar=metavar, help=told + many, rich_help_panel=_PANEL)
    if one.required:
        return parameter(name, Annotated[str, option], ...)
    return parameter(name, Annotated[Optional[str], option])  # noqa: UP045


# ------------------------------------------------------------------------ made


def _made(
    experiment: "Experiment", *, asked: Any, look: options.Look, output: Path | None,
    data: Path | None, timings: bool, model: str | None = None, cable: Geometry | None = None,
    parameters: options.Settings | None = None,
) -> None:  # fmt: skip
    """Make it, say what was found, draw and write it."""
    drawn = look.keywords()
    kinds = (*PICTURES, *(ANIMATIONS if experiment.chart is None else ()))
    figure = arguments.output(output, kinds, {"experiment --data": RECORDINGS}) if output else None
    table = arguments.output(data, RECORDINGS, {}, "--data") if data else None
    watch = Stopwatch()
    with watch.stage("import"):
        import loligo.recording
        import loligo.simulation
    with _in_the_words_of(experiment), speaking(look.language):
        with watch.stage("model"), arguments.reading():
            keywords = _keywords(experiment, asked.given)
            if experiment.model:
                keywords |= _model(experiment, model, cable, parameters)
        with watch.stage("experiment"), notes():
            found = _run(experiment, keywords)
    written = []
    if table:
        with watch.stage("write"):
            loligo.recording.save(found, table)
        written.append(table)
    if figure:
        with watch.stage("draw and write"), notes():
            _draw(found, figure, drawn)
        written.append(figure)
    for path in written:
        print(f"wrote {path} ({size(path)})")
    print(findings(found, whole=not written))
    print(watch.table() if timings else f"{watch.total:.1f} s")


def _run(experiment: "Experiment", keywords: dict[str, Any]) -> "xarray.Dataset | xarray.DataTree":
    """It is made; if it has no bar of its own, it is said after a while that it is waited for."""
    from loligo.progress import waiting

    if "progress" in inspect.signature(experiment.run).parameters:  # of membranes
        return experiment.run(**keywords)
    with waiting(f"making the experiment {typed(experiment.name)}"):
        return experiment.run(**keywords)


def _draw(found: Any, path: Path, drawn: dict[str, Any]) -> None:
    """A figure of it, or of a recording an animation."""
    from loligo.figures import animate, plot
    from loligo.files import replacing

    if path.suffix.lower() in ANIMATIONS:
        animate(found, path, **drawn)
        return
    shown = plot(found, **drawn)
    with replacing(path) as part:
        shown.savefig(part)


def _model(
    experiment: "Experiment", name: str | None, cable: Geometry | None,
    parameters: options.Settings | None,
) -> dict[str, Any]:  # fmt: skip
    """What it is made on; of an axon, the experiment's own where nothing is said."""
    settings = parameters.set or [] if parameters else []
    celsius = getattr(parameters, "celsius", None)
    if cable is None or experiment.model != "axon":
        optional = inspect.signature(experiment.run).parameters[str(experiment.model)].default
        if name is None and not settings and celsius is None and optional is None:
            return {}
        made = arguments.model(SQUID if name is None else name, settings, celsius)
        return {"membrane": made}
    if name is None and not (cable.said() or settings or celsius):
        return {}
    return {"axon": axon_of(name, cable, options.Parameters(settings, celsius))}


def _keywords(experiment: "Experiment", given: Mapping[str, Any]) -> dict[str, Any]:
    """The experiment's parameters that were said, as its function takes them."""
    said: dict[str, Any] = {}
    for each in experiment.parameters:
        text = given["vary" if each.kind == "property" else each.name]
        if each.kind == "property":
            said |= dict(_properties(text or []))
        elif text is not None:
            said[each.name] = _value(each, text)
    return said


def _value(one: "Parameter", text: Any) -> Any:
    if one.kind == "flag":
        return text
    choices = one.facts.choices
    if choices and text not in choices:
        raise UsageError(
            f"{flag(one.name)} {text}{nearest(text, choices)}: it is one of {', '.join(choices)}"
        )
    if not one.facts.unit and text.lstrip().startswith("{"):
        return _each(text, one.name)
    return text if choices else arguments.quantity(text, one.facts.unit, one.name)


def _each(text: str, name: str) -> dict[str, Any]:
    """Something for each of several names, written as in Python or JSON."""
    try:
        said: Any = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise UsageError(
            f"{flag(name)} {text!r:.80} cannot be read; write it as in "
            f"""{flag(name)} '{{"m": "steady", "h": "0.8 - n"}}'"""
        )
    return cast(dict[str, Any], said)


def _properties(texts: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """``NAME=VALUES`` of any property of the model."""
    for text in texts:
        name, equals, values = text.partition("=")
        if not (equals and name.strip() and values.strip()):
            raise UsageError(
                f"{_VARY} takes NAME=VALUES, such as {_VARY} diameter=100:1000:10, not {text!r}"
            )
        yield name.strip(), arguments.quantity(values, "", name.strip())


@contextlib.contextmanager
def _in_the_words_of(experiment: "Experiment") -> Iterator[None]:
    """What errors within the block say of parameters, said of options."""
    try:
        yield
    except (ModelError, StimulusError, UnitError, UsageError) as error:
        text = re.sub(rf"\b{experiment.name}\b", typed(experiment.name), str(error))
        for each in experiment.parameters:
            if each.kind != "property":
                text = re.sub(rf"(?<![\w.-]){each.name}=", f"{flag(each.name)} ", text)
                # an experiment may be called as one of its parameters is: threshold
                text = re.sub(rf"^{each.name}\b(?! is made on)", flag(each.name), text)
        if any(each.kind == "property" for each in experiment.parameters):
            text = re.sub(r"(?<![\w.(-])(\w+)=(?=[(\[])", rf"{_VARY} \1=", text)
        raise UsageError(_ROW.sub(_in_commas, text)) from error


def _in_commas(row: re.Match[str]) -> str:
    """A row of numbers as it is typed: ``20,0`` of ``[20.0, 0.0]``."""
    return ",".join(f"{float(number):g}" for number in row[1].split(","))


# ------------------------------------------------------------------------ examples


def examples(experiment: "Experiment") -> list[str]:
    """How it is typed, of the examples of its docstring; always one that draws and writes."""
    name = typed(experiment.name)
    found = ["", *(_typed_call(call, experiment) for call in _calls(experiment))]
    model = {"membrane": "wang-buzsaki-1996 ", "axon": "--diameter 238 "}.get(
        experiment.model or "", ""
    )
    found.append(f"{model}--output {name}.png --data {name}.csv")
    return list(dict.fromkeys(found))


def _calls(experiment: "Experiment") -> Iterator[ast.Call]:
    """The calls of the experiment in its docstring's example."""
    lines = re.findall(r"^\s*(?:>>>|\.\.\.) ?(.*)$", inspect.getdoc(experiment.run) or "", re.M)
    for node in ast.walk(ast.parse("\n".join(lines))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == experiment.name:
            yield node


def _typed_call(call: ast.Call, experiment: "Experiment") -> str:
    """A call as it is typed: what it gives as plain numbers and words."""
    names = list(inspect.signature(experiment.run).parameters)
    given = [*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
    kinds = {each.name: each.kind for each in experiment.parameters}
    words = []
    for name, node in given:
        try:
            value = ast.literal_eval(node)
        except ValueError:
            continue  # a model, or what is computed
        if name == experiment.model or name is None:
            continue
        text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        text = f"'{text}'" if " " in text else text
        if kinds.get(name) == "flag":
            words += [flag(name)] * bool(value)
        elif name in kinds:
            words.append(f"{flag(name)} {text}")
        else:
            words.append(f"{_VARY} {name}={text}")
    return " ".join(words)
