/**
 * All values at the cursor, in a line.
 */
import { element, fill } from "../dom.js";
import { symbolElement } from "../draw/names.js";
import { number } from "../draw/scale.js";
import { between } from "../draw/trace.js";

/**
 * @param {HTMLElement} host
 * @param {import("../main.js").Lab} lab
 */
export function readout(host, lab) {
  const line = element("dl", { class: "values" });
  host.append(line);
  let built = "";
  /** @type {Map<string, HTMLElement>} */
  const values = new Map();

  /** @param {import("../main.js").Variable[]} variables */
  function build(variables) {
    values.clear();
    const cell = (/** @type {string} */ name, /** @type {Node | string} */ shown, /** @type {string} */ ink) => {
      const value = element("dd", {});
      values.set(name, value);
      const made = element("div", { class: "value" }, element("dt", {}, shown), value);
      if (ink) made.style.setProperty("--ink", lab.style.ink(ink));
      return made;
    };
    fill(line, [cell("time", "t", ""),
      ...variables.map(({ name, ink }) => cell(name, symbolElement(name), ink))]);
  }

  /**
   * @param {any} run
   * @param {import("../main.js").Variable[]} variables
   * @param {number | null} cursor
   */
  function show(run, variables, cursor) {
    const now = `${lab.model().manifest.name} ${variables.map(({ name }) => name).join()} ${lab.style.name}`;
    if (now !== built) {
      built = now;
      build(variables);
    }
    line.classList.toggle("empty", cursor === null);
    if (cursor === null) return;
    const mark = lab.style.decimal();
    const put = (/** @type {string} */ name, /** @type {string} */ text) => {
      const at = values.get(name);
      if (at && at.textContent !== text) at.textContent = text;
    };
    put("time", `${number(cursor, 2, mark)} ${lab.unit("ms")}`.trim());
    for (const { name, unit: written } of variables) {
      if (!run.values[name]) continue;
      put(name, `${digits(between(run.time, run.values[name], cursor), mark)} ${lab.unit(written)}`.trim());
    }
  }

  return { show };
}

/**
 * @param {number} value
 * @param {string} mark
 */
export function digits(value, mark) {
  const size = Math.abs(value);
  return number(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3, mark);
}
