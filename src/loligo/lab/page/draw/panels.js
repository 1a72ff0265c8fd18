/**
 * A run as panels: V, the gates, conductances, currents, and what is injected, in the figures'
 * colours and under the figures' headings.
 *
 * @typedef {import("./plot.js").Panel} Panel
 * @typedef {import("../main.js").Variable} Variable
 */
import { symbol } from "./names.js";
import { Limits, reach } from "./scale.js";

/** Which panels there are: key -> the role of what they show, how high they are. */
export const PANELS = [
  { key: "V", role: "voltage", weight: 2.6 },
  { key: "gates", role: "gate", weight: 1.3 },
  { key: "states", role: "state", weight: 1.1 },
  { key: "conductances", role: "conductance", weight: 1.3 },
  { key: "currents", role: "current", weight: 1.5 },
  { key: "stimulus", role: "stimulus", weight: 1.1 },
];

/**
 * @param {string} key
 * @param {import("../words.js").Words} words
 */
export function headingOf(key, words) {
  switch (key) {
    case "V": return words("Membrane potential");
    case "gates": return words("Gating variables");
    case "conductances": return words("Conductance");
    case "currents": return words("Ionic current");
    case "stimulus": return words("Injected current");
    default: return words("States");
  }
}

/**
 * What the axis of time is called.
 *
 * @param {import("../main.js").Lab} lab
 */
export function timeHeading(lab) {
  return lab.description().dimensionless ? lab.words("Time") : lab.words("Time (ms)");
}

export class Panels {
  /** @param {import("../main.js").Lab} lab */
  constructor(lab) {
    this.lab = lab;
    this.limits = new Limits();
  }

  /** The keys of the panels that the model has something for. */
  offered() {
    const { variables } = this.lab.description();
    const roles = new Set(variables.map(({ role }) => role));
    return PANELS.filter(({ role }) => roles.has(role)).map(({ key }) => key);
  }

  /**
   * The keys of those that are shown: always V and what is injected; and the states of a model that
   * has no gates.
   *
   * @param {string[]} wanted
   */
  chosen(wanted) {
    const optional = this.optional();
    return this.offered().filter((key) => wanted.includes(key) || !optional.includes(key));
  }

  /** The keys of those that may be left out. */
  optional() {
    const offered = this.offered();
    const kept = ["V", "stimulus", offered.includes("gates") ? "" : "states"];
    return offered.filter((key) => !kept.includes(key));
  }

  /**
   * The variables that panels show.
   *
   * @param {string[]} keys
   * @returns {Variable[]}
   */
  variables(keys) {
    const roles = PANELS.filter(({ key }) => keys.includes(key)).map(({ role }) => role);
    return this.lab.description().variables.filter(({ role }) => roles.includes(role));
  }

  /**
   * @param {string[]} keys  which are shown
   * @param {any} run
   * @param {any[]} ghosts  runs drawn behind it
   * @returns {Panel[]}
   */
  of(keys, run, ghosts = []) {
    const shown = PANELS.filter(({ key }) => keys.includes(key));
    return shown.flatMap((each) => {
      const variables = this.variables([each.key]).filter(({ name }) => run.values[name]);
      return apart(variables).map((group, k) =>
        this.panel({ ...each, key: k ? `${each.key} ${k}` : each.key }, group, run, ghosts));
    });
  }

  /**
   * @param {{key: string, role: string, weight: number}} panel
   * @param {Variable[]} variables
   * @param {any} run
   * @param {any[]} ghosts
   * @returns {Panel}
   */
  panel({ key, role, weight }, variables, run, ghosts) {
    const { style, words } = this.lab;
    const lines = variables.map((variable) => ({
      name: variable.name, x: run.time, y: run.values[variable.name], dash: variable.dash,
      colour: style.ink(variable.ink), label: labelOf(variable, words),
      width: role === "voltage" ? style.lineWidth * 1.25 : style.lineWidth,
    }));
    const behind = ghosts.flatMap((ghost) =>
      variables.filter(({ name }) => ghost.values[name]).map((variable) => ({
        name: "", x: ghost.time, y: ghost.values[variable.name], dash: variable.dash,
        colour: style.ink(variable.ink), width: 1.1, alpha: 0.38,
      })));
    const [low, high] = this.around(key, role, [...lines, ...behind].map(({ y }) => y));
    const [{ long_name, name }] = variables;
    const alone = role === "state" && variables.length === 1;
    return {
      key, heading: alone ? titled(this.lab.reworded(long_name || name)) : headingOf(key, words),
      unit: this.lab.unit(variables[0].unit), low, high, weight, lines,
      behind, rules: role === "voltage" ? [] : undefined,
    };
  }

  /**
   * Limits that do not tremble: a potential's and a gate's are always the same where they suffice.
   *
   * @param {string} key
   * @param {string} role
   * @param {ArrayLike<number>[]} rows
   * @returns {[number, number]}
   */
  around(key, role, rows) {
    let [low, high] = reach(rows);
    const { moving } = this.lab.state;
    if (role === "gate") return [0, 1];
    if (role === "voltage") {
      const [bottom, top] = this.lab.description().dimensionless ? [-2.5, 2.5] : [-80, 40];
      [low, high] = [Math.min(low, bottom), Math.max(high, top)];
    }
    if (role === "stimulus") {
      const most = this.lab.description().shown?.stimulus?.[0]?.amplitude ?? 10;
      [low, high] = [Math.min(1.15 * low, 0), Math.max(1.15 * high, most)];
    }
    if (role === "conductance") [low, high] = [Math.min(low, 0), Math.max(high, 0.1)];
    return this.limits.around(`${this.lab.model().manifest.name} ${key}`, low, high, moving);
  }
}

/** @param {string} text */
function titled(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/**
 * Variables that may share an axis: one cannot hold two units.
 *
 * @param {Variable[]} variables
 * @returns {Variable[][]}
 */
function apart(variables) {
  const units = [...new Set(variables.map(({ unit: each }) => each))];
  return units.map((each) => variables.filter(({ unit: own }) => own === each));
}

/**
 * What a line is called: by its channel where the panel says of what, or by its own name.
 *
 * @param {Variable} variable
 * @param {import("../words.js").Words} words
 */
function labelOf({ name, role, channel }, words) {
  if (role === "voltage" || role === "stimulus") return undefined;
  const byChannel = channel && (role === "conductance" || role === "current");
  if (!byChannel) return symbol(name);
  return [{ text: ["L", "leak", "l"].includes(channel) ? words("leak") : channel }];
}
