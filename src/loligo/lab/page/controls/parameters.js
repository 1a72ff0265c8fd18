/**
 * A model's parameters as sliders, channel by channel, in the channel's colour.
 */
import { element, fill } from "../dom.js";
import { symbolElement } from "../draw/names.js";
import { slider } from "./slider.js";

const LEAST = 1e-9; // above a bound that is none itself

/**
 * @typedef {{symbol: string, value: number, unit: string, meaning: string}} Parameter
 */

/**
 * @param {HTMLElement} host
 * @param {import("../main.js").Lab} lab
 */
export function parameterPanel(host, lab) {
  const panel = element("div", { class: "parameters" });
  host.append(panel);
  /** @type {Map<string, ReturnType<typeof slider>>} */
  const rows = new Map();
  let built = "";

  function build() {
    rows.clear();
    /** @type {Parameter[]} */
    const parameters = lab.model().manifest.parameters;
    const groups = grouped(parameters, lab.description());
    fill(panel, groups.map(({ heading, meaning, ink, members }) =>
      element("fieldset", { class: "group" },
        element("legend", {}, ink ? swatch(ink) : null, heading || (ink ? null : lab.words("Membrane")),
          meaning && element("span", { class: "meaning" }, lab.reworded(meaning))),
        ...members.map((parameter) => row(parameter, ink)))));
  }

  /** @param {string} ink */
  function swatch(ink) {
    const dot = element("span", { class: "swatch" });
    dot.style.setProperty("--ink", lab.style.ink(ink));
    return dot;
  }

  /**
   * @param {Parameter} parameter
   * @param {string} ink
   */
  function row(parameter, ink) {
    const { symbol, value } = parameter;
    const made = slider(lab, {
      label: lab.reworded(parameter.meaning) || symbol,
      shown: symbolElement(symbol),
      unit: lab.unit(parameter.unit),
      ...rangeOf(lab, parameter),
      initial: value,
      set: (wanted, moving) => {
        const { [symbol]: _, ...others } = lab.state.get().parameters;
        const changed = wanted === value ? others : { ...others, [symbol]: wanted };
        lab.state.set({ parameters: changed }, moving);
      },
      settle: () => lab.state.settle(),
    });
    if (ink) made.element.style.setProperty("--ink", lab.style.ink(ink));
    rows.set(symbol, made);
    return made.element;
  }

  /** @param {import("../state.js").Simulation} simulation */
  function show(simulation) {
    const now = `${lab.model().manifest.name} ${lab.state.view.language} ${lab.style.name}`;
    if (now !== built) {
      built = now;
      build();
    }
    for (const { symbol, value } of lab.model().manifest.parameters) {
      rows.get(symbol)?.show(simulation.parameters[symbol] ?? value);
    }
  }

  return { show };
}

/**
 * Between what is typed must lie: what a link may say, so that all that is shown can be shared.
 *
 * @param {import("../main.js").Lab} lab
 * @param {string} symbol
 */
function within(lab, symbol) {
  const { model } = lab.state.get();
  const bounds = lab.models.find(({ name }) => name === model)?.known.parameters[symbol];
  if (!bounds) return {};
  const least = bounds.open ? bounds.low + LEAST * Math.max(1, Math.abs(bounds.low)) : bounds.low;
  return { least, most: bounds.high };
}

/**
 * Parameters that belong together: each channel's, then the membrane's own.
 *
 * @param {Parameter[]} parameters
 * @param {import("../main.js").Description} description
 */
function grouped(parameters, { inks, meanings }) {
  const groups = Object.keys(inks).map((channel) => ({
    heading: inks[channel] === "leak" ? "" : channel,
    meaning: meanings[channel] === channel ? "" : meanings[channel],
    ink: inks[channel],
    members: parameters.filter(({ symbol }) => /^[gE]_/.test(symbol) && symbol.slice(2) === channel),
  }));
  const taken = new Set(groups.flatMap(({ members }) => members));
  const rest = parameters.filter((parameter) => !taken.has(parameter));
  const own = { heading: "", meaning: "", ink: "", members: rest };
  return [...groups, own].filter(({ members }) => members.length);
}

/**
 * From where to where a parameter may sensibly go, and what may be typed.
 *
 * @param {import("../main.js").Lab} lab
 * @param {Parameter} parameter
 * @returns {{low: number, high: number, least?: number, most?: number}}
 */
export function rangeOf(lab, parameter) {
  const typed = within(lab, parameter.symbol);
  return { ...typed, ...around(parameter) };
}

/**
 * @param {Parameter} parameter
 * @returns {{low: number, high: number, least?: number}}
 */
function around({ symbol, value, unit: written }) {
  if (symbol === "celsius") return { low: Math.min(0, value), high: Math.max(40, value) };
  if (symbol === "C_m") return { low: value / 10, high: 3 * value };
  if (written === "mS/cm2") return { low: 0, high: 2 * value || 1, least: 0 };
  if (written === "mV") return { low: Math.round(value) - 50, high: Math.round(value) + 50 };
  if (written === "um2" || symbol === "area") return { low: value / 10, high: 3 * value };
  if (value > 0) return { low: 0, high: 2 * value };
  if (value < 0) return { low: 2 * value, high: 0 };
  return { low: -1, high: 1 };
}
