"""What the lab costs: ``python -m benchmarks.lab_frames [SECONDS]``.

From opening the file to the first spike drawn; a frame while a slider of the squid's membrane moves
in every frame, 50 ms are computed and all panels drawn; how long an f-I curve of 60 currents is
behind the hand. It needs Chromium and Playwright. All is told twice: by the clock, in which others
on the machine count too, and in the processor's time: of a frame that of the page's own thread,
style and layout included, else that of the page's process.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import processor
from loligo.lab.calling import USUAL, lab
from loligo.stimulus import Pulse

# what a frame's callbacks take by the clock
WATCHED = """
window.plain = window.requestAnimationFrame.bind(window);
window.work = [];
window.requestAnimationFrame = (call) => window.plain((now) => {
  const begun = performance.now();
  call(now);
  window.work.push(performance.now() - begun);
  if (document.querySelector("canvas")) window.first ??= performance.now();
});
"""
MOVED = """async (seconds) => {
  const tracks = [...document.querySelectorAll(".membrane .parameters input[type=range]")];
  const gaps = [];
  window.work.length = 0;
  const begun = performance.now();
  let last = begun;
  let frame = 0;
  await new Promise((done) => {
    const step = (now) => {
      if (frame) gaps.push(now - last);
      last = now;
      const track = tracks[Math.floor(frame / 60) % tracks.length];
      const [low, high] = [Number(track.min), Number(track.max)];
      track.value = String(low + (high - low) * (0.5 + 0.15 * Math.sin(frame / 15)));
      track.dispatchEvent(new Event("input", { bubbles: true }));
      frame++;
      if (frame % 60 === 0) track.dispatchEvent(new Event("change", { bubbles: true }));
      if (now - begun < seconds * 1000) window.plain(step);
      else done();
    };
    window.plain(step);
  });
  const mean = window.work.reduce((sum, each) => sum + each, 0) / window.work.length;
  const over = gaps.filter((gap) => gap > 50).length;
  return { frames: frame, mean, longest: Math.max(...gaps), over };
}"""
# one step of the hand; the card says when its curve was found with the new number
BEHIND = """async (part) => {
  const card = document.querySelector("section[aria-label='Firing rate']");
  const track = document.querySelector("#room-curves .parameters input[type=range]");
  const [low, high] = [Number(track.min), Number(track.max)];
  delete card.dataset.behind;
  track.value = String(low + (high - low) * part);
  track.dispatchEvent(new Event("input", { bubbles: true }));
  while (!card.dataset.behind) await new Promise((done) => setTimeout(done, 5));
  return Number(card.dataset.behind);
}"""
STEPS, OPENINGS = 12, 6


def main(seconds: float) -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        where = lab(USUAL, Pulse(5, 40, 10)).save(Path(folder, "lab.html"))
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        print(f"{processor()}; load {os.getloadavg()[0]:.1f}; Chromium {started.version}, headless")
        opening = [first(started, where) for _ in range(OPENINGS)]
        print(f"from opening to the first spike drawn: {listed(opening)} by the clock")
        page = opened(started, where)
        frames(page, seconds)
        behind(page)
        started.close()


def opened(started: Any, where: Path) -> Any:
    page = started.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCHED)
    page.goto(where.as_uri())
    page.wait_for_selector("canvas")
    while not page.evaluate("window.first"):
        page.wait_for_timeout(20)
    return page


def first(started: Any, where: Path) -> float:
    """ms from opening a file until a trace is drawn."""
    page = opened(started, where)
    passed = page.evaluate("window.first")
    page.close()
    return float(passed)


def frames(page: Any, seconds: float) -> None:
    page.click("text=Conductance")
    page.wait_for_timeout(500)
    told = page.context.new_cdp_session(page)
    told.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = metrics(told)
    found = page.evaluate(MOVED, seconds)
    after = metrics(told)
    names = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
    used = sum(after[name] - before[name] for name in names) * 1e3 / found["frames"]
    work = f"{found['mean']:.2f} ms by the clock, {used:.2f} ms of the processor"
    print(f"{found['frames']} frames in {seconds:g} s; a frame's own work: {work}")
    print(f"longest gap {found['longest']:.0f} ms, {found['over']} over 50 ms")


def behind(page: Any) -> None:
    page.click("#tab-curves")
    page.wait_for_selector("[data-behind]", state="attached")
    page.wait_for_timeout(3000)  # until the whole is known
    process = renderer(os.getpid())
    found, used = list[float](), list[float]()
    for step in range(STEPS):
        begun = spent(process)
        found.append(page.evaluate(BEHIND, 0.3 + 0.4 * step / STEPS))
        used.append(spent(process) - begun)
        page.wait_for_timeout(2000)
    print(f"an f-I curve of 60 currents behind the hand: {listed(found)} by the clock")
    print(f"    {listed(used)} of the processor, the page's own drawing included")


def listed(found: list[float]) -> str:
    return f"{min(found):.0f} to {max(found):.0f} ms, the median {statistics.median(found):.0f}"


def renderer(parent: int) -> int:
    """The process below one that draws the page: the busiest that draws any."""
    below = {parent}
    table = {int(p.name): stat(int(p.name)) for p in Path("/proc").iterdir() if p.name.isdigit()}
    while more := {one for one, (above, *_) in table.items() if above in below} - below:
        below |= more
    drawing = [one for one in below if "--type=renderer" in command(one)]
    return max(drawing, key=spent)


def command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def stat(process: int) -> tuple[int, float]:
    """The process above, and the processor's time that was used, ms."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0.0
    return int(words[1]), (int(words[11]) + int(words[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


def spent(process: int) -> float:
    return stat(process)[1]


def metrics(told: Any) -> dict[str, float]:
    return {each["name"]: each["value"] for each in told.send("Performance.getMetrics")["metrics"]}


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
