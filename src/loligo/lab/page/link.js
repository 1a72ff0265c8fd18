/**
 * One simulation as a link, and back: the readable text behind `#` in the lab's address.
 *
 * A link comes from anyone. Whatever is in it is checked, in the same order and with the same words
 * as `lab/link.py` does it; a table that both have says what may be.
 *
 * @typedef {import("./state.js").Simulation} Simulation
 * @typedef {{name: string, low: number, high: number, open?: boolean, whole?: boolean, usual?: number | null}} Bounds
 * @typedef {{name: string, words: string[], usual?: string}} Choice
 * @typedef {{name: string, of: "channels" | "states", usual: string}} Named  a choice of what a model has
 * @typedef {{word: string, fields?: (Bounds | Choice | Named)[], each?: "drugs"}} Own  what a tab remembers
 * @typedef {object} Kind  of stimulus
 * @property {string} name  of its class in Python
 * @property {string} word
 * @property {string} kind
 * @property {number} most
 * @property {Bounds[]} values
 * @property {Bounds[]} settings
 * @property {Record<string, any>} fixed
 * @property {[string, string]} [ordered]
 * @typedef {object} Limits
 * @property {number} version
 * @property {number} longest
 * @property {number} samples
 * @property {Kind[]} stimuli
 * @property {{word: string, kind: string, value: Bounds}[]} solvers
 * @property {Record<string, Bounds>} numbers
 * @property {{duration: number, sample: number, solver: [string, number]}} usual
 * @property {Record<string, string>} words
 * @property {Own[]} own
 * @typedef {Bounds & {drug: string, half: number, unit: string, least: number}} Drug
 * @typedef {object} Known  of a model
 * @property {Record<string, Bounds>} parameters
 * @property {string[]} states
 * @property {string[]} channels
 * @property {Record<string, Drug>} drugs  what blocks its channels
 * @property {string[]} solvers
 * @typedef {[string, string][]} Pairs
 * @typedef {Record<string, any>} View
 */

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?$/;
const LONGEST_NUMBER = 30;
const SHOWN = 40;
const RUN = ["duration", "sample", "threshold", "cursor"];

/** What is wrong with a link: a text with fields, and what stands in them. */
export class LinkError extends Error {
  /**
   * @param {string} text
   * @param {Record<string, string>} values
   */
  constructor(text, values) {
    super(text.replace(/\{(\w+)\}/g, (_, name) => values[name]));
    this.text = text;
    this.values = values;
  }
}

/**
 * What a link says.
 *
 * @param {string} url  the whole address, or what stands behind its #
 * @param {Limits} limits
 * @param {(model: string) => Known | null} known
 * @returns {{simulation: Simulation, view: View}}
 * @throws {LinkError} it is no link of the lab, or says what cannot be
 */
export function readLink(url, limits, known) {
  const pairs = pairsOf(url, limits);
  refuseRepeats(pairs, limits);
  /** @type {Map<string, string>} */
  const named = new Map(pairs);
  const model = named.get("model");
  if (model === undefined) throw said("the link names no model");
  const about = known(model);
  if (!about) throw said("there is no model {model} here", { model });
  const parameters = parametersOf(named.get("set"), about);
  /** @type {any[]} */
  const stimulus = [];
  for (const [key, text] of pairs) {
    const kind = limits.stimuli.find(({ word }) => word === key);
    if (kind) stimulus.push(stimulusOf(kind, text));
  }
  const times = timesOf(named, limits);
  const solver = solverOf(named.get("solver"), about, limits);
  const initial = initialOf(named.get("initial"), about, limits);
  const threshold = one("threshold", named.get("threshold"), null, limits);
  const simulation = { model, parameters, stimulus, ...times, solver, initial, threshold };
  return { simulation: /** @type {any} */ (simulation), view: viewOf(named, about, limits) };
}

/**
 * @param {string} url
 * @param {Limits} limits
 * @returns {Pairs}
 */
function pairsOf(url, limits) {
  const at = url.indexOf("#");
  const fragment = url.slice(at + 1);
  if (length(fragment) > limits.longest) {
    throw said("the link is longer than {most} characters", { most: String(limits.longest) });
  }
  /** @type {Pairs} */
  const pairs = fragment.split("&").map((part) => {
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    return [decoded(key), decoded(equals < 0 ? "" : part.slice(equals + 1))];
  });
  const [first, other] = pairs[0];
  const version = String(limits.version);
  if (first !== "v") {
    throw said("this is no link of the lab: it does not begin with v={version}", { version });
  }
  if (other !== version) {
    throw said("the link is of version {other}; here version {version} is read", { other, version });
  }
  return pairs.slice(1);
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw said("the link is damaged at {text}", { text });
  }
}

/**
 * @param {Pairs} pairs
 * @param {Limits} limits
 */
function refuseRepeats(pairs, limits) {
  const single = new Set(["model", "set", "solver", "initial", ...Object.keys(limits.words),
    ...limits.own.map(({ word }) => word), ...RUN]);
  const most = new Map(limits.stimuli.map((kind) => [kind.word, kind.most]));
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const [key] of pairs) {
    if (!single.has(key) && !most.has(key)) {
      throw said("the link says {key}, which means nothing here", { key });
    }
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > (most.get(key) ?? 1)) {
      const times = String(most.get(key) ?? 1);
      throw said("the link says {key} more than {most} times", { key, most: times });
    }
  }
}

/**
 * @param {string | undefined} text
 * @param {Known} about
 */
function parametersOf(text, about) {
  return text === undefined ? {} : numbersOf("set", text, new Map(Object.entries(about.parameters)));
}

/**
 * `g_Na:100,E_K:-77`.
 *
 * @param {string} key
 * @param {string} text
 * @param {Map<string, Bounds | Choice>} known
 * @returns {Record<string, any>}
 */
function numbersOf(key, text, known) {
  /** @type {Map<string, any>} */
  const found = new Map();
  for (const part of text.split(",")) {
    const colon = part.indexOf(":");
    const name = colon < 0 ? part : part.slice(0, colon);
    const bounds = known.get(name);
    if (!bounds) throw said("{key} of the link: {name} is unknown", { key, name });
    if (found.has(name)) throw said("{key} of the link: {name} is said twice", { key, name });
    found.set(name, valueOf(`${key} ${name}`, colon < 0 ? "" : part.slice(colon + 1), bounds));
  }
  return Object.fromEntries(found);
}

/**
 * A number, or one of some words.
 *
 * @param {string} key
 * @param {string} text
 * @param {Bounds | Choice} about
 */
function valueOf(key, text, about) {
  if (!("words" in about)) return numberOf(key, text, about);
  if (!about.words.includes(text)) throw said("{key} of the link: {text} cannot be", { key, text });
  return text;
}

/**
 * @param {Kind} kind
 * @param {string} text
 */
function stimulusOf(kind, text) {
  const { word: key, values, settings, ordered } = kind;
  const parts = text.split(",");
  if (parts.length < values.length) {
    const count = String(values.length);
    throw said("{key} of the link: {text} has not {count} values", { key, text, count });
  }
  /** @type {Record<string, any>} */
  const made = { kind: kind.kind, ...kind.fixed };
  values.forEach((bounds, k) => {
    made[bounds.name] = numberOf(`${key} ${bounds.name}`, parts[k], bounds);
  });
  const rest = parts.slice(values.length);
  for (const { name, usual } of settings) made[name] = usual;
  if (rest.length) {
    const known = new Map(settings.map((bounds) => [bounds.name, bounds]));
    Object.assign(made, numbersOf(key, rest.join(","), known));
  }
  if (ordered && made[ordered[1]] < made[ordered[0]] * (1 - 1e-12)) {
    const [low, high] = ordered;
    throw said("{key} of the link: {high} is below {low}", { key, high, low });
  }
  return made;
}

/**
 * @param {Map<string, string>} named
 * @param {Limits} limits
 */
function timesOf(named, limits) {
  const duration = one("duration", named.get("duration"), limits.usual.duration, limits);
  const interval = one("sample", named.get("sample"), limits.usual.sample, limits);
  if (Number(duration) / Number(interval) > limits.samples) {
    throw said("the link asks for more than {most} samples", { most: String(limits.samples) });
  }
  return { duration, sample_interval: interval };
}

/**
 * @param {string} key
 * @param {string | undefined} text
 * @param {number | null} usual
 * @param {Limits} limits
 */
function one(key, text, usual, limits) {
  return text === undefined ? usual : numberOf(key, text, limits.numbers[key]);
}

/**
 * @param {string | undefined} text
 * @param {Known} about
 * @param {Limits} limits
 */
function solverOf(text, about, limits) {
  const [usual, tolerance] = limits.usual.solver;
  const stated = text || `${usual}:${tolerance}`;
  const colon = stated.indexOf(":");
  const word = colon < 0 ? stated : stated.slice(0, colon);
  const solver = limits.solvers.find((each) => each.word === word);
  if (!solver) throw said("the link says {key}, which means nothing here", { key: `solver=${word}` });
  const { kind, value } = solver;
  if (!about.solvers.includes(kind)) {
    throw said("this page has no solver {solver}; loligo lab --link makes one that has", { solver: word });
  }
  const number = numberOf(`solver ${value.name}`, colon < 0 ? "" : stated.slice(colon + 1), value);
  return { kind, [value.name]: number, portable: true };
}

/**
 * @param {string | undefined} text
 * @param {Known} about
 * @param {Limits} limits
 */
function initialOf(text, about, limits) {
  if (text === undefined) return null;
  if (text === "rest") return text;
  if (!text.includes(":")) return numberOf("initial", text, limits.numbers.initial);
  const known = new Map(about.states.map((name) => [name, limits.numbers.state]));
  const states = numbersOf("initial", text, known);
  for (const name of about.states) {
    if (!Object.hasOwn(states, name)) throw said("initial of the link: {name} is missing", { name });
  }
  return states;
}

/**
 * @param {Map<string, string>} named
 * @param {Known} about
 * @param {Limits} limits
 */
function viewOf(named, about, limits) {
  /** @type {View} */
  const view = {};
  for (const [key, pattern] of Object.entries(limits.words)) {
    const text = named.get(key);
    if (text === undefined) continue;
    if (!new RegExp(`^(?:${pattern})$`).test(text)) {
      throw said("{key} of the link: {text} cannot be", { key, text });
    }
    view[key] = key === "panels" ? text.split(",") : text;
  }
  if (named.has("cursor")) view.cursor = one("cursor", named.get("cursor"), null, limits);
  /** @type {Record<string, any>} */
  const own = {};
  for (const group of limits.own) {
    const text = named.get(group.word);
    if (text !== undefined) own[group.word] = numbersOf(group.word, text, fieldsOf(group, about));
  }
  return Object.keys(own).length ? { ...view, own } : view;
}

/**
 * What a tab remembers of a model: name -> its bounds, or its words.
 *
 * @param {Own} group
 * @param {Known} about
 * @returns {Map<string, Bounds | Choice>}
 */
function fieldsOf({ fields, each }, about) {
  if (each) return new Map(Object.entries(about[each]));
  return new Map((fields ?? []).map((field) =>
    [field.name, "of" in field ? { ...field, words: about[field.of] } : field]));
}

/**
 * What tabs remember, without what says nothing new, or is of another model.
 *
 * @param {Record<string, any>} own
 * @param {Known} about
 * @param {Limits} limits
 * @returns {Record<string, Record<string, any>>}
 */
export function fitting(own, about, limits) {
  /** @type {Record<string, Record<string, any>>} */
  const kept = {};
  for (const group of limits.own) {
    const values = own[group.word] ?? {};
    const said = Array.from(fieldsOf(group, about)).filter(([name, field]) => {
      const value = values[name] ?? null;
      return value !== null && value !== (field.usual ?? 0) && (!("words" in field) || field.words.includes(value));
    });
    if (said.length) kept[group.word] = Object.fromEntries(said.map(([name]) => [name, values[name]]));
  }
  return kept;
}

/**
 * Between what a number of a tab lies, for its field.
 *
 * @param {string} word
 * @param {string} name
 * @param {Limits} limits
 */
export function boundsOf(word, name, limits) {
  const group = limits.own.find((each) => each.word === word);
  const bounds = /** @type {Bounds} */ (group?.fields?.find((field) => field.name === name));
  return { least: bounds.low, most: bounds.high };
}

/**
 * What a tab usually shows.
 *
 * @param {string} word
 * @param {Limits} limits
 * @returns {Record<string, any>}
 */
export function usualOf(word, limits) {
  const fields = limits.own.find((group) => group.word === word)?.fields ?? [];
  return Object.fromEntries(fields.map(({ name, usual }) => [name, usual]));
}

/**
 * @param {string} key
 * @param {string} text
 * @param {Bounds} bounds
 */
function numberOf(key, text, bounds) {
  if (length(text) > LONGEST_NUMBER || !NUMBER.test(text)) {
    throw said("{key} of the link: {text} is not a number", { key, text });
  }
  const value = Number(text) + 0; // -0 is 0
  const { low, high } = bounds;
  if (bounds.open && value === low) {
    throw said("{key} of the link is {text}, but it lies above {low}", { key, text, low: String(low) });
  }
  if (!(low <= value && value <= high)) {
    throw said("{key} of the link is {text}, but it lies between {low} and {high}", {
      key, text, low: String(low), high: String(high),
    });
  }
  if (bounds.whole && !Number.isInteger(value)) {
    throw said("{key} of the link: {text} is not a whole number", { key, text });
  }
  return value;
}

/**
 * @param {string} text
 * @param {Record<string, string>} [values]
 */
function said(text, values = {}) {
  const short = Object.entries(values).map(([name, value]) => [name, shortened(value)]);
  return new LinkError(text, Object.fromEntries(short));
}

/** @param {string} text */
function shortened(text) {
  const letters = Array.from(text.slice(0, 2 * SHOWN + 2));
  return letters.length > SHOWN ? `${letters.slice(0, SHOWN).join("")}…` : text;
}

/** @param {string} text */
function length(text) {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

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
