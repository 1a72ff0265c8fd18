/**
 * Stimuli as documents: what each kind has, where it begins and ends, and its course.
 *
 * @typedef {import("../state.js").Shape} Shape
 * @typedef {{name: string, unit: string, least?: number, most?: number, whole?: boolean}} Field
 */

const START = { name: "start", unit: "ms" };
const DURATION = { name: "duration", unit: "ms", least: 1e-3 };
const AMPLITUDE = { name: "amplitude", unit: "" };
const BOX = [START, DURATION, AMPLITUDE];

/**
 * The numbers of each kind that can be changed by hand.
 *
 * @type {Record<string, Field[]>}
 */
export const FIELDS = {
  pulse: BOX,
  step: [START, AMPLITUDE],
  pulse_train: [...BOX, { name: "interval", unit: "ms", least: 1e-3 },
    { name: "count", unit: "", least: 1, most: 1000, whole: true }],
  ramp: BOX,
  sine: [...BOX, { name: "frequency", unit: "Hz", least: 0 }],
  chirp: [...BOX, { name: "frequency_start", unit: "Hz", least: 0 },
    { name: "frequency_end", unit: "Hz", least: 0 }],
  noise: [...BOX, { name: "tau", unit: "ms", least: 1e-2 },
    { name: "seed", unit: "", least: 0, most: 2 ** 53 - 1, whole: true }],
  shock: [START, { name: "amplitude", unit: "mV" }],
  clamp: [START, DURATION, { name: "voltage", unit: "mV" }, { name: "to", unit: "mV" }],
};

/**
 * Between what a number of a stimulus lies: what a link may say, so that all that is shown can be
 * shared; and whether it may be left out.
 *
 * @param {import("../link/limits.js").Limits} limits
 * @param {string} kind
 * @param {Field} field
 * @returns {{least: number, most: number, empty: boolean}}
 */
export function boundsIn(limits, kind, { name, least = -Infinity, most = Infinity }) {
  const known = limits.stimuli.find((each) => each.kind === kind);
  const bounds = [...known?.values ?? [], ...known?.settings ?? []].find((each) => each.name === name);
  return { least: Math.max(least, bounds?.low ?? -Infinity), most: Math.min(most, bounds?.high ?? Infinity),
    empty: bounds?.usual === null };
}

/**
 * One of each kind, to begin with, in a run that lasts so many ms.
 *
 * @param {string} kind
 * @param {number} lasts  ms
 * @returns {Shape}
 */
export function fresh(kind, lasts) {
  const part = (/** @type {number} */ of) => Number((lasts * of).toPrecision(2));
  const box = { kind, unit: "uA/cm2", start: part(0.1), duration: part(0.8), amplitude: 10 };
  switch (kind) {
    case "pulse": return { ...box, start: part(0.5), duration: 1, amplitude: 10 };
    case "pulse_train": return { ...box, duration: 1, amplitude: 15, interval: 10,
      count: Math.max(2, Math.floor(lasts * 0.08)) };
    case "sine": return { ...box, amplitude: 4, frequency: 60, phase: 0 };
    case "chirp": return { ...box, amplitude: 2, frequency_start: 0, frequency_end: 200 };
    case "noise": return { ...box, amplitude: 4, seed: 1, tau: 2, mean: 0, interval: 0.025, generator: 2 };
    case "shock": return { kind, start: part(0.5), amplitude: 10, amplitude_unit: "mV" };
    default: return box;
  }
}

/**
 * What a kind is called.
 *
 * @param {string} kind
 * @param {import("../words.js").Words} words
 */
export function kindName(kind, words) {
  switch (kind) {
    case "pulse": return words("pulse");
    case "step": return words("step");
    case "pulse_train": return words("train");
    case "ramp": return words("ramp");
    case "sine": return words("sine");
    case "chirp": return words("chirp");
    case "noise": return words("noise");
    case "shock": return words("shock");
    case "clamp": return words("clamp");
    default: return kind;
  }
}

/**
 * What a number of a stimulus is called.
 *
 * @param {string} name
 * @param {import("../words.js").Words} words
 */
export function fieldName(name, words) {
  switch (name) {
    case "start": return words("start");
    case "duration": return words("duration");
    case "amplitude": return words("amplitude");
    case "interval": return words("interval");
    case "count": return words("count");
    case "frequency": return words("frequency");
    case "frequency_start": return words("first frequency");
    case "frequency_end": return words("last frequency");
    case "seed": return words("seed");
    case "voltage": return words("voltage");
    case "to": return words("ends at");
    case "tau": return "τ";
    default: return name;
  }
}

/**
 * From when to when it does something, ms.
 *
 * @param {Shape} shape
 * @returns {[number, number]}
 */
export function window_(shape) {
  const { kind, start, duration, interval, count } = shape;
  if (kind === "pulse_train") return [start, start + (count - 1) * interval + duration];
  return [start, duration === undefined ? Infinity : start + duration];
}

/**
 * When it is not smooth, within a run, ms, in order. What is sampled has none of its own here.
 *
 * @param {Shape[]} shapes
 * @param {number} lasts  ms
 * @returns {number[]}
 */
export function edges(shapes, lasts) {
  const all = shapes.flatMap((shape) => {
    if (shape.kind === "noise" || shape.kind === "waveform") return [];
    if (shape.kind !== "pulse_train") return window_(shape);
    const { start, duration, interval, count } = shape;
    const first = Math.max(Math.floor((-start - duration) / interval) - 1, 0);
    const last = Math.min(Math.floor((lasts - start) / interval) + 1, count - 1, first + 20000);
    const onsets = [];
    for (let k = first; k <= last; k++) onsets.push(start + k * interval);
    return onsets.flatMap((onset) => [onset, onset + duration]);
  });
  const inside = all.filter((edge) => edge >= 0 && edge <= lasts);
  return [...new Set(inside)].sort((a, b) => a - b);
}

/**
 * The current at a time, at an edge just after it; NaN of what has no formula.
 *
 * @param {Shape} shape
 * @param {number} time  ms
 */
function value(shape, time) {
  const { kind, start, duration, amplitude } = shape;
  const since = time - start;
  if (kind === "step") return since >= 0 ? amplitude : 0;
  if (kind === "pulse_train") {
    const which = Math.floor(since / shape.interval + 1e-12);
    const on = which >= 0 && which < shape.count && since - which * shape.interval < duration;
    return on ? amplitude : 0;
  }
  if (since < 0 || since >= duration) return 0;
  switch (kind) {
    case "pulse": return amplitude;
    case "ramp": return (amplitude * since) / duration;
    case "sine": return amplitude * Math.sin((2 * Math.PI * shape.frequency * since) / 1e3 + shape.phase);
    case "chirp": {
      const rise = (shape.frequency_end - shape.frequency_start) / duration;
      const turns = (since * (shape.frequency_start + (rise * since) / 2)) / 1e3;
      return amplitude * Math.sin(2 * Math.PI * turns);
    }
    default: return NaN;
  }
}

/** Whether a stimulus's course can be drawn by its formula. */
const DRAWN = new Set(["pulse", "step", "pulse_train", "ramp", "sine", "chirp"]);

/**
 * The injected current as a line with upright edges, or null where only a run knows it.
 *
 * @param {Shape[]} shapes
 * @param {number} lasts  ms
 * @param {number} points  between its ends
 * @param {(shape: Shape) => number} factor  its unit in uA/cm2
 * @returns {{x: number[], y: number[]} | null}
 */
export function course(shapes, lasts, points, factor) {
  const currents = shapes.filter(({ kind }) => kind !== "shock" && kind !== "clamp");
  if (!currents.every(({ kind }) => DRAWN.has(kind))) return null;
  const flat = currents.every(({ kind }) => ["pulse", "step", "pulse_train", "ramp"].includes(kind));
  const stops = [...new Set([0, ...edges(currents, lasts), lasts])].sort((a, b) => a - b);
  const total = (/** @type {number} */ time) =>
    currents.reduce((sum, shape) => sum + factor(shape) * value(shape, time), 0);
  /** @type {number[]} */
  const x = [];
  /** @type {number[]} */
  const y = [];
  for (let k = 0; k + 1 < stops.length; k++) {
    const [from, to] = [stops[k], stops[k + 1]];
    const parts = flat ? 1 : Math.max(1, Math.ceil((points * (to - from)) / lasts));
    // at both ends just within: 5.3 - 5 is less than 0.3, and a pulse that ends there would go on
    const near = 1e-9 * (to - from);
    for (let part = 0; part <= parts; part++) {
      const at = part === parts ? to : from + ((to - from) * part) / parts;
      x.push(at);
      y.push(total(Math.min(Math.max(at, from + near), to - near)));
    }
  }
  x.push(lasts);
  y.push(total(lasts));
  return { x, y };
}

/**
 * The stretches in which something is injected, for the shading behind the traces.
 *
 * @param {Shape[]} shapes
 * @param {number} lasts
 * @returns {[number, number][]}
 */
export function stretches(shapes, lasts) {
  const on = shapes.filter(({ kind, amplitude }) => kind !== "shock" && amplitude !== 0);
  const each = on.flatMap((shape) => {
    if (shape.kind !== "pulse_train" || shape.count > 200) return [window_(shape)];
    return Array.from({ length: shape.count }, (_, k) => {
      const start = shape.start + k * shape.interval;
      return /** @type {[number, number]} */ ([start, start + shape.duration]);
    });
  });
  const sorted = each.map(([a, b]) => /** @type {[number, number]} */ ([Math.max(a, 0), Math.min(b, lasts)]))
    .filter(([a, b]) => b > a).sort((one, other) => one[0] - other[0]);
  /** @type {[number, number][]} */
  const merged = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}
