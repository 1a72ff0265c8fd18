/**
 * Axes: round numbers on them, and limits that do not tremble while a hand moves.
 */

/**
 * At most so many round numbers from `low` to `high`, evenly spaced.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {number[]}
 */
export function ticks(low, high, most) {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const step = 10 ** Math.floor(Math.log10(span / Math.max(most, 1)));
  for (const factor of [1, 2, 2.5, 5, 10, 20, 25, 50]) {
    const first = Math.ceil(low / (step * factor) - 1e-9);
    const last = Math.floor(high / (step * factor) + 1e-9);
    if (last - first + 1 <= most) {
      const count = Math.max(0, last - first + 1);
      return Array.from({ length: count }, (_, k) => rounded((first + k) * step * factor));
    }
  }
  return [low];
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 1e12) / 1e12;
}

/**
 * The decimals that tell numbers apart.
 *
 * @param {number[]} places
 */
export function decimalsOf(places) {
  for (let count = 0; count < 7; count++) {
    const apart = places.every(
      (p) => Math.abs(Number(p.toFixed(count)) - p) < 1e-9 * Math.max(1, Math.abs(p)),
    );
    if (apart) return count;
  }
  return 6;
}

/**
 * A number with a true minus sign and the language's decimal mark; never -0.
 *
 * @param {number} value
 * @param {number} decimals
 * @param {string} mark
 */
export function number(value, decimals, mark = ".") {
  if (!Number.isFinite(value)) return "–";
  let text = value.toFixed(decimals);
  if (Number(text) === 0) text = text.replace(/^-/, "");
  return text.replace(".", mark).replace("-", "−");
}

/**
 * Round limits around what lies between `low` and `high`.
 *
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
export function roundLimits(low, high) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (!(high > low)) return [low - 1, high + 1];
  const places = ticks(low, high, 6);
  const step = places.length > 1 ? places[1] - places[0] : high - low;
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
}

/**
 * Limits that grow at once, and shrink only when the hand is at rest.
 */
export class Limits {
  constructor() {
    /** @type {Map<string, [number, number]>} */
    this.kept = new Map();
  }

  /**
   * @param {string} key  of the axis
   * @param {number} low
   * @param {number} high
   * @param {boolean} moving
   * @returns {[number, number]}
   */
  around(key, low, high, moving) {
    let [bottom, top] = roundLimits(low, high);
    const before = this.kept.get(key);
    if (moving && before) {
      bottom = Math.min(bottom, before[0]);
      top = Math.max(top, before[1]);
    }
    this.kept.set(key, [bottom, top]);
    return [bottom, top];
  }
}

/**
 * The least and the greatest of several rows of numbers.
 *
 * @param {ArrayLike<number>[]} rows
 * @returns {[number, number]}
 */
export function reach(rows) {
  let low = Infinity;
  let high = -Infinity;
  for (const row of rows) {
    for (let k = 0; k < row.length; k++) {
      const value = row[k];
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

/**
 * Places as near as can be to those wanted, at least `apart`, within bounds, in their order: means
 * of neighbours that would overlap (Ayer et al. 1955, Ann. Math. Statist. 26:641).
 *
 * @param {number[]} wanted
 * @param {number} apart
 * @param {number} low
 * @param {number} high
 * @returns {number[]}
 */
export function spread(wanted, apart, low, high) {
  const order = wanted.map((_, k) => k).sort((a, b) => wanted[a] - wanted[b] || a - b);
  /** @type {[number, number][]} */
  const pools = [];
  order.forEach((k, rank) => {
    let mean = wanted[k] - apart * rank;
    let count = 1;
    for (let last = pools.at(-1); last && last[0] > mean; last = pools.at(-1)) {
      pools.pop();
      mean = (mean * count + last[0] * last[1]) / (count + last[1]);
      count += last[1];
    }
    pools.push([mean, count]);
  });
  const level = pools.flatMap(([mean, count]) => Array(count).fill(mean));
  const room = Math.max(low, high - apart * Math.max(wanted.length - 1, 0));
  const placed = Array(wanted.length).fill(0);
  order.forEach((k, rank) => {
    placed[k] = Math.min(Math.max(level[rank], low), room) + apart * rank;
  });
  return placed;
}
