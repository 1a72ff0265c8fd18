/**
 * Searches for thresholds, and strength against duration, as `lo.experiments.strength_duration` has it.
 */

import { evenly, inRatio, lanesOf, pulse } from "./asking.js";

/** @typedef {import("./asking.js").Ask} Ask */
/** @typedef {import("./asking.js").Asked} Asked */
/** @typedef {import("./asking.js").Lane} Lane */
/**
 * Whether each size fires within a time (ms): (which rows, sizes, ms).
 * @typedef {(which: number[], sizes: number[], until: number) => Promise<boolean[]>} Fires
 */
/**
 * The least size that fires, and the largest known not to, of each row; NaN where nothing does.
 * @typedef {{value: Float64Array, below: Float64Array}} Threshold
 */

export const RELATIVE = 1e-7; // width of a bracket, beside its size
const EARLY = 30; // ms in which most spikes come that come at all
const SMALLEST = 1e-3; // µA/cm²
const CURRENT = 500; // µA/cm² of a pulse at most, and be it ever so long
const DISPLACED = 300; // mV by which a pulse displaces V at most, and be it ever so brief
const WAIT = 100; // ms after the end, for a spike that comes late
const LONG = 500; // ms: so long a pulse is, as a rule, as good as one that never ends
const LONGER = 4000; // ms, to see whether it is
const ABOVE_REST = 60; // mV within which the steady current turns, where it does
const WATCHED = 80; // ms in which a spike counts while the hand moves
const NEARBY = 1.15; // times the threshold that was, and so on
const FARTHER = 10; // of these at most
const BRIEF = 1e-3; // ms, where the chronaxie is sought from
const RISE = 1; // mV below the threshold, from where on it is asked what makes V rise, or
const NEARER = 0.02; // of the way to it from rest, if that is less
const GRADED = 1e-3; // of a threshold: so much above it the answer is decided

/** ms: those of the curve. */
export const DURATIONS = inRatio(0.05, 100, 23);

/**
 * The least size that fires, of each row, between two sizes.
 *
 * Where firing comes and goes as the size grows, it is the first rise that counts, as far as sizes
 * a factor of 2 apart can tell. Runs are short; at the end a long one of what has not fired shows
 * whether they were long enough.
 * @param {Fires} fires
 * @param {number} smallest
 * @param {ArrayLike<number>} largest of each row
 * @param {number} lasts ms that count
 * @param {number} [relative] how narrow the bracket becomes, beside its size
 * @returns {Promise<Threshold>}
 */
export async function least(fires, smallest, largest, lasts, relative = RELATIVE) {
  const early = Math.min(EARLY, lasts);
  const [lowest, highest] = await brackets(fires, smallest, largest, early, lasts);
  const every = Array.from(lowest, (_, k) => k);
  const [low, high] = [lowest.slice(), highest.slice()];
  await narrow(fires, every, low, high, relative, early);
  if (early < lasts) {
    let late = every.filter((k) => Number.isFinite(high[k]) && low[k] > lowest[k]);
    const hits = await fires(late, late.map((k) => low[k]), lasts);
    late = late.filter((_, k) => hits[k]);
    for (const k of late) [low[k], high[k]] = [lowest[k], low[k]];
    await narrow(fires, late, low, high, relative, lasts);
  }
  return { value: high, below: low.map((each, k) => (Number.isFinite(high[k]) ? each : NaN)) };
}

/**
 * Brackets a factor of 2 wide: from below, until something fires.
 * @param {Fires} fires
 * @param {number} smallest
 * @param {ArrayLike<number>} largest
 * @param {number} early ms
 * @param {number} lasts ms
 * @returns {Promise<[Float64Array, Float64Array]>}
 */
async function brackets(fires, smallest, largest, early, lasts) {
  const rows = largest.length;
  const steps = Math.max(1, Math.ceil(Math.log2(Math.max(...Array.from(largest)) / smallest)));
  /** @type {(row: number, k: number) => number} */
  const size = (row, k) => Math.min(smallest * 2 ** k, largest[row]);
  const first = await earliest(fires, Array.from({ length: rows }, (_, row) => row), steps, size, early);
  if (early < lasts) {
    const never = Array.from(first, (_, row) => row).filter((row) => first[row] > steps);
    const late = await earliest(fires, never, steps, size, lasts);
    never.forEach((row, k) => (first[row] = late[k]));
    // what fires only later lies next to what fires early
    let open = Array.from(first, (_, row) => row).filter(
      (row) => first[row] > 0 && first[row] <= steps && !never.includes(row));
    while (open.length) {
      const hits = await fires(open, open.map((row) => size(row, first[row] - 1)), lasts);
      open = open.filter((row, k) => hits[k] && --first[row] > 0);
    }
  }
  const low = Float64Array.from(first, (k, row) => (k > 0 ? size(row, k - 1) : 0));
  const high = Float64Array.from(first, (k, row) => (k <= steps ? size(row, k) : NaN));
  return [low, high];
}

/**
 * The first size of each row that fires within a time; one more than there are where none does.
 * @param {Fires} fires
 * @param {number[]} rows
 * @param {number} steps
 * @param {(row: number, k: number) => number} size
 * @param {number} lasts ms
 */
async function earliest(fires, rows, steps, size, lasts) {
  const which = rows.flatMap((row) => Array(steps + 1).fill(row));
  const sizes = which.map((row, i) => size(row, i % (steps + 1)));
  const hits = which.length ? await fires(which, sizes, lasts) : [];
  return Int32Array.from(rows, (_, k) => {
    const at = hits.slice(k * (steps + 1), (k + 1) * (steps + 1)).indexOf(true);
    return at < 0 ? steps + 1 : at;
  });
}

/**
 * Brackets of some rows halved until they are narrow beside their sizes.
 * @param {Fires} fires
 * @param {number[]} rows
 * @param {Float64Array} low changed
 * @param {Float64Array} high changed
 * @param {number} relative
 * @param {number} lasts ms
 */
async function narrow(fires, rows, low, high, relative, lasts) {
  for (;;) {
    const wide = rows.filter((k) => high[k] - low[k] > relative * high[k]);
    if (!wide.length) return;
    const middle = wide.map((k) => (low[k] + high[k]) / 2);
    const hits = await fires(wide, middle, lasts);
    wide.forEach((k, i) => (hits[i] ? (high[k] = middle[i]) : (low[k] = middle[i])));
  }
}

/**
 * A membrane at rest, and what pulses make of it.
 * @typedef {{ask: Ask, base: Asked, rest: Record<string, number>, capacitance: number}} Excitable
 */

/**
 * The spikes of pulses from 0 ms on, one lane each.
 * @param {Excitable} patch
 * @param {number[]} durations ms
 * @param {number[]} sizes µA/cm²
 * @param {number} lasts ms
 * @param {number} [level] mV
 */
async function fired(patch, durations, sizes, lasts, level = patch.base.threshold ?? 0) {
  if (!sizes.length) return [];
  const simulation = {
    ...patch.base, stimulus: [pulse(0, lasts, 0)], duration: lasts, sample_interval: lasts,
    initial: patch.rest, threshold: level,
  };
  const columns = {
    "stimulus.0.duration": Float64Array.from(durations),
    "stimulus.0.amplitude": Float64Array.from(sizes),
  };
  return lanesOf(patch.ask, simulation, columns, { spikesOnly: true });
}

/**
 * The least pulse that excites, of each duration; NaN where the current alone drives V.
 * @param {Excitable} patch
 * @param {ArrayLike<number>} durations ms
 * @param {number} [relative]
 * @param {number} [wait] ms
 * @returns {Promise<Threshold>}
 */
export async function strengths(patch, durations, relative = RELATIVE, wait = WAIT) {
  const d = Array.from(durations);
  const lasts = Math.max(...d) + wait;
  const largest = d.map((each) => CURRENT + (patch.capacitance * DISPLACED) / each);
  /** @type {Fires} */
  const fires = async (which, sizes, until) => {
    const runs = await fired(patch, which.map((k) => d[k]), sizes, until);
    return runs.map((run) => run.spikes.length > 0);
  };
  const found = await least(fires, SMALLEST, largest, lasts, relative);
  const own = await carried(patch, d, found.value, lasts);
  return {
    value: found.value.map((each, k) => (own[k] ? each : NaN)),
    below: found.below.map((each, k) => (own[k] ? each : NaN)),
  };
}

/**
 * Thresholds again, after a number has changed a little: looked for around where they were.
 *
 * @param {Excitable} patch
 * @param {number[]} durations  ms
 * @param {number[]} before  µA/cm², where they were
 * @param {number} [relative]
 * @returns {Promise<number[]>}  NaN where they are no longer near
 */
export async function followed(patch, durations, before, relative = 2e-3) {
  /** @type {Fires} */
  const fires = async (which, sizes, until) => {
    const runs = await fired(patch, which.map((k) => durations[k]), sizes, until);
    return runs.map((run) => run.spikes.length > 0);
  };
  const every = before.map((_, k) => k).filter((k) => Number.isFinite(before[k]));
  const low = Float64Array.from(before, (size) => size / NEARBY);
  const high = Float64Array.from(before, (size) => size * NEARBY);
  for (const [side, sizes, factor] of /** @type {const} */ ([[false, low, 1 / NEARBY], [true, high, NEARBY]])) {
    let open = every;
    for (let call = 0; call < FARTHER && open.length; call++) {
      const hits = await fires(open, open.map((k) => sizes[k]), WATCHED);
      open = open.filter((_, i) => hits[i] !== side);
      for (const k of open) sizes[k] *= factor;
    }
    for (const k of open) high[k] = NaN;
  }
  await narrow(fires, every, low, high, relative, WATCHED);
  return before.map((size, k) => (Number.isFinite(size) ? high[k] : NaN));
}

/**
 * Whether V is carried through the threshold by the membrane's own, inward current: then it rises
 * faster there than the injected current alone would make it.
 * @param {Excitable} patch
 * @param {number[]} d ms
 * @param {Float64Array} value µA/cm²
 * @param {number} lasts ms
 */
async function carried(patch, d, value, lasts) {
  const known = d.map((_, k) => k).filter((k) => Number.isFinite(value[k]));
  const level = patch.base.threshold ?? 0;
  const rise = Math.min(RISE, NEARER * (level - patch.rest.V));
  const sizes = known.map((k) => value[k] * (1 + GRADED));
  const pulses = known.map((k) => d[k]);
  const after = await fired(patch, pulses, sizes, lasts, level);
  const before = await fired(patch, pulses, sizes, lasts, level - rise);
  const own = d.map(() => false);
  known.forEach((k, i) => {
    const at = after[i].spikes[0]?.time ?? NaN;
    const earlier = before[i].spikes.filter((spike) => spike.time < at);
    const from = earlier.length ? earlier[earlier.length - 1].time : NaN;
    const current = at <= pulses[i] ? sizes[i] : 0;
    own[k] = patch.capacitance * rise > current * (at - from);
  });
  return own;
}

/**
 * The least current that excites however long it lasts, and the duration at which twice as much
 * does.
 *
 * @param {Excitable} patch
 * @param {(voltage: Float64Array) => Float64Array} steady  the ionic current where all is steady
 * @param {number} [relative]
 * @returns {Promise<{rheobase: number, chronaxie: number}>} µA/cm², ms
 */
export async function rheobaseAndChronaxie(patch, steady, relative = RELATIVE) {
  const rheobase = await lasting(patch, steady, relative);
  if (!Number.isFinite(rheobase)) return { rheobase: NaN, chronaxie: NaN };
  /** @type {Fires} */
  const fires = async (which, sizes, until) => {
    const runs = await fired(patch, sizes, sizes.map(() => 2 * rheobase), until);
    return runs.map((run) => run.spikes.length > 0);
  };
  const found = await least(fires, BRIEF, [LONG], LONG + WAIT, relative);
  return { rheobase, chronaxie: found.value[0] };
}

/**
 * Where a little less than the threshold of a long pulse excites in the end, V creeps past where
 * rest has just ceased to exist: the current is the fold of the steady current-voltage curve.
 *
 * @param {Excitable} patch
 * @param {(voltage: Float64Array) => Float64Array} steady
 * @param {number} relative
 */
async function lasting(patch, steady, relative) {
  const { value, below } = await strengths(patch, [LONG], relative, 0);
  if (!Number.isFinite(value[0])) return NaN;
  /** @type {(size: number) => Promise<boolean>} */
  const fires = async (size) => (await fired(patch, [LONGER], [size], LONGER))[0].spikes.length > 0;
  if (!await fires(below[0])) return value[0];
  const top = fold(patch.rest.V, steady);
  if (Number.isFinite(top) && !await fires(top * (1 - 1e-9))) return top * (1 + 1e-9);
  return (await strengths(patch, [LONGER], relative, 0)).value[0];
}

/**
 * The largest current with an equilibrium that is come to from rest; NaN where there is no such end.
 *
 * @param {number} rest  mV
 * @param {(voltage: Float64Array) => Float64Array} steady
 */
function fold(rest, steady) {
  let [low, high, top] = [rest, rest + ABOVE_REST, NaN];
  for (let call = 0; call < 4; call++) {
    const V = evenly(low, high, 101);
    const current = steady(V);
    const falls = current.findIndex((each, k) => k > 0 && each < current[k - 1]);
    if (falls < 1 || falls === 1 && call === 0) return top;
    top = current[falls - 1];
    [low, high] = [V[Math.max(falls - 2, 0)], V[falls]];
  }
  return top;
}

/**
 * Lapicque's law and Weiss's, each nearest to thresholds in parts of each of them.
 * @param {ArrayLike<number>} durations ms
 * @param {ArrayLike<number>} strength µA/cm²
 */
export function laws(durations, strength) {
  return {
    lapicque: nearest(durations, strength, (d, tau) => 1 / -Math.expm1(-d / tau)),
    weiss: nearest(durations, strength, (d, chronaxie) => 1 + chronaxie / d),
  };
}

/**
 * The rheobase and the time of a law ``rheobase law(d, time)``: the logarithms' least squares.
 * @param {ArrayLike<number>} durations
 * @param {ArrayLike<number>} strength
 * @param {(d: number, time: number) => number} law
 * @returns {{rheobase: number, time: number}}
 */
function nearest(durations, strength, law) {
  const known = Array.from(durations).map((d, k) => [d, Math.log(strength[k])])
    .filter((pair) => Number.isFinite(pair[1]));
  if (known.length < 3) return { rheobase: NaN, time: NaN };
  /** @type {(log: number) => [number, number]} */
  const misses = (log) => {
    const off = known.map(([d, s]) => s - Math.log(law(d, Math.exp(log))));
    const mean = off.reduce((sum, each) => sum + each, 0) / off.length;
    return [off.reduce((sum, each) => sum + (each - mean) ** 2, 0), mean];
  };
  let [low, high] = [Math.log(known[0][0]) - 8, Math.log(known[known.length - 1][0]) + 8];
  const grid = Array.from({ length: 81 }, (_, k) => low + (k / 80) * (high - low));
  const top = grid.reduce((best, each) => (misses(each)[0] < misses(best)[0] ? each : best), low);
  [low, high] = [top - (high - low) / 80, top + (high - low) / 80];
  const golden = (Math.sqrt(5) - 1) / 2;
  while (high - low > 1e-9) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    if (misses(a)[0] < misses(b)[0]) high = b;
    else low = a;
  }
  const at = (low + high) / 2;
  return { rheobase: Math.exp(misses(at)[1]), time: Math.exp(at) };
}
