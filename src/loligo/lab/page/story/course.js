/**
 * What one cell did, in full, as the narration reads it: loligo/analysis/course.py.
 *
 * @typedef {{start: number, end: number}} Held
 *
 * @typedef {object} Course
 * @property {Float64Array} time  ms
 * @property {Float64Array} V  mV
 * @property {Float64Array} injected  uA/cm2
 * @property {Record<string, Float64Array>} currents  of each channel
 * @property {Record<string, Float64Array>} conductances
 * @property {Record<string, Float64Array>} gates
 * @property {Record<string, number>} reversals  channel -> mV, of those that have one
 * @property {number[]} edges  when what was done changed its course, ms
 * @property {number[]} shocks
 * @property {Held[]} held  when V was clamped
 * @property {number[]} spikes  ms
 * @property {number} threshold  mV
 * @property {[number, number, number]} swings  how often V went up and down uncounted, between what
 * @property {Float64Array} ionic
 * @property {Float64Array} slope  mV/ms
 */
import { edges } from "../stimulus/shapes.js";

const FINE = 0.005; // ms between samples
const MOST = 400000; // samples

/**
 * A course with its sums and slopes.
 *
 * @param {Omit<Course, "ionic" | "slope">} told
 * @returns {Course}
 */
export function courseOf(told) {
  const ionic = new Float64Array(told.time.length);
  for (const current of Object.values(told.currents)) {
    for (let k = 0; k < ionic.length; k++) ionic[k] += current[k];
  }
  return { ...told, ionic, slope: slopeOf(told) };
}

/**
 * A simulation's course, computed anew with fine samples where its own are too far apart.
 *
 * @param {any} model
 * @param {import("../main.js").Variable[]} variables
 * @param {import("../state.js").Simulation} simulation
 * @returns {Course | null} null if V is not known everywhere
 */
export function simulated(model, variables, simulation) {
  const drawn = ["voltage", "gate", "conductance", "current", "stimulus"];
  const recorded = variables.filter(({ role }) => drawn.includes(role));
  const sample_interval = interval(simulation);
  const run = model.simulate({ ...simulation, sample_interval }, { record: recorded.map(({ name }) => name) });
  if (run.status !== "ok" || run.time.length < 3) return null;
  /** @param {string} role */
  const byChannel = (role) => Object.fromEntries(recorded.filter((each) => each.role === role)
    .map((each) => [each.channel || each.name, run.values[each.name]]));
  const last = run.time[run.time.length - 1];
  const shapes = simulation.stimulus;
  return courseOf({
    time: run.time, V: run.values.V,
    injected: run.values.I_stim ?? new Float64Array(run.time.length),
    currents: byChannel("current"), conductances: byChannel("conductance"),
    gates: Object.fromEntries(recorded.filter(({ role }) => role === "gate")
      .map(({ name }) => [name, run.values[name]])),
    reversals: reversals(model, simulation), edges: edges(shapes, last),
    shocks: shapes.filter(({ kind }) => kind === "shock").map(({ start }) => start)
      .filter((start) => start >= 0 && start <= last),
    held: shapes.filter(({ kind }) => kind === "clamp")
      .map(({ start, duration }) => ({ start: Math.max(start, 0), end: Math.min(start + duration, last) }))
      .filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start || a.end - b.end),
    spikes: run.spikes.map((/** @type {{time: number}} */ { time }) => time),
    threshold: simulation.threshold ?? 0,
    swings: run.uncounted ? [run.uncounted.count, run.uncounted.low, run.uncounted.high] : [0, 0, 0],
  });
}

/**
 * Between samples, ms: a whole part of what it was, and of the step if that is fixed.
 *
 * @param {import("../state.js").Simulation} simulation
 */
function interval({ sample_interval, duration, solver }) {
  const finest = Math.max(FINE, duration / MOST);
  let parts = Math.max(1, Math.ceil(sample_interval / finest - 1e-9));
  if (solver.dt) {
    const steps = Math.round(sample_interval / solver.dt);
    while (parts > 1 && steps % parts) parts--;
  }
  return sample_interval / parts;
}

/**
 * The potentials that stand still.
 *
 * @param {any} model
 * @param {import("../state.js").Simulation} simulation
 */
function reversals(model, { parameters }) {
  /** @type {Record<string, number>} */
  const found = {};
  for (const { symbol, value } of model.manifest.parameters) {
    if (symbol.startsWith("E_")) found[symbol.slice(2)] = parameters[symbol] ?? value;
  }
  return found;
}

/**
 * mV/ms, at each side of an edge its own.
 *
 * @param {{time: Float64Array, V: Float64Array, edges: number[]}} course
 */
function slopeOf({ time, V, edges: stops }) {
  const slope = gradient(V, time);
  const step = (/** @type {number} */ k) => (V[k + 1] - V[k]) / (time[k + 1] - time[k]);
  for (const edge of stops) {
    const at = sample(time, edge);
    if (at > 1 && at < time.length - 1) {
      slope[at - 1] = step(at - 2);
      slope[at] = step(at);
    }
  }
  return slope;
}

/**
 * Of second order where samples are unevenly spaced, too; of first at the ends.
 *
 * @param {Float64Array} y
 * @param {Float64Array} x
 */
function gradient(y, x) {
  const last = y.length - 1;
  const found = new Float64Array(y.length);
  for (let k = 1; k < last; k++) {
    const before = x[k] - x[k - 1];
    const after = x[k + 1] - x[k];
    found[k] = (-after / (before * (before + after))) * y[k - 1] +
      ((after - before) / (before * after)) * y[k] + (before / (after * (before + after))) * y[k + 1];
  }
  found[0] = (y[1] - y[0]) / (x[1] - x[0]);
  found[last] = (y[last] - y[last - 1]) / (x[last] - x[last - 1]);
  return found;
}

/**
 * The first sample at or after a time.
 *
 * @param {Float64Array} time
 * @param {number} when
 */
function sample(time, when) {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle] < when - 1e-9) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The sample at a time, or just after it.
 *
 * @param {Course} course
 * @param {number} when
 */
export function at(course, when) {
  return Math.min(sample(course.time, when), course.time.length - 1);
}

/**
 * Where a row is greatest between two samples, both counted.
 *
 * @param {ArrayLike<number>} row
 * @param {number} first
 * @param {number} last
 */
export function highest(row, first, last) {
  let best = first;
  for (let k = first + 1; k <= last; k++) if (row[k] > row[best]) best = k;
  return best;
}

/**
 * @param {ArrayLike<number>} row
 * @param {number} first
 * @param {number} last
 */
export function lowest(row, first, last) {
  let best = first;
  for (let k = first + 1; k <= last; k++) if (row[k] < row[best]) best = k;
  return best;
}

/**
 * The greatest size in a row.
 *
 * @param {ArrayLike<number>} row
 */
export function size(row) {
  let most = 0;
  for (let k = 0; k < row.length; k++) most = Math.max(most, Math.abs(row[k]));
  return most;
}
