/**
 * How fast the states of a membrane change at one point, for many calls with the same numbers.
 */

/**
 * @param {import("./model.js").Model} model
 * @param {Record<string, number>} parameters  those that are changed
 * @returns {(states: Float64Array, current: number) => Float64Array} the rate of every state, per
 *   ms, in the order of the model's; the current in uA/cm2
 */
export function pointwise({ manifest, defaults, codes }, parameters) {
  const { inputs, outputs } = manifest.kernels.Taylor.maps.derivative;
  const { arena, functions } = codes.Taylor;
  const names = manifest.states.map((/** @type {{symbol: string}} */ each) => each.symbol);
  /** @type {Record<string, number>} */
  const numbers = { ...defaults, ...parameters };
  const given = Float64Array.from(inputs, (/** @type {string} */ name) => numbers[name] ?? 0);
  const from = names.map((/** @type {string} */ name) => inputs.indexOf(name));
  const to = names.map((/** @type {string} */ name) => outputs.indexOf(name));
  const injected = inputs.indexOf("I_stim");
  const rates = new Float64Array(names.length);
  return (states, current) => {
    const mark = arena.top;
    from.forEach((/** @type {number} */ at, /** @type {number} */ k) => {
      if (at >= 0) given[at] = states[k];
    });
    if (injected >= 0) given[injected] = current;
    const source = arena.put(given);
    const target = arena.take(outputs.length);
    functions.map_derivative(1n, source, target);
    const found = arena.row(target, outputs.length);
    to.forEach((/** @type {number} */ at, /** @type {number} */ k) => (rates[k] = found[at]));
    arena.top = mark;
    return rates.slice();
  };
}
