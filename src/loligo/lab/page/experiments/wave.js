/**
 * A wave along an axon: computed a little in every frame, with what passed where and when.
 *
 * @typedef {import("./fibre.js").Fibre} Fibre
 * @typedef {import("./fibre.js").Cut} Cut
 */
import { Cable } from "../engine/cable.js";
import { NoRestError } from "../engine/rest.js";
import { channelsOf } from "./channels.js";
import { cut, membraneAlong, shockOf } from "./fibre.js";

/**
 * @typedef {object} Shocks
 * @property {"left" | "right" | "both"} side
 * @property {number} lag  ms by which the right end comes later
 */

export class Wave {
  /**
   * @param {any} model
   * @param {Record<string, number>} parameters  those that were changed
   * @param {Fibre} fibre
   * @param {Shocks} shocks
   * @param {import("./fibre.js").Table} table
   */
  constructor(model, parameters, fibre, shocks, table) {
    const begin = beginning(model, parameters, table.held);
    const rest = begin.states;
    const made = cut(fibre, table);
    const numbers = membraneAlong(made, fibre, channelsOf(model.manifest), { ...model.defaults, ...parameters }, table);
    const last = made.area.length - 1;
    const { dt, lasts } = made.bare ? table.wrapped : table.bare;
    const pulse = { start: table.start, duration: lasts, amplitude: shockOf(fibre, table) };
    const pulses = [];
    if (shocks.side !== "right") pulses.push({ ...pulse, at: 0 });
    if (shocks.side !== "left") {
      pulses.push({ ...pulse, at: last, start: pulse.start + (shocks.side === "both" ? shocks.lag : 0) });
    }
    this.table = table;
    this.cut = made;
    this.initial = begin.initial;
    this.pulses = pulses;
    this.rest = rest.V;
    this.ends = Math.max(...pulses.map(({ start, duration }) => start + duration));
    this.dt = dt;
    const threshold = this.threshold;
    const begun = begin.initial === "rest" ? undefined : rest;
    this.cable = new Cable(model, { area: made.area, link: made.link, numbers, pulses, threshold, begin: begun }, this.dt);
    this.rows = [Float32Array.from(this.cable.V)];
    this.done = false;
  }

  get every() {
    return this.table.every;
  }

  /** mV: what rises through it counts as the wave's passing. */
  get threshold() {
    return this.rest + this.table.above;
  }

  /** How many times longer a compartment is than it usually would be. */
  get coarse() {
    const { squid, piece } = this.table;
    if (this.cut.bare) return 1;
    return this.cut.long[0] / (piece * Math.sqrt(this.cut.inside / squid.diameter));
  }

  /**
   * V along the axon, between the two profiles around a time.
   *
   * @param {number} time  ms
   */
  at(time) {
    const { rows } = this;
    const place = Math.min(Math.max(time / this.every, 0), rows.length - 1);
    const first = Math.min(Math.floor(place), Math.max(rows.length - 2, 0));
    const after = rows[Math.min(first + 1, rows.length - 1)];
    return Float64Array.from(rows[first], (each, k) => each + (place - first) * (after[k] - each));
  }

  /** @returns {number} ms, of what is known */
  get lasts() {
    return (this.rows.length - 1) * this.every;
  }

  /**
   * Go on for so many milliseconds of the clock.
   *
   * @param {number} room
   */
  advance(room) {
    const end = performance.now() + room;
    const per = Math.round(this.every / this.dt);
    while (!this.done && performance.now() < end) {
      this.cable.advance(per);
      this.rows.push(Float32Array.from(this.cable.V));
      this.done = this.over();
    }
  }

  /** When the wave passed each compartment, ms; NaN where it did not. */
  get passed() {
    return Float64Array.from(this.cable.watched.spikes, ([first]) => first?.time ?? NaN);
  }

  over() {
    const { V, time } = this.cable;
    if (!V.every(Number.isFinite) || time >= this.table.longest) return true;
    return time > this.ends + 1 && V.every((each) => each < this.rest + this.table.quiet);
  }

  /**
   * When the wave passed a place, um; NaN if it did not.
   *
   * @param {number} place
   */
  arrival(place) {
    return interpolated(this.cut.position, this.passed, place);
  }

  /**
   * V there, over the profiles that are kept.
   *
   * @param {number} place  um
   */
  trace(place) {
    return Float64Array.from(this.rows, (row) => interpolated(this.cut.position, row, place));
  }

  /**
   * m/s between two places; NaN where the wave did not pass both, and Infinity where both at once.
   *
   * @param {number} first  um
   * @param {number} second
   */
  velocity(first, second) {
    return (second - first) / 1e3 / (this.arrival(second) - this.arrival(first));
  }

  /** Where two waves met, um: what passed last, if that is none of the ends; else NaN. */
  met() {
    const { passed } = this;
    const known = passed.every(Number.isFinite);
    const latest = passed.reduce((best, each, k) => (each > passed[best] ? k : best), 0);
    const inside = latest > 2 && latest < passed.length - 3;
    if (!known || !inside) return NaN;
    const [before, last, after] = passed.subarray(latest - 1, latest + 2);
    const shift = (before - after) / (2 * (before - 2 * last + after));
    return this.cut.position[latest] + shift * this.cut.long[latest];
  }
}

/**
 * Where an axon begins: its membrane's rest, else where the model starts, else where V is held.
 *
 * @param {any} model
 * @param {Record<string, number>} parameters
 * @param {number} held  mV
 * @returns {{states: Record<string, number>, initial: null | "rest" | number}}
 */
function beginning(model, parameters, held) {
  try {
    return { states: model.rest(parameters), initial: "rest" };
  } catch (problem) {
    if (!(problem instanceof NoRestError)) throw problem;
  }
  const initial = model.manifest.start ? null : held;
  const moment = { parameters, stimulus: [], duration: 1, sample_interval: 1, initial };
  return { states: model.simulate(moment, { record: [] }).initial, initial };
}

/**
 * @param {Float64Array} x
 * @param {ArrayLike<number>} y
 * @param {number} at
 */
export function interpolated(x, y, at) {
  let [low, high] = [0, x.length - 1];
  if (at <= x[0]) return y[0];
  if (at >= x[high]) return y[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= at) low = middle;
    else high = middle;
  }
  return y[low] + ((at - x[low]) / (x[high] - x[low])) * (y[high] - y[low]);
}
