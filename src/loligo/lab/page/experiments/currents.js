/**
 * A family of steps under an ideal voltage clamp, and what its currents say: as
 * `lo.experiments.clamp_family` and `lo.experiments.iv_curve` have it.
 *
 * @typedef {import("./asking.js").Asked} Asked
 * @typedef {import("./asking.js").Lane} Lane
 * @typedef {object} Family
 * @property {number} holding  mV
 * @property {number} first  mV of the first step
 * @property {number} last  mV of the last one
 * @property {number} number  of steps
 * @property {number} start  ms
 * @property {number} width  ms
 */

import { clamp, evenly } from "./asking.js";

const DEGREE = 5; // of the polynomial between samples
const NEWTON = 30;

/**
 * ms after the step, at holding again.
 *
 * @param {Family} family
 */
export function tail(family) {
  return Math.max(1, Math.round(family.width * 2.5) / 10);
}

/**
 * mV of each step.
 *
 * @param {Family} family
 */
export function steps(family) {
  return evenly(family.first, family.last, family.number);
}

/**
 * What is simulated: held, stepped, held again; all steady at holding before.
 *
 * @param {Asked} base  model, parameters, solver
 * @param {Family} family
 * @param {number} samples  in the step
 * @returns {{simulation: Asked, columns: Record<string, Float64Array>}}
 */
export function protocol(base, family, samples) {
  const { holding, start, width } = family;
  const after = tail(family);
  const parts = [clamp(0, start, holding), clamp(start, width, family.first),
    clamp(start + width, after, holding)];
  const stimulus = start > 0 ? parts : parts.slice(1);
  const simulation = {
    ...base, stimulus, duration: start + width + after, sample_interval: width / samples,
    initial: holding, threshold: null,
  };
  return { simulation, columns: { [`stimulus.${start > 0 ? 1 : 0}.voltage`]: steps(family) } };
}

/**
 * The steps alone, from their beginning to their end: what is measured.
 *
 * @param {Asked} base
 * @param {Family} family
 * @param {number} samples
 * @param {number} [lasts]  ms, from their beginning
 * @returns {{simulation: Asked, columns: Record<string, Float64Array>}}
 */
export function alone(base, family, samples, lasts = family.width) {
  const { holding } = family;
  const simulation = {
    ...base, stimulus: [clamp(0, lasts, holding)], duration: lasts,
    sample_interval: lasts / samples, initial: holding, threshold: null,
  };
  return { simulation, columns: { "stimulus.0.voltage": steps(family) } };
}

/**
 * How long the steps must be looked at so that all peaks are seen, ms.
 *
 * @param {Family} family
 * @param {ArrayLike<number>} when  ms, as far as it is known
 * @param {number} samples  that they were found among
 */
export function upToPeaks({ width }, when, samples) {
  return Math.min(width, 1.5 * Math.max(0, ...Array.from(when)) + (8 * width) / samples);
}

/**
 * Currents together, sample by sample.
 *
 * @param {Lane} run
 * @param {readonly string[]} names  of the currents
 */
export function together(run, names) {
  const sum = Float64Array.from(run.values[names[0]] ?? run.time);
  if (!names.length) return sum.fill(0);
  for (const name of names.slice(1)) {
    const more = run.values[name];
    for (let k = 0; k < sum.length; k++) sum[k] += more[k];
  }
  return sum;
}

/**
 * The extreme of a curve, with the polynomial through six samples where it lies between: the
 * furthest from 0, or the lowest.
 *
 * @param {Float64Array} time  ms, even
 * @param {Float64Array} curve
 * @param {boolean} lowest
 * @returns {{value: number, when: number}}
 */
export function peak(time, curve, lowest) {
  const [first, last] = [0, curve.length - 1];
  let [low, high] = [first, first];
  for (let k = first; k <= last; k++) {
    if (curve[k] < curve[low]) low = k;
    if (curve[k] > curve[high]) high = k;
  }
  const down = lowest || curve[high] <= -curve[low];
  const top = down ? low : high;
  if (last - first < DEGREE || top === first || top === last) {
    return { value: curve[top], when: time[top] };
  }
  const begin = Math.min(Math.max(top - 2, first), last - DEGREE);
  const row = curve.subarray(begin, begin + DEGREE + 1);
  const { value, at } = turning(row, top - begin);
  const further = down ? value < curve[top] : value > curve[top];
  const place = further ? at + begin : top;
  const step = (time[last] - time[first]) / (last - first);
  return { value: further ? value : curve[top], when: time[first] + (place - first) * step };
}

/**
 * Where the polynomial through values at 0, 1, 2, … turns, near one of these places.
 *
 * @param {Float64Array} values
 * @param {number} from
 */
function turning(values, from) {
  const power = inPowers(values);
  const slope = power.slice(1).map((each, k) => each * (k + 1));
  const bend = slope.slice(1).map((each, k) => each * (k + 1));
  let at = from;
  for (let k = 0; k < NEWTON; k++) {
    const step = horner(slope, at) / horner(bend, at);
    if (!Number.isFinite(step)) break;
    at = Math.min(Math.max(at - step, from - 1), from + 1);
    if (Math.abs(step) < 1e-12) break;
  }
  return { value: horner(power, at), at };
}

/**
 * The coefficients of the powers of the polynomial through values at 0, 1, 2, …
 *
 * @param {Float64Array} values
 * @returns {number[]}
 */
function inPowers(values) {
  let differences = Array.from(values);
  /** @type {number[]} */
  let power = [];
  let factor = [1]; // (x - 0) (x - 1) … / k!
  for (let k = 0; differences.length; k++) {
    factor.forEach((each, i) => (power[i] = (power[i] ?? 0) + each * differences[0]));
    differences = differences.slice(1).map((each, i) => each - differences[i]);
    const grown = [0, ...factor];
    factor.forEach((each, i) => (grown[i] -= k * each));
    factor = grown.map((each) => each / (k + 1));
  }
  return power;
}

/**
 * @param {readonly number[]} power
 * @param {number} at
 */
function horner(power, at) {
  return power.reduceRight((sum, each) => sum * at + each, 0);
}

/**
 * The potential at which the peak first turns outward beyond its lowest value; NaN if it does not.
 *
 * @param {Float64Array} voltage  rising or falling
 * @param {ArrayLike<number>} value
 */
export function reversal(voltage, value) {
  const order = Array.from(voltage, (_, k) => k).sort((a, b) => voltage[a] - voltage[b]);
  const lowest = order.reduce((best, k, i) => (value[k] < value[order[best]] ? i : best), 0);
  for (let i = lowest; i + 1 < order.length; i++) {
    const [a, b] = [order[i], order[i + 1]];
    if (value[a] < 0 && value[b] >= 0) {
      return voltage[a] - (value[a] * (voltage[b] - voltage[a])) / (value[b] - value[a]);
    }
  }
  return NaN;
}
