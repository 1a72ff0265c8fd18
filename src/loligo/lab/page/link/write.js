/**
 * A link is written: what `link/read.js` reads back.
 *
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {import("./limits.js").Limits} Limits
 * @typedef {import("./limits.js").Pairs} Pairs
 * @typedef {import("./limits.js").View} View
 */

/**
 * The link's part behind #, which `readLink` reads back.
 *
 * @param {Simulation} simulation
 * @param {View} view
 * @param {Limits} limits
 */
export function writeLink(simulation, view, limits) {
  /** @type {Pairs} */
  const parts = [["v", String(limits.version)], ["model", simulation.model]];
  if (Object.keys(simulation.parameters).length) parts.push(["set", listed(simulation.parameters)]);
  for (const each of simulation.stimulus) parts.push(stimulusWritten(each, limits));
  parts.push(["duration", written(simulation.duration)]);
  parts.push(...runWritten(simulation, limits), ...viewWritten(view, limits));
  return parts.map(([key, value]) => `${key}=${encoded(value)}`).join("&");
}

/** @param {string} text */
function encoded(text) {
  return encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":");
}

/** @param {Record<string, number | string>} numbers */
function listed(numbers) {
  return Object.entries(numbers).map(([name, value]) =>
    `${name}:${typeof value === "string" ? value : written(value)}`).join(",");
}

/**
 * @param {Record<string, any> & {kind: string}} shape
 * @param {Limits} limits
 * @returns {[string, string]}
 */
function stimulusWritten(shape, limits) {
  const kind = limits.stimuli.find((each) => each.kind === shape.kind);
  if (!kind) throw new Error(`a link says no ${shape.kind}`);
  const values = kind.values.map(({ name }) => written(shape[name]));
  /** @type {Record<string, number>} */
  const settings = {};
  for (const { name, usual } of kind.settings) {
    if ((shape[name] ?? usual) !== usual) settings[name] = shape[name];
  }
  const more = listed(settings);
  return [kind.word, [...values, ...(more ? [more] : [])].join(",")];
}

/**
 * @param {Simulation} simulation
 * @param {Limits} limits
 */
function runWritten(simulation, limits) {
  /** @type {Pairs} */
  const parts = [];
  const { sample_interval: interval, solver, initial, threshold } = simulation;
  if (interval !== limits.usual.sample) parts.push(["sample", written(interval)]);
  const kind = limits.solvers.find((each) => each.kind === solver.kind);
  if (kind) {
    const value = solver[kind.value.name];
    const [word, usual] = limits.usual.solver;
    if (kind.word !== word || value !== usual) parts.push(["solver", `${kind.word}:${written(value)}`]);
  }
  if (initial !== null && typeof initial === "object") parts.push(["initial", listed(initial)]);
  else if (typeof initial === "number") parts.push(["initial", written(initial)]);
  else if (initial !== null) parts.push(["initial", initial]);
  if (threshold !== null) parts.push(["threshold", written(threshold)]);
  return parts;
}

/**
 * @param {View} view
 * @param {Limits} limits
 */
function viewWritten(view, limits) {
  /** @type {Pairs} */
  const parts = [];
  for (const key of Object.keys(limits.words)) {
    const value = view[key];
    if (value && value.length) parts.push([key, key === "panels" ? value.join(",") : value]);
  }
  if (typeof view.cursor === "number") parts.push(["cursor", written(view.cursor)]);
  for (const { word } of limits.own) {
    const values = view.own?.[word] ?? {};
    if (Object.keys(values).length) parts.push([word, listed(values)]);
  }
  return parts;
}

/**
 * @param {number} value
 * @returns {string}
 */
export function written(value) {
  if (!Number.isFinite(value)) throw new Error(`a link says finite numbers, not ${value}`);
  return String(value + 0);
}
