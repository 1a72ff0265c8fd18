/**
 * An oscilloscope's beam: it sweeps from left to right, and its last sweep stays until it is
 * overwritten.
 */

const GAP = 0.03; // of a sweep: dark before the beam

export class Scope {
  /** @param {number} lasts  ms of a sweep */
  constructor(lasts) {
    this.lasts = lasts;
    this.sweep = 0;
    this.now = new Trace();
    this.before = new Trace();
  }

  /** @param {{time: Float64Array, V: Float64Array, I: Float64Array}} piece */
  draw({ time, V, I }) {
    for (let k = 0; k < time.length; k++) {
      const sweep = Math.floor(time[k] / this.lasts);
      if (sweep !== this.sweep) {
        [this.before, this.now] = [this.now, this.before];
        this.now.length = 0;
        this.sweep = sweep;
      }
      this.now.add(time[k] - sweep * this.lasts, V[k], I[k]);
    }
  }

  /** Where the beam is, ms from the left. */
  head() {
    return this.now.length ? this.now.x[this.now.length - 1] : 0;
  }

  /**
   * The lines of a quantity: this sweep's, and what is left of the last one.
   *
   * @param {"V" | "I"} name
   * @returns {{now: {x: Float64Array, y: Float64Array}, before: {x: Float64Array, y: Float64Array}}}
   */
  lines(name) {
    return { now: this.now.line(name, -Infinity), before: this.before.line(name, this.head() + GAP * this.lasts) };
  }
}

class Trace {
  constructor() {
    this.length = 0;
    this.x = new Float64Array(4096);
    this.V = new Float64Array(4096);
    this.I = new Float64Array(4096);
  }

  /**
   * @param {number} x
   * @param {number} V
   * @param {number} I
   */
  add(x, V, I) {
    if (this.length === this.x.length) {
      [this.x, this.V, this.I] = [this.x, this.V, this.I].map(doubled);
    }
    this.x[this.length] = x;
    this.V[this.length] = V;
    this.I[this.length] = I;
    this.length++;
  }

  /**
   * @param {"V" | "I"} name
   * @param {number} from  ms
   */
  line(name, from) {
    let first = 0;
    while (first < this.length && this.x[first] < from) first++;
    return { x: this.x.subarray(first, this.length), y: this[name].subarray(first, this.length) };
  }
}

/** @param {Float64Array} row */
function doubled(row) {
  const longer = new Float64Array(2 * row.length);
  longer.set(row);
  return longer;
}
