/**
 * A trace in words, for those who do not see it: how many action potentials, when, how high.
 *
 * @typedef {{time: number, peak: number}} Spike
 */
import { number } from "../draw/scale.js";

const LISTED = 5; // so many are told one by one

/**
 * @param {{time: ArrayLike<number>, values: Record<string, ArrayLike<number>>, spikes: Spike[]}} run
 * @param {import("../words.js").Words} words
 * @param {string} mark  decimal
 */
export function describeRun({ time, values, spikes }, words, mark) {
  const ms = (/** @type {number} */ value) => number(value, 1, mark);
  const whole = (/** @type {number} */ value) => number(value, 0, mark);
  if (!spikes.length) return quiet(time, values.V, words, ms);
  const peaks = spikes.map(({ peak }) => peak).filter(Number.isFinite);
  const [low, high] = [Math.min(...peaks), Math.max(...peaks)];
  const times = spikes.map(({ time: when }) => when);
  if (spikes.length === 1) {
    return words("One action potential, at {time} ms, to {peak} mV.", { time: ms(times[0]), peak: whole(high) });
  }
  const heights = whole(low) === whole(high)
    ? words("to {peak} mV", { peak: whole(high) })
    : words("to between {low} and {high} mV", { low: whole(low), high: whole(high) });
  if (spikes.length <= LISTED) {
    const first = times.slice(0, -1).map(ms).join(", ");
    return words("{count} action potentials, at {first} and {last} ms, {heights}.",
      { count: spikes.length, first, last: ms(times[times.length - 1]), heights });
  }
  return words("{count} action potentials, from {first} to {last} ms, {heights}.",
    { count: spikes.length, first: ms(times[0]), last: ms(times[times.length - 1]), heights });
}

/**
 * @param {ArrayLike<number>} time
 * @param {ArrayLike<number>} V
 * @param {import("../words.js").Words} words
 * @param {(value: number) => string} written
 */
function quiet(time, V, words, written) {
  let best = 0;
  for (let k = 1; k < V.length; k++) if (V[k] > V[best]) best = k;
  return words("No action potential: V is highest at {time} ms, {peak} mV.",
    { time: written(time[best]), peak: written(V[best]) });
}
