"""One simulation as a link, and back: the readable text behind ``#`` in the lab's address.

A link comes from anyone. Whatever is in it is checked, in the same order and with the same words
as `page/link/read.js` does it; the table of `limits` says what may be.

``#v=1&model=hodgkin-huxley-1952&set=g_Na:100&pulse=5,40,10&duration=50``
"""

from __future__ import annotations

import math
import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from loligo.errors import UsageError
from loligo.lab.limits import LIMITS

Known = Callable[[str], Mapping[str, Any] | None]

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?")
_LONGEST_NUMBER = 30
_WELL_ENCODED = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")
_SHOWN = 40
# what a terminal obeys, or what turns the direction of writing
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_STIMULI = {each["word"]: each for each in LIMITS["stimuli"]}
_KINDS = {each["kind"]: each for each in LIMITS["stimuli"]}
_SOLVERS = {each["word"]: each for each in LIMITS["solvers"]}
_OWN = {each["word"]: each for each in LIMITS["own"]}


def read_link(url: str, known: Known) -> dict[str, Any]:
    """What a link says.

    Parameters
    ----------
    url
        The whole address, or what stands behind its ``#``.
    known
        The name of a model -> what `limits.known` says of it; None where there is none.

    Returns
    -------
    dict
        ``simulation``, as `lab.simulation` has it, and ``view``.

    Raises
    ------
    UsageError
        It is no link of the lab, or says what cannot be.
    """
    pairs = _pairs(url)
    _refuse_repeats(pairs)
    said = dict(pairs)
    model = said["model"] if "model" in said else _refuse("the link names no model")
    about = known(model) or _refuse("there is no model {model} here", model=model)
    simulation = {
        "model": model,
        "parameters": _parameters(said.get("set"), about),
        "stimulus": [_stimulus(_STIMULI[k], v) for k, v in pairs if k in _STIMULI],
        **_times(said),
        "solver": _solver(said.get("solver"), about),
        "initial": _initial(said.get("initial"), about),
        "threshold": _one("threshold", said.get("threshold"), None),
    }
    return {"simulation": simulation, "view": _view(said, about)}


def _pairs(url: str) -> list[tuple[str, str]]:
    """Keys and values, in their order, of a link of the version that is read here."""
    fragment = url.partition("#")[2] if "#" in url else url
    if len(fragment) > LIMITS["longest"]:
        _refuse("the link is longer than {most} characters", most=str(LIMITS["longest"]))
    parts = (part.partition("=") for part in _whole(fragment).split("&"))
    decoded = [(_whole(_decoded(key)), _decoded(value)) for key, _, value in parts]
    pairs = [(k, v if k == "model" else _whole(v)) for k, v in decoded]  # a name may have blanks
    first, version = pairs[0]
    if first != "v":
        _refuse("this is no link of the lab: it does not begin with v={version}",
                version=str(LIMITS["version"]))  # fmt: skip
    if version != str(LIMITS["version"]):
        _refuse("the link is of version {other}; here version {version} is read",
                other=version, version=str(LIMITS["version"]))  # fmt: skip
    return pairs[1:]


def _whole(text: str) -> str:
    """As it was before an e-mail broke it over lines, or HTML wrote its &."""
    return re.sub(r"[ \t\r\n]+", "", text).replace("&amp;", "&")


def _decoded(text: str) -> str:
    if not _WELL_ENCODED.fullmatch(text):
        _refuse("the link is damaged at {text}", text=text)
    try:
        return urllib.parse.unquote(text, errors="strict")
    except UnicodeDecodeError:
        return _refuse("the link is damaged at {text}", text=text)


def _refuse_repeats(pairs: Iterable[tuple[str, str]]) -> None:
    single = {"model", "set", "solver", "initial", *LIMITS["words"], *_OWN, *_RUN}
    counts = dict[str, int]()
    for key, _ in pairs:
        if key not in single and key not in _STIMULI:
            _refuse("the link says {key}, which means nothing here", key=key)
        counts[key] = counts.get(key, 0) + 1
        most = _STIMULI[key]["most"] if key in _STIMULI else 1
        if counts[key] > most:
            _refuse("the link says {key} more than {most} times", key=key, most=str(most))


_RUN = ("duration", "sample", "threshold", "cursor")


def _parameters(text: str | None, about: Mapping[str, Any]) -> dict[str, float]:
    return _named("set", text, about["parameters"]) if text is not None else {}


def _named(key: str, text: str, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """``g_Na:100,E_K:-77``."""
    numbers = dict[str, Any]()
    for part in text.split(","):
        name, _, value = part.partition(":")
        if name not in known:
            _refuse("{key} of the link: {name} is unknown", key=key, name=name)
        if name in numbers:
            _refuse("{key} of the link: {name} is said twice", key=key, name=name)
        numbers[name] = _value(f"{key} {name}", value, known[name])
    return numbers


def _value(key: str, text: str, about: Mapping[str, Any]) -> Any:
    """A number, or one of some words."""
    if "words" not in about:
        return _number(key, text, about)
    if text not in about["words"]:
        _refuse("{key} of the link: {text} cannot be", key=key, text=text)
    return text


def _stimulus(kind: Mapping[str, Any], text: str) -> dict[str, Any]:
    word, values = kind["word"], kind["values"]
    parts = text.split(",")
    if len(parts) < len(values):
        _refuse("{key} of the link: {text} has not {count} values", key=word, text=text,
                count=str(len(values)))  # fmt: skip
    made: dict[str, Any] = {"kind": kind["kind"], **kind["fixed"]}
    for quantity, part in zip(values, parts, strict=False):
        made[quantity["name"]] = _number(f"{word} {quantity['name']}", part, quantity)
    rest = parts[len(values) :]
    settings: dict[str, Any] = {each["name"]: each for each in kind["settings"]}
    made |= {name: each["usual"] for name, each in settings.items()}
    if rest:
        made |= _named(word, ",".join(rest), settings)
    low, high = kind.get("ordered", (None, None))
    if low and made[high] < made[low] * (1 - 1e-12):
        _refuse("{key} of the link: {high} is below {low}", key=word, high=high, low=low)
    return made


def _times(said: Mapping[str, str]) -> dict[str, float]:
    usual = LIMITS["usual"]
    duration = _one("duration", said.get("duration"), usual["duration"])
    interval = _one("sample", said.get("sample"), usual["sample"])
    if duration / interval > LIMITS["samples"]:
        _refuse("the link asks for more than {most} samples", most=str(LIMITS["samples"]))
    return {"duration": duration, "sample_interval": interval}


def _one(key: str, text: str | None, usual: Any) -> Any:
    return usual if text is None else _number(key, text, LIMITS["numbers"][key])


def _solver(text: str | None, about: Mapping[str, Any]) -> dict[str, Any]:
    usual, tolerance = LIMITS["usual"]["solver"]
    word, _, value = (text or f"{usual}:{written(tolerance)}").partition(":")
    if word not in _SOLVERS:
        _refuse("the link says {key}, which means nothing here", key=f"solver={word}")
    kind = _SOLVERS[word]
    if kind["kind"] not in about["solvers"]:
        _refuse("this page has no solver {solver}; loligo lab --link makes one that has",
                solver=word)  # fmt: skip
    number = _number(f"solver {kind['value']['name']}", value, kind["value"])
    return {"kind": kind["kind"], kind["value"]["name"]: number, "portable": True}


def _initial(text: str | None, about: Mapping[str, Any]) -> Any:
    if text is None or text == "rest":
        return text
    if ":" not in text:
        return _number("initial", text, LIMITS["numbers"]["initial"])
    bounds: Mapping[str, Any] = LIMITS["numbers"]["state"]
    states = dict.fromkeys(about["states"], bounds)
    found = _named("initial", text, states)
    for name in states:
        if name not in found:
            _refuse("initial of the link: {name} is missing", name=name)
    return found


def _view(said: Mapping[str, str], about: Mapping[str, Any]) -> dict[str, Any]:
    view = dict[str, Any]()
    for key, pattern in LIMITS["words"].items():
        if key in said:
            if not re.fullmatch(pattern, said[key]):
                _refuse("{key} of the link: {text} cannot be", key=key, text=said[key])
            view[key] = said[key].split(",") if key == "panels" else said[key]
    if "cursor" in said:
        view["cursor"] = _one("cursor", said["cursor"], None)
    own = {key: _named(key, said[key], _fields(key, about)) for key in _OWN if key in said}
    return {**view, "own": own} if own else view


def _fields(key: str, about: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What a tab remembers of a model: name -> its bounds, or its words."""
    kind = _OWN[key]
    if "each" in kind:
        return dict(about[kind["each"]])
    return {
        each["name"]: {**each, "words": about[each["of"]]} if "of" in each else each
        for each in kind["fields"]
    }


def _number(key: str, text: str, about: Mapping[str, Any]) -> float:
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        _refuse("{key} of the link: {text} is not a number", key=key, text=text)
    value = float(text) + 0.0  # -0 is 0
    low, high = about["low"], about["high"]
    if about.get("open") and value == low:
        _refuse("{key} of the link is {text}, but it lies above {low}", key=key,
                text=text, low=written(low))  # fmt: skip
    if not low <= value <= high:
        _refuse("{key} of the link is {text}, but it lies between {low} and {high}", key=key,
                text=text, low=written(low), high=written(high))  # fmt: skip
    if about.get("whole") and not value.is_integer():
        _refuse("{key} of the link: {text} is not a whole number", key=key, text=text)
    return value


def _refuse(text: str, /, **values: str) -> Any:
    raise UsageError(text.format(**{name: _short(value) for name, value in values.items()}))


def _short(text: str) -> str:
    text = _OBEYED.sub("?", text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def write_link(simulation: Mapping[str, Any], view: Mapping[str, Any] | None = None) -> str:
    """The link's part behind ``#``, which :func:`read_link` reads back.

    Raises
    ------
    UsageError
        There is something in the simulation that no link says.

    Examples
    --------
    >>> write_link({"model": "mine", "parameters": {"g_Na": 100.0}, "stimulus": [],
    ...             "duration": 20, "sample_interval": 0.05, "initial": None, "threshold": None,
    ...             "solver": {"kind": "Taylor", "tolerance": 1e-8, "portable": True}})
    'v=1&model=mine&set=g_Na:100&duration=20'
    """
    parts = [("v", str(LIMITS["version"])), ("model", simulation["model"])]
    if simulation["parameters"]:
        parts.append(("set", _listed(simulation["parameters"])))
    parts += [_stimulus_written(each) for each in simulation["stimulus"]]
    parts.append(("duration", written(simulation["duration"])))
    parts += _run_written(simulation)
    parts += _view_written(view or {})
    return "&".join(f"{key}={urllib.parse.quote(value, safe=_SAFE)}" for key, value in parts)


_SAFE = ",:-_.!~*'()"


def _listed(numbers: Mapping[str, float]) -> str:
    return ",".join(f"{name}:{written(value)}" for name, value in numbers.items())


def _stimulus_written(document: Mapping[str, Any]) -> tuple[str, str]:
    kind = _KINDS.get(document["kind"])
    if kind is None:
        raise UsageError(
            f"the lab has no {document['kind']}; it has {', '.join(_KINDS)}, each a few times"
        )
    for name, fixed in kind["fixed"].items():
        if document.get(name, fixed) != fixed:
            raise UsageError(
                f"the lab has no {document['kind']} with {name}={document[name]!r:.40}"
            )
    values = [written(document[each["name"]]) for each in kind["values"]]
    settings = {
        each["name"]: document[each["name"]] for each in kind["settings"]
        if document.get(each["name"], each["usual"]) != each["usual"]
    }  # fmt: skip
    return kind["word"], ",".join([*values, *filter(None, [_listed(settings)])])


def _run_written(simulation: Mapping[str, Any]) -> list[tuple[str, str]]:
    parts, usual = list[tuple[str, str]](), LIMITS["usual"]
    if simulation["sample_interval"] != usual["sample"]:
        parts.append(("sample", written(simulation["sample_interval"])))
    for word, kind in _SOLVERS.items():
        if kind["kind"] == simulation["solver"]["kind"]:
            value = simulation["solver"][kind["value"]["name"]]
            if [word, value] != list(usual["solver"]):
                parts.append(("solver", f"{word}:{written(value)}"))
    initial, threshold = simulation["initial"], simulation["threshold"]
    if isinstance(initial, Mapping):
        parts.append(("initial", _listed(initial)))
    elif initial is not None:
        parts.append(("initial", initial if isinstance(initial, str) else written(initial)))
    if threshold is not None:
        parts.append(("threshold", written(threshold)))
    return parts


def _view_written(view: Mapping[str, Any]) -> list[tuple[str, str]]:
    parts = list[tuple[str, str]]()
    for key in LIMITS["words"]:
        if view.get(key):
            parts.append((key, ",".join(view[key]) if key == "panels" else view[key]))
    if view.get("cursor") is not None:
        parts.append(("cursor", written(view["cursor"])))
    own: Mapping[str, Any] = view.get("own", {})
    parts += [(key, _said(own[key])) for key in _OWN if own.get(key)]
    return parts


def _said(values: Mapping[str, Any]) -> str:
    return ",".join(
        f"{name}:{value if isinstance(value, str) else written(value)}"
        for name, value in values.items()
    )


def fitting(view: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """How something is looked at, without what says nothing new, or is of another model.

    >>> from loligo.lab.limits import known
    >>> import loligo as lo
    >>> squid = known(lo.load("hodgkin-huxley-1952"))
    >>> fitting({"own": {"steps": {"last": 55, "shown": "A"}, "block": {"K": 2}}}, squid)
    {'own': {'block': {'K': 2}}}
    """
    own = dict[str, dict[str, Any]]()
    for key, values in view.get("own", {}).items():
        fields = _fields(key, about) if key in _OWN else {}
        kept = {name: values[name] for name in fields if _says(values.get(name), fields[name])}
        own |= {key: kept} if kept else {}
    rest = {key: value for key, value in view.items() if key != "own"}
    return {**rest, "own": own} if own else rest


def _says(value: Any, field: Mapping[str, Any]) -> bool:
    """Whether a value need be said, and can be."""
    usual = value is None or value == field.get("usual", 0)
    return not usual and ("words" not in field or value in field["words"])


def written(value: float) -> str:
    """A number as JavaScript writes it: the fewest digits that say it.

    >>> written(50.0), written(1e-8), written(-0.25), written(1e21), written(123456789012345680000)
    ('50', '1e-8', '-0.25', '1e+21', '123456789012345680000')
    """
    number = float(value) + 0.0
    if not math.isfinite(number):
        raise UsageError(f"a link says finite numbers, not {number}")
    sign, digits, exponent = "-" if number < 0 else "", *_digits(abs(number))
    point = len(digits) + exponent
    if number == 0:
        return "0"
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{point - 1:+d}"


def _digits(number: float) -> tuple[str, int]:
    """The digits that matter, and the power of ten of the last of them."""
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, part = mantissa.partition(".")
    power = int(exponent or 0) - (0 if part == "0" else len(part))
    digits = (whole + ("" if part == "0" else part)).lstrip("0")
    kept = digits.rstrip("0")
    return kept, power + len(digits) - len(kept)
