/**
 * Above the plots: which panels, slow motion, ghosts to compare with, how long.
 */
import { describe, element, fill, icon } from "../dom.js";
import { headingOf } from "../draw/panels.js";
import { tool } from "../header.js";

const LASTS = [20, 10, 5, 2]; // s on the clock, all of a run
const STEPS = 40; // of a play without motion

/**
 * @typedef {object} Wanted
 * @property {() => string[]} offered  panels
 * @property {() => void} keep  a ghost
 * @property {() => void} forget  all ghosts
 * @property {() => number} ghosts
 * @property {(time: number | null, moving: boolean) => void} head  where the play is
 */

/**
 * @param {HTMLElement} host
 * @param {import("../main.js").Lab} lab
 * @param {Wanted} wanted
 */
export function transport(host, lab, wanted) {
  const { words } = lab;
  const chips = element("div", { class: "chip-row", role: "group", "aria-label": words("Panels") });
  const play = element("button", { type: "button", class: "chip play", onclick: () => (playing ? stop() : start()) });
  const speed = element("select", { class: "speed", "aria-label": words("Speed of the slow motion") },
    ...LASTS.map((s) => element("option", { value: s, selected: s === 10 }, words("in {s} s", { s }))));
  const keep = element("button", { type: "button", class: "chip", onclick: wanted.keep }, icon("ghost"), words("Keep as ghost"));
  const forget = tool(words("Ghosts away"), "remove", wanted.forget);
  host.append(element("div", { class: "toolbar" }, chips,
    element("div", { class: "chip-row" }, play, speed, keep, forget)));
  let playing = 0;
  let built = "";
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  function start() {
    const lasts = lab.state.get().duration;
    const begun = performance.now();
    const rate = () => lasts / Number(speed.value);
    let at = 0;
    let before = begun;
    const tick = (/** @type {number} */ now) => {
      at += ((now - before) / 1000) * rate();
      before = now;
      if (at >= lasts) {
        stop();
        return;
      }
      wanted.head(still.matches ? Math.floor((at / lasts) * STEPS) * (lasts / STEPS) : at, !still.matches);
      playing = requestAnimationFrame(tick);
    };
    playing = requestAnimationFrame(tick);
    shown();
  }

  function stop() {
    cancelAnimationFrame(playing);
    playing = 0;
    wanted.head(null, false);
    shown();
  }

  function shown() {
    fill(play, [icon(playing ? "pause" : "play"), playing ? words("Stop") : words("Slow motion")]);
    describe(play, { "aria-pressed": String(playing !== 0) });
  }

  /** @param {import("../state.js").View} view */
  function show(view) {
    const offered = wanted.offered();
    if (offered.join() !== built) {
      built = offered.join();
      fill(chips, offered.map((key) => element("button", { type: "button", class: "chip toggle",
        "data-key": key, onclick: () => toggle(key) }, headingOf(key, words))));
    }
    for (const chip of chips.children) {
      describe(chip, { "aria-pressed": String(view.panels.includes(/** @type {HTMLElement} */ (chip).dataset.key ?? "")) });
    }
    forget.classList.toggle("nothing", !wanted.ghosts());
  }

  /** @param {string} key */
  function toggle(key) {
    const { panels } = lab.state.view;
    const without = panels.filter((each) => each !== key);
    lab.state.look({ panels: without.length < panels.length ? without : [...panels, key] });
  }

  shown();
  return { show, toggle: () => (playing ? stop() : start()), stop: () => playing && stop() };
}
