/**
 * How V swings: how high and how deep a spike was, and what no spike tells of
 * (`loligo/engine/swings.py`, of which this is the part that is not in a kernel).
 */

/** @typedef {{time: number, peak: number, trough: number}} Spike */
/** @typedef {{kept: string[], swing: number, edge_tolerance: number}} Numerics */

const HIGH = 0, LOW = 1, PIVOT = 2, BOTTOM = 3, RISING = 4, TOLD = 5, COUNT = 6, LOWEST = 7, HIGHEST = 8;

/**
 * What is known where a run begins at some V.
 * @param {number} v
 * @returns {Float64Array}
 */
export function beginSwings(v) {
  return Float64Array.of(NaN, NaN, v, v, 0, 0, 0, Infinity, -Infinity);
}

/**
 * V was there.
 * @param {Float64Array} row
 * @param {number} v
 * @param {number} swing
 */
export function reach(row, v, swing) {
  const pivot = row[PIVOT], bottom = row[BOTTOM], up = row[RISING] !== 0;
  const fell = up && v < pivot - swing, rose = !up && v > pivot + swing;
  const further = up ? v > pivot : v < pivot;
  const untold = fell && row[TOLD] === 0;
  if (v > row[HIGH]) row[HIGH] = v;
  if (v < row[LOW]) row[LOW] = v;
  if (fell || rose || further) row[PIVOT] = v;
  if (rose) row[BOTTOM] = pivot;
  row[RISING] = rose ? 1 : fell ? 0 : row[RISING];
  if (fell || (!up && further)) row[TOLD] = 0;
  if (untold) {
    row[COUNT] += 1;
    if (bottom < row[LOWEST]) row[LOWEST] = bottom;
    if (pivot > row[HIGHEST]) row[HIGHEST] = pivot;
  }
}

/**
 * A spike that is seen where V is now: it has the peak and the trough of the one before it.
 * @param {Float64Array} row
 * @param {number} time
 * @param {number} v
 * @returns {Spike}
 */
export function tell(row, time, v) {
  const spike = { time, peak: row[HIGH], trough: row[LOW] };
  row[HIGH] = row[LOW] = v;
  row[TOLD] = 1;
  return spike;
}

/**
 * The parabola through V one step before, at the beginning and at the end of a step.
 * @param {number} before
 * @param {number} now
 * @param {number} after
 */
function parabola(before, now, after) {
  return { quadratic: 0.5 * (after - now + (before - now)), linear: 0.5 * (after - before) };
}

/**
 * The fraction of the step at which V rises through the threshold, as `loligo/program/spikes.py`
 * locates it.
 * @param {number} before
 * @param {number} now
 * @param {number} after
 * @param {number} threshold
 */
export function crossing(before, now, after, threshold) {
  const { quadratic, linear } = parabola(before, now, after);
  const missing = threshold - now;
  const root = Math.sqrt(linear * linear + 4 * (quadratic * missing));
  const theta = (2 * missing) / (linear + root);
  return theta >= 0 && theta <= 1 ? theta : missing / (after - now);
}

/**
 * V where it turned, likewise.
 * @param {number} before
 * @param {number} now
 * @param {number} after
 */
export function turning(before, now, after) {
  const { quadratic, linear } = parabola(before, now, after);
  const usable = Math.abs(linear) <= Math.abs(quadratic) && Math.abs(quadratic) > 0;
  return usable ? now - (linear * linear) / (4 * quadratic) : now;
}

/**
 * V jumps as a run begins: whether a spike can be seen then, and the spike that it makes.
 * @param {Float64Array} row
 * @param {boolean} armed
 * @param {[number, number]} v  before and after
 * @param {number} threshold
 * @param {number} depth
 * @param {number} swing
 * @returns {{armed: boolean, spike: Spike | null}}
 */
export function leap(row, armed, [before, after], threshold, depth, swing) {
  reach(row, before, swing);
  const above = after >= threshold;
  /** @type {Spike | null} */
  let spike = null;
  if (above && armed) {
    spike = tell(row, 0, after);
  }
  reach(row, after, swing);
  return { armed: after < threshold - depth || (armed && !above), spike };
}

/**
 * Spikes with their own peaks and troughs, of a list in which each has those of the one before it.
 * @param {Spike[]} found
 * @param {Float64Array} row
 * @param {number} v  at the end
 * @param {number} threshold
 * @returns {Spike[]}
 */
export function ownPeaks(found, row, v, threshold) {
  const high = row[HIGH], low = row[LOW];
  const turned = low < threshold || v < threshold || v < high;
  const peak = turned ? fmax(high, v) : NaN;
  const least = fmin(low, v);
  const last = { peak, trough: least < threshold ? least : NaN };
  return found.map(({ time }, k) => {
    const after = k + 1 < found.length ? found[k + 1] : last;
    return { time, peak: after.peak, trough: after.trough };
  });
}

/**
 * Swings that no spike tells of: how many, and between what values.
 * @param {Float64Array} row
 * @param {number} v  at the end
 * @param {number} swing
 */
export function uncounted(row, v, swing) {
  const ended = row.slice();
  reach(ended, v, swing);
  const count = ended[COUNT];
  return { count, low: count ? ended[LOWEST] : NaN, high: count ? ended[HIGHEST] : NaN };
}

/**
 * Whether a clamp made V rise: as it went on, or by its command until it ended.
 * @param {number} time
 * @param {{start: number, duration: number}[]} clamps
 * @param {number} near
 */
export function madeByClamp(time, clamps, near) {
  return clamps.some(
    ({ start, duration }) => time >= start - near && time <= start + duration + near
  );
}

/** @param {number} a @param {number} b */
function fmax(a, b) {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b);
}

/** @param {number} a @param {number} b */
function fmin(a, b) {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b);
}
