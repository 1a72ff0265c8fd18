/**
 * How far apart the samples of a run lie.
 */

// of runs up to so many ms: ms between samples
const INTERVALS = [[20, 0.01], [200, 0.05], [400, 0.1], [1000, 0.2]];
const LONG = 10000; // samples of longer ones, about

/**
 * Between samples, ms: so many that an action potential keeps its shape, and no more than can be
 * drawn in a frame.
 *
 * @param {number} duration
 */
export function samplesOf(duration) {
  const known = INTERVALS.find(([longest]) => duration <= longest);
  if (known) return known[1];
  const about = duration / LONG;
  const power = 10 ** Math.floor(Math.log10(about) + 1e-9);
  const part = about / power;
  return Number(((part < 1.5 ? 1 : part < 3.5 ? 2 : 5) * power).toPrecision(3));
}
