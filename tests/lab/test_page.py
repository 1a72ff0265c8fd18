"""The whole page in Chromium: it asks for nothing, obeys the keyboard alone, hurts nobody, and a
hostile address changes nothing but a message."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import loligo as lo
from browser import opened
from loligo.lab.calling import USUAL, Lab, entry

SQUID = "hodgkin-huxley-1952"
SHEET = Path(__file__).parents[2] / "docs" / "lab" / "sheet.toml"
TABS = ("Membrane", "Clamp", "Curves", "Axon", "Live", "Equations", "Tasks")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}

pytestmark = pytest.mark.slow


MEMBRANE = f"#v=1&model={SQUID}&pulse=5,40,10&tab=membrane"


def shown(chromium: Any, file: Path, fragment: str = MEMBRANE, **how: Any) -> Any:
    """A page on which a trace is drawn, and what it did besides."""
    context = chromium.new_context(**({"viewport": DESKTOP, "reduced_motion": "reduce"} | how))
    context.set_default_timeout(10_000)
    page, seen = opened(context, file, fragment)
    page.locator("[role=tabpanel]:not([hidden]) canvas").first.wait_for()
    page.wait_for_timeout(200)
    return page, seen


def test_it_is_small_enough(made: Lab, file: Path):
    assert file.stat().st_size <= 560_000  # 600,000 were asked
    sizes = [len(entry(name, model).packed()) for name, model in made.models.items()]
    assert max(sizes) <= 34_000  # the largest of the four, Connor & Stevens', takes 33,478


@pytest.mark.parametrize(
    ("name", "most"), [("fitzhugh-1961", 14_000), ("beeler-reuter-1977", 42_000)]
)
def test_a_model_more_takes_as_much_as_is_told(name: str, most: int):
    """45,000 letters were asked for; all of the library but three take no more, see the docs."""
    assert len(entry(name, lo.load(name)).packed()) <= most


def test_it_asks_for_nothing_whatever_is_done(chromium: Any, file: Path):
    page, seen = shown(chromium, file)
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(500)
    for model in USUAL:
        page.get_by_label("Model", exact=True).select_option(model)
        page.get_by_role("tab", name="Membrane").click()
        page.wait_for_timeout(300)
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_label("Language", exact=True).select_option("de")
    page.wait_for_timeout(300)
    assert seen.requests == []
    assert seen.complaints == []


@pytest.mark.parametrize(
    ("fragment", "said"),
    [
        ("&set=g_Na:1e30", "lies between"), ("&set=g_Na:NaN", "is not a number"),
        ("&tab=<img src=x onerror=alert(1)>", "cannot be"), ("&pulse=1,1,1" * 600, "more than 8"),
        ("&pulse=1,1,1" * 1000, "longer than"), ("&" + "x" * 10**6, "longer than"),
        ("&set=g_Na:%", "damaged"), ("&constructor=1", "means nothing"),
        ("&set=__proto__:1", "unknown"),
    ],
    ids=lambda each: each[:24],
)  # fmt: skip
def test_a_hostile_address_changes_nothing_but_a_message(
    chromium: Any, file: Path, fragment: str, said: str
):
    page, seen = shown(chromium, file, f"{MEMBRANE}&set=g_Na:100")
    before = page.locator("main, .bodies").first.inner_html()
    page.evaluate("(hash) => { location.hash = hash; }", f"#v=1&model={SQUID}{fragment}")
    alert = page.get_by_role("alert").filter(has_text=said)
    alert.wait_for()
    assert page.locator("[role=alert] *").count() == 0  # text alone
    assert page.locator("main, .bodies").first.inner_html() == before
    assert seen.complaints == []
    page.evaluate("(hash) => { location.hash = hash; }", f"#v=1&model={SQUID}&set=g_Na:90")
    alert.wait_for(state="hidden")


def test_an_address_is_what_is_shown_and_back_again(chromium: Any, file: Path):
    link = "#v=1&model=wang-buzsaki-1996&set=phi:4&pulse=5,1,20&duration=20&initial=rest&tab=curves"
    page, _ = shown(chromium, file, link)
    assert page.get_by_label("Model", exact=True).input_value() == "wang-buzsaki-1996"
    assert page.get_by_role("tab", name="Curves").get_attribute("aria-selected") == "true"
    page.get_by_role("tab", name="Membrane").click()
    page.wait_for_function("() => location.hash.includes('tab=membrane')")
    assert page.evaluate("location.hash") == link.replace("curves", "membrane")
    one = lo.from_link(page.url)
    assert one.link() == link.replace("curves", "membrane")


# ------------------------------------------------------------------------------ everybody


def focused(page: Any) -> dict[str, Any]:
    """What has the focus: its name for people, and whether it is seen."""
    return page.evaluate(
        """() => {
          const at = document.activeElement;
          if (!at || at === document.body) return null;
          const box = at.getBoundingClientRect();
          const look = getComputedStyle(at);
          const ring = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0;
          return { mark: at.dataset.walk ?? "", seen: box.width > 0 && box.height > 0,
                   ring: ring || look.boxShadow !== "none" || at.tagName === "INPUT" };
        }"""
    )


def test_no_arrow_is_lost_on_the_row_of_tabs(chromium: Any, file: Path):
    """However quickly they come: a tab is shown with the next frame."""
    page, seen = shown(chromium, file)
    page.locator("#tab-membrane").focus()
    page.evaluate("""() => {
      for (let k = 0; k < 3; k += 1) {
        const pressed = { key: "ArrowRight", bubbles: true, cancelable: true };
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", pressed));
      }
    }""")
    assert page.evaluate("document.activeElement.textContent") == TABS[3]
    page.locator("#room-axon").wait_for()
    assert seen.complaints == []


MARK = """() => {
  const wanted = "a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), "
    + "textarea, summary, [tabindex='0']";
  const seen = (each) => each.getClientRects().length > 0 && each.tabIndex >= 0
    && each.type !== "radio" && getComputedStyle(each).visibility !== "hidden";
  return Array.from(document.querySelectorAll(wanted)).filter(seen)
    .map((each, k) => (each.dataset.walk = String(k)));
}"""


@pytest.mark.parametrize("tab", TABS)
def test_everything_is_reached_by_the_keyboard_alone(chromium: Any, file: Path, tab: str):
    """Tab leads through all that can be used, each seen as it is reached, and out at the end."""
    page, seen = shown(chromium, file)
    page.keyboard.press("Tab")
    for _ in range(30):  # to the row of tabs, and along it
        if page.evaluate("document.activeElement.getAttribute('role')") == "tab":
            break
        page.keyboard.press("Tab")
    for _ in TABS:
        if page.evaluate("document.activeElement.textContent") == tab:
            break
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == tab
    page.wait_for_timeout(400)
    wanted = set(page.evaluate(MARK))
    page.evaluate("document.querySelector('[data-walk=\"0\"]').focus()")
    reached, without = {"0"}, list[str]()
    for _ in range(len(wanted) + 40):
        page.keyboard.press("Tab")
        at = focused(page)
        if at is None:
            break
        assert at["seen"], at
        reached.add(at["mark"])
        if not at["ring"]:
            without.append(at["mark"])
    names = page.evaluate(
        """(marks) => marks.map((mark) =>
          document.querySelector(`[data-walk="${mark}"]`)?.outerHTML.slice(0, 120))""",
        sorted(wanted - reached),
    )
    assert not names
    assert not without
    assert seen.complaints == []


def test_a_spike_is_made_found_and_shared_without_a_pointer(
    chromium: Any, file: Path, tmp_path: Path
):
    page, _ = shown(chromium, file)
    page.locator(".slider").locator("input[type=range], [role=slider]").first.focus()
    before = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(before) => location.href !== before", arg=before)
    assert lo.from_link(page.url).parameters
    page.get_by_role("button", name="Share").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent") == "Save the picture (SVG)"
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    download.value.save_as(tmp_path / "lab.svg")
    assert (tmp_path / "lab.svg").read_text().startswith("<svg")
    page.get_by_role("button", name="Share").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Share"
    assert page.get_by_role("menu").count() == 0


@pytest.mark.parametrize("tab", TABS[:5])
def test_every_tab_that_draws_is_a_picture_and_a_table(
    chromium: Any, file: Path, tmp_path: Path, tab: str
):
    page, _ = shown(chromium, file)
    page.get_by_role("tab", name=tab).click()
    page.wait_for_timeout(800)
    table = {"Clamp": b"time (ms),I at -85 mV (uA/cm2)", "Axon": b"time (ms),V at 18 mm (mV)"}
    first = table.get(tab, b"time (ms),V (mV)")
    for kind, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("CSV", first)):
        page.get_by_role("button", name="Share").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=kind).click()
        saved = tmp_path / f"lab.{kind.lower()}"
        download.value.save_as(saved)
        assert saved.read_bytes().startswith(begins)
    svg = ElementTree.parse(tmp_path / "lab.svg").getroot()
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}text"))) > 5
    if tab not in table:
        assert float(lo.open(tmp_path / "lab.csv").V.max()) > 0


def axe() -> str:
    """axe-core's script; skips where it is not installed."""
    places = [os.environ.get("LOLIGO_NODE_MODULES"), "node_modules"]
    for place in filter(None, places):
        found = Path(place) / "axe-core" / "axe.min.js"
        if found.is_file():
            return found.read_text(encoding="utf-8")
    pytest.skip("axe-core is not installed (npm install axe-core; LOLIGO_NODE_MODULES)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_reports_nothing(chromium: Any, file: Path, scheme: str, size: dict[str, int]):
    script = axe()
    page, _ = shown(chromium, file, viewport=size, color_scheme=scheme, bypass_csp=True)
    page.evaluate(script)
    found = list[str]()
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(400)
        if tab == "Membrane":
            page.get_by_role("button", name="Share").click()
        told = page.evaluate("axe.run()")
        found += [
            f"{tab}: {each['id']}: {each['help']}: {node['html'][:150]}"
            for each in told["violations"] for node in each["nodes"][:3]
        ]  # fmt: skip
    assert not found, "\n".join(found)


@pytest.mark.parametrize("tab", TABS)
def test_a_phone_shows_it_without_scrolling_sideways(chromium: Any, file: Path, tab: str):
    page, _ = shown(chromium, file, viewport=PHONE, has_touch=True)
    page.get_by_role("tab", name=tab).click()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


# ------------------------------------------------------------------------------ tasks


def test_a_student_solves_tasks_and_the_code_is_right(chromium: Any, file: Path):
    from loligo.lab import tasks
    from loligo.lab.sheet import read_sheet

    sheet = read_sheet(SHEET)
    drawn = sheet.tasks[0].drawn(sheet.seed, "Ada Lovelace", 0)
    right = tasks.right_answer(sheet.tasks[0], drawn)
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    page, seen = shown(chromium, file, **phone)
    page.get_by_role("tab", name="Tasks").click()
    page.get_by_label("Your name").fill("  Ada  Lovelace ")
    page.get_by_role("button", name="Begin").click()
    first = page.get_by_role("article").nth(0)
    for answer, said in ((f"{right * 1.02:.5g}", "less"), (f"{right * 0.98:.5g}", "more"),
                         (f"{right * 1.005:.5g}".replace(".", ","), "Right.")):  # fmt: skip
        first.get_by_label("Your answer").fill(answer)
        first.get_by_role("button", name="Check").click()
        first.get_by_role("status").filter(has_text=said).wait_for()
    page.get_by_role("article").nth(3).get_by_role("button", name="Set up in the lab").click()
    link = f"#v=1&model={SQUID}&set=celsius:40&pulse=5,1,20&duration=30"
    page.evaluate("(hash) => { location.hash = hash; }", link)
    page.get_by_role("button", name="Back to the tasks").click()
    page.get_by_role("article").nth(3).get_by_role("button", name="Check").click()
    page.get_by_role("article").nth(3).get_by_role("status").filter(has_text="Right.").wait_for()
    marked = tasks.check(sheet, page.locator("#task-code").text_content())
    assert marked.name == "Ada Lovelace"
    assert [solved for solved, _ in marked.verdicts] == [True, False, False, True, False]
    assert seen.complaints == []


# ------------------------------------------------------------------------------ types


def test_the_modules_are_typed(tmp_path: Path):
    """JSDoc's types, checked by TypeScript."""
    places = [os.environ.get("LOLIGO_NODE_MODULES"), "node_modules"]
    found = next(
        (Path(p) / "typescript" / "bin" / "tsc" for p in places
         if p and (Path(p) / "typescript" / "bin" / "tsc").is_file()), None
    )  # fmt: skip
    node = shutil.which("node")
    if not node or not found:
        pytest.skip("TypeScript is not installed (npm install typescript; LOLIGO_NODE_MODULES)")
    page = Path(lo.__file__).parent / "lab" / "page"
    options = {
        "noEmit": True, "checkJs": True, "allowJs": True, "strict": True, "target": "es2023",
        "module": "esnext", "moduleResolution": "bundler", "types": [],
        "lib": ["es2024", "dom", "dom.iterable", "dom.asynciterable"],
    }  # fmt: skip
    project = tmp_path / "tsconfig.json"
    told = {"compilerOptions": options, "include": [f"{page}/**/*.js"]}
    project.write_text(json.dumps(told))
    done = subprocess.run(
        [node, str(found), "-p", str(project)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_what_is_in_the_page_of_a_model_is_text(tmp_path: Path, chromium: Any):
    """A model whose every text is markup: all of it is shown, and nothing of it is done."""
    nasty = "<img src=x onerror=alert(1)>"
    squid = lo.load(SQUID)
    texts = {"title": f"T{nasty}", "citation": nasty, "notes": [nasty]}
    model = squid.replace(name=f"n{nasty}", **texts)
    document = json.loads(json.dumps(model.to_dict()))
    for channel in document["channels"].values():
        channel["meaning"] = nasty
    file = lo.lab(lo.Membrane.from_dict(document)).save(tmp_path / "nasty.html")
    context = chromium.new_context(viewport=DESKTOP)
    page, seen = opened(context, file)
    for tab in TABS[:-1]:
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(300)
    assert page.locator("img").count() == 0
    assert nasty in page.locator("select").first.text_content()
    assert seen.requests == []
    assert seen.complaints == []
