/**
 * Where an axon rests: `loligo/run/axon/rest.py` step by step, so that it begins with the same bits.
 */

import { NoRestError } from "./rest.js";

/** @typedef {import("./cable.js").Axon} Axon */
/** @typedef {Record<string, Float64Array>} Rows */

const PROBE = 1e-3; // mV: for the slope of the steady current
const STILL = 1e-10; // mV: a change this small is rounding
const MOST_STEPS = 200;
const CALM = 5; // mV, that V changes by at most in one step

/**
 * All states at rest: where the membrane differs along the axon, V at which all currents balance,
 * axial ones among them, all other states steady.
 *
 * @param {import("./model.js").Model} model
 * @param {Axon} axon
 * @param {Float64Array} capacity  nA ms/mV
 * @returns {Rows}
 */
export function balance(model, axon, capacity) {
  const count = capacity.length, names = model.manifest.states.map((/** @type {any} */ each) => each.symbol);
  const alike = groups(axon.numbers, count);
  /** @type {Rows} */
  const begun = Object.fromEntries(names.map((/** @type {string} */ name) => [name, new Float64Array(count)]));
  for (const { numbers, where } of alike) {
    const rest = model.rest(numbers);
    for (const name of names) for (const k of where) begun[name][k] = rest[name];
  }
  if (alike.length === 1) return begun;
  const V = begun.V;
  let dt = 1;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { current } = steady(model, alike, capacity, V);
    const { current: above } = steady(model, alike, capacity, V.map((v) => v + PROBE));
    const diagonal = capacity.map((each, k) => each / dt + (above[k] - current[k]) / PROBE);
    const change = changed(axon.link, V, current, diagonal);
    const largest = change.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    if (!Number.isFinite(largest)) break;
    const calm = largest < CALM;
    change.forEach((each, k) => { V[k] += calm ? each : Math.min(Math.max(each, -CALM), CALM); });
    if (largest < STILL && dt > 1e6) return { ...steady(model, alike, capacity, V).states, V };
    dt = calm ? Math.min(4 * dt, 1e12) : Math.max(dt / 8, 1e-6);
  }
  throw new NoRestError("the axon has no stable resting state that could be found");
}

/**
 * Compartments with the same numbers.
 *
 * @param {Record<string, number | Float64Array>} numbers
 * @param {number} count
 * @returns {{numbers: Record<string, number>, where: number[]}[]}
 */
function groups(numbers, count) {
  /** @type {Map<string, {numbers: Record<string, number>, where: number[]}>} */
  const found = new Map();
  for (let k = 0; k < count; k++) {
    const own = Object.entries(numbers).map(([name, value]) => [name, typeof value === "number" ? value : value[k]]);
    const key = JSON.stringify(own);
    const group = found.get(key) ?? { numbers: Object.fromEntries(own), where: /** @type {number[]} */ ([]) };
    group.where.push(k);
    found.set(key, group);
  }
  return [...found.values()];
}

/**
 * The ionic current with all other states steady, nA; and those states.
 *
 * @param {import("./model.js").Model} model
 * @param {ReturnType<typeof groups>} alike
 * @param {Float64Array} capacity
 * @param {Float64Array} V
 */
function steady(model, alike, capacity, V) {
  const current = new Float64Array(V.length);
  /** @type {Rows} */
  const states = {};
  for (const { numbers, where } of alike) {
    const held = model.steady(numbers, Float64Array.from(where, (k) => V[k]));
    const rate = model.derivative(numbers, held).V;
    where.forEach((k, j) => (current[k] = -rate[j] * capacity[k]));
    for (const name in held) {
      states[name] ??= new Float64Array(V.length);
      where.forEach((k, j) => (states[name][k] = held[name][j]));
    }
  }
  return { current, states };
}

/**
 * The change of V that is implicit in (diagonal - D) change = what flows in: eliminated from the
 * last compartment to the first.
 *
 * @param {Float64Array} link
 * @param {Float64Array} V
 * @param {Float64Array} current
 * @param {Float64Array} diagonal
 */
function changed(link, V, current, diagonal) {
  const count = V.length, right = current.map((each) => -each);
  const flow = link.map((each, k) => each * (V[k + 1] - V[k]));
  for (let k = 0; k < count; k++) {
    if (k + 1 < count) right[k] += flow[k];
    if (k > 0) right[k] -= flow[k - 1];
    if (k + 1 < count) diagonal[k] += link[k];
    if (k > 0) diagonal[k] += link[k - 1];
  }
  for (let k = count - 1; k > 0; k--) {
    const part = link[k - 1] / diagonal[k];
    diagonal[k - 1] -= part * link[k - 1];
    right[k - 1] += part * right[k];
  }
  right[0] /= diagonal[0];
  for (let k = 1; k < count; k++) right[k] = (right[k] + link[k - 1] * right[k - 1]) / diagonal[k];
  return right;
}
