/**
 * A number that is typed: with a point or a comma, with any minus sign. What cannot be is not taken,
 * and said below the field with what stays in its place.
 *
 * @typedef {object} Wanted
 * @property {string} label  for those who do not see where the field stands
 * @property {number} [least]
 * @property {number} [most]
 * @property {boolean} [whole]
 * @property {boolean} [empty]  nothing may stand there, which is null
 * @property {number | "any"} [step]  of the arrow keys; without one they are the text's own
 * @property {(value: any) => void} changed
 */
import { describe, element, say } from "../dom.js";
import { general } from "../words.js";

/**
 * @param {import("../main.js").Lab} lab
 * @param {Wanted} wanted
 */
export function typedNumber(lab, wanted) {
  const { label, step } = wanted;
  const input = element("input", {
    type: "text", inputmode: "decimal", class: "typed", autocomplete: "off", spellcheck: "false",
    "aria-label": label, role: step ? "spinbutton" : null, placeholder: wanted.empty ? "–" : null,
    "aria-valuemin": step ? wanted.least : null, "aria-valuemax": step ? wanted.most : null,
  });
  const wrong = element("span", { class: "wrong", role: "status" });
  /** @type {number | null | undefined} */
  let value;
  let typing = false;

  const text = () => (typeof value === "number" ? written(value, lab.style.decimal()) : "");

  function put() {
    typing = false;
    input.value = text();
    describe(input, { "aria-invalid": "false", "aria-valuenow": step ? value : null });
  }

  /** @param {number | null} next */
  function take(next) {
    say(wrong, "");
    const other = next !== value;
    value = next;
    put();
    if (other) wanted.changed(next);
  }

  function read() {
    if (!typing) return;
    const blank = wanted.empty && !input.value.trim();
    const next = blank ? null : readNumber(input.value);
    const why = blank ? "" : complaint(next, wanted, lab.words, { text: short(input.value), value: text() || "–" });
    if (!why) {
      take(next);
      return;
    }
    input.setAttribute("aria-invalid", "true");
    say(wrong, why);
  }

  input.addEventListener("focus", () => input.select());
  input.addEventListener("input", () => {
    typing = true;
    say(wrong, "");
    input.setAttribute("aria-invalid", "false");
  });
  input.addEventListener("blur", () => {
    read();
    put(); // what is computed with, whatever was typed
  });
  input.addEventListener("keydown", (event) => {
    const upwards = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Enter") read();
    else if (event.key === "Escape" && typing) put();
    else if (upwards && step && typeof value === "number") take(stepped(value, upwards, wanted));
    else return;
    if (event.key !== "Enter") event.preventDefault();
  });

  /** @param {number | null} next  as it is now */
  function show(next) {
    if (next === value) return;
    value = next;
    say(wrong, "");
    if (!typing) put();
  }

  return { input, wrong, show };
}

/**
 * Why a number cannot be, "" if it can.
 *
 * @param {number | null} value
 * @param {Wanted} wanted
 * @param {import("../words.js").Words} words
 * @param {{text: string, value: string}} said  what was typed, and what stays
 */
function complaint(value, { least = -Infinity, most = Infinity, whole }, words, said) {
  if (value === null || !Number.isFinite(value)) return words("{text} is not a number; {value} stays.", said);
  if (whole && !Number.isInteger(value)) return words("{text} is not a whole number; {value} stays.", said);
  if (value >= least && value <= most) return "";
  if (most === Infinity) return words("{text} is below {low:g}; {value} stays.", { ...said, low: least });
  if (least === -Infinity) return words("{text} is above {high:g}; {value} stays.", { ...said, high: most });
  return words("{text} does not lie between {low:g} and {high:g}; {value} stays.", { ...said, low: least, high: most });
}

/**
 * @param {number} value
 * @param {number} upwards
 * @param {Wanted} wanted
 */
function stepped(value, upwards, { step, least = -Infinity, most = Infinity }) {
  const part = typeof step === "number" ? step : 10 ** Math.floor(Math.log10(Math.abs(value) || 1) - 0.5);
  const next = Number(((Math.round(value / part) + upwards) * part).toPrecision(12));
  return Math.min(Math.max(next, least), most);
}

/** @param {string} text */
function short(text) {
  const letters = Array.from(text.trim());
  return letters.length > 20 ? `${letters.slice(0, 20).join("")}…` : letters.join("");
}

/**
 * A number as a person types it: with a point or a comma, with any minus sign.
 *
 * @param {string} text
 * @returns {number | null}
 */
export function readNumber(text) {
  const plain = text.trim().replace(",", ".").replace(/[−–]/g, "-");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

/**
 * @param {number} value
 * @param {string} mark  between whole numbers and their parts
 */
export function written(value, mark) {
  const text = Math.abs(value) >= 1e5 ? String(Math.round(value)) : general(value, 5);
  return text.replace(".", mark).replace(/-/g, "−");
}
