/**
 * A sheet of tasks: each student's numbers, whether an answer is right, and the code at the end; as
 * `lab/sheet.py` and `lab/tasks.py` have them.
 *
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {Record<string, number>} Drawn
 *
 * @typedef {object} Task
 * @property {string} title
 * @property {string} text
 * @property {string} hint
 * @property {string} start  a link, in which numbers may stand as {name}
 * @property {Record<string, number[]>} numbers
 * @property {string} measure
 * @property {string} of
 * @property {string | null} target
 * @property {string[] | null} may
 * @property {number} within
 * @property {boolean} relative
 *
 * @typedef {object} Sheet
 * @property {string} title
 * @property {string} text
 * @property {string} seed
 * @property {Task[]} tasks
 * @property {string} mark
 */
import { written } from "../link/write.js";
import { sha256 } from "./sha256.js";

const SUM = 6; // bytes

/**
 * A student's name as it counts: without blanks around it, and with single ones within.
 *
 * @param {string} name
 */
export function person(name) {
  return name.normalize("NFC").split(/\s+/u).filter(Boolean).join(" ");
}

/**
 * The numbers of a student.
 *
 * @param {Sheet} sheet
 * @param {number} place  of the task
 * @param {string} name
 * @returns {Drawn}
 */
export function drawn(sheet, place, name) {
  const { numbers } = sheet.tasks[place];
  const pairs = Object.entries(numbers).map(([key, choices]) => {
    const which = share(`${sheet.seed}/${name}/${place}/${key}`, choices.length);
    return /** @type {[string, number]} */ ([key, choices[which]]);
  });
  return Object.fromEntries(pairs);
}

/**
 * One of so many, by chance, and for the same text always the same.
 *
 * @param {string} text
 * @param {number} count
 */
export function share(text, count) {
  const first = sha256(new TextEncoder().encode(text)).slice(0, 6);
  const number = first.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return Number((number * BigInt(count)) >> 48n);
}

/**
 * A link, or a target, with a student's numbers in it.
 *
 * @param {string} text
 * @param {Drawn} numbers
 */
export function filled(text, numbers) {
  return text.replace(/\{(\w+)\}/g, (_, name) => written(numbers[name]));
}

/**
 * Whether an answer is right.
 *
 * @param {Task} task
 * @param {number} answer
 * @param {number} right
 */
export function fits(task, answer, right) {
  const far = task.relative ? task.within * Math.abs(right) : task.within;
  return Math.abs(answer - right) <= far * (1 + 1e-12);
}

/**
 * What was changed that may not be; "" for nothing.
 *
 * @param {Task} task
 * @param {Simulation} start
 * @param {Simulation} now
 * @param {Record<string, number>} usual  the model's own parameters
 * @returns {string}
 */
export function forbidden(task, start, now, usual) {
  if (start.model !== now.model) return "model";
  if (task.may === null) return "";
  for (const name of Object.keys(usual)) {
    const [before, after] = [start, now].map(({ parameters }) => parameters[name] ?? usual[name]);
    if (before !== after && !task.may.includes(name)) return name;
  }
  for (const name of /** @type {const} */ (["stimulus", "duration", "sample_interval", "initial", "threshold"])) {
    if (said(start[name]) !== said(now[name]) && !task.may.includes(name)) return name;
  }
  return "";
}

/**
 * The same text for the same document, whatever the order in which its fields were made.
 *
 * @param {any} document
 * @returns {string}
 */
function said(document) {
  if (Array.isArray(document)) return `[${document.map(said).join()}]`;
  if (document === null || typeof document !== "object") return JSON.stringify(document);
  return `{${Object.keys(document).sort().map((key) => `${key}:${said(document[key])}`).join()}}`;
}

/**
 * The code of a student's sheet.
 *
 * @param {Sheet} sheet
 * @param {string} name
 * @param {string[]} answers
 */
export function codeOf(sheet, name, answers) {
  const told = new TextEncoder().encode(JSON.stringify([person(name), ...answers]));
  const marked = new TextEncoder().encode(`${sheet.mark}/`);
  const sum = sha256(Uint8Array.from([...marked, ...told])).slice(0, SUM);
  const text = btoa(Array.from([...sum, ...told], (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
