/**
 * What the gates of a membrane are given by, against the potential, as
 * `lo.experiments.rate_functions` has it.
 *
 * @typedef {{inf: Float64Array, tau: Float64Array | null}} Rates  as the kernels give them
 * @typedef {(voltage: Float64Array) => Record<string, Rates>} RatesAt
 * @typedef {object} Curves
 * @property {Float64Array} inf
 * @property {Float64Array | null} tau  ms; null of one that is always at its steady state
 * @property {Float64Array | null} alpha  per ms
 * @property {Float64Array | null} beta  per ms
 */

import { clamp } from "./asking.js";

const PARTS = 20; // of an interval, each time it is looked at more closely
const CLOSE = 1e-9; // mV

/**
 * A ramp of a clamp on which gates that are always at their steady state show it at each potential
 * of a row.
 *
 * @param {import("./asking.js").Asked} base
 * @param {Float64Array} voltage  evenly rising, mV
 * @returns {import("./asking.js").Asked}
 */
export function ramp(base, voltage) {
  const [low, high] = [voltage[0], voltage[voltage.length - 1]];
  const duration = voltage.length - 1;
  return {
    ...base, stimulus: [{ ...clamp(0, duration, low), to: high }], duration, sample_interval: 1,
    initial: low, threshold: null,
  };
}

/**
 * A gate's curves: of one given by its steady state and its time constant the rates are what these
 * say, inf/tau and (1 - inf)/tau.
 *
 * @param {Rates} found
 * @returns {Curves}
 */
export function curves({ inf, tau }) {
  if (!tau) return { inf, tau: null, alpha: null, beta: null };
  return {
    inf,
    tau,
    alpha: inf.map((part, k) => part / tau[k]),
    beta: inf.map((part, k) => (1 - part) / tau[k]),
  };
}

/**
 * Where a gate is half open, its largest time constant and where that is, mV and ms; NaN where they
 * lie beyond the potentials.
 *
 * @param {RatesAt} ratesAt
 * @param {string} gate
 * @param {Float64Array} voltage  rising
 * @param {Rates} known  there
 */
export function numbers(ratesAt, gate, voltage, known) {
  const half = crossing((at) => ratesAt(at)[gate].inf.map((part) => part - 0.5), voltage, known.inf);
  if (!known.tau || !known.tau.every(Number.isFinite)) {
    return { half, slowest: NaN, slowestAt: NaN };
  }
  let top = largest(known.tau);
  if (top === 0 || top === voltage.length - 1) return { half, slowest: NaN, slowestAt: NaN };
  let [low, high, slowest] = [voltage[top - 1], voltage[top + 1], known.tau[top]];
  while (high - low > CLOSE) {
    const row = between(low, high);
    const tau = /** @type {Float64Array} */ (ratesAt(row)[gate].tau);
    top = Math.min(Math.max(largest(tau), 1), PARTS - 1);
    [low, high, slowest] = [row[top - 1], row[top + 1], tau[top]];
  }
  return { half, slowest, slowestAt: (low + high) / 2 };
}

/**
 * Where a curve minus a half first changes its sign.
 *
 * @param {(at: Float64Array) => Float64Array} off
 * @param {Float64Array} voltage
 * @param {Float64Array} part  the curve itself
 */
function crossing(off, voltage, part) {
  const turn = voltage.findIndex((_, k) => k > 0 && part[k - 1] < 0.5 !== part[k] < 0.5);
  if (turn < 1 || !part.every(Number.isFinite)) return NaN;
  let [low, high] = [voltage[turn - 1], voltage[turn]];
  const rises = part[turn] >= 0.5;
  while (high - low > CLOSE) {
    const row = between(low, high);
    const signs = off(row);
    const at = Math.max(1, row.findIndex((_, k) => k > 0 && signs[k] >= 0 === rises));
    [low, high] = [row[at - 1], row[at]];
  }
  return (low + high) / 2;
}

/**
 * @param {number} low
 * @param {number} high
 */
function between(low, high) {
  return Float64Array.from({ length: PARTS + 1 }, (_, k) => low + (k / PARTS) * (high - low));
}

/** @param {Float64Array} row */
function largest(row) {
  return row.reduce((best, each, k) => (each > row[best] ? k : best), 0);
}
