/**
 * Runs under steady currents that end as soon as it is plain what becomes of them: where the rhythm
 * is even, or nothing moves any more.
 *
 * @typedef {import("./model.js").Model} Model
 * @typedef {import("./model.js").Simulation} Simulation
 * @typedef {{spikes: {time: number, peak: number}[], status: string, end: number}} Briefly
 */

const PIECE = 100; // ms, after which it is asked
const LAST = 4; // intervals that are looked at,
const EVEN = 0.01; // and by what part of themselves they differ at most, to be one rhythm
const STILL = 1e-5; // of a state's scale, in a millisecond

/**
 * The spikes of a simulation whose pulses last from its beginning to its end, in lanes in which
 * some numbers are others.
 *
 * @param {Model} model
 * @param {Simulation} simulation
 * @param {Record<string, ArrayLike<number>>} changes
 * @returns {Briefly[]}
 */
export function briefly(model, simulation, changes) {
  const count = Math.max(...Object.values(changes).map((row) => row.length));
  return Array.from({ length: count }, (_, k) => one(model, simulation, Object.fromEntries(
    Object.entries(changes).map(([name, row]) => [name, [row[k]]]))));
}

/**
 * @param {Model} model
 * @param {Simulation} simulation
 * @param {Record<string, number[]>} changes
 * @returns {Briefly}
 */
function one(model, simulation, changes) {
  const { duration, parameters = {}, stimulus = [] } = simulation;
  const current = stimulus.reduce((sum, { amplitude }, k) =>
    sum + (changes[`stimulus.${k}.amplitude`]?.[0] ?? amplitude), 0);
  const spikes = [];
  let [time, initial] = [0, simulation.initial];
  while (time < duration) {
    const lasts = Math.min(PIECE, duration - time);
    const [run] = model.lanes({ ...simulation, initial, duration: lasts, sample_interval: lasts }, changes,
      { spikesOnly: true });
    if (run.status !== "ok") return { spikes, status: run.status, end: time };
    for (const spike of run.spikes) spikes.push({ ...spike, time: time + spike.time });
    time += lasts;
    initial = run.final;
    if (even(spikes.map((spike) => spike.time), time)) return { spikes, status: "ok", end: time };
    if (!run.spikes.length && still(model, parameters, run.final, current)) break;
  }
  return { spikes, status: "ok", end: duration };
}

/**
 * @param {number[]} times
 * @param {number} now
 */
function even(times, now) {
  const between = times.slice(1).map((time, k) => time - times[k]).slice(-LAST);
  const [least, most] = [Math.min(...between), Math.max(...between)];
  return between.length === LAST && most - least <= EVEN * most && now - times[times.length - 1] <= most;
}

/**
 * @param {Model} model
 * @param {Record<string, number>} parameters
 * @param {Record<string, number>} states
 * @param {number} current
 */
function still(model, parameters, states, current) {
  const rates = model.derivative(parameters, Object.fromEntries(
    Object.entries(states).map(([name, value]) => [name, [value]])), current);
  return model.manifest.states.every((/** @type {{symbol: string, scale: number}} */ { symbol, scale }) =>
    Math.abs(rates[symbol][0]) <= STILL * scale);
}
