/**
 * Names as they are printed: what is one letter in italics, words upright, Greek letters as such,
 * what follows `_` below the line; and units.
 *
 * @typedef {{text: string, italic?: boolean, below?: boolean}} Part
 */
import { element } from "../dom.js";

/** @type {Record<string, string>} */
const GREEK = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", zeta: "ζ", eta: "η", theta: "θ",
  iota: "ι", kappa: "κ", lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", rho: "ρ", sigma: "σ", tau: "τ",
  upsilon: "υ", phi: "ϕ", varphi: "φ", chi: "χ", psi: "ψ", omega: "ω", Gamma: "Γ", Delta: "Δ", Theta: "Θ",
  Lambda: "Λ", Xi: "Ξ", Sigma: "Σ", Upsilon: "Υ", Phi: "Φ", Psi: "Ψ", Omega: "Ω", inf: "∞",
};

/**
 * @param {string} name
 * @returns {Part[]}
 */
export function symbol(name) {
  if (name === "celsius") return [{ text: "T", italic: true }];
  let [head, ...rest] = name.split("_");
  const numbered = /^([A-Za-z]+?)(\d+)$/.exec(head);
  if (numbered) {
    head = numbered[1];
    rest = [numbered[2], ...rest];
  }
  const below = rest.filter(Boolean).map((word) => GREEK[word] ?? word);
  const first = GREEK[head] ?? head;
  const parts = [{ text: first, italic: first.length === 1 }];
  if (!below.length) return parts;
  const text = below.join(",");
  const italic = below.length === 1 && text.length === 1 && /[a-zα-ωϕ]/.test(text);
  return [...parts, { text, below: true, italic }];
}

/**
 * A name as an element.
 *
 * @param {string} name
 */
export function symbolElement(name) {
  const parts = symbol(name).map(({ text, italic, below }) => {
    const letters = italic ? element("i", {}, text) : text;
    return below ? element("sub", {}, letters) : letters;
  });
  return element("span", { class: "symbol" }, ...parts);
}

/** @type {[RegExp, string][]} */
const PRINTED = [
  [/\bu(?=[A-Zms])/g, "µ"], [/\b([a-zµ]*m)2(?![0-9])/g, "$1²"], [/ohm\b/g, "Ω"], [/\*/g, "·"],
  [/\bdegC\b/g, "°C"], [/\bdeg\b/g, "°"],
];

/**
 * A unit as it is printed: µA/cm² for uA/cm2.
 *
 * @param {string} text
 */
export function unit(text) {
  if (text === "1") return "";
  return PRINTED.reduce((written, [pattern, printed]) => written.replace(pattern, printed), text);
}
