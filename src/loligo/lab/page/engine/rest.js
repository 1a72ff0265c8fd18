/**
 * Where a membrane rests, and its states with V held: the algorithm of `loligo/run/equilibrium.py`
 * and `loligo/run/steady.py`, step by step, with the kernel's own arithmetic and otherwise only
 * additions, products and comparisons, so that it ends at the same bits.
 */

import { largestRealPart } from "./eigenvalues.js";

/** @typedef {Record<string, number>} Numbers */
/** @typedef {Record<string, Float64Array>} Rows */
/**
 * The blocks of a kernel that are asked for, without what is done.
 * @typedef {{
 *   states: string[],
 *   relax: (given: Record<string, number | ArrayLike<number>>, lanes: number) => Rows,
 *   derivative: (given: Record<string, number | ArrayLike<number>>, lanes: number) => Rows,
 * }} Equations
 */
/** @typedef {{lowest: number, highest: number, spacing: number}} Range */

const BEGIN = 0.5; // of a state whose search begins nowhere in particular: a gate
const FOREVER = 1e12; // ms: a step that reaches the equilibrium of a linear state
const LONG = 1e6; // ms: what stands still in such a step stands still
const PARTS = 16; // into which a bracket is cut

/** An error that says why there is no rest. */
export class NoRestError extends Error {}

/**
 * All states with V held at each voltage, and where they stand still.
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @param {ArrayLike<number>} voltage
 * @returns {{states: Float64Array[], settled: boolean[]}}
 */
export function settle(equations, numbers, voltage) {
  const lanes = voltage.length;
  const states = equations.states.map((name, i) =>
    i === 0 ? Float64Array.from(voltage) : new Float64Array(lanes).fill(numbers[`guess.${name}`] ?? BEGIN)
  );
  const kept = given(equations, numbers);
  states.forEach((row, i) => { if (kept[i] !== null) row.fill(kept[i]); });
  /** @type {boolean[]} */
  const settled = new Array(lanes).fill(false);
  for (const method of holds(kept) ? [linear, together] : [atOnce, oneByOne, together]) {
    /** @type {number[]} */
    const here = [];
    for (let k = 0; k < lanes; k++) if (!settled[k]) here.push(k);
    if (!here.length) break;
    const some = states.map((row) => Float64Array.from(here, (k) => row[k]));
    const found = method(equations, numbers, some);
    here.forEach((k, j) => {
      if (!found.settled[j]) return;
      settled[k] = true;
      states.forEach((row, i) => (row[k] = found.states[i][j]));
    });
  }
  return { states, settled };
}

/**
 * {@link settle} with some states given: they change nothing by the way of a search without them,
 * where no other state depends on them.
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @param {ArrayLike<number>} voltage
 * @param {Numbers} states  those that are given
 * @returns {{states: Float64Array[], settled: boolean[]}}
 */
export function held(equations, numbers, voltage, states) {
  const without = settle(equations, numbers, voltage);
  if (!Object.keys(states).length) return without;
  const before = equations.derivative({ ...numbers, ...named(equations, without.states) }, voltage.length);
  equations.states.forEach((name, i) => { if (name in states) without.states[i].fill(states[name]); });
  const after = equations.derivative({ ...numbers, ...named(equations, without.states) }, voltage.length);
  const others = equations.states.slice(1).filter((name) => !(name in states));
  const free = without.settled.map((settled, k) => settled && others.every((name) => before[name][k] === after[name][k]));
  if (free.every(Boolean)) return without;
  const given = Object.fromEntries(Object.entries(states).map(([name, value]) => [`given.${name}`, value]));
  const within = settle(equations, { ...numbers, ...given }, voltage);
  return {
    states: within.states.map((row, i) => row.map((value, k) => (free[k] ? without.states[i][k] : value))),
    settled: within.settled.map((settled, k) => free[k] || settled),
  };
}

/**
 * What each state is held to, null where it is free: `given.x` among the numbers.
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @returns {(number | null)[]}
 */
function given(equations, numbers) {
  return equations.states.map((name) => numbers[`given.${name}`] ?? null);
}

/** @param {(number | null)[]} kept */
function holds(kept) {
  return kept.some((value) => value !== null);
}

/**
 * How small a state is taken to be when its rounding is judged.
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @returns {number[]}
 */
function smallest(equations, numbers) {
  if (!holds(given(equations, numbers))) return equations.states.map(() => 1e-3);
  return equations.states.map((name) => {
    const begin = Math.abs(numbers[`guess.${name}`] ?? 1);
    return 1e-3 * (begin > 0 && begin < 1 ? begin : 1);
  });
}

/** @param {Equations} equations @param {Numbers} numbers @param {Float64Array[]} states */
function atOnce(equations, numbers, states) {
  return relax(equations, numbers, states, new Array(states.length + 1).fill(FOREVER));
}

/** @param {Equations} equations @param {Numbers} numbers @param {Float64Array[]} states */
function oneByOne(equations, numbers, states) {
  const steps = [];
  for (let k = 0; k < 40; k++) steps.push(0.1 * 2 ** k);
  for (let k = 0; k < 10; k++) steps.push(FOREVER);
  return relax(equations, numbers, states, steps);
}

/**
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @param {Float64Array[]} states
 * @param {number[]} steps
 */
function relax(equations, numbers, states, steps) {
  const lanes = states[0].length;
  /** @type {boolean[]} */
  const settled = new Array(lanes).fill(false);
  const rows = states.map((row) => row.slice());
  for (const dt of steps) {
    const after = equations.relax({ ...numbers, ...named(equations, rows), ".dt": dt }, lanes);
    const next = equations.states.map((name) => after[name]);
    for (let k = 0; k < lanes; k++) {
      if (settled[k]) continue;
      let still = dt === FOREVER;
      next.forEach((row, i) => {
        const change = Math.abs(row[k] - rows[i][k]);
        if (!(change <= 1e-11 * atLeast(Math.abs(row[k]), 1e-3) && Number.isFinite(row[k]))) still = false;
        rows[i][k] = row[k];
      });
      settled[k] = still;
    }
    if (settled.every(Boolean)) break;
  }
  return { settled, states: rows };
}

/**
 * Where the rates are linear, the first step arrives and the second corrects its rounding.
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @param {Float64Array[]} states
 */
function linear(equations, numbers, states) {
  return together(equations, numbers, states, FOREVER, 3);
}

/**
 * Linearly implicit Euler steps of all states but V, growing while they succeed.
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @param {Float64Array[]} states
 * @param {number} [first]  ms, the length of the first step
 * @param {number} [steps]  at most
 */
function together(equations, numbers, states, first = 0.1, steps = 120) {
  const lanes = states[0].length;
  /** @type {boolean[]} */
  const settled = [];
  const found = states.map((row) => row.slice());
  for (let k = 0; k < lanes; k++) {
    const one = oneTogether(equations, numbers, states.map((row) => row[k]), first, steps);
    settled.push(one.settled);
    one.x.forEach((value, i) => (found[i][k] = value));
  }
  return { settled, states: found };
}

/**
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @param {number[]} begin
 * @param {number} dt
 * @param {number} steps
 */
function oneTogether(equations, numbers, begin, dt, steps) {
  const kept = given(equations, numbers), least = smallest(equations, numbers);
  let x = begin.slice();
  for (let step = 0; step < steps; step++) {
    const rate = rates(equations, numbers, x);
    const slopes = jacobian(equations, numbers, x);
    const count = x.length;
    const matrix = slopes.slice(1).map((row, i) =>
      row.slice(1).map((slope, j) => {
        const unit = i === j ? 1 : 0;
        const value = unit / dt - slope;
        return Number.isFinite(value) ? value : unit;
      })
    );
    for (let i = 1; i < count; i++) {
      if (kept[i] === null) continue;
      matrix[i - 1] = matrix[i - 1].map((_, j) => (j === i - 1 ? 1 : 0));
      rate[i] = 0;
    }
    const change = solved(matrix, rate.slice(1));
    const after = [x[0]];
    for (let i = 1; i < count; i++) after.push(x[i] + change[i - 1]);
    const sound = change.every(Number.isFinite) && rates(equations, numbers, after).every(Number.isFinite);
    const still = change.every((c, i) => Math.abs(c) <= 1e-11 * atLeast(Math.abs(after[i + 1]), least[i + 1]));
    if (sound) x = after;
    if (sound && still && dt >= LONG) return { settled: true, x };
    dt = sound ? Math.min(4 * dt, FOREVER) : dt / 8;
  }
  return { settled: false, x };
}

/**
 * Gauss's elimination, the largest number of a column as its pivot; NaN where there is none.
 * @param {number[][]} matrix
 * @param {number[]} right
 * @returns {number[]}
 */
export function solved(matrix, right) {
  const a = matrix.map((row) => row.slice()), b = right.slice(), count = b.length;
  for (let k = 0; k < count; k++) {
    let pivot = k;
    for (let i = k + 1; i < count; i++) if (Math.abs(a[i][k]) > Math.abs(a[pivot][k])) pivot = i;
    [a[k], a[pivot]] = [a[pivot], a[k]];
    [b[k], b[pivot]] = [b[pivot], b[k]];
    for (let i = k + 1; i < count; i++) {
      const factor = a[i][k] / a[k][k];
      for (let j = k; j < count; j++) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (let k = count - 1; k >= 0; k--) {
    for (let j = k + 1; j < count; j++) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return b;
}

/** The larger of the two, NaN where x is, as NumPy's `maximum`. @param {number} x @param {number} low */
function atLeast(x, low) {
  return x < low ? low : x;
}

/** @param {Equations} equations @param {Float64Array[]} rows @returns {Rows} */
function named(equations, rows) {
  return Object.fromEntries(equations.states.map((name, i) => [name, rows[i]]));
}

/** @param {Equations} equations @param {Numbers} numbers @param {number[]} x */
function rates(equations, numbers, x) {
  const rows = named(equations, x.map((value) => Float64Array.of(value)));
  const result = equations.derivative({ ...numbers, ...rows }, 1);
  return equations.states.map((name) => result[name][0]);
}

/**
 * By central differences.
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @param {number[]} x
 * @returns {number[][]}
 */
export function jacobian(equations, numbers, x) {
  const count = x.length, least = smallest(equations, numbers);
  const steps = x.map((value, i) => 1e-5 * atLeast(Math.abs(value), least[i]));
  const rows = x.map((value, i) => {
    const row = new Float64Array(2 * count).fill(value);
    row[2 * i] += steps[i];
    row[2 * i + 1] -= steps[i];
    return row;
  });
  const result = equations.derivative({ ...numbers, ...named(equations, rows) }, 2 * count);
  return equations.states.map((name) =>
    steps.map((step, j) => (result[name][2 * j] - result[name][2 * j + 1]) / (2 * step))
  );
}

/**
 * dV/dt, all other states steady at V; NaN where they cannot be.
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @param {ArrayLike<number>} voltage
 * @returns {Float64Array}
 */
export function balanced(equations, numbers, voltage) {
  const { states, settled } = settle(equations, numbers, voltage);
  const found = equations.derivative({ ...numbers, ...named(equations, states) }, voltage.length);
  return found[equations.states[0]].map((rate, k) => (settled[k] ? rate : NaN));
}

/**
 * The stable equilibrium without stimulus, the lowest if there are several.
 * @param {Equations} equations
 * @param {Numbers} numbers  parameters, and `guess.x` of states
 * @param {Range} range
 * @returns {{states: Numbers, several: boolean}}
 */
export function rest(equations, numbers, { lowest, highest, spacing }) {
  const grid = [];
  for (let i = 0; lowest + i * spacing < highest + spacing / 2; i++) grid.push(lowest + i * spacing);
  const balance = balanced(equations, numbers, grid);
  if (balance.every(Number.isNaN)) {
    throw new NoRestError("some state has no steady value at any voltage");
  }
  /** @type {Numbers[]} */
  const stable = [];
  for (let i = 0; i + 1 < grid.length; i++) {
    if (balance[i] === 0 && balance[i + 1] === 0) {
      throw new NoRestError("without any conductance every voltage is an equilibrium");
    }
    if (!(balance[i] > 0 && balance[i + 1] <= 0)) continue;
    const v = narrowed(equations, numbers, grid[i], grid[i] + spacing);
    const { states, settled } = settle(equations, numbers, [v]);
    const x = states.map((row) => row[0]);
    if (settled[0] && isStable(equations, numbers, x)) {
      stable.push(Object.fromEntries(equations.states.map((name, k) => [name, x[k]])));
    }
  }
  if (!stable.length) throw new NoRestError("the membrane has no stable resting potential");
  return { states: stable[0], several: stable.length > 1 };
}

/** @param {Equations} equations @param {Numbers} numbers @param {number[]} x */
function isStable(equations, numbers, x) {
  const slopes = jacobian(equations, numbers, x);
  return slopes.every((row) => row.every(Number.isFinite)) && largestRealPart(slopes) < 0;
}

/**
 * Where the balance first turns negative, to the last bit.
 * @param {Equations} equations
 * @param {Numbers} numbers
 * @param {number} low
 * @param {number} high
 */
export function narrowed(equations, numbers, low, high) {
  for (let round = 0; round < 20; round++) {
    const bounds = [low];
    for (let k = 1; k < PARTS; k++) bounds.push(low + (k / PARTS) * (high - low));
    bounds.push(high);
    const inner = bounds.slice(1, -1);
    if (inner.every((v) => v === low || v === high)) break;
    const inward = balanced(equations, numbers, inner);
    let turn = 0;
    while (turn < inner.length && inward[turn] > 0) turn++;
    low = bounds[turn];
    high = bounds[turn + 1];
  }
  return high;
}
