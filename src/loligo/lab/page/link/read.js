/**
 * A link is read: the readable text behind `#` in the lab's address.
 *
 * A link comes from anyone. Whatever is in it is checked, in the same order and with the same words
 * as `lab/link.py` does it; a table that both have says what may be.
 *
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {import("./limits.js").Limits} Limits
 * @typedef {import("./limits.js").Known} Known
 * @typedef {import("./limits.js").Kind} Kind
 * @typedef {import("./limits.js").Bounds} Bounds
 * @typedef {import("./limits.js").Choice} Choice
 * @typedef {import("./limits.js").Pairs} Pairs
 * @typedef {import("./limits.js").View} View
 */
import { fieldsOf } from "./limits.js";

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?$/;
const LONGEST_NUMBER = 30;
const SHOWN = 40;
// what a terminal obeys, or what turns the direction of writing
const OBEYED = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;
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
  const pairs = whole(fragment).split("&").map((part) => {
    const equals = part.indexOf("=");
    const key = whole(decoded(equals < 0 ? part : part.slice(0, equals)));
    const value = decoded(equals < 0 ? "" : part.slice(equals + 1));
    return [key, key === "model" ? value : whole(value)]; // a name may have blanks
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

/**
 * As it was before an e-mail broke it over lines, or HTML wrote its &.
 *
 * @param {string} text
 */
function whole(text) {
  return text.replace(/[ \t\r\n]+/g, "").replaceAll("&amp;", "&");
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
  const numbers = new Map();
  for (const part of text.split(",")) {
    const colon = part.indexOf(":");
    const name = colon < 0 ? part : part.slice(0, colon);
    const bounds = known.get(name);
    if (!bounds) throw said("{key} of the link: {name} is unknown", { key, name });
    if (numbers.has(name)) throw said("{key} of the link: {name} is said twice", { key, name });
    numbers.set(name, valueOf(`${key} ${name}`, colon < 0 ? "" : part.slice(colon + 1), bounds));
  }
  return Object.fromEntries(numbers);
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
  const letters = Array.from(text.slice(0, 2 * SHOWN + 2).replace(OBEYED, "?"));
  return letters.length > SHOWN ? `${letters.slice(0, SHOWN).join("")}…` : letters.join("");
}

/** @param {string} text */
function length(text) {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
