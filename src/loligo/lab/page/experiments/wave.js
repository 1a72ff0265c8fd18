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

const DT = { bare: 0.01, wrapped: 0.005 }; // ms
const ROWS = 0.05; // ms, between the profiles that are kept
const ABOVE = 25; // mV above rest, that count as the wave's passing
const QUIET = 8; // mV above rest, below which nothing goes on
const LONGEST = 60; // ms
const HELD = -65; // mV
const SHOCK = { start: 0.2, bare: 0.2, wrapped: 0.1 }; // ms

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
   */
  constructor(model, parameters, fibre, shocks) {
    const begin = beginning(model, parameters);
    const rest = begin.states;
    const made = cut(fibre);
    const numbers = membraneAlong(made, fibre, channelsOf(model.manifest), { ...model.defaults, ...parameters });
    const last = made.area.length - 1;
    const duration = made.bare ? SHOCK.wrapped : SHOCK.bare;
    const pulse = { start: SHOCK.start, duration, amplitude: shockOf(fibre) };
    const pulses = [];
    if (shocks.side !== "right") pulses.push({ ...pulse, at: 0 });
    if (shocks.side !== "left") {
      pulses.push({ ...pulse, at: last, start: pulse.start + (shocks.side === "both" ? shocks.lag : 0) });
    }
    this.cut = made;
    this.initial = begin.initial;
    this.pulses = pulses;
    this.rest = rest.V;
    this.ends = Math.max(...pulses.map(({ start, duration }) => start + duration));
    this.dt = made.bare ? DT.wrapped : DT.bare;
    const threshold = this.rest + ABOVE;
    const begun = begin.initial === "rest" ? undefined : rest;
    this.cable = new Cable(model, { area: made.area, link: made.link, numbers, pulses, threshold, begin: begun }, this.dt);
    this.rows = [Float32Array.from(this.cable.V)];
    this.done = false;
  }

  get every() {
    return ROWS;
  }

  /** @returns {number} ms, of what is known */
  get lasts() {
    return (this.rows.length - 1) * ROWS;
  }

  /**
   * Go on for so many milliseconds of the clock.
   *
   * @param {number} room
   */
  advance(room) {
    const end = performance.now() + room;
    const per = Math.round(ROWS / this.dt);
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
    if (!V.every(Number.isFinite) || time >= LONGEST) return true;
    return time > this.ends + 1 && V.every((each) => each < this.rest + QUIET);
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
 * @returns {{states: Record<string, number>, initial: null | "rest" | number}}
 */
function beginning(model, parameters) {
  try {
    return { states: model.rest(parameters), initial: "rest" };
  } catch (problem) {
    if (!(problem instanceof NoRestError)) throw problem;
  }
  const initial = model.manifest.start ? null : HELD;
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
