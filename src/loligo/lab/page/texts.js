/**
 * One simulation as text that Python runs: a script, and a command.
 *
 * @typedef {import("./state.js").Simulation} Simulation
 * @typedef {import("./link/limits.js").Limits} Limits
 * @typedef {import("./link/limits.js").Kind} Kind
 * @typedef {{first: number, last: number, number: number}} Row  numbers from one to another
 * @typedef {object} Travelling  a wave along an axon
 * @property {Simulation} simulation  of its membrane
 * @property {import("./experiments/fibre.js").Fibre} fibre
 * @property {number} count  of compartments
 * @property {{at: number, start: number, duration: number, amplitude: number}[]} pulses  at 0, or
 *   else at the right end
 * @property {Record<string, number>} conductances  of a node
 * @property {{dt: number, duration: number, initial: null | "rest" | number, threshold: number}} run
 * @typedef {string | null} Load  what `lo.load` and the command take for the model; null if it was
 *   made in Python
 */
import { written } from "./link/write.js";

/**
 * The simulation in Python.
 *
 * @param {Simulation} simulation
 * @param {Load} load
 * @param {Limits} limits
 */
export function pythonScript(simulation, load, limits) {
  const { parameters, stimulus, duration } = simulation;
  const named = load === null ? "..." : `lo.load(${quoted(load)})`;
  const remark = load === null ? `  # ${plain(simulation.model)}` : "";
  const shapes = stimulus.map((shape) => called(shape, limits));
  const lines = ["import loligo as lo", "", `model = ${named}${remark}`];
  if (shapes.some((shape) => shape.includes("np."))) lines.unshift("import numpy as np");
  if (Object.keys(parameters).length) lines.push(`model = model.replace(${settings(parameters)})`);
  if (shapes.length > 1) lines.push("stimulus = (", `    ${shapes.join("\n    + ")}`, ")");
  else lines.push(`stimulus = ${shapes[0] ?? "None"}`);
  const asked = ["model", "stimulus", `duration=${written(duration)}`, ...run(simulation)];
  lines.push("rec = lo.simulate(", ...asked.map((each) => `    ${each},`), ")", "");
  const many = lines[0] !== "import loligo as lo";
  lines.push(...many ? [] : ["print(lo.narrate(rec))"], "lo.plot(rec)", "");
  return lines.join("\n");
}

/**
 * A wave along an axon in Python.
 *
 * @param {Travelling} wave
 * @param {Load} load
 */
export function axonScript({ simulation, fibre, count, pulses, conductances, run: asked }, load) {
  const { parameters, model } = simulation;
  const named = load === null ? `...  # ${plain(model)}` : `lo.load(${quoted(load)})`;
  const lines = ["import loligo as lo", "", `model = ${named}`];
  if (Object.keys(parameters).length) lines.push(`model = model.replace(${settings(parameters)})`);
  const { diameter, length, resistivity, g_ratio: ratio } = fibre;
  if (ratio === null) {
    const sizes = settings({ length, diameter, axial_resistivity: resistivity, compartments: count });
    lines.push(`axon = lo.Axon(model, ${sizes})`);
  } else {
    lines.push(`node = model.replace(${settings(conductances)})  # ten times the channels`);
    const sizes = [ratio, 100 * diameter, diameter].map(written).join(", ");
    lines.push(`axon = lo.experiments.myelinated(${sizes}, membrane=node)`);
  }
  const shocks = pulses.map(({ at, start, duration, amplitude }) =>
    `lo.at(${at ? "axon.length" : "0"}, lo.Pulse(${[start, duration, amplitude].map(written).join(", ")}))`);
  lines.push(`stimulus = ${shocks.join(" + ")}`);
  lines.push("rec = lo.simulate(", ...["axon", "stimulus", ...runOf(asked)].map((each) => `    ${each},`), ")", "");
  lines.push("lo.plot(rec)", "");
  return lines.join("\n");
}

/**
 * @param {Travelling["run"]} run
 */
function runOf({ dt, duration, initial, threshold }) {
  const begin = typeof initial === "string" ? quoted(initial)
    : typeof initial === "number" ? written(initial) : "None";
  return [`duration=${written(duration)}`, `solver=lo.Exponential(dt=${written(dt)}, portable=True)`,
    `initial=${begin}`, `threshold=${written(threshold)}`];
}

/**
 * A wave along an axon as a command; null where no command says it.
 *
 * @param {Travelling} wave
 * @param {Load} load
 */
export function axonCommand({ simulation, fibre, pulses, run: { duration, initial } }, load) {
  if (load === null || fibre.g_ratio !== null || initial !== "rest") return null;
  const parts = ["loligo axon", shell(load)];
  for (const [name, value] of Object.entries(simulation.parameters)) {
    parts.push(`--set ${name}=${written(value)}`);
  }
  parts.push(`--diameter ${written(fibre.diameter)} --length ${written(fibre.length)}`);
  for (const { at, start, duration: lasts, amplitude } of pulses) {
    parts.push(`--at ${[at ? fibre.length : 0, start, lasts, amplitude].map(written).join(" ")}`);
  }
  return [...parts, `--duration ${written(duration)}`, "--output wave.nc"].join(" ");
}

/**
 * What stands in a call besides model, stimulus and duration, where it is not as usual.
 *
 * @param {Simulation} simulation
 */
function run({ sample_interval: interval, solver, initial, threshold }) {
  const parts = [`solver=lo.${solver.kind}(${settings(without(solver, "kind"))})`];
  if (interval !== 0.05) parts.push(`sample_interval=${written(interval)}`);
  if (typeof initial === "number") parts.push(`initial=${written(initial)}`);
  else if (initial === "rest") parts.push('initial="rest"');
  else if (initial !== null) {
    const states = Object.entries(initial).map(([name, value]) => `${quoted(name)}: ${written(value)}`);
    parts.push(`initial={${states.join(", ")}}`);
  }
  if (threshold !== null) parts.push(`threshold=${written(threshold)}`);
  return parts;
}

/**
 * The simulation as a command; null where no command says it.
 *
 * @param {Simulation} simulation
 * @param {Load} load
 * @param {Limits} limits
 */
export function command(simulation, load, limits) {
  const { parameters, stimulus, duration, sample_interval: interval, solver, threshold } = simulation;
  const { initial } = simulation;
  if (load === null || (initial !== null && typeof initial === "object") || !stimulus.length) return null;
  const parts = ["loligo run", shell(load)];
  for (const [name, value] of Object.entries(parameters)) parts.push(`--set ${name}=${written(value)}`);
  for (const shape of stimulus) parts.push(option(shape, limits));
  parts.push(`--duration ${written(duration)}`);
  if (interval !== 0.05) parts.push(`--sample-interval ${written(interval)}`);
  const word = limits.solvers.find(({ kind }) => kind === solver.kind);
  if (word) parts.push(`--solver ${word.word}:${written(solver[word.value.name])}:portable`);
  if (initial !== null) parts.push(`--initial ${initial === "rest" ? initial : written(initial)}`);
  if (threshold !== null) parts.push(`--threshold ${written(threshold)}`);
  return parts.join(" ");
}

/**
 * `Pulse(5, 40, 10)`.
 *
 * @param {Record<string, any> & {kind: string}} shape
 * @param {Limits} limits
 */
function called(shape, limits) {
  const kind = kindOf(shape, limits);
  const values = kind.values.map(({ name }) => literal(shape[name]));
  return `lo.${kind.name}(${[...values, ...said(shape, kind)].join(", ")})`;
}

/**
 * @param {Record<string, any> & {kind: string}} shape
 * @param {Limits} limits
 */
function option(shape, limits) {
  const kind = kindOf(shape, limits);
  const values = kind.values.map(({ name }) => swept(shape[name]));
  return [`--${kind.word}`, ...values, ...said(shape, kind)].join(" ");
}

/**
 * The settings that are not as usual: `to=20`.
 *
 * @param {Record<string, any>} shape
 * @param {Kind} kind
 */
function said(shape, kind) {
  return kind.settings.filter(({ name, usual }) => (shape[name] ?? usual) !== usual)
    .map(({ name }) => `${name}=${written(shape[name])}`);
}

/**
 * @param {Record<string, any> & {kind: string}} shape
 * @param {Limits} limits
 * @returns {Kind}
 */
function kindOf(shape, limits) {
  const kind = limits.stimuli.find((each) => each.kind === shape.kind);
  if (!kind) throw new Error(`no text says a ${shape.kind}`);
  return kind;
}

/** @param {Record<string, any>} named */
function settings(named) {
  return Object.entries(named).map(([name, value]) => `${name}=${literal(value)}`).join(", ");
}

/** @param {any} value */
function literal(value) {
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return written(value);
  return `np.linspace(${[value.first, value.last, value.number].map(written).join(", ")})`;
}

/** @param {number | Row} value */
function swept(value) {
  if (typeof value === "number") return written(value);
  return [value.first, value.last, value.number].map(written).join(":");
}

/**
 * @param {Record<string, any>} named
 * @param {string} name
 */
function without(named, name) {
  return Object.fromEntries(Object.entries(named).filter(([key]) => key !== name));
}

/** @param {string} text */
function quoted(text) {
  return JSON.stringify(text);
}

/** @param {string} text */
function plain(text) {
  return text.replace(/[^ -~]/g, "?");
}

/** @param {string} text */
function shell(text) {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}

/**
 * What was computed as a table that spreadsheets, and `lo.open`, read.
 *
 * @param {{time: ArrayLike<number>, values: Record<string, ArrayLike<number>>}} ran
 * @param {Record<string, string>} units  name -> unit
 */
export function csv(ran, units) {
  const names = Object.keys(ran.values);
  const head = names.map((name) => cell(units[name] && units[name] !== "1" ? `${name} (${units[name]})` : name));
  const lines = [["time (ms)", ...head].join(",")];
  const rows = names.map((name) => ran.values[name]);
  for (let k = 0; k < ran.time.length; k++) {
    const cells = rows.map((row) => (Number.isFinite(row[k]) ? String(row[k]) : ""));
    lines.push([String(ran.time[k]), ...cells].join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** @param {string} text */
function cell(text) {
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
