/**
 * Why it fired, or why not: a course in words, case by case as loligo/analysis/narrate.py has it.
 *
 * @typedef {import("./course.js").Course} Course
 * @typedef {import("./instant.js").Mark} Mark
 */
import { general, threeDigits } from "../words.js";
import { size } from "./course.js";
import { excited } from "./fired.js";
import { failed, heldAt } from "./unfired.js";
import { unitless } from "./unitless.js";

const INSTANT = 1e-6; // ms
const FURTHEST = 10; // mV: so near to 0 stays no membrane's V, but that of a model without units
const MOST_HELD = 6; // stretches of a clamp that are told

/**
 * @param {Course} course
 * @param {import("../words.js").Words} said
 * @param {string} decimal  mark
 * @param {boolean} dimensionless  nothing of the model has a unit
 * @returns {{verdict: string, marks: Mark[]}}
 */
export function narrate(course, said, decimal = ".", dimensionless = false) {
  const words = spokenWith(said, decimal);
  const marks = course.held.slice(0, MOST_HELD).flatMap((clamp) => heldAt(course, clamp, words));
  const spike = course.spikes.find((each) => !clamped(course, each));
  for (const [begin, end] of free(course).slice(0, MOST_HELD + 1)) {
    if (spike === undefined) {
      const told = failed(course, begin, end, words);
      if (told[0].phase !== "rest" || !course.held.length) marks.push(...told);
    } else if (begin <= spike && spike <= end) {
      marks.push(...excited(course, begin, end, spike, words));
    }
  }
  marks.sort((a, b) => a.time - b.time);
  const bare = dimensionless && size(course.V) <= FURTHEST;
  const told = bare ? marks.map((mark) => ({ ...mark, words: unitless(mark.words) })) : marks;
  return { verdict: verdict(course, marks, said), marks: told };
}

/**
 * @param {import("../words.js").Words} said
 * @param {string} decimal
 * @returns {import("./instant.js").Words}
 */
function spokenWith(said, decimal) {
  const marked = (/** @type {string} */ text) => text.replace(".", decimal);
  /** @type {import("../words.js").Words} */
  const words = (text, values) => said(text, values);
  return Object.assign(words, {
    number: (/** @type {number} */ value) => marked(threeDigits(value)),
    digits: (/** @type {number} */ value, /** @type {number} */ count) => marked(general(value, count)),
  });
}

/**
 * Whether V was held there, or jumped there.
 *
 * @param {Course} course
 * @param {number} time
 */
function clamped(course, time) {
  return course.held.some(({ start, end }) => start - INSTANT <= time && time <= end + INSTANT) ||
    course.shocks.some((shock) => Math.abs(time - shock) < INSTANT);
}

/**
 * The stretches without a clamp.
 *
 * @param {Course} course
 * @returns {[number, number][]}
 */
function free({ time, held }) {
  const [first, last] = [time[0], time[time.length - 1]];
  const bounds = [{ start: first, end: first }, ...held, { start: last, end: last }];
  /** @type {[number, number][]} */
  const between = bounds.slice(1).map((each, k) => [bounds[k].end, each.start]);
  return between.filter(([from, to]) => to - from > INSTANT);
}

/**
 * In one sentence.
 *
 * @param {Course} course
 * @param {Mark[]} marks
 * @param {import("../words.js").Words} words
 */
function verdict(course, marks, words) {
  const phases = new Set(marks.map(({ phase }) => phase));
  if (phases.has("upstroke")) {
    const count = course.spikes.length;
    return count === 1 ? words("It fired.") : words("It fired {count} times.", { count });
  }
  if (course.held.length) return words("V was clamped.");
  if (phases.has("under way")) return words("No action potential begins in this recording.");
  return phases.has("swings") ? words("It swung without firing.") : words("It did not fire.");
}

/**
 * What a phase is called.
 *
 * @param {string} phase
 * @param {import("../words.js").Words} words
 */
export function phaseName(phase, words) {
  switch (phase) {
    case "cause": return words("cause");
    case "turns inward": return words("turns inward");
    case "upstroke": return words("upstroke");
    case "peak": return words("peak");
    case "repolarisation": return words("repolarisation");
    case "undershoot": return words("undershoot");
    case "recovery": return words("recovery");
    case "again": return words("again");
    case "end": return words("end");
    case "let go": return words("let go");
    case "held": return words("held");
    case "swings": return words("swings");
    case "highest": return words("highest");
    case "lowest": return words("lowest");
    case "under way": return words("under way");
    case "rest": return words("rest");
    default: return phase;
  }
}
