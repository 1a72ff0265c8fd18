/**
 * What a task asks of a simulation: one number of it, as `lab/measures.py` finds it.
 *
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {(model: any, simulation: Simulation, of: string) => number} Measure
 */

const HIGHEST = 1000; // µA/cm²: no threshold is looked for above it
const HALVINGS = 40;

/** @type {Map<string, Measure>} */
const MEASURES = new Map([
  ["threshold", threshold],
  ["spikes", (model, simulation) => times(model, simulation).length],
  ["first spike", (model, simulation) => times(model, simulation)[0] ?? NaN],
  ["rate", (model, simulation) => rate(times(model, simulation))],
  ["peak", (model, simulation) => run(model, simulation, ["V"]).spikes[0]?.peak ?? NaN],
  ["rest", (model, simulation) => model.rest(simulation.parameters).V],
  ["maximum", along((row) => row.reduce((most, value) => Math.max(most, value), -Infinity))],
  ["minimum", along((row) => row.reduce((least, value) => Math.min(least, value), Infinity))],
  ["last", along((row) => row[row.length - 1])],
]);

/**
 * @param {string} name
 * @param {any} model
 * @param {Simulation} simulation
 * @param {string} of
 * @returns {number}
 */
export function measured(name, model, simulation, of) {
  const measure = MEASURES.get(name);
  if (!measure) throw new Error(`${name} is measured nowhere`);
  return measure(model, simulation, of);
}

/**
 * @param {any} model
 * @param {Simulation} simulation
 * @param {string[]} record
 */
function run(model, simulation, record) {
  return model.simulate(simulation, { record });
}

/**
 * @param {any} model
 * @param {Simulation} simulation
 * @returns {number[]}
 */
function times(model, simulation) {
  return run(model, simulation, ["V"]).spikes.map((/** @type {{time: number}} */ { time }) => time);
}

/** @param {number[]} spikes */
function rate(spikes) {
  return spikes.length > 1 ? (1000 * (spikes.length - 1)) / (spikes[spikes.length - 1] - spikes[0]) : NaN;
}

/**
 * @param {(row: Float64Array) => number} reduce
 * @returns {Measure}
 */
function along(reduce) {
  return (model, simulation, of) => reduce(run(model, simulation, [of]).values[of]);
}

/**
 * The smallest amplitude of the first stimulus that makes a spike, all else as it is.
 *
 * @param {any} model
 * @param {Simulation} simulation
 */
function threshold(model, simulation) {
  /** @param {number} amplitude */
  const fires = (amplitude) => {
    const [first, ...others] = simulation.stimulus;
    const stronger = { ...simulation, stimulus: [{ ...first, amplitude }, ...others] };
    return model.simulate(stronger, { record: [], spikesOnly: true }).spikes.length > 0;
  };
  if (!fires(HIGHEST)) return NaN;
  let [low, high] = [0, HIGHEST];
  for (let k = 0; k < HALVINGS; k++) {
    const middle = 0.5 * (low + high);
    if (fires(middle)) high = middle;
    else low = middle;
  }
  return high;
}
