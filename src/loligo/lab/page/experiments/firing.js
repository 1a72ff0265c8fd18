/**
 * The rate at which a membrane fires against the current that is injected, as
 * `lo.experiments.fi_curve` has it.
 */

import { lanesOf, pulse } from "./asking.js";

/** @typedef {import("./asking.js").Ask} Ask */
/** @typedef {import("./asking.js").Asked} Asked */
/** @typedef {import("./asking.js").Lane} Lane */

export const LASTS = 1000; // ms of each current
const KICKED = 100; // ms of a current that makes it fire, before the one that is asked about
const LATE = 1.5; // of the longest late interval, after which the next spike has failed to come
const LAST = 4; // intervals that are looked at
const EVEN = 0.01; // by what part of themselves they differ at most, to be one rhythm
const FINER = 1 / 200; // of the distance between currents: how closely the onset is found

/**
 * Hz in the end; 0 where the firing has died out.
 *
 * The inverse of the last interval; of uneven ones their mean, over the later half.
 * @param {ArrayLike<number>} times of the spikes, ms
 * @param {number} end of the run, ms
 */
export function rate(times, end) {
  const between = [];
  for (let k = 1; k < times.length; k++) between.push(times[k] - times[k - 1]);
  const last = between.slice(-LAST);
  if (!last.length) return 0;
  const longest = Math.max(...last);
  if (end - times[times.length - 1] > LATE * longest) return 0;
  if (longest - Math.min(...last) <= EVEN * longest) return 1e3 / between[between.length - 1];
  const later = between.slice(between.length >> 1);
  return 1e3 / (later.reduce((sum, each) => sum + each, 0) / later.length);
}

/**
 * @param {Lane} run
 * @param {number} end ms
 */
function rateOf(run, end) {
  if (run.status !== "ok") return NaN;
  return rate(
    run.spikes.map((spike) => spike.time),
    end,
  );
}

/**
 * What a membrane fires at under currents that begin at rest and last.
 * @param {Ask} ask
 * @param {Asked} base model, parameters and solver
 * @param {Record<string, number>} rest its states there
 * @param {Float64Array} amplitude µA/cm²
 * @param {number} [lasts] ms
 * @param {boolean} [brief]  each only until it is plain how it goes on
 * @returns {Promise<{rate: Float64Array, latency: Float64Array, spikes: Float64Array}>}
 *   Hz, ms of the first spike, their number
 */
export async function fromRest(ask, base, rest, amplitude, lasts = LASTS, brief = false) {
  const simulation = {
    ...base, stimulus: [pulse(0, lasts, 0)], duration: lasts, sample_interval: lasts, initial: rest,
    threshold: base.threshold ?? 0,
  };
  const columns = { "stimulus.0.amplitude": amplitude };
  const runs = await lanesOf(ask, simulation, columns, { spikesOnly: true, brief });
  return {
    rate: Float64Array.from(runs, (run) => rateOf(run, brief ? run.end : lasts)),
    latency: Float64Array.from(runs, (run) => run.spikes[0]?.time ?? NaN),
    spikes: Float64Array.from(runs, (run) => run.spikes.length),
  };
}

/**
 * Rates where each current is come to from one in the middle of those that make it fire.
 *
 * Where the jump of the current ends a firing that would last, the one from rest is told.
 * @param {Ask} ask
 * @param {Asked} base
 * @param {Record<string, number>} rest
 * @param {Float64Array} amplitude µA/cm²
 * @param {Float64Array} begun the rates from rest, Hz
 * @param {number} [lasts] ms
 */
export async function fromFiring(ask, base, rest, amplitude, begun, lasts = LASTS) {
  const strong = steadiest(amplitude, begun);
  if (Number.isNaN(strong)) return begun.slice();
  const whole = KICKED + lasts;
  const simulation = {
    ...base, stimulus: [pulse(0, whole, 0), pulse(0, KICKED, 0)], duration: whole,
    sample_interval: whole, initial: rest, threshold: base.threshold ?? 0,
  };
  const columns = {
    "stimulus.0.amplitude": amplitude,
    "stimulus.1.amplitude": amplitude.map((each) => strong - each),
  };
  const runs = await lanesOf(ask, simulation, columns, { spikesOnly: true });
  return Float64Array.from(runs, (run, k) => {
    const again = rateOf(run, whole);
    return again === 0 && begun[k] > 0 ? begun[k] : again;
  });
}

/**
 * A current in the middle of those at which it fires; NaN if it fires at none.
 * @param {Float64Array} amplitude
 * @param {Float64Array} found Hz
 */
export function steadiest(amplitude, found) {
  const firing = amplitude.filter((_, k) => found[k] > 0).sort();
  return firing.length ? firing[firing.length >> 1] : NaN;
}

/**
 * The least current, between two neighbouring ones, from which on it goes on firing from rest, and
 * the rate there; null where the currents do not show it.
 * @param {Ask} ask
 * @param {Asked} base
 * @param {Record<string, number>} rest
 * @param {Float64Array} amplitude µA/cm²
 * @param {Float64Array} begun the rates from rest, Hz
 * @param {number} [lasts] ms
 * @returns {Promise<null | {current: number, rate: number, width: number}>}
 */
export async function onset(ask, base, rest, amplitude, begun, lasts = LASTS) {
  const first = begun.findIndex((each) => each > 0);
  if (first < 1) return null;
  const width = FINER * (amplitude[first] - amplitude[first - 1]);
  let [low, high, found] = [amplitude[first - 1], amplitude[first], begun[first]];
  while (high - low > width) {
    const parts = Math.min(8, Math.max(2, Math.ceil((high - low) / width)));
    const tries = Float64Array.from({ length: parts - 1 }, (_, k) =>
      low + ((k + 1) / parts) * (high - low));
    const { rate: rates } = await fromRest(ask, base, rest, tries, lasts);
    const turn = rates.findIndex((each) => each > 0);
    const [below, above] = [low, high];
    if (turn >= 0) [high, found] = [tries[turn], rates[turn]];
    low = turn < 0 ? tries[parts - 2] : turn > 0 ? tries[turn - 1] : below;
    if (low === below && high === above) break;
  }
  return { current: high, rate: found, width };
}
