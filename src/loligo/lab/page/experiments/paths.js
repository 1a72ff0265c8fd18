/**
 * Paths through a plane: Dormand and Prince's steps of order 5, each as long as its error allows.
 *
 * @typedef {(x: number, y: number) => [number, number]} Rates  per ms
 */

const TOLERANCE = 1e-8; // of the plane's sides, of a step
const MOST = 20000; // steps
// Dormand & Prince (1980), J. Comput. Appl. Math. 6:19, doi:10.1016/0771-050X(80)90013-3
const NODES = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
const OFF = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

/**
 * Where a point goes, at every step.
 *
 * @param {Rates} rates
 * @param {[number, number]} start
 * @param {number} lasts  ms
 * @param {[number, number]} sides  how large the plane is
 * @returns {{time: number[], x: number[], y: number[]}}
 */
export function path(rates, start, lasts, sides) {
  const found = { time: [0], x: [start[0]], y: [start[1]] };
  let [x, y] = start;
  let [time, step] = [0, 1e-3];
  let first = rates(x, y);
  for (let k = 0; k < MOST && time < lasts; k++) {
    step = Math.min(step, lasts - time);
    const { to, slope, off } = stepped(rates, x, y, first, step);
    const error = Math.max(Math.abs(off[0]) / sides[0], Math.abs(off[1]) / sides[1]) / TOLERANCE;
    if (!Number.isFinite(error)) break;
    if (error <= 1) {
      [x, y] = to;
      first = slope;
      time += step;
      found.time.push(time);
      found.x.push(x);
      found.y.push(y);
    }
    step *= Math.min(5, Math.max(0.2, 0.9 * error ** -0.2));
  }
  return found;
}

/**
 * One step: where to, the slope there, and the error.
 *
 * @param {Rates} rates
 * @param {number} x
 * @param {number} y
 * @param {[number, number]} first
 * @param {number} step
 */
function stepped(rates, x, y, first, step) {
  const slopes = [first];
  /** @type {[number, number]} */
  let to = [x, y];
  for (const row of NODES) {
    to = [x, y];
    row.forEach((part, k) => {
      to[0] += step * part * slopes[k][0];
      to[1] += step * part * slopes[k][1];
    });
    slopes.push(rates(to[0], to[1]));
  }
  const off = [0, 1].map((side) =>
    OFF.reduce((sum, part, k) => sum + step * part * slopes[k][side], 0));
  return { to, slope: slopes[6], off };
}
