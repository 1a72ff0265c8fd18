/**
 * The solve along an axon: `loligo/engine/llvm/solve.py` operation by operation, so that the bits
 * are the same. An axon is cut into eight runs of one length; each is eliminated by itself (Wang
 * 1981, doi:10.1145/355945.355951), which leaves its unknowns as functions of the nearest unknown
 * of the run before, z, and of the run after:
 *
 *     x[i] = p[i] + q[i] x[i + 1] + s[i] z
 */

export const RUNS = 8;

/** The system of one axon: its runs lie one after the other. */
export class Solve {
  /**
   * @param {{link: Float64Array, area: Float64Array, mass: Float64Array}} line  uS to the next; 1e-5
   *   times um2; twice the capacity over the step, uS
   */
  constructor({ link, area, mass }) {
    this.link = link;
    this.area = area;
    this.mass = mass;
    this.size = area.length;
    /** What the membrane offers: its current, uA/cm2, and how it changes with V, mS/cm2. */
    this.I = new Float64Array(this.size);
    this.G = new Float64Array(this.size);
    /** What is injected, nA. */
    this.drive = new Float64Array(this.size);
    this.p = new Float64Array(this.size);
    this.q = new Float64Array(this.size);
    this.s = new Float64Array(this.size);
    /** The last unknown of the run before each, and the first of the run after. */
    this.z = new Float64Array(RUNS);
    this.y = new Float64Array(RUNS);
  }

  /**
   * V by the midpoint rule, or by the second of two halves.
   *
   * @param {Float64Array} V
   * @param {1 | 2} factor
   */
  move(V, factor) {
    this.reduce(V);
    this.substitute((i, u) => {
      V[i] = factor * u + V[i];
    });
  }

  /**
   * The first of two backward Euler halves, and the current that goes with it.
   *
   * @param {Float64Array} V
   */
  halve(V) {
    const { I, G } = this;
    this.reduce(V);
    this.substitute((i, u) => {
      V[i] += u;
      I[i] = G[i] * u + I[i];
    });
  }

  /**
   * All runs eliminated, and what joins them.
   *
   * @param {Float64Array} V
   */
  reduce(V) {
    const { p, q, s } = this;
    const length = this.size / RUNS;
    let alpha = 0, beta = 0;
    const steps = [];
    for (let run = 0; run < RUNS; run++) {
      const [P, Q, S] = this.eliminate(V, run * length, length);
      const last = (run + 1) * length - 1;
      const inverse = 1 / (1 - S * beta);
      const top = (P + S * alpha) * inverse;
      const slope = Q * inverse;
      [alpha, beta] = [p[last] + s[last] * (alpha + beta * top), q[last] + s[last] * (beta * slope)];
      steps.push([top, slope, alpha, beta]);
    }
    let following = 0;
    for (let run = RUNS - 1; run >= 0; run--) {
      const [top, slope, alpha, beta] = steps[run];
      this.y[run] = following;
      if (run + 1 < RUNS) this.z[run + 1] = alpha + beta * following;
      following = top + slope * following;
    }
  }

  /**
   * Down one run: what its first unknown is.
   *
   * @param {Float64Array} V
   * @param {number} first
   * @param {number} length
   * @returns {[number, number, number]} the first unknown is P + Q times the first of the run after +
   *   S z
   */
  eliminate(V, first, length) {
    const { link, area, mass, drive, I, G, p, q, s } = this;
    // the row before the first is z itself
    const before = first > 0 ? link[first - 1] : 0;
    let flow = before * (V[first] - (first > 0 ? V[first - 1] : 0));
    let held = before, lp = 0, ls = before, P = 0, Q = 1, S = 0;
    for (let i = first; i < first + length; i++) {
      const next = i + 1 < this.size ? V[i + 1] : 0;
      const out = link[i] * (next - V[i]);
      const right = -area[i] * I[i] + (drive[i] + (out - flow));
      const alone = area[i] * G[i] + mass[i];
      const excess = alone + held;
      const inverse = 1 / (link[i] + alone + held);
      q[i] = link[i] * inverse;
      p[i] = (right + lp) * inverse;
      s[i] = ls * inverse;
      flow = out;
      held = link[i] * excess * inverse;
      lp = link[i] * p[i];
      ls = link[i] * s[i];
      P = Q * p[i] + P;
      S = Q * s[i] + S;
      Q *= q[i];
    }
    return [P, Q, S];
  }

  /**
   * Up the runs.
   *
   * @param {(i: number, u: number) => void} found
   */
  substitute(found) {
    const { p, q, s, size, y, z } = this;
    const length = size / RUNS;
    for (let run = RUNS - 1; run >= 0; run--) {
      let u = y[run];
      for (let i = (run + 1) * length - 1; i >= run * length; i--) {
        u = q[i] * u + (s[i] * z[run] + p[i]);
        found(i, u);
      }
    }
  }
}
