"""One simulation is one link: Python and the page read the same of it, and refuse the same."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

import loligo as lo
from loligo.errors import UsageError
from loligo.lab.limits import LIMITS, known
from loligo.lab.link import fitting, read_link, write_link, written
from loligo.stimulus.document import KINDS, from_dict
from scripted import called

SQUID = "hodgkin-huxley-1952"
KNOWN = {SQUID: known(lo.load(SQUID))}
V1 = f"#v=1&model={SQUID}"

# what is refused, and of what its reason speaks
HOSTILE = {
    "": "does not begin with v=1",
    "#": "does not begin with v=1",
    "#hello": "does not begin with v=1",
    "#model=x&v=1": "does not begin with v=1",
    "#v=2&model=x": "is of version 2",
    "#v=": "is of version ;",
    "#v=01&model=x": "is of version 01",
    "#v=1": "names no model",
    "#v=1&model=": "no model  here",
    "#v=1&model=../../etc/passwd": "no model ../../etc/passwd here",
    "#v=1&model=__proto__": "no model __proto__ here",
    "#v=1&model=constructor": "no model constructor here",
    "#v=1&model=%3Cscript%3Ealert(1)%3C/script%3E": "no model <script>alert(1)</script> here",
    f"{V1}&model=x": "model more than 1 times",
    f"{V1}&": "says , which means nothing",
    f"{V1}&colour=red": "says colour, which",
    f"{V1}&__proto__=1": "says __proto__, which",
    f"{V1}&constructor=1": "says constructor, which",
    f"{V1}&set=": "set of the link:  is unknown",
    f"{V1}&set=g_Na": "is not a number",
    f"{V1}&set=g_Na:": "set g_Na of the link:  is not a number",
    f"{V1}&set=g_Na:1,g_Na:2": "g_Na is said twice",
    f"{V1}&set=toString:1": "toString is unknown",
    f"{V1}&set=__proto__:1": "__proto__ is unknown",
    f"{V1}&set=g_Na:1e999": "lies between -1000000000 and 1000000000",
    f"{V1}&set=g_Na:1e10": "lies between",
    f"{V1}&set=C_m:0": "lies above 0",
    f"{V1}&set=celsius:-273.15": "lies above -273.15",
    f"{V1}&set=g_Na:{'9' * 31}": "is not a number",
    f"{V1}&pulse=5,40": "5,40 has not 3 values",
    f"{V1}&pulse=5,40,10,11": "11 is unknown",
    f"{V1}&pulse=5,0,10": "lies above 0",
    f"{V1}&pulse=5,-1,10": "lies between 0 and",
    f"{V1}&pulse=[[[[[[5,40,10]]]]]]": "is not a number",
    f"{V1}&pulse={{'a':1}},40,10": "is not a number",
    f"{V1}{'&pulse=5,1,10' * 9}": "pulse more than 8 times",
    f"{V1}{'&pulse=5,1,10' * 500}": "pulse more than 8 times",
    f"{V1}{'&pulse=5,1,10' * 1000}": "longer than 8000",
    f"{V1}&train=5,1,10,2,2.5": "not a whole number",
    f"{V1}&train=5,1,10,2,1e9": "lies between 1 and 10000",
    f"{V1}&train=5,3,10,2,4": "interval is below duration",
    f"{V1}&sine=5,3,10,-2": "lies between 0 and",
    f"{V1}&sine=5,3,10,2,phase:1,phase:2": "phase is said twice",
    f"{V1}&sine=5,3,10,2,phase": "is not a number",
    f"{V1}&clamp=5,3,1e5": "lies between -1000 and 1000",
    f"{V1}&clamp=5,3,1,series_resistance:1": "series_resistance is unknown",
    f"{V1}&duration=0": "lies above 0",
    f"{V1}&duration=100001": "lies between 0 and 100000",
    f"{V1}&duration=50&duration=51": "duration more than 1",
    f"{V1}&sample=0": "lies between 0.001",
    f"{V1}&duration=10000&sample=0.001": "more than 200000 samples",
    f"{V1}&solver=euler:0.01": "says solver=euler, which",
    f"{V1}&solver=taylor": "is not a number",
    f"{V1}&solver=taylor:1e-20": "lies between 1e-8 and 1e-8",
    f"{V1}&solver=taylor:1e-8:cuda": "is not a number",
    f"{V1}&initial=": "is not a number",
    f"{V1}&initial=hot": "is not a number",
    f"{V1}&initial=W:1": "W is unknown",
    f"{V1}&initial=V:1e300": "lies between",
    f"{V1}&initial=V:-60,m:0.1": "h is missing",
    f"{V1}&threshold=NaN": "is not a number",
    f"{V1}&threshold=1,2": "is not a number",
    f"{V1}&tab=../x": "cannot be",
    f"{V1}&tab=<img onerror=alert(1)>": "cannot be",
    f"{V1}&language=de-AT-and-more": "cannot be",
    f"{V1}&panels=V,,m": "cannot be",
    f"{V1}&cursor=-1": "lies between",
    f"{V1}&set=g_Na:%": "is damaged at",
    f"{V1}&set=g_Na:%zz": "is damaged at",
    f"{V1}&set=g_Na:%C3": "is damaged at",
    f"{V1}&set=g_Na:%ED%A0%80": "is damaged at",
    f"{V1}&%ff=1": "is damaged at",
    f"{V1}&set=g_Na:1%00": "is not a number",
    "x" * 1_000_000: "longer than 8000",
    "#v=1&" + "𝄞" * 9000: "longer than 8000",
    "#v=1&" + "𝄞" * 100 + "=1": "𝄞…, which",
    "#v=1&" + "=" * 3000: "says , which",
    "#v=1" + "&" * 3000: "says , which",
    # what tabs remember
    f"{V1}&steps=": "steps of the link:  is unknown",
    f"{V1}&steps=holding:-141": "holding of the link is -141, but it lies between -140",
    f"{V1}&steps=number:2.5": "steps number of the link: 2.5 is not a whole number",
    f"{V1}&steps=number:1e9": "lies between 1 and 40",
    f"{V1}&steps=width:0": "lies between 0.5 and 500",
    f"{V1}&steps=last:NaN": "steps last of the link: NaN is not a number",
    f"{V1}&steps=shown:A": "steps shown of the link: A cannot be",
    f"{V1}&steps=shown:": "steps shown of the link:  cannot be",
    f"{V1}&steps=first:1,first:2": "steps of the link: first is said twice",
    f"{V1}&steps=first:1&steps=last:2": "the link says steps more than 1 times",
    f"{V1}&steps=%3Cscript%3E:1": "steps of the link: <script> is unknown",
    f"{V1}&steps=__proto__:1": "steps of the link: __proto__ is unknown",
    f"{V1}&block=L:1": "block of the link: L is unknown",
    f"{V1}&block=constructor:1": "block of the link: constructor is unknown",
    f"{V1}&block=Na:-1": "block Na of the link is -1, but it lies between 0 and 1000",
    f"{V1}&block=K:101": "lies between 0 and 100",
    f"{V1}&axon=sheath:steel": "axon sheath of the link: steel cannot be",
    f"{V1}&axon=side:%3Cimg%20src=x%20onerror=alert(1)%3E": "axon side of the link: <imgsrc=x",
    f"{V1}&axon=g_ratio:1": "axon g_ratio of the link is 1, but it lies between 0.1 and 0.99",
    f"{V1}&axon=diameter:0": "lies between 1 and 10000",
    f"{V1}&axon=length:1e308": "lies between 5 and 1000",
    f"{V1}&axon=lag:-0.1": "lies between 0 and 20",
    f"{V1}&curves=upwards:q": "curves upwards of the link: q cannot be",
    f"{V1}&curves=most:0": "curves most of the link is 0, but it lies above 0",
    f"{V1}&curves=gates:toString": "curves gates of the link: toString cannot be",
    f"{V1}&live=speed:0": "live speed of the link is 0, but it lies above 0",
    f"{V1}&live=sweep:1e9": "lies between 0 and 100000",
    f"{V1}&clamp=first:1": "clamp of the link: first:1 has not 3 values",
} | {
    f"{V1}&set=g_Na:{text}": "is not a number"
    for text in ("nan", "NaN", "inf", "Infinity", "-Infinity", "0x10", "1_000", "+1", "01", ".5",
                 "5.", "1e", "١٢", "１２", "1\u00a0", "\u20031", "1e+-5", "--1", "null", "1n",
                 "1e0001")
}  # fmt: skip


def doc(**more: Any) -> dict[str, Any]:
    solver = {"kind": "Taylor", "tolerance": 1e-8, "portable": True}
    return {"model": SQUID, "parameters": {}, "stimulus": [], "duration": 50.0,
            "sample_interval": 0.05, "solver": solver, "initial": None, "threshold": None,
            **more}  # fmt: skip


# what is read, from texts of many kinds
GOOD: dict[str, dict[str, Any]] = {
    V1: doc(),
    V1[1:]: doc(),
    f"https://example.org/lab.html{V1}": doc(),
    f"file:///tmp/a%20b.html{V1}&duration=1e1": doc(duration=10.0),
    f"{V1}&set=g_Na:0,celsius:1.85e1": doc(parameters={"g_Na": 0.0, "celsius": 18.5}),
    f"{V1}&set=g_Na%3A-0": doc(parameters={"g_Na": 0.0}),
    f"{V1}&pulse=5,40,10": doc(stimulus=[lo.Pulse(5, 40, 10).to_dict()]),
    f"{V1}&sine=5,3,10,2,phase:1.5&ramp=-1,2,-3": doc(
        stimulus=[lo.Sine(5, 3, 10, 2, 1.5).to_dict(), lo.Ramp(-1, 2, -3).to_dict()]
    ),
    f"{V1}&train=1,2,3,4,5&chirp=0,9,1,0,100": doc(
        stimulus=[lo.PulseTrain(1, 2, 3, 4, 5).to_dict(), lo.Chirp(0, 9, 1, 0, 100).to_dict()]
    ),
    f"{V1}&clamp=0,1,-65&clamp=1,1,0,to:20": doc(
        stimulus=[lo.VoltageClamp(0, 1, -65).to_dict(), lo.VoltageClamp(1, 1, 0, to=20).to_dict()]
    ),
    f"{V1}&noise=0,9,1,seed:7,tau:2&solver=exponential:0.02": doc(
        stimulus=[lo.Noise(0, 9, 1, seed=7, tau=2).to_dict()],
        solver={"kind": "Exponential", "dt": 0.02, "portable": True},
    ),
    f"{V1}&initial=rest&threshold=-20": doc(initial="rest", threshold=-20.0),
    f"{V1}&initial=-65&sample=0.01": doc(initial=-65.0, sample_interval=0.01),
    f"{V1}&initial=V:-60,n:0.4,m:0.1,h:1&solver=taylor:1e-8": doc(
        initial={"V": -60.0, "n": 0.4, "m": 0.1, "h": 1.0}
    ),
}


def verdict(url: str) -> Any:
    try:
        return read_link(url, KNOWN.get)["simulation"]
    except UsageError as problem:
        return str(problem)


def read_in_node(urls: list[str]) -> list[Any]:
    """What the page makes of them: the simulation, or the reason."""
    return called(
        """return given.urls.map((url) => {
             const known = (name) => (Object.hasOwn(given.known, name) ? given.known[name] : null);
             try { return $link_read.readLink(url, given.limits, known).simulation; }
             catch (problem) {
               if (!(problem instanceof $link_read.LinkError)) throw problem;
               return problem.message;
             }
           });""",
        {"urls": urls, "limits": LIMITS, "known": KNOWN},
        "link/read.js",
    )


def test_a_refusal_holds_nothing_that_a_terminal_obeys():
    """Nor what turns the direction of writing: the page and Python say it in the same words."""
    url = f"{V1}&set=%1B[2J\u202ex:1"
    assert verdict(url) == "set of the link: ?[2J?x is unknown"
    assert read_in_node([url]) == [verdict(url)]


def test_a_link_that_an_email_broke_says_what_it_said():
    """Over lines, with blanks where it was broken, or with & as HTML writes it: Python and the
    page read it as it was."""
    whole = "#v=1&model=hodgkin-huxley-1952&set=g_Na:100&pulse=5,40,10&duration=50"
    broken = [
        whole.replace("model=", "mod\nel="), whole.replace("40,", "40,\r\n    "),
        whole.replace(",10", ",%20%0A10"), whole.replace("&", "&amp;"), f"\n{whole} \n",
        whole.replace("&pulse", "&\tpulse"),
    ]  # fmt: skip
    assert [verdict(url) for url in broken] == [verdict(whole)] * len(broken)
    assert read_in_node(broken) == read_in_node([whole]) * len(broken)


@pytest.mark.parametrize(("url", "why"), HOSTILE.items(), ids=lambda each: each[:60])
def test_a_hostile_link_is_refused_in_one_line(url: str, why: str):
    said = verdict(url)
    assert isinstance(said, str)
    assert f"{why}" in f"{said};"
    assert len(said) < 250
    assert "\n" not in said


@pytest.mark.parametrize("url", GOOD, ids=lambda each: each[-50:])
def test_a_link_says_a_simulation(url: str):
    assert verdict(url) == GOOD[url]


def test_the_page_reads_the_same_and_says_the_same():
    urls = [*HOSTILE, *GOOD]
    assert read_in_node(urls) == [verdict(url) for url in urls]


def test_the_view_comes_along():
    read = read_link(f"{V1}&tab=clamp&language=de&theme=dark&panels=V,I_Na&cursor=1.5", KNOWN.get)
    view = {
        "tab": "clamp",
        "language": "de",
        "theme": "dark",
        "panels": ["V", "I_Na"],
        "cursor": 1.5,
    }
    assert read["view"] == view
    assert read_link("#" + write_link(doc(), view), KNOWN.get) == {
        "simulation": doc(),
        "view": view,
    }


OWN = {
    "steps": {"holding": -70.0, "first": -100.0, "number": 8.0, "shown": "Na"},
    "block": {"Na": 3.3, "K": 0.05},
    "curves": {"gates": "tau", "others": "frozen", "current": 7.5, "most": 0.4, "upwards": "h",
               "from_V": -50.0, "from_y": 0.25},
    "axon": {"diameter": 238.5, "sheath": "myelin", "fibre": 12.0, "side": "both", "lag": 1.5,
             "first": 3.0},
    "live": {"hold": 1.0, "held": -5.0, "poke": 40.0, "speed": 12.5, "sweep": 80.0},
}  # fmt: skip


def test_what_tabs_remember_comes_along_and_is_the_same_on_both_sides():
    view = {"tab": "axon", "own": OWN}
    link = write_link(doc(), view)
    assert "steps=holding:-70,first:-100,number:8,shown:Na&block=Na:3.3,K:0.05&curves=" in link
    assert read_link(link, KNOWN.get)["view"] == view
    both = """const known = (name) => given.known[name];
      return [$link_read.readLink(given.link, given.limits, known).view,
              $link_write.writeLink(given.doc, given.view, given.limits)];"""
    given = {"link": link, "limits": LIMITS, "known": KNOWN, "doc": doc(), "view": view}
    assert called(both, given, "link/read.js", "link/write.js") == [view, link]


def test_what_says_nothing_new_or_is_of_another_model_is_not_in_the_link():
    """Of a hand that went to another model and back, and of fields that were put back."""
    other = {"steps": {"last": 55.0, "shown": "A", "first": -90.0}, "block": {"K": 0.0, "A": 50.0},
             "axon": {"sheath": "bare", "side": "left"}, "curves": {"upwards": "b", "most": None},
             "clamp": {"lit": 3}}  # fmt: skip
    kept = {"steps": {"first": -90.0}}
    assert fitting({"own": other}, KNOWN[SQUID]) == {"own": kept}
    code = "return $link_limits.fitting(given.own, given.known, given.limits);"
    given = {"own": other, "known": KNOWN[SQUID], "limits": LIMITS}
    assert called(code, given, "link/limits.js") == kept


def test_a_page_without_a_solver_says_how_to_get_one_that_has_it():
    known_here = {SQUID: {**KNOWN[SQUID], "solvers": ["Taylor"]}}
    url = f"{V1}&solver=exponential:0.02"
    with pytest.raises(UsageError, match="no solver exponential; loligo lab --link makes one"):
        read_link(url, known_here.get)


def states(count: int) -> list[dict[str, Any]]:
    """Simulations of all kinds, their numbers anything that a link may say."""
    rng = random.Random(13)

    def number(bounds: dict[str, Any]) -> float:
        low, high = bounds["low"], bounds["high"]
        if bounds.get("whole"):
            return float(rng.randint(int(low), int(high)))
        size = 10 ** rng.uniform(-7, math.log10(high - low))
        value = rng.choice([low + size, high - size, rng.uniform(low, high), round(low + size, 2)])
        return min(max(value, low + 1e-13 if bounds.get("open") else low), high)

    def shape(kind: dict[str, Any]) -> dict[str, Any]:
        made = {"kind": kind["kind"], **kind["fixed"]}
        made |= {each["name"]: number(each) for each in kind["values"]}
        made |= {s["name"]: rng.choice([s["usual"], number(s)]) for s in kind["settings"]}
        if "ordered" in kind:
            low, high = kind["ordered"]
            made[high] = max(made[low], made[high])
        return made

    def simulation() -> dict[str, Any]:
        parameters, names = KNOWN[SQUID]["parameters"], KNOWN[SQUID]["states"]
        numbers = LIMITS["numbers"]
        chosen = rng.sample(sorted(parameters), rng.randint(0, len(parameters)))
        kinds = [k for k in LIMITS["stimuli"] for _ in range(rng.randint(0, min(2, k["most"])))]
        rng.shuffle(kinds)
        held = {name: number(numbers["state"]) for name in rng.sample(names, 4)}
        duration = number(numbers["duration"])
        return doc(
            parameters={name: number(parameters[name]) for name in chosen},
            stimulus=[shape(kind) for kind in kinds],
            duration=duration,
            sample_interval=max(duration / 1e5, 0.001),
            initial=rng.choice([None, "rest", number(numbers["initial"]), held]),
            threshold=rng.choice([None, number(numbers["threshold"])]),
        )

    return [simulation() for _ in range(count)]


def test_from_the_page_to_python_and_back_nothing_changes():
    """50 states: the page writes the link that Python writes, and reads what Python reads."""
    asked = states(50)
    urls = [write_link(each) for each in asked]
    assert [read_link(url, KNOWN.get)["simulation"] for url in urls] == asked
    assert read_in_node(urls) == asked
    code = "return given.asked.map((each) => $link_write.writeLink(each, {}, given.limits));"
    assert called(code, {"asked": asked, "limits": LIMITS}, "link/write.js") == urls


def test_numbers_are_written_as_javascript_writes_them():
    rng = random.Random(7)
    numbers = [rng.uniform(-1, 1) * 10 ** rng.uniform(-25, 25) for _ in range(500)]
    numbers += [0.0, -0.0, 1.0, -1.0, 1e21, 1e20, 123456789012345680000.0, 1e-6, 1e-7, 5e-324, 0.1,
                1.7976931348623157e308, 100.0, 1e6, 1.5e-7, 2.0**53]  # fmt: skip
    theirs = called("return given.map((each) => String(each + 0));", numbers, "link/write.js")
    assert [written(number) for number in numbers] == theirs
    assert [float(text) for text in theirs] == numbers


@pytest.mark.parametrize("kind", LIMITS["stimuli"], ids=lambda kind: kind["kind"])
def test_what_a_link_says_of_a_stimulus_is_its_document(kind: dict[str, Any]):
    """Its words are those of the command line, its values in the same order."""
    entry = next(e for e in lo.stimulus.ENTRIES.values() if e.option == f"--{kind['word']}")
    usage = [word.lower() for word in entry.usage.split() if not word.startswith("[")]
    assert [each["name"] for each in kind["values"]] == usage
    for document in (each for state in states(20) for each in state["stimulus"]):
        made = KINDS[document["kind"]](**{k: v for k, v in document.items() if k != "kind"})
        assert made.to_dict() == document
        if document["kind"] != "clamp":
            assert from_dict(document).to_dict() == document


def test_what_no_link_says_is_told():
    with pytest.raises(UsageError, match="the lab has no waveform; it has pulse, pulse_train"):
        write_link(doc(stimulus=[lo.Waveform([0, 1], [0, 1]).to_dict()]))
    with pytest.raises(UsageError, match="no pulse with unit='nA'"):
        write_link(doc(stimulus=[lo.Pulse(0, 5, "2 nA").to_dict()]))
    with pytest.raises(UsageError, match="finite numbers, not nan"):
        write_link(doc(duration=math.nan))
