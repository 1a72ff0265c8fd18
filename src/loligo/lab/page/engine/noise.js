/**
 * The path of a noise of amplitude 1 (`loligo/stimulus/path.py`), and what a kernel is handed of it.
 */

import { decay, lost, normals } from "./philox.js";

/** @typedef {Record<string, any>} Document */

const BLOCK = 4096;
const ROUNDED = 2 ** -50;
const OWN = 2; // the generator that is here

/** @type {Map<string, Path>} */
const known = new Map();
// numbers are dear, and a path with another tau is made of the same
/** @type {Map<string, Float64Array>} */
const drawn = new Map();

/** @param {number} seed @param {number} index */
function drawnOf(seed, index) {
  const key = `${seed} ${index}`;
  let found = drawn.get(key);
  if (!found) {
    if (drawn.size >= 200) drawn.clear();
    found = normals(seed, index, BLOCK);
    drawn.set(key, found);
  }
  return found;
}

/**
 * The path of a noise, made as far as it has been asked for.
 * @param {Document} noise
 * @returns {Path}
 */
export function pathOf({ seed, interval = 0.025, tau = null, generator = 1 }) {
  if (generator !== OWN) throw new Error("noise of NumPy's generator cannot be made here: give it a generator of 2");
  const key = JSON.stringify([seed, interval, tau]);
  let path = known.get(key);
  if (!path) {
    if (known.size >= 200) known.clear();
    path = new Path(seed, interval, tau);
    known.set(key, path);
  }
  return path;
}

class Path {
  /** @param {number} seed @param {number} interval @param {number | null} tau */
  constructor(seed, interval, tau) {
    this.seed = seed;
    this.interval = interval;
    this.tau = tau;
    /** @type {{values: Float64Array, charges: Float64Array}[]} */
    this.blocks = [];
  }

  /**
   * Values at grid points, and the charge up to each.
   * @param {number} index
   */
  block(index) {
    while (this.blocks.length <= index) this.blocks.push(this.#make(this.blocks.length));
    return this.blocks[index];
  }

  /** The value at a grid point. @param {number} k */
  at(k) {
    return this.block(Math.floor(k / BLOCK)).values[k % BLOCK];
  }

  /**
   * Value and charge some time after a grid point.
   * @param {number} k
   * @param {number} u
   */
  lookUp(k, u) {
    const { values, charges } = this.block(Math.floor(k / BLOCK)), j = k % BLOCK;
    const x = values[j];
    const slope = this.tau === null ? 0 : (values[j + 1] - x) / this.interval;
    const charge = charges[j] + u * (x + 0.5 * slope * u);
    return { value: x + slope * u, charge, next: values[j + 1] };
  }

  /** @param {number} index */
  #make(index) {
    const { interval, tau } = this;
    const values = new Float64Array(BLOCK + 1);
    values.set(drawnOf(this.seed, index));
    values[BLOCK] = normals(this.seed, index + 1, 1)[0];
    const pieces = new Float64Array(BLOCK);
    const before = index ? this.blocks[index - 1] : null;
    if (tau === null) {
      const root = Math.sqrt(interval);
      for (let k = 0; k <= BLOCK; k++) values[k] /= root;
      for (let k = 0; k < BLOCK; k++) pieces[k] = interval * values[k];
    } else {
      const part = decay(interval / tau), spread = Math.sqrt(lost((2 * interval) / tau));
      for (let k = index ? 0 : 1; k <= BLOCK; k++) values[k] *= spread;
      values[0] += part * (before ? before.values[BLOCK - 1] : 0);
      remember(values.subarray(0, BLOCK), part);
      values[BLOCK] += part * values[BLOCK - 1];
      for (let k = 0; k < BLOCK; k++) pieces[k] = interval * (0.5 * (values[k] + values[k + 1]));
    }
    const charges = new Float64Array(BLOCK + 1), first = before ? before.charges[BLOCK] : 0;
    let total = 0;
    charges[0] = first + 0;
    for (let k = 0; k < BLOCK; k++) {
      total += pieces[k];
      charges[k + 1] = first + total;
    }
    return { values, charges };
  }
}

/**
 * Each value keeps a part of the one before, by doubling the stride.
 * @param {Float64Array} values
 * @param {number} part
 */
function remember(values, part) {
  for (let stride = 1; stride < values.length && part > 0; stride *= 2, part *= part) {
    for (let k = values.length - 1; k >= stride; k--) values[k] += part * values[k - stride];
  }
}

/**
 * Which interval after a start a time falls in, and how far into it.
 * @param {number} t
 * @param {number} start
 * @param {number} interval
 */
function cell(t, start, interval) {
  let k = Math.floor((t - start) / interval);
  if (t < start + k * interval) k -= 1;
  if (t >= start + (k + 1) * interval) k += 1;
  return { k, into: t - (start + k * interval) };
}

/** Of amplitude 1 and mean 0, from its start. @param {Document} noise @param {number} t */
function charge(noise, t) {
  const { start, duration, interval = 0.025 } = noise;
  const { k, into } = cell(Math.min(Math.max(t, start), start + duration), start, interval);
  return pathOf(noise).lookUp(k, into).charge;
}

/**
 * Its integral over each step.
 * @param {Document} noise
 * @param {number} steps
 * @param {number} dt
 * @returns {Float64Array}
 */
export function charges(noise, steps, dt) {
  const zero = noise.start < 0 ? charge(noise, 0) : 0;
  const found = new Float64Array(steps);
  let before = charge(noise, 0 * dt) - zero;
  for (let k = 0; k < steps; k++) {
    const after = charge(noise, (k + 1) * dt) - zero;
    found[k] = after - before;
    before = after;
  }
  return found;
}

/**
 * Its value, of amplitude 1 and mean 0, at sample times; those that miss a knot by an ulp are on it.
 * @param {Document} noise
 * @param {ArrayLike<number>} times
 * @param {number} end  of the run
 * @returns {Float64Array}
 */
export function values(noise, times, end) {
  const { start, duration, interval = 0.025 } = noise;
  const onto = ontoEdges(noise, end);
  return Float64Array.from(times, (time) => {
    const t = onto(time);
    const on = t >= start && t < start + duration;
    const { k, into } = cell(on ? t : start, start, interval);
    const { value } = pathOf(noise).lookUp(k, into);
    return on ? 0 + 1 * value : 0;
  });
}

const EDGE_TOLERANCE = 1e-9; // ms

/**
 * Moves a sample time that misses a knot by an ulp onto it (`loligo/run/drive.py`, `onto`).
 * @param {Document} noise
 * @param {number} end
 * @returns {(t: number) => number}
 */
function ontoEdges({ start, duration, interval = 0.025 }, end) {
  const first = Math.max(Math.floor(-start / interval), 0);
  const last = Math.floor(Math.min(end - start, duration) / interval);
  const edges = [];
  for (let k = first; k <= last; k++) {
    const knot = start + k * interval;
    if (knot < start + duration) edges.push(knot);
  }
  edges.push(start + duration);
  const inside = edges.filter((t) => t >= 0 && t <= end);
  let following = 0;
  return (t) => {
    if (!inside.length) return t;
    while (following < inside.length && inside[following] < t) following++;
    const nearest = inside[Math.min(following, inside.length - 1)];
    const before = inside[Math.max(following - 1, 0)];
    const there = following > 0 && t - before <= t * ROUNDED;
    return nearest > t && nearest - t <= EDGE_TOLERANCE && !there ? nearest : t;
  };
}

/**
 * Straight lines from knot to knot (`loligo/stimulus/lines.py`): the piece that a run begins in, and
 * the table of when each begins, its level there, and its slope.
 * @param {Document} noise
 * @param {number} end
 * @returns {{place: number, table: Float64Array}}
 */
export function lines(noise, end) {
  const { start, duration, interval = 0.025 } = noise;
  const path = pathOf(noise), off = start + duration;
  let count = Math.ceil(duration / interval);
  while (count > 1 && start + (count - 1) * interval >= off - Math.abs(off) * ROUNDED) count -= 1;
  /** @param {number} t */
  const number = (t) => {
    const late = t + Math.abs(t) * ROUNDED;
    if (late < start) return 0;
    if (late >= off) return count + 1;
    let k = Math.floor((late - start) / interval);
    if (late >= start + (k + 1) * interval) k += 1;
    if (late < start + k * interval) k -= 1;
    return 1 + Math.min(Math.max(k, 0), count - 1);
  };
  const first = number(0), last = number(end) + 3;
  const table = new Float64Array(3 * (last - first));
  for (let piece = first; piece < last; piece++) {
    const row = 3 * (piece - first), k = piece - 1;
    if (piece === 0) table.set([start, 0, 0], row);
    else if (piece === count + 1) table.set([off, 0, 0], row);
    else if (piece > count) table.set([Infinity, 0, 0], row);
    else {
      const level = path.at(k);
      const slope = path.tau === null ? 0 : (path.lookUp(k, 0).next - level) / interval;
      table.set([start + k * interval, level, slope], row);
    }
  }
  return { place: first, table };
}
