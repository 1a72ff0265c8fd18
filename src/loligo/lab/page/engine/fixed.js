/** Runs with a fixed step: one lane goes through a kernel, `loligo/run/fixed.py` step by step. */

import { finished, rowsOf } from "./adaptive.js";
import { charges, values } from "./noise.js";
import { AskedError } from "./slots.js";
import { beginSwings } from "./spikes.js";

/** @typedef {import("./memory.js").Code} Code */
/** @typedef {Record<string, any>} Kernel */
/** @typedef {Record<string, any>} Numerics */
/** @typedef {import("./adaptive.js").Lane & {dt: number, allSamples: number}} Lane */

const CAPACITY = 4096; // spikes that one call has room for
const MOST_STEPS = 2 ** 27;

/**
 * Whole steps to a sample interval; the last one ends at or after the run's end.
 * @param {Lane} lane
 */
export function schedule({ duration, sampleInterval, dt, allSamples }) {
  if (!(dt > 0)) throw new AskedError("dt must be above 0");
  const perSample = Math.max(1, Math.ceil((sampleInterval / dt) * (1 - 1e-12)));
  const step = sampleInterval / perSample;
  const steps = Math.max(Math.ceil((duration / step) * (1 - 1e-12)), (allSamples - 1) * perSample);
  if (!(steps <= MOST_STEPS)) throw new AskedError("a run of so many steps would never end");
  return { perSample, step, steps };
}

/**
 * @param {Code} code
 * @param {Kernel} kernel
 * @param {Numerics} numerics
 * @param {Lane} lane
 */
export function march(code, kernel, numerics, lane) {
  const { perSample, step, steps } = schedule(lane);
  const grain = numerics.grain, depth = lane.noisy ? numerics.re_arm : grain;
  // the first step has constants of its own
  const constants = [0.5 * step, step].map((stride) => {
    const given = Object.assign(Object.create(lane.numbers), { ".dt": step, ".stride": stride });
    const prepared = code.one("prepare", kernel.maps.prepare, given);
    return kernel.constants.map((/** @type {string} */ name) => prepared[name]);
  });
  const first = kernel.states.map((/** @type {string} */ name) => lane.states[name] ?? 0);
  const armed = first[0] < lane.threshold - grain;
  const arena = code.arena;
  arena.clear();
  const room = CAPACITY + 2, size = first.length;
  const swings = beginSwings(first[0]);
  const streams = sampled(lane, steps, step);
  const at = {
    constants: constants.map((row) => arena.put(row)), states: arena.put(first),
    carries: arena.zeros(size), detector: arena.put([NaN, armed ? 1 : 0, -1]), lead: arena.zeros(1),
    progress: arena.zeros(1), diverged: arena.zeros(1), charges: arena.put(streams.charges),
    currents: arena.put(streams.currents), out: arena.take(kernel.records.length * lane.samples),
    swings: arena.put(swings), time: arena.take(room), lane: arena.take(room),
    peak: arena.take(room), trough: arena.take(room), count: arena.zeros(1),
  };
  const spikes = [];
  let taken = 0;
  for (const [which, stop] of [[0, Math.min(1, steps)], [1, steps]]) {
    for (;;) {
      code.functions.run(
        0n, 1n, 1n, BigInt(stop), BigInt(perSample), 0n, BigInt(steps), BigInt(lane.samples),
        BigInt(lane.samples), BigInt(CAPACITY), step, lane.threshold, depth, grain,
        at.constants[which], at.states, at.carries, at.detector, at.lead, at.progress, at.diverged,
        at.charges, at.currents, at.out, at.swings, at.time, at.lane, at.peak, at.trough, at.count
      );
      const count = arena.whole(at.count, 1), found = Number(count[0]);
      const [time, peak, trough] = [at.time, at.peak, at.trough].map((place) => arena.row(place, found));
      for (let k = 0; k < found; k++) spikes.push({ time: time[k], peak: peak[k], trough: trough[k] });
      count[0] = 0n;
      taken = Number(arena.whole(at.progress, 1)[0]);
      if (taken >= stop || arena.whole(at.diverged, 1)[0]) break;
    }
    if (arena.whole(at.diverged, 1)[0]) break;
  }
  const lost = arena.whole(at.diverged, 1)[0] !== 0n;
  return finished(numerics, lane, kernel, spikes, {
    values: rowsOf(code, kernel, lane, at.out, lost ? Math.floor((taken - 1) / perSample) + 1 : lane.samples),
    states: arena.row(at.states, size).slice(),
    swings: arena.row(at.swings, swings.length).slice(),
    status: lost ? 1 : 0,
    time: taken * step,
    steps: taken,
  });
}

/**
 * The sampled stimuli: their integral over each step, their value at samples.
 * @param {Lane} lane
 * @param {number} steps
 * @param {number} dt
 */
function sampled({ paths, samples, sampleInterval, duration }, steps, dt) {
  const made = { charges: new Float64Array(paths.length * steps), currents: new Float64Array(paths.length * samples) };
  paths.forEach((noise, i) => {
    if (!noise) return;
    made.charges.set(charges(noise, steps, dt), i * steps);
    const grid = Float64Array.from({ length: samples }, (_, k) => k * sampleInterval);
    made.currents.set(values(noise, grid, duration), i * samples);
  });
  return made;
}
