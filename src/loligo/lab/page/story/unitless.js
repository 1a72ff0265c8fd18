/**
 * What was said of a model without units, without units: loligo/analysis/dimensionless.py.
 */
import { general } from "../words.js";

const UNITS = ["µA/cm²/ms", "µA/cm²", "uA/cm2", "kΩ·cm²", "mS/cm²", "nC/cm²", "µF/cm²", "mV/ms", "ms/mV",
  "1/ms", "mV", "ms"];
const UNIT = UNITS.join("|");
const NUMBER = "[-−]?\\d+(?:[.,]\\d+)*(?:e[-+]?\\d+)?";
const WITH_UNIT = new RegExp(`(${NUMBER})\\s?(?:${UNIT})(?![\\p{L}\\p{N}_/²])`, "gu");
const ASIDE = new RegExp(`\\((?:${UNIT}), |\\s\\((?:${UNIT})\\)`, "gu");
const EACH = /(?<![\p{L}\p{N}_])(for each|für jedes) mV(?![\p{L}\p{N}_])/gu;
const RATE = new RegExp(`(${NUMBER}(?: [\\p{L}\\p{N}_]+ ${NUMBER})?) Hz`, "gu");

/** @param {string} text */
export function unitless(text) {
  return text.replace(RATE, (_, rates) => rates.replace(new RegExp(NUMBER, "gu"), slower))
    .replace(ASIDE, (found) => (found.startsWith("(") ? "(" : ""))
    .replace(EACH, "$1 V").replace(WITH_UNIT, "$1");
}

/**
 * What is said of the model that is open: without units, if it has none.
 *
 * @param {import("../main.js").Lab} lab
 * @param {string} text
 */
export function fitted(lab, text) {
  return lab.description().dimensionless ? unitless(text) : text;
}

/**
 * Hz in 1/ms, with the decimal mark that there was.
 *
 * @param {string} number
 */
function slower(number) {
  const mark = number.includes(",") ? "," : ".";
  return general(Number(number.replaceAll(",", ".").replaceAll("−", "-")) / 1e3, 4).replace(".", mark);
}
