/**
 * The channels of a model as the page knows them, what blocks them, and what is left in a drug.
 *
 * @typedef {{symbol: string, value: number, unit: string, meaning: string}} Parameter
 * @typedef {{symbol: string, unit: string, long_name: string, kind: string,
 *   channel: string | null, ion: string | null}} Observable
 * @typedef {{parameters: Parameter[], states: {symbol: string, unit: string}[],
 *   observables: Observable[]}} Manifest
 *
 * @typedef {object} Channel
 * @property {string} name
 * @property {string} ion  that it carries, as it says or as it is called
 * @property {string} current  the name of its current
 * @property {boolean} gated  it is no mere leak
 * @property {Parameter | null} conductance  its largest one, that a drug scales
 *
 * @typedef {import("../link/limits.js").Drug} Drug  one molecule to a channel, the same block at every
 *   potential; where `drug` is "", its dose is the share that is blocked, in per cent
 */

/**
 * @param {Manifest} manifest
 * @returns {Channel[]}
 */
export function channelsOf({ observables, parameters, states }) {
  const currents = observables.filter(({ kind, channel }) => kind === "current" && channel);
  return currents.map(({ symbol, channel, ion }) => {
    const name = /** @type {string} */ (channel);
    const own = observables.filter((each) => each.channel === name);
    const conducts = own.some(({ kind }) => kind === "conductance");
    const moves = own.some(({ kind, symbol: called }) =>
      kind === "gate" || states.some((state) => state.symbol === called));
    return {
      name, ion: ion ?? name, current: symbol, gated: moves || !conducts,
      conductance: parameters.find((each) => each.symbol === `g_${name}`) ?? null,
    };
  });
}

const NEXT_TO_0 = { E: 5, V: 10 };

/**
 * Whether V is a number without a unit, as in FitzHugh's model: no membrane has all its reversal
 * potentials within 5 mV of 0 and rests within 10 mV of it.
 *
 * @param {Manifest} manifest
 * @param {number} rest
 */
function dimensionless({ parameters }, rest) {
  const potentials = parameters.filter(({ symbol }) => symbol.startsWith("E_"));
  const warm = parameters.some(({ symbol }) => symbol === "celsius");
  return !warm && Math.abs(rest) <= NEXT_TO_0.V
    && potentials.every(({ value }) => Math.abs(value) <= NEXT_TO_0.E);
}

/**
 * The same of a model that is open; one without a rest has a unit.
 *
 * @param {import("../engine/model.js").Model} model
 * @param {Record<string, number>} parameters  those that were changed
 */
export function unitless(model, parameters) {
  try {
    return dimensionless(/** @type {Manifest} */ (model.manifest), model.rest(parameters).V);
  } catch {
    return false;
  }
}

/**
 * The channels whose peak is looked at: the one called Na, else all that are no leak, else all.
 *
 * @param {readonly Channel[]} channels
 */
export function looked(channels) {
  const sodium = channels.filter(({ name }) => name === "Na");
  if (sodium.length) return sodium;
  const gated = channels.filter((each) => each.gated);
  return gated.length ? gated : channels;
}

/**
 * What is left of a conductance in a drug: 1/(1 + dose/half); or without the share that is blocked.
 *
 * @param {number} dose
 * @param {Drug} drug
 */
export function left(dose, { drug, half }) {
  return drug ? 1 / (1 + dose / half) : 1 - dose / 100;
}

/**
 * Parameters with every drug's share taken off; as `lab/drugs.py` does it.
 *
 * @param {readonly Channel[]} channels
 * @param {Record<string, number>} parameters  those that were changed
 * @param {Record<string, number>} doses  channel -> dose
 * @param {Record<string, Drug>} drugs  channel -> what blocks it
 */
export function drugged(channels, parameters, doses, drugs) {
  const changed = { ...parameters };
  for (const { name, conductance } of channels) {
    const dose = doses[name] ?? 0;
    const drug = drugs[name];
    if (!(dose > 0) || !drug || !conductance) continue;
    const { symbol, value } = conductance;
    changed[symbol] = (parameters[symbol] ?? value) * left(dose, drug);
  }
  return changed;
}
