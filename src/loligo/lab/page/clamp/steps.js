/**
 * The steps of a family, taken hold of: in fields and by handles on the command.
 *
 * @typedef {import("../experiments/currents.js").Family} Family
 * @typedef {(change: Partial<Family>, moving: boolean) => void} Changed
 */
import { Handle } from "../draw/handle.js";
import { numberField } from "../fields.js";
import { boundsOf } from "../link/limits.js";

/**
 * Fields of the numbers of a family.
 *
 * @param {import("../main.js").Lab} lab
 * @param {Changed} changed
 */
export function stepFields(lab, changed) {
  const { words } = lab;
  /** @type {(key: keyof Family, label: string, unit: string, step: number) => ReturnType<typeof numberField>} */
  const field = (key, label, unit, step) => numberField(lab, {
    label, unit, ...between(lab, key), step, whole: key === "number",
    changed: (value) => changed({ [key]: value }, false),
  });
  return {
    holding: field("holding", words("Holding"), "mV", 1),
    first: field("first", words("First step"), "mV", 1),
    last: field("last", words("Last step"), "mV", 1),
    number: field("number", words("Number of steps"), "", 1),
    start: field("start", words("Start"), "ms", 0.5),
    width: field("width", words("Width"), "ms", 0.5),
  };
}

/**
 * @param {import("../main.js").Lab} lab
 * @param {keyof Family} key
 */
function between(lab, key) {
  const { least, most } = boundsOf("steps", key, lab.limits);
  return { low: least, high: most };
}

/**
 * Handles on the command.
 *
 * @param {import("../main.js").Lab} lab
 * @param {HTMLElement} host
 * @param {import("../draw/plot.js").Plot} plot
 * @param {() => Family} family
 * @param {Changed} changed
 */
export function stepHandles(lab, host, plot, family, changed) {
  const { words } = lab;
  /** @type {(key: "holding" | "first" | "last", label: string, at: () => number) => Handle} */
  const level = (key, label, at) => new Handle(host, {
    label, ...between(lab, key), step: 1, along: "vertical",
    text: (value) => words("{V:g} mV", { V: value }),
    place: (value) => [plot.x(at()), plot.y(commandBox(plot), value)],
    value: (_, y) => valueAt(commandBox(plot), y),
    changed: (value, moving) => changed({ [key]: value }, moving),
  });
  /** @type {(key: "start" | "width", label: string, value: (x: number) => number,
   *   at: (value: number) => number) => Handle} */
  const edge = (key, label, value, at) => new Handle(host, {
    label, ...between(lab, key), step: 0.5, along: "horizontal",
    text: (each) => words("{t:g} ms", { t: each }),
    place: (each) => [plot.x(at(each)), plot.y(commandBox(plot), middle(family()))],
    value: (x) => value(plot.value(x)),
    changed: (each, moving) => changed({ [key]: each }, moving),
  });
  return {
    holding: level("holding", words("Holding"), () => family().start / 2),
    first: level("first", words("First step"), () => family().start + family().width * 0.3),
    last: level("last", words("Last step"), () => family().start + family().width * 0.7),
    start: edge("start", words("Start"), (t) => t, (t) => t),
    width: edge("width", words("Width"), (t) => t - family().start, (t) => family().start + t),
  };
}

/**
 * mV, where the edges are taken hold of: between holding and the step further from it.
 *
 * @param {Family} family
 */
function middle({ holding, first, last }) {
  return (holding + (Math.abs(first - holding) > Math.abs(last - holding) ? first : last)) / 2;
}

/**
 * @param {import("../draw/plot.js").Plot} plot
 * @returns {import("../draw/trace.js").Box} the command's
 */
export function commandBox(plot) {
  return plot.boxes.get("command") ?? { left: 0, top: 0, width: 1, height: 1, low: 0, high: 1 };
}

/**
 * @param {import("../draw/trace.js").Box} box
 * @param {number} y  pixels
 */
function valueAt(box, y) {
  return box.low + (1 - (y - box.top) / box.height) * (box.high - box.low);
}
