/**
 * A family of steps, computed: what is drawn of it and what its currents say.
 *
 * @typedef {import("../experiments/currents.js").Family} Family
 * @typedef {import("../experiments/channels.js").Channel} Channel
 * @typedef {import("../experiments/asking.js").Asked} Asked
 * @typedef {import("../experiments/asking.js").Lane} Lane
 *
 * @typedef {object} Measured
 * @property {Float64Array} voltage  mV
 * @property {readonly Lane[]} runs  what is drawn
 * @property {Float64Array} peak  µA/cm²
 * @property {Float64Array} steady  µA/cm²
 * @property {number} reversal  mV
 *
 * @typedef {object} Wanted
 * @property {Family} family
 * @property {string} shown  "" for all currents together, or a channel
 * @property {boolean} moving  the hand is not yet at rest: what is drawn may be coarse
 */
import { looked } from "../experiments/channels.js";
import { alone, peak, protocol, reversal, steps, together, upToPeaks } from "../experiments/currents.js";

const MEASURED = 320; // samples of a step that is measured
const CLOSE = 0.01; // ms between samples: closer is not needed

/**
 * @param {any} model
 * @param {Asked} base  model, parameters, solver
 * @param {readonly Channel[]} channels
 * @param {Wanted} wanted
 * @param {import("../link/limits.js").Limits} limits
 * @returns {Measured}
 */
export function measured(model, base, channels, { family, shown, moving }, limits) {
  const record = channels.map((channel) => channel.current);
  const drawn = protocol(base, family, moving ? limits.family.samples : samplesIn(family.width, limits));
  const runs = model.lanes(drawn.simulation, drawn.columns, { record });
  const whole = alone(base, family, MEASURED);
  const lanes = /** @type {Lane[]} */ (model.lanes(whole.simulation, whole.columns, { record }));
  const voltage = steps(family);
  const one = channels.filter((channel) => channel.name === shown);
  const peaking = one.length ? one : looked(channels);
  /** @type {(among: readonly Lane[]) => {value: number, when: number}[]} */
  const peaksOf = (among) => among.map((run) => peak(run.time, together(run, currents(peaking)), peaking.length > 1));
  let peaks = peaksOf(lanes);
  for (const lasts of moving ? [] : closer(family, peaks.map(({ when }) => when))) {
    const near = alone(base, family, 4 * MEASURED, lasts);
    const again = peaksOf(model.lanes(near.simulation, near.columns, { record }));
    peaks = peaks.map((found, k) => further(found, again[k], peaking.length > 1));
  }
  const lasting = currents(one.length ? one : channels.filter((channel) => channel.gated));
  const steady = Float64Array.from(lanes, (run) => /** @type {number} */ (together(run, lasting).at(-1)));
  const values = Float64Array.from(peaks, ({ value }) => value);
  return { voltage, runs, peak: values, steady, reversal: reversal(voltage, values) };
}

/**
 * How long the steps are looked at more closely, ms from their beginning: up to all peaks that are
 * known, and shorter, where an early one may lie between samples.
 *
 * @param {Family} family
 * @param {ArrayLike<number>} when  ms
 */
function closer(family, when) {
  const known = upToPeaks(family, when, MEASURED);
  const lengths = [known];
  for (let lasts = known / 8; 8 * lasts > CLOSE * 4 * MEASURED; lasts /= 8) lengths.push(lasts);
  return lengths;
}

/**
 * Of two peaks of one curve that which is further.
 *
 * @param {{value: number, when: number}} one
 * @param {{value: number, when: number}} other
 * @param {boolean} lowest  the lowest; else the furthest from 0
 */
function further(one, other, lowest) {
  const more = lowest ? other.value < one.value : Math.abs(other.value) > Math.abs(one.value);
  return more ? other : one;
}

/**
 * Into how many samples a step is cut: its peaks are not to fall between them.
 *
 * @param {number} width  ms
 * @param {import("../link/limits.js").Limits} limits
 */
export function samplesIn(width, { family: { samples, apart, most } }) {
  return Math.min(Math.max(samples, Math.ceil(width / apart)), most);
}

/** @param {readonly Channel[]} channels */
export function currents(channels) {
  return channels.map((channel) => channel.current);
}
