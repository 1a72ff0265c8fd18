/**
 * What an experiment asks of the kernels: one simulation in lanes.
 */

/**
 * What is simulated, as everywhere in the lab; see `lab/simulation.py`.
 * @typedef {{
 *   model: string,
 *   parameters: Record<string, number>,
 *   stimulus: ReadonlyArray<Record<string, unknown>>,
 *   duration: number,
 *   sample_interval: number,
 *   solver: Record<string, unknown>,
 *   initial: null | string | number | Record<string, number>,
 *   threshold: null | number,
 * }} Asked
 */

/**
 * What comes of one lane.
 * @typedef {{
 *   time: Float64Array,
 *   values: Record<string, Float64Array>,
 *   spikes: ReadonlyArray<{time: number, peak: number}>,
 *   status: string,
 *   initial: Record<string, number>,
 *   final: Record<string, number>,
 *   end: number,
 * }} Lane
 */

/**
 * The lanes of a simulation, here or in a worker.
 * @typedef {(
 *   simulation: Asked,
 *   columns: Record<string, Float64Array>,
 *   options: {record: string[], spikesOnly?: boolean, brief?: boolean},
 * ) => ReadonlyArray<Lane> | Promise<ReadonlyArray<Lane>>} Ask
 */

/** What an experiment throws where nobody waits for its answer any more. */
export class Outdated extends Error {}

/**
 * The lanes of a simulation; complains where the answer is not wanted any more.
 * @param {Ask} ask
 * @param {Asked} simulation
 * @param {Record<string, Float64Array>} columns
 * @param {{record?: string[], spikesOnly?: boolean, brief?: boolean}} [options]
 * @returns {Promise<ReadonlyArray<Lane>>}
 */
export async function lanesOf(ask, simulation, columns, options = {}) {
  const runs = await ask(simulation, columns, { record: ["V"], ...options });
  if (!runs) throw new Outdated("a newer request came");
  return runs;
}

/**
 * A pulse, as documents write it.
 * @param {number} start ms
 * @param {number} duration ms
 * @param {number} amplitude µA/cm²
 */
export function pulse(start, duration, amplitude) {
  return { kind: "pulse", start, duration, amplitude, unit: "uA/cm2" };
}

/**
 * A segment of a voltage clamp, as documents write it.
 * @param {number} start ms
 * @param {number} duration ms
 * @param {number} voltage mV
 */
export function clamp(start, duration, voltage) {
  return {
    kind: "clamp", start, duration, voltage, series_resistance: null, to: null, amplifier: null,
    resistance_unit: "",
  };
}

/**
 * Numbers from one to another, both among them, evenly spaced (as `numpy.linspace`).
 * @param {number} first
 * @param {number} last
 * @param {number} count
 */
export function evenly(first, last, count) {
  const row = new Float64Array(count);
  const step = count > 1 ? (last - first) / (count - 1) : 0;
  for (let k = 0; k < count; k++) row[k] = first + k * step;
  if (count > 1) row[count - 1] = last;
  return row;
}

/**
 * Numbers from one to another, each the same times the one before.
 * @param {number} first
 * @param {number} last
 * @param {number} count
 */
export function inRatio(first, last, count) {
  const row = evenly(Math.log(first), Math.log(last), count).map(Math.exp);
  row[0] = first;
  row[count - 1] = last;
  return row;
}
