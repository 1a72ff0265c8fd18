/**
 * What the page says, in the reader's language, with its decimal mark: the table that Python has,
 * keyed by the English text, and its way of writing numbers into it.
 *
 * @typedef {object} Language
 * @property {string} name
 * @property {string} decimal  between whole numbers and their parts
 * @property {Record<string, string>} phrases  English text -> its own
 * @property {Record<string, string>} patterns  the same of what is filled in already
 *
 * @typedef {(text: string, values?: Record<string, string | number>) => string} Words
 */

/**
 * @param {Language} language
 * @param {string} [minus]  as numbers have it; "−" where they are read by people
 * @returns {Words}
 */
export function speaking(language, minus = "-") {
  return (text, values = {}) => {
    const own = language.phrases[text] ?? text;
    if (!own.includes("{")) return own;
    return own.replace(/\{(\w+)(?::([^}]*))?\}/g, (_, name, form) => {
      const value = values[name];
      if (typeof value !== "number") return String(value ?? "");
      return formatted(value, form ?? "").replace(".", language.decimal).replace(/-/g, minus);
    });
  };
}

/**
 * Why something could not be done.
 *
 * @param {unknown} problem
 * @param {Words} words
 */
export function whyOf(problem, words) {
  return words(problem instanceof Error ? problem.message : String(problem));
}

/**
 * What a model says of itself, in a language, as far as it is known there.
 *
 * @param {Language} language
 * @param {string} text
 * @returns {string}
 */
export function reworded(language, text) {
  const own = language.phrases[text];
  if (own !== undefined) return own;
  for (const [pattern, instead] of Object.entries(language.patterns ?? {})) {
    const parts = fitting(pattern, text);
    if (parts) {
      return instead.replace(/\{(\w+)\}/g, (_, name) => reworded(language, parts[name] ?? ""));
    }
  }
  return text;
}

/**
 * What stands in the fields of a pattern, if a text fits it.
 *
 * @param {string} pattern
 * @param {string} text
 * @returns {Record<string, string> | null}
 */
function fitting(pattern, text) {
  const pieces = pattern.split(/\{(\w+)\}/);
  const shape = pieces.map((piece, k) =>
    k % 2 ? `(?<${piece}>.+)` : piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${shape.join("")}$`).exec(text)?.groups ?? null;
}

/**
 * A number as Python's format writes it: `.1f`, `.3g`, `+.3g`, `8.2f`, `g`.
 *
 * @param {number} value
 * @param {string} form
 */
export function formatted(value, form) {
  const parts = /^([+]?)(\d*)(?:\.(\d+))?([fgd]?)$/.exec(form);
  if (!parts) throw new Error(`a number cannot be written as ${form}`);
  const [, sign, width, digits, kind] = parts;
  let text;
  if (!Number.isFinite(value)) text = Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  else if (kind === "f") text = fixed(value, digits === undefined ? 6 : Number(digits));
  else if (kind === "g") text = general(value, digits === undefined ? 6 : Number(digits));
  else text = String(value);
  if (sign && !text.startsWith("-")) text = `+${text}`;
  return text.padStart(Number(width || 0));
}

/**
 * With so many decimals; what lies half way goes to the even digit, as in Python.
 *
 * @param {number} value
 * @param {number} decimals
 */
export function fixed(value, decimals) {
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${decimals ? `.${"0".repeat(decimals)}` : ""}`;
  const text = value.toFixed(decimals);
  const exact = Math.abs(value) < 1e15 ? Math.abs(value).toFixed(Math.min(100, decimals + 60)) : "";
  const rest = exact.slice(exact.indexOf(".") + 1 + decimals);
  const half = exact !== "" && /^50*$/.test(rest);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (!half) return sign && !text.startsWith("-") ? sign + text : text;
  const cut = exact.slice(0, exact.indexOf(".") + (decimals ? 1 + decimals : 0));
  const even = Number(cut[cut.length - 1]) % 2 === 0;
  return even ? sign + cut : sign + Math.abs(Number(text)).toFixed(decimals).replace(/^-/, "");
}

/**
 * With so many digits that matter, and without zeros at the end.
 *
 * @param {number} value
 * @param {number} digits
 */
export function general(value, digits) {
  const count = Math.max(digits, 1);
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa, raised] = exponential(value, count).split("e");
  const power = Number(raised);
  if (power < -4 || power >= count) {
    const sign = raised[0] === "-" ? "-" : "+";
    return `${trimmed(mantissa)}e${sign}${raised.replace(/^[+-]/, "").padStart(2, "0")}`;
  }
  return trimmed(fixed(value, count - 1 - power));
}

/**
 * A power of ten and so many digits before it; what lies half way goes to the even digit.
 *
 * @param {number} value
 * @param {number} count
 */
function exponential(value, count) {
  const text = value.toExponential(count - 1);
  const [exact, power] = value.toExponential(100).split("e");
  const kept = (value < 0 ? 1 : 0) + count + (count > 1 ? 1 : 0);
  const half = /^50*$/.test(exact.slice(kept).replace(".", ""));
  const even = Number(exact[kept - 1]) % 2 === 0;
  return half && even ? `${exact.slice(0, kept)}e${power}` : text;
}

/** @param {string} text */
function trimmed(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/**
 * Three digits, without powers of ten.
 *
 * @param {number} value
 */
export function threeDigits(value) {
  return Math.abs(value) >= 1000 ? fixed(value, 0) : general(value, 3);
}
