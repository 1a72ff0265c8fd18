/** Runs with adaptive steps: one lane goes through a kernel until it has arrived. */

import { lines } from "./noise.js";
import { beginSwings, leap, madeByClamp, ownPeaks, uncounted } from "./spikes.js";

/** @typedef {import("./memory.js").Code} Code */
/** @typedef {Record<string, any>} Kernel */
/** @typedef {Record<string, any>} Numerics */
/**
 * One lane, ready to be run.
 * @typedef {{
 *   numbers: Record<string, number>, edges: number[], states: Record<string, number>,
 *   duration: number, sampleInterval: number, samples: number, threshold: number,
 *   noisy: boolean, clamps: any[], paths: (Record<string, any> | null)[], record: string[],
 * }} Lane
 */

const ROUNDS = 1n << 40n;
const CAPACITY = 4096; // spikes that one call has room for

/**
 * @param {Code} code
 * @param {Kernel} kernel
 * @param {Numerics} numerics
 * @param {Lane} lane
 */
export function adapt(code, kernel, numerics, lane) {
  const tolerance = kernel.solver.tolerance;
  const grain = tolerance * numerics.v_scale;
  const depth = lane.noisy ? numerics.re_arm : grain;
  const inputs = Object.assign(Object.create(lane.numbers), { ".tolerance": tolerance });
  const prepared = code.one("prepare", kernel.maps.prepare, inputs);
  const constants = kernel.constants.map((/** @type {string} */ name) => prepared[name]);
  const begun = begin(code, kernel, numerics, lane, prepared, { grain, depth });
  const ran = journey(code, kernel, lane, { constants, depth, ...begun });
  return finished(numerics, lane, kernel, [...begun.spikes, ...ran.spikes], ran);
}

/**
 * What a run came to.
 * @param {Numerics} numerics
 * @param {Lane} lane
 * @param {Kernel} kernel
 * @param {import("./spikes.js").Spike[]} found  as a kernel tells them
 * @param {{values: Record<string, Float64Array>, states: Float64Array, swings: Float64Array,
 *   status: number, time: number, steps: number}} ran
 */
export function finished(numerics, lane, kernel, found, ran) {
  const voltage = ran.states[0];
  const spikes = ownPeaks(found, ran.swings, voltage, lane.threshold);
  const free = spikes.filter(
    ({ time }) =>
      time <= lane.duration && !madeByClamp(time, lane.clamps, numerics.edge_tolerance)
  );
  const status = STATUS[ran.status] ?? "ok";
  const missed = uncounted(ran.swings, voltage, numerics.swing);
  if (lane.clamps.length) missed.count = 0;
  const final = Object.fromEntries(
    kernel.states.map((/** @type {string} */ name, /** @type {number} */ i) => [name, ran.states[i]])
  );
  return { values: ran.values, spikes: free, status, uncounted: missed, final, end: ran.time, steps: ran.steps };
}

/** @type {Record<number, string>} */
const STATUS = {
  1: "a state ceased to be finite",
  2: "the model is too stiff for the Taylor solver",
  3: "a condition does not hold on either side of its switch",
  4: "a condition switches ever faster",
};

/**
 * As a run begins, what is on from its beginning has happened.
 * @param {Code} code
 * @param {Kernel} kernel
 * @param {Numerics} numerics
 * @param {Lane} lane
 * @param {Record<string, number>} prepared
 * @param {{grain: number, depth: number}} limits
 */
function begin(code, kernel, numerics, lane, prepared, { grain, depth }) {
  const first = kernel.states.map((/** @type {string} */ name) => lane.states[name] ?? 0);
  const swings = beginSwings(first[0]);
  let armed = first[0] < lane.threshold - grain;
  if (!kernel.maps.edge) return { first, armed, swings, spikes: [] };
  const named = Object.fromEntries(
    kernel.states.map((/** @type {string} */ name, /** @type {number} */ i) => [name, first[i]])
  );
  const told = { ".t": 0, ".middle": 0.5 * lane.edges[0], ".lead": 0, ".since": 0 };
  const given = Object.assign(Object.create(prepared), named, told);
  const after = code.one("edge", kernel.maps.edge, given);
  const states = kernel.states.map((/** @type {string} */ name) => after[name]);
  const jumped = leap(swings, armed, [first[0], states[0]], lane.threshold, depth, numerics.swing);
  return { first: states, armed: jumped.armed, swings, spikes: jumped.spike ? [jumped.spike] : [] };
}

/**
 * Call the kernel until the lane has arrived.
 * @param {Code} code
 * @param {Kernel} kernel
 * @param {Lane} lane
 * @param {{constants: number[], depth: number, first: number[], armed: boolean, swings: Float64Array}} begun
 */
function journey(code, kernel, lane, { constants, depth, first, armed, swings }) {
  const arena = code.arena;
  arena.clear();
  const clock = new Float64Array(kernel.clock);
  clock[1] = armed ? 1 : 0;
  clock.fill(-1, 4, 4 + kernel.conditions);
  const room = CAPACITY + 2;
  const at = {
    constants: arena.put(constants), states: arena.put(first), clock: arena.put(clock),
    counters: arena.zeros(4), edges: arena.put(lane.edges), status: arena.zeros(1),
    finished: arena.zeros(1), out: arena.take(kernel.records.length * lane.samples),
    swings: arena.put(swings), time: arena.take(room), lane: arena.take(room),
    peak: arena.take(room), trough: arena.take(room), count: arena.zeros(1),
  };
  const more = along(code, lane);
  const samples = BigInt(lane.samples);
  const spikes = [];
  do {
    code.functions.adapt(
      0n, 1n, 1n, ROUNDS, samples, samples, BigInt(CAPACITY),
      lane.duration, lane.sampleInterval, lane.threshold, depth, ...more.until,
      at.constants, at.states, at.clock, at.counters, at.edges, at.status, at.finished, at.out,
      at.swings, at.time, at.lane, at.peak, at.trough, at.count, ...more.places
    );
    const count = arena.whole(at.count, 1), found = Number(count[0]);
    const [time, peak, trough] = [at.time, at.peak, at.trough].map((place) => arena.row(place, found));
    for (let k = 0; k < found; k++) spikes.push({ time: time[k], peak: peak[k], trough: trough[k] });
    count[0] = 0n;
  } while (arena.whole(at.finished, 1)[0] === 0n);
  const counters = arena.whole(at.counters, 4);
  return {
    spikes,
    values: rowsOf(code, kernel, lane, at.out, Number(counters[1])),
    states: arena.row(at.states, first.length).slice(),
    swings: arena.row(at.swings, swings.length).slice(),
    status: Number(arena.whole(at.status, 1)[0]),
    time: arena.row(at.clock, 1)[0],
    steps: Number(counters[3]),
  };
}

/**
 * What a kernel that takes paths is handed besides: until when, and where each path's pieces are.
 * @param {Code} code
 * @param {Lane} lane
 */
function along({ arena }, lane) {
  if (!lane.paths.length) return { until: [], places: [] };
  /** @type {number[]} */
  const table = [];
  const begun = lane.paths.map((noise) => {
    // without a noise the first piece has no end
    const { place, table: own } = noise ? lines(noise, lane.duration) : { place: 0, table: [0, 0, 0, Infinity, 0, 0, Infinity, 0, 0] };
    const row = table.length / 3;
    for (const value of own) table.push(value);
    return { place, row: row - place };
  });
  const places = arena.zeros(begun.length), rows = arena.zeros(begun.length), at = arena.put(table);
  begun.forEach(({ place, row }, k) => {
    arena.whole(places, begun.length)[k] = BigInt(place);
    arena.whole(rows, begun.length)[k] = BigInt(row);
  });
  return { until: [Infinity], places: [places, rows, at] };
}

/**
 * What was recorded and is wanted; NaN from where a lane was lost.
 * @param {Code} code
 * @param {Kernel} kernel
 * @param {Lane} lane
 * @param {number} out
 * @param {number} taken  samples
 * @returns {Record<string, Float64Array>}
 */
export function rowsOf(code, kernel, lane, out, taken) {
  /** @type {Record<string, Float64Array>} */
  const values = {};
  kernel.records.forEach((/** @type {string} */ name, /** @type {number} */ i) => {
    if (!lane.record.includes(name)) return;
    values[name] = code.arena.row(out + 8 * i * lane.samples, lane.samples).slice();
    values[name].fill(NaN, taken);
  });
  return values;
}
