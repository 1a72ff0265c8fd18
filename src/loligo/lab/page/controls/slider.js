/**
 * A number that is dragged, stepped by keys, or typed; and put back.
 *
 * @typedef {object} Wanted
 * @property {string} label  in words
 * @property {Node} [shown]  its name as it is printed; else the words
 * @property {string} unit  as it is printed
 * @property {number} low
 * @property {number} high
 * @property {number} initial  where it is put back to, and where it catches
 * @property {string} [colour]  a name of the page's colours
 * @property {number} [least]  what is typed may not be lower
 * @property {number} [most]  or higher
 * @property {(value: number, moving: boolean) => void} set
 * @property {() => void} settle  the hand is at rest
 */
import { describe, element } from "../dom.js";
import { tool } from "../header.js";
import { typedNumber, written } from "./typed.js";

const STEPS = 200; // from one end to the other
const LARGEST = 1e6; // that is typed, where nothing else is said

/**
 * @param {import("../main.js").Lab} lab
 * @param {Wanted} wanted
 */
export function slider(lab, wanted) {
  const step = niceStep((wanted.high - wanted.low) / STEPS);
  const track = element("input", {
    type: "range", min: wanted.low, max: wanted.high, step: "any", "aria-label": wanted.label,
  });
  const typed = typedNumber(lab, {
    label: `${wanted.label}${wanted.unit ? `, ${wanted.unit}` : ""}`,
    least: Math.max(wanted.least ?? -LARGEST, -LARGEST), most: Math.min(wanted.most ?? LARGEST, LARGEST),
    changed: (value) => put(value, false),
  });
  const back = tool(lab.words("Put back"), "reset", () => put(wanted.initial, false));
  back.setAttribute("aria-label", `${lab.words("Put back")}: ${wanted.label}`);
  const row = element("div", { class: "slider" },
    element("span", { class: "name", title: wanted.label }, wanted.shown ?? wanted.label), track,
    typed.input, element("span", { class: "unit" }, wanted.unit), back, typed.wrong);
  if (wanted.colour) row.style.setProperty("--ink", `var(--${wanted.colour}, var(--text))`);

  /**
   * @param {number} value
   * @param {boolean} moving
   */
  function put(value, moving) {
    wanted.set(value, moving);
    if (!moving) wanted.settle();
  }

  /** @param {number} value */
  function caught(value) {
    if (Math.abs(value - wanted.initial) < 2 * step) return wanted.initial;
    return Number((Math.round(value / step) * step).toPrecision(12));
  }

  track.addEventListener("input", () => put(caught(Number(track.value)), true));
  track.addEventListener("change", () => wanted.settle());
  track.addEventListener("keydown", (event) => {
    const from = Number(track.dataset.value);
    const to = stepped(event, from, step, wanted);
    if (to === null) return;
    event.preventDefault();
    put(to, true);
  });
  track.addEventListener("keyup", () => wanted.settle());
  track.addEventListener("blur", () => wanted.settle());
  /** @param {number} value */
  function show(value) {
    typed.show(value);
    if (track.dataset.value === String(value) && track.value === String(value)) return;
    track.dataset.value = String(value);
    track.value = String(value);
    const part = (Math.min(Math.max(value, wanted.low), wanted.high) - wanted.low) /
      (wanted.high - wanted.low);
    row.style.setProperty("--part", String(part));
    const text = written(value, lab.style.decimal());
    describe(track, { "aria-valuetext": `${text} ${wanted.unit}`.trim() });
    const changed = value !== wanted.initial;
    back.disabled = !changed;
    row.classList.toggle("changed", changed);
  }

  return { element: row, show, track };
}

/**
 * Where a key leads, or null if it is no key of a slider.
 *
 * @param {KeyboardEvent} event
 * @param {number} from
 * @param {number} step
 * @param {{low: number, high: number}} within
 */
export function stepped(event, from, step, { low, high }) {
  const many = event.shiftKey ? 10 : 1;
  /** @type {Record<string, number>} */
  const moves = { ArrowRight: many, ArrowUp: many, ArrowLeft: -many, ArrowDown: -many, PageUp: 10,
    PageDown: -10 };
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.key === "Home") return low;
  if (event.key === "End") return high;
  const move = moves[event.key];
  if (!move) return null;
  const to = Number((Math.round(from / step + move) * step).toPrecision(12));
  return Math.min(Math.max(to, Math.min(low, from)), Math.max(high, from));
}

/**
 * 1, 2 or 5 times a power of ten.
 *
 * @param {number} about
 */
export function niceStep(about) {
  const power = 10 ** Math.floor(Math.log10(about));
  const part = about / power;
  return (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10) * power;
}
