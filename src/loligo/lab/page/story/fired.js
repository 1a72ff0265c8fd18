/**
 * An action potential in words, phase by phase: the cases of loligo/analysis/fired.py.
 *
 * @typedef {import("./course.js").Course} Course
 * @typedef {import("./instant.js").Mark} Mark
 * @typedef {import("./instant.js").Words} Words
 *
 * @typedef {object} Places  samples of one action potential
 * @property {number | null} base  the first, if V stood still there
 * @property {number} edge  where what set it off began
 * @property {number} inward  from where the net ionic current is inward up to the upstroke
 * @property {"turned" | "at once" | "pulled"} how
 * @property {number} steep
 * @property {number} top
 * @property {number} fall
 * @property {number} low
 */
import { at, highest, lowest, size } from "./course.js";
import { baseOf, cause, flows, main, mark, off, pushed, stretch } from "./instant.js";

const STILL = 0.05; // mV/ms: V that moves slower stands still
const NOTHING = 1e-6; // of the largest ionic current: no current
const SLIGHT = 0.05; // uA/cm2: as good as none
const NEAR = 1; // mV from where it began: recovered
const GROWN = 1.2; // times a conductance: still open
const EVEN = 0.01; // of an interval: the others are alike
const RECOVERY = 1; // mV: V has risen again

/**
 * @param {Course} course
 * @param {number} begin
 * @param {number} end
 * @param {number} spike
 * @param {Words} words
 * @returns {Mark[]}
 */
export function excited(course, begin, end, spike, words) {
  const places = placesOf(course, begin, end, spike);
  const rises = words("V rises fastest, by {slope} mV/ms",
    { slope: words.number(course.slope[places.steep]) });
  const told = [
    cause(course, places.edge, places.inward, places.how === "turned", words),
    turn(course, places, words),
    mark(course, places.steep, "upstroke", `${rises}${currentsAt(course, places.steep, words)}.`),
    peak(course, places, words), repolarisation(course, places, words),
    undershoot(course, places, words), recovery(course, places, spike, end, words),
  ];
  return told.filter((each) => each !== null);
}

/** @param {Course} course */
function flowing(course) {
  return Object.keys(course.currents).length > 0;
}

/**
 * @param {Course} course
 * @param {number} k
 * @param {Words} words
 */
function currentsAt(course, k, words) {
  return flowing(course) ? `: ${flows(course, k, words)}` : "";
}

/**
 * @param {Course} course
 * @param {number} begin
 * @param {number} end
 * @param {number} spike
 * @returns {Places}
 */
function placesOf(course, begin, end, spike) {
  const { V, slope } = course;
  const [first, last] = stretch(course, begin, end);
  const risen = Math.min(at(course, spike), last);
  const later = course.spikes.find((each) => each > spike + 1e-9);
  const stop = later === undefined ? last : Math.min(at(course, later), last);
  const top = highest(V, risen, stop);
  const shocks = course.shocks.filter((each) => each >= begin && each <= spike);
  const jump = Math.max(first, ...shocks.map((each) => at(course, each)));
  const steep = highest(slope, jump, top);
  const before = course.edges.filter((each) => each >= begin - 1e-9 && each <= spike);
  const edges = [first, ...before.map((each) => at(course, each))];
  const base = baseOf(course);
  let [inward, how] = turning(course, first, steep);
  if (how === "turned" && slope[inward] < -STILL) how = "pulled"; // it turned as V was pulled down
  // below where it began all current may be inward
  if (how === "at once" && base !== null && V[inward] < V[base] - NEAR) how = "pulled";
  let edge;
  if (how === "pulled") {
    edge = Math.max(...edges.filter((each) =>
      each <= steep && (each === first || pushed(course, each, steep) > 0)));
    const level = base !== null ? V[base] : V[edge];
    const over = from(edge, steep, (k) => V[k] >= level);
    inward = over ?? edge;
  } else {
    edge = Math.max(...edges.filter((each) => each <= inward));
    if (inward === edge || inward === first) how = "at once";
  }
  const low = lowestBefore(V, top, stop);
  const fall = lowest(slope, top, low);
  return { base, edge, inward, how, steep, top, fall, low };
}

/**
 * The first sample of a stretch for which something holds.
 *
 * @param {number} first
 * @param {number} last
 * @param {(k: number) => boolean} holds
 */
function from(first, last, holds) {
  for (let k = first; k <= last; k++) if (holds(k)) return k;
  return null;
}

/**
 * Where V is lowest before it has risen again.
 *
 * @param {Float64Array} V
 * @param {number} top
 * @param {number} stop
 */
function lowestBefore(V, top, stop) {
  let least = V[top];
  const risen = from(top, stop, (k) => {
    least = Math.min(least, V[k]);
    return V[k] - least > RECOVERY;
  });
  return lowest(V, top, risen === null ? stop : risen - 1);
}

/**
 * From where the net ionic current is inward up to the upstroke.
 *
 * @param {Course} course
 * @param {number} first
 * @param {number} steep
 * @returns {[number, Places["how"]]}
 */
function turning(course, first, steep) {
  const tiny = NOTHING * size(course.ionic);
  for (let k = steep; k >= first; k--) {
    if (course.ionic[k] >= -tiny) return [Math.min(k + 1, steep), "turned"];
  }
  return [first, "at once"];
}

/**
 * Where the net ionic current turns inward: from there V rises by itself.
 *
 * @param {Course} course
 * @param {Places} places
 * @param {Words} words
 */
function turn(course, places, words) {
  if (!flowing(course)) return null;
  const { inward, how, base } = places;
  const currents = flows(course, inward, words);
  const then = course.injected[inward] > 0
    ? words("from here V would rise without the stimulus") : words("V rises by itself");
  if (how !== "pulled") {
    const said = how === "turned"
      ? words("The net ionic current turns inward ({currents}): {then}.", { currents, then })
      : words("The net ionic current is inward at once ({currents}): {then}.", { currents, then });
    return mark(course, inward, "turns inward", said);
  }
  const gates = off(course, base, inward, words);
  const why = gates ? ` ${words("Gates are not yet back: {gates}.", { gates })}` : "";
  const still = base !== null && Math.abs(course.ionic[base]) < SLIGHT;
  const said = still
    ? words("V is back where it began, but the net ionic current, 0 there before, is inward ({currents}): {then}.", { currents, then })
    : words("V is back where it began, but the net ionic current is inward ({currents}): {then}.",
      { currents, then });
  return mark(course, inward, "turns inward", `${said}${why}`);
}

/**
 * Where inward and outward current balance.
 *
 * @param {Course} course
 * @param {Places} places
 * @param {Words} words
 */
function peak(course, { top }, words) {
  if (top >= course.time.length - 1) {
    return mark(course, top, "peak", words("The recording ends while V still rises."));
  }
  if (!flowing(course)) return mark(course, top, "peak", words("V is highest."));
  const carrier = main(course, top, -1);
  let short = "";
  if (carrier in course.reversals) {
    const reversal = course.reversals[carrier];
    short = ` ${words("E_{channel}, {reversal} mV, is {away:.1f} mV away.",
      { channel: carrier, reversal: words.number(reversal), away: reversal - course.V[top] })}`;
  }
  const injected = course.injected[top];
  const added = injected > 0 ? words(", {current} injected", { current: words.number(injected) }) : "";
  const said = words("Inward and outward current balance ({currents}): V turns.",
    { currents: flows(course, top, words) + added });
  return mark(course, top, "peak", `${said}${short}`);
}

/**
 * @param {Course} course
 * @param {Places} places
 * @param {Words} words
 */
function repolarisation(course, { top, low, fall }, words) {
  if (low <= top + 1) return null;
  const falls = words("V falls fastest, by {slope} mV/ms", { slope: words.number(-course.slope[fall]) });
  return mark(course, fall, "repolarisation", `${falls}${currentsAt(course, fall, words)}.`);
}

/**
 * The lowest V after the spike.
 *
 * @param {Course} course
 * @param {Places} places
 * @param {Words} words
 */
function undershoot(course, { base, top, low }, words) {
  if (low <= top + 1) return null;
  if (low >= course.time.length - 1) {
    return mark(course, low, "end", words("The recording ends while V still falls."));
  }
  if (base === null) return mark(course, low, "undershoot", words("V is lowest."));
  const below = course.V[base] - course.V[low];
  if (below <= 0) {
    return mark(course, low, "undershoot",
      words("V is lowest, {above:.1f} mV above where it began.", { above: -below }));
  }
  let [ratio, name] = /** @type {[number, string]} */ ([0, ""]);
  for (const [channel, now] of Object.entries(course.conductances)) {
    const outward = now[base] > 0 && channel in course.currents && course.currents[channel][low] > 0;
    const grown = now[low] / now[base];
    if (outward && (grown > ratio || (grown === ratio && channel > name))) [ratio, name] = [grown, channel];
  }
  const still = ratio > GROWN
    ? `: ${words("G_{channel} is still {ratio} times what it was", { channel: name, ratio: words.number(ratio) })}`
    : "";
  const said = words("V is lowest, {below:.1f} mV below where it began", { below });
  return mark(course, low, "undershoot", `${said}${still}.`);
}

/**
 * How it goes on: another spike, or the way back.
 *
 * @param {Course} course
 * @param {Places} places
 * @param {number} spike
 * @param {number} end
 * @param {Words} words
 */
function recovery(course, { base, low }, spike, end, words) {
  const { V } = course;
  const later = course.spikes.filter((each) => each > spike + 1e-9 && each <= end + 1e-9);
  if (later.length) return train(course, [spike, ...later], words);
  const last = stretch(course, spike, end)[1];
  if (base === null || low >= last) return null;
  let back = low;
  for (let k = last; k >= low; k--) {
    if (Math.abs(V[k] - V[base]) > NEAR) {
      back = k + 1;
      break;
    }
  }
  const gates = off(course, base, Math.min(back, last), words);
  if (back > last) {
    const away = V[last] - V[base];
    const differ = gates ? words("; gates differ: {gates}", { gates }) : "";
    const said = away > 0
      ? words("At the end V is {away:.1f} mV above where it began", { away })
      : words("At the end V is {away:.1f} mV below where it began", { away: -away });
    return mark(course, last, "recovery", `${said}${differ}.`);
  }
  const but = gates ? words(", but not its gates: {gates}", { gates }) : "";
  const said = words("V is back within {near:g} mV of where it began", { near: NEAR });
  return mark(course, back, "recovery", `${said}${but}.`);
}

/**
 * In a sentence.
 *
 * @param {Course} course
 * @param {number[]} times
 * @param {Words} words
 */
function train(course, times, words) {
  const gaps = times.slice(1).map((time, k) => time - times[k]);
  const last = gaps[gaps.length - 1];
  let apart;
  if (gaps.length === 1) {
    apart = words("{gap} ms later", { gap: words.number(gaps[0]) });
  } else if (Math.max(...gaps) - Math.min(...gaps) < EVEN * gaps[0]) {
    apart = words("every {gap} ms", { gap: words.number(last) });
  } else {
    apart = words("{first} ms apart at first, {last} ms at last",
      { first: words.number(gaps[0]), last: words.number(last) });
  }
  const rate = gaps.length > 1 ? ` (${words.number(1e3 / last)} Hz)` : "";
  const said = words("It fires again, {count} times in all, {apart}.",
    { count: times.length, apart: apart + rate });
  return mark(course, at(course, times[1]), "again", said);
}
