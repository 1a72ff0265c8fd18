/**
 * What is done to a membrane, as the numbers of a kernel's slots.
 *
 * Stimuli are documents as Python writes them (`loligo/stimulus/document.py`). A slot that none of
 * them has is empty: it never begins, and what it adds is 0.
 */

/** @typedef {Record<string, any>} Document */
/** @typedef {{kind: string, prefix: string, parameters: string[]}} Slot */
/** @typedef {{edge_tolerance: number, rounded: number}} Numerics */

const NEVER = 1e12; // ms: when an empty slot begins
const NA_PER_UM2 = 1e5; // 1 nA/um2 in uA/cm2
const MOST_EDGES = 10000000;

/** @type {Record<string, Record<string, number>>} */
const EMPTY = {
  pulse: { start: NEVER, duration: 1, amplitude: 0 },
  pulse_train: { start: NEVER, duration: 1, amplitude: 0, interval: 1, count: 1 },
  ramp: { start: NEVER, duration: 1, amplitude: 0 },
  sine: { start: NEVER, duration: 1, amplitude: 0, frequency: 0, phase: 0 },
  chirp: { start: NEVER, duration: 1, amplitude: 0, frequency_start: 0, frequency_end: 0 },
  noise: { start: NEVER, duration: 1, amplitude: 0, mean: 0 },
  clamp: { start: NEVER, duration: 1, off: NEVER + 1, voltage: 0, to: 0 },
};
// a step is a pulse that does not end
/** @type {Record<string, string>} */
const SLOT_OF = { step: "pulse" };

/** An error of what was asked for, in words for a person. */
export class AskedError extends Error {}

/**
 * Stimuli one by one, sums taken apart.
 * @param {Document[]} documents
 * @returns {Document[]}
 */
export function shapesOf(documents) {
  /** @type {Document[]} */
  const shapes = [];
  for (const one of documents) {
    if (one.kind === "sum") shapes.push(...shapesOf(one.shapes));
    else shapes.push(one);
  }
  return shapes;
}

/** What is done, in slots. */
export class Placed {
  /**
   * @param {Document[]} documents
   * @param {Slot[]} slots
   */
  constructor(documents, slots) {
    this.shapes = shapesOf(documents);
    this.slots = slots;
    /** Which slot each shape has. @type {Slot[]} */
    this.taken = [];
    const free = slots.slice();
    for (const shape of this.shapes) {
      const kind = SLOT_OF[shape.kind] || shape.kind;
      const which = free.findIndex((slot) => slot.kind === kind);
      if (which < 0) {
        const room = slots.filter((slot) => slot.kind === kind).length;
        throw new AskedError(
          room ? `there is room for ${room} of the kind ${kind}` : `${kind} cannot be done here`
        );
      }
      this.taken.push(free[which]);
      free.splice(which, 1);
    }
    this.noisy = this.shapes.some((shape) => shape.kind === "noise");
    /** Where V is held ideally. */
    this.clamps = this.shapes.filter((shape) => shape.kind === "clamp");
  }

  /**
   * The numbers of the membrane and of every slot, by their names in a kernel; those of empty slots
   * are inherited, since they are the same in every run.
   * @param {Record<string, number>} parameters  of the membrane
   * @param {number} duration
   * @param {Numerics} numerics
   * @returns {Record<string, number>}
   */
  numbers(parameters, duration, numerics) {
    /** @type {Record<string, number>} */
    const values = Object.assign(Object.create(nothing(this.slots)), parameters);
    this.shapes.forEach((shape, i) => {
      put(values, this.taken[i], this.#read(shape, parameters, duration, numerics));
    });
    return values;
  }

  /**
   * A shape's numbers, a total current made a density.
   * @param {Document} shape
   * @param {Record<string, number>} parameters
   * @param {number} duration
   * @param {Numerics} numerics
   * @returns {Record<string, number>}
   */
  #read(shape, parameters, duration, numerics) {
    if (shape.kind === "clamp") {
      const to = shape.to === null || shape.to === undefined ? shape.voltage : shape.to;
      const off = this.#lasts(shape, duration, numerics) ? Infinity : shape.start + shape.duration;
      return { start: shape.start, duration: shape.duration, off, voltage: shape.voltage, to };
    }
    const own = /** @type {Record<string, number>} */ ({ phase: 0, mean: 0, ...shape });
    if (shape.unit === "nA") {
      if (parameters.area === undefined) {
        throw new AskedError("a total current (nA) needs a membrane with an area");
      }
      own.amplitude *= NA_PER_UM2 / parameters.area;
      own.mean *= NA_PER_UM2 / parameters.area;
    }
    if (shape.kind === "step") own.duration = Infinity;
    return own;
  }

  /**
   * Whether a clamp is still on as the run ends, since it ends there.
   * @param {Document} clamp
   * @param {number} last
   * @param {Numerics} numerics
   */
  #lasts(clamp, last, { edge_tolerance: near }) {
    const end = clamp.start + clamp.duration;
    if (!(clamp.start < last - near && Math.abs(end - last) <= near)) return false;
    return this.clamps.every((other) => Math.abs(other.start - last) > near);
  }

  /**
   * What each slot that is handed a path has, in the order of a kernel's streams.
   * @param {string[]} streams
   * @returns {(Document | null)[]}
   */
  paths(streams) {
    return streams.map((stream) => {
      const which = this.taken.findIndex(({ prefix }) => `${prefix}.stream` === stream);
      return which < 0 ? null : this.shapes[which];
    });
  }

  /**
   * Times at which something begins or ends, increasing; the last is the end.
   * @param {number} end
   * @param {Numerics} numerics
   * @returns {number[]}
   */
  edges(end, { rounded }) {
    /** @type {number[]} */
    const points = [end];
    // the knots of a noise come with its path
    for (const shape of this.shapes.filter((each) => each.kind !== "noise")) {
      for (const point of breakpoints(shape, end)) {
        points.push(point > 0 && point <= end ? point : end);
      }
    }
    points.sort((a, b) => a - b);
    if (this.clamps.length) {
      // start + duration may miss the next start by rounding: the last of them is the edge
      for (let i = points.length - 2; i >= 0; i--) {
        if (points[i + 1] - points[i] <= points[i + 1] * rounded) points[i] = points[i + 1];
      }
    }
    return points.filter((point, i) => i + 1 === points.length || point < points[i + 1]);
  }
}

/** @type {WeakMap<Slot[], Record<string, number>>} */
const NOTHING = new WeakMap();

/**
 * The numbers of slots that are all empty.
 * @param {Slot[]} slots
 * @returns {Record<string, number>}
 */
function nothing(slots) {
  let values = NOTHING.get(slots);
  if (!values) {
    values = {};
    for (const slot of slots) put(values, slot, EMPTY[slot.kind]);
    NOTHING.set(slots, values);
  }
  return values;
}

/**
 * @param {Record<string, number>} values
 * @param {Slot} slot
 * @param {Record<string, number>} own
 */
function put(values, slot, own) {
  for (const name of slot.parameters) values[`${slot.prefix}.${name}`] = own[name];
}

/**
 * Where a shape is not smooth.
 * @param {Document} shape
 * @param {number} end
 * @returns {number[]}
 */
function breakpoints(shape, end) {
  if (shape.kind === "step") return [shape.start];
  if (shape.kind !== "pulse_train") return [shape.start, shape.start + shape.duration];
  const { start, duration, interval, count } = shape;
  const first = Math.max(Math.floor((-start - duration) / interval) - 1, 0);
  const last = Math.min(Math.floor((end - start) / interval) + 1, count - 1);
  if (last - first > MOST_EDGES / 2) throw new AskedError("a train has too many pulses");
  const points = [];
  for (let k = first; k <= last; k++) {
    const onset = start + k * interval;
    points.push(onset, onset + duration);
  }
  return points;
}
