/**
 * Fields of a form: a number that is typed or moved, a choice of a few, a switch.
 *
 * @typedef {object} NumberField
 * @property {string} label
 * @property {string} unit
 * @property {number} low
 * @property {number} high
 * @property {number | "any"} step
 * @property {boolean} [whole]
 * @property {(value: number) => void} changed
 */
import { typedNumber } from "./controls/typed.js";
import { element } from "./dom.js";

/**
 * A number, typed or moved with the arrow keys.
 *
 * @param {import("./main.js").Lab} lab
 * @param {NumberField} field
 */
export function numberField(lab, { label, unit, low, high, step, whole, changed }) {
  const typed = typedNumber(lab, { label, least: low, most: high, step, whole, changed });
  const printed = element("span", { class: "unit" }, unit);
  const host = element("label", { class: "number-field" },
    element("span", { class: "name" }, label), typed.input, printed, typed.wrong);
  return { element: host, unit: printed, show: typed.show };
}

/**
 * One of a few, each in sight.
 *
 * @param {string} label
 * @param {[string, Node | string][]} options  value, what is read
 * @param {(value: string) => void} changed
 */
export function choice(label, options, changed) {
  const name = `choice-${(count += 1)}`;
  const inputs = options.map(([value]) => element("input", {
    type: "radio", name, value, onchange: () => changed(value),
  }));
  const host = element("fieldset", { class: "choice" },
    element("legend", { class: "unseen" }, label),
    ...options.map(([, said], k) => element("label", {}, inputs[k], element("span", {}, said))));
  return {
    element: host,
    /** @param {string} value */
    show(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}

let count = 0;

/**
 * A slider of a dose: nothing at its left end, and then from the least to the most, evenly in the
 * logarithm.
 *
 * @param {object} field
 * @param {string} field.label
 * @param {number} field.least
 * @param {number} field.most
 * @param {boolean} [field.even]  even in the dose itself
 * @param {(value: number) => string} field.text
 * @param {(value: number, moving: boolean) => void} field.changed
 */
export function doseField({ label, least, most, even, text, changed }) {
  const STOPS = 100;
  /** @type {(stop: number) => number} */
  const dose = (stop) => {
    if (stop <= 0) return 0;
    if (even) return (stop / STOPS) * most;
    return Number((least * (most / least) ** ((stop - 1) / (STOPS - 1))).toPrecision(2));
  };
  const input = element("input", {
    type: "range", min: 0, max: STOPS, step: 1,
    oninput: () => changed(dose(Number(input.value)), true),
    onchange: () => changed(dose(Number(input.value)), false),
  });
  const said = element("output", { class: "dose" });
  const host = element("label", { class: "dose-field" },
    element("span", { class: "name" }, label), said, input);
  return {
    element: host,
    /** @param {number} value */
    show(value) {
      const raised = 1 + (Math.log(value / least) / Math.log(most / least)) * (STOPS - 1);
      const stop = even ? (value / most) * STOPS : value > 0 ? raised : 0;
      if (dose(Number(input.value)) !== value) input.value = String(Math.round(stop));
      host.style.setProperty("--part", String(Number(input.value) / STOPS));
      input.setAttribute("aria-valuetext", text(value));
      said.textContent = text(value);
    },
  };
}
