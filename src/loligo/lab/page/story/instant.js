/**
 * One instant of a membrane in words: what flows, and what set it going; the cases of
 * loligo/analysis/instant.py.
 *
 * @typedef {import("./course.js").Course} Course
 * @typedef {{phase: string, k: number, time: number, V: number, words: string}} Mark
 * @typedef {import("../words.js").Words & Numbers} Words
 * @typedef {{number: (value: number) => string, digits: (value: number, count: number) => string}} Numbers
 */
import { fixed } from "../words.js";
import { at, highest, lowest } from "./course.js";

const SHOWN = 0.005; // of all inward, or all outward current: less is not named
const STILL = 0.05; // mV/ms: V that moves slower stands still
const NOTHING = 1e-6; // of the largest current: none
const MOVED = 0.02; // of a gate: not where it was

/**
 * @param {Course} course
 * @param {number} k
 * @param {string} phase
 * @param {string} words
 * @returns {Mark}
 */
export function mark(course, k, phase, words) {
  return { phase, k, time: course.time[k], V: course.V[k], words };
}

/**
 * The first sample, if V stood still there.
 *
 * @param {Course} course
 */
export function baseOf(course) {
  const moved = Math.max(...course.slope.slice(0, 3).map(Math.abs));
  const held = course.held.some(({ start }) => start <= course.time[0]);
  return moved <= STILL && !held ? 0 : null;
}

/**
 * The samples of a stretch; that at its end is a clamp's already.
 *
 * @param {Course} course
 * @param {number} begin
 * @param {number} end
 * @returns {[number, number]}
 */
export function stretch(course, begin, end) {
  const [first, last] = [at(course, begin), at(course, end)];
  const ended = end < course.time[course.time.length - 1] && last > first;
  return [first, ended ? last - 1 : last];
}

/**
 * In through Na 612, out through K 180 (97 %) and L 6 (3 %), of a sample.
 *
 * @param {Course} course
 * @param {number} k
 * @param {Words} words
 */
export function flows(course, k, words) {
  const inward = side(course, k, -1, words);
  const outward = side(course, k, 1, words);
  if (!inward && !outward) return words("no ionic current flows");
  return [
    inward ? words("in through {channels}", { channels: inward }) : words("nothing flows in"),
    outward ? words("out through {channels}", { channels: outward }) : words("nothing flows out"),
  ].join(", ");
}

/**
 * The currents of one direction, the largest first.
 *
 * @param {Course} course
 * @param {number} k
 * @param {number} sign
 * @param {Words} words
 */
function side(course, k, sign, words) {
  /** @type {[string, number][]} */
  const now = Object.entries(course.currents).map(([name, current]) => [name, sign * current[k]]);
  const own = now.filter(([, value]) => value > 0);
  const total = own.reduce((sum, [, value]) => sum + value, 0);
  const most = Math.max(0, ...now.map(([, value]) => Math.abs(value)));
  if (total <= NOTHING * most) return "";
  const kept = own.sort((a, b) => b[1] - a[1]).filter(([, value]) => value >= SHOWN * total);
  const share = (/** @type {number} */ value) =>
    kept.length > 1 ? ` (${fixed((100 * value) / total, 0)} %)` : "";
  return kept.map(([name, value]) => `${name} ${words.number(value)}${share(value)}`).join(" + ");
}

/**
 * The channel that carries most of one direction; "" if none does.
 *
 * @param {Course} course
 * @param {number} k
 * @param {number} sign
 */
export function main(course, k, sign) {
  let best = "";
  let most = 0;
  for (const [name, current] of Object.entries(course.currents)) {
    if (sign * current[k] > most) [best, most] = [name, sign * current[k]];
  }
  return best;
}

/**
 * Gates that are not where they were.
 *
 * @param {Course} course
 * @param {number | null} base
 * @param {number} k
 * @param {Words} words
 */
export function off(course, base, k, words) {
  if (base === null) return "";
  return Object.entries(course.gates)
    .filter(([, gate]) => Math.abs(gate[k] - gate[base]) > MOVED)
    .map(([name, gate]) => words("{gate} {now:.2f} instead of {before:.2f}",
      { gate: name, now: gate[k], before: gate[base] }))
    .join(", ");
}

/**
 * By how much more is injected after an edge than just before it, at most.
 *
 * @param {Course} course
 * @param {number} edge
 * @param {number} until
 */
export function pushed(course, edge, until) {
  const most = highest(course.injected, edge, Math.max(until, edge + 1) - 1);
  return course.injected[most] - course.injected[Math.max(edge - 1, 0)];
}

/**
 * What set it off, and what it does before the net current turns inward.
 *
 * @param {Course} course
 * @param {number} edge
 * @param {number} until
 * @param {boolean} passively
 * @param {Words} words
 */
export function cause(course, edge, until, passively, words) {
  const before = Math.max(edge - 1, 0);
  const time = course.time[edge];
  const was = course.injected[before];
  const last = Math.max(until, edge + 1) - 1;
  const most = course.injected[highest(course.injected, edge, last)];
  const least = course.injected[lowest(course.injected, edge, last)];
  const near = (/** @type {number} */ other) => Math.abs(time - other) < 1e-6;
  let said;
  if (edge > before && course.shocks.some(near)) {
    said = words("A shock moves V by {moved:+.3g} mV at once; the gates have not moved yet.",
      { moved: course.V[edge] - course.V[before] });
  } else if (course.held.some(({ end }) => near(end))) {
    said = words("The clamp lets V go at {V:.4g} mV.", { V: course.V[edge] });
  } else if (edge > before && was < 0 && course.injected[edge] >= 0) {
    said = words("The current of {current} µA/cm² that held V down is over.", { current: words.number(was) });
  } else if (most > 0) {
    said = charging(course, edge, until, passively, words);
  } else if (edge > before && was > 0 && course.injected[edge] <= 0) {
    said = words("The current of {current} µA/cm² is over.", { current: words.number(was) });
  } else if (least < 0) {
    said = words("A current of {current} µA/cm² flows out and pulls V down.", { current: words.number(least) });
  } else {
    said = words("Nothing is injected: V moves by itself.");
  }
  return mark(course, edge, "cause", said);
}

/**
 * A current that depolarises.
 *
 * @param {Course} course
 * @param {number} edge
 * @param {number} until
 * @param {boolean} passively
 * @param {Words} words
 */
function charging(course, edge, until, passively, words) {
  const later = course.edges.find((each) => each > course.time[edge] + 1e-9);
  const lasts = later === undefined ? until : Math.min(until, at(course, later));
  const last = Math.max(lasts, edge + 1) - 1;
  const most = course.injected[highest(course.injected, edge, last)];
  const least = course.injected[lowest(course.injected, edge, last)];
  const current = words.number(most);
  const begun = most - least <= 1e-6 * Math.abs(most)
    ? words("{current} µA/cm² flow in", { current })
    : words("Up to {current} µA/cm² flow in", { current });
  const middle = Math.floor((edge + until) / 2);
  if (!passively || middle <= edge || course.ionic[middle] <= 0) {
    return words("{begun} and charge the membrane.", { begun });
  }
  return words("{begun} and charge the membrane; V rises passively, and ionic current flows out against it: half way {net} net ({currents}).",
  { begun, net: words.number(course.ionic[middle]), currents: flows(course, middle, words) });
}
