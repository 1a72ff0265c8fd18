"""What a frame of the lab costs while a hand moves: ``python -m benchmarks.lab_frames [SECONDS]``.

A slider of the squid's membrane moves in every frame, 50 ms are computed and all panels drawn. It
needs Chromium and Playwright. A frame's work is told twice: by the clock, in which others on the
machine count too, and in the processor's time of the page's own thread, style and layout included.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import _processor
from loligo.lab.calling import lab
from loligo.stimulus import Pulse

# what a frame's callbacks take by the clock
WATCHED = """
window.plain = window.requestAnimationFrame.bind(window);
window.work = [];
window.requestAnimationFrame = (call) => window.plain((now) => {
  const begun = performance.now();
  call(now);
  window.work.push(performance.now() - begun);
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


def main(seconds: float) -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = lab("hodgkin-huxley-1952", Pulse(5, 40, 10)).save(Path(folder, "lab.html"))
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = started.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(WATCHED)
        page.goto(file.as_uri())
        page.wait_for_selector(".verdict:not(:empty)")
        page.click("text=Conductance")
        page.wait_for_timeout(500)
        told = page.context.new_cdp_session(page)
        told.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = metrics(told)
        found = page.evaluate(MOVED, seconds)
        after = metrics(told)
        names = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
        used = sum(after[name] - before[name] for name in names) * 1e3 / found["frames"]
        print(f"{_processor()}; Chromium {started.version}, headless")
        work = f"{found['mean']:.2f} ms by the clock, {used:.2f} ms of the processor"
        print(f"{found['frames']} frames in {seconds:g} s; a frame's own work: {work}")
        print(f"longest gap {found['longest']:.0f} ms, {found['over']} over 50 ms")
        started.close()


def metrics(told: Any) -> dict[str, float]:
    return {each["name"]: each["value"] for each in told.send("Performance.getMetrics")["metrics"]}


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
