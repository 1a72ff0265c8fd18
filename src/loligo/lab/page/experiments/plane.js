/**
 * The plane of V and a gate: what the others do there, how both move, where each stands still and
 * where both do, as `lo.experiments.phase_plane` has it.
 *
 * @typedef {(states: Record<string, Float64Array>, current: number) => Record<string, Float64Array>}
 *   Derivative  of each state, per ms; all rows as long as one another
 * @typedef {{kind: "steady"} | {kind: "held", value: number}
 *   | {kind: "share", other: string, part: number}} Way  what becomes of a state
 * @typedef {object} Membrane
 * @property {string[]} states  V first
 * @property {string[]} gates  those of the states that are gates
 * @property {Derivative} derivative
 * @typedef {object} Point  where both stand still
 * @property {number} x  mV
 * @property {number} y
 * @property {string} kind  such as "stable focus"
 * @property {boolean} stable
 * @property {[number, number]} real  per ms, of the eigenvalues
 * @property {[number, number]} imag
 */

import { inRatio } from "./asking.js";
import { crossings } from "./contour.js";

const SAME_PACE = 3; // times faster or slower
const BEYOND = 10; // mV beyond the outermost reversal potentials
const ROOM = 0.35; // around what is known of a state without bounds
const NEWTON = 40; // steps at most
const SAME = 1e-7; // of the plane's size: what is closer is one point
const TURNS = 1e-9; // beside the other part of an eigenvalue: less is none
const STEP = 1e-4; // mV, and parts of one, of differences that stand for slopes

/**
 * What becomes of the states that are not in the plane: what is faster than y is steady, what is
 * slower held as at rest; a gate of about the same pace that V moves the other way is as large a
 * part of 1 - y as at rest (FitzHugh 1961, doi:10.1016/S0006-3495(61)86902-6).
 *
 * @param {Membrane} membrane
 * @param {string} y
 * @param {Record<string, number>} rest
 * @returns {Record<string, Way>}
 */
export function byPace(membrane, y, rest) {
  const own = paceOf(membrane, y, rest);
  /** @type {Record<string, Way>} */
  const ways = {};
  for (const name of membrane.states) {
    if (name === "V" || name === y) continue;
    const other = paceOf(membrane, name, rest);
    const gate = membrane.gates.includes(name);
    const alike = SAME_PACE * other.tau > own.tau && own.tau > other.tau / SAME_PACE;
    if (gate && membrane.gates.includes(y) && other.rising * own.rising < 0 && alike) {
      ways[name] = { kind: "share", other: y, part: rest[name] / (1 - rest[y]) };
    } else if (gate && other.tau < own.tau) {
      ways[name] = { kind: "steady" };
    } else {
      ways[name] = { kind: "held", value: rest[name] };
    }
  }
  return ways;
}

/**
 * All gates steady, or all as at rest; other states as at rest.
 *
 * @param {Membrane} membrane
 * @param {string} y
 * @param {Record<string, number>} rest
 * @param {"steady" | "frozen"} how
 * @returns {Record<string, Way>}
 */
export function alike(membrane, y, rest, how) {
  /** @type {Record<string, Way>} */
  const ways = {};
  for (const name of membrane.states) {
    if (name === "V" || name === y) continue;
    const steady = how === "steady" && membrane.gates.includes(name);
    ways[name] = steady ? { kind: "steady" } : { kind: "held", value: rest[name] };
  }
  return ways;
}

/**
 * The time constant of a state's own at rest, ms, and by how much its rate grows with V.
 *
 * @param {Membrane} membrane
 * @param {string} name
 * @param {Record<string, number>} rest
 */
function paceOf(membrane, name, rest) {
  /** @type {(key: string, by: number) => number} */
  const rate = (key, by) => {
    const states = Object.fromEntries(
      membrane.states.map((each) => [each, Float64Array.of(rest[each] + (each === key ? by : 0))]));
    return membrane.derivative(states, 0)[name][0];
  };
  /** @type {(key: string) => number} */
  const slope = (key) => (rate(key, STEP) - rate(key, -STEP)) / (2 * STEP);
  return { tau: -1 / slope(name), rising: slope("V") };
}

/**
 * How V and a gate move each other while the other states do what they shall.
 */
export class Plane {
  /**
   * @param {Membrane} membrane
   * @param {string} y
   * @param {Record<string, Way>} ways
   * @param {number} current  µA/cm²
   */
  constructor(membrane, y, ways, current) {
    this.membrane = membrane;
    this.y = y;
    this.ways = ways;
    this.current = current;
  }

  /**
   * Both rates, per ms.
   *
   * @param {Float64Array} V  mV
   * @param {Float64Array} y
   * @returns {[Float64Array, Float64Array]}
   */
  rates(V, y) {
    const states = this.states(V, y);
    const found = this.membrane.derivative(states, this.current);
    return [found.V, found[this.y]];
  }

  /**
   * All states at points of the plane.
   *
   * @param {Float64Array} V
   * @param {Float64Array} y
   */
  states(V, y) {
    /** @type {Record<string, Float64Array>} */
    const states = { V, [this.y]: y };
    const steady = [];
    for (const [name, way] of Object.entries(this.ways)) {
      if (way.kind === "held") states[name] = new Float64Array(V.length).fill(way.value);
      else if (way.kind === "share") states[name] = y.map((part) => way.part * (1 - part));
      else steady.push(name);
    }
    if (!steady.length) return states;
    const closed = { ...states };
    const open = { ...states };
    for (const name of steady) {
      closed[name] = new Float64Array(V.length);
      open[name] = new Float64Array(V.length).fill(1);
    }
    const [opening, closing] = [closed, open].map((each) => this.membrane.derivative(each, 0));
    for (const name of steady) {
      states[name] = opening[name].map((part, k) => part / (part - closing[name][k]));
    }
    return states;
  }

  /**
   * Where V (0) or y (1) stands still: curves through a box, with NaN between them.
   *
   * @param {0 | 1} side
   * @param {Float64Array} across  the lines of a grid
   * @param {Float64Array} up
   */
  nullcline(side, across, up) {
    return crossings((V, y) => this.rates(V, y)[side], across, up);
  }

  /**
   * Both rates at one point, for many calls.
   *
   * @param {(states: Float64Array, current: number) => Float64Array} at  all states' rates, in
   *   their order
   * @returns {(V: number, y: number) => [number, number]}
   */
  along(at) {
    const names = this.membrane.states;
    const up = names.indexOf(this.y);
    const x = new Float64Array(names.length);
    /** @type {[number, Way][]} */
    const ways = Object.entries(this.ways).map(([name, way]) => [names.indexOf(name), way]);
    const steady = ways.filter(([, way]) => way.kind === "steady").map(([k]) => k);
    return (V, y) => {
      [x[0], x[up]] = [V, y];
      for (const [k, way] of ways) {
        if (way.kind === "held") x[k] = way.value;
        else if (way.kind === "share") x[k] = way.part * (1 - y);
        else x[k] = 0;
      }
      if (steady.length) {
        const opening = at(x, 0);
        for (const k of steady) x[k] = 1;
        const closing = at(x, 0);
        for (const k of steady) x[k] = opening[k] / (opening[k] - closing[k]);
      }
      const rates = at(x, this.current);
      return [rates[0], rates[up]];
    };
  }

  /**
   * How V and y change the rates at a point: [[dV/V, dV/y], [dy/V, dy/y]].
   *
   * @param {number} x
   * @param {number} y
   */
  slopes(x, y) {
    const h = STEP;
    const [dV, dy] = this.rates(Float64Array.of(x + h, x - h, x, x),
      Float64Array.of(y, y, y + h, y - h));
    return [dV, dy].map((rate) => [(rate[0] - rate[1]) / (2 * h), (rate[2] - rate[3]) / (2 * h)]);
  }

  /**
   * Where both stand still: where the gate's rate changes its sign along V's nullcline, Newton's
   * method begins.
   *
   * @param {{x: Float64Array, y: Float64Array}} curve  on which V stands still
   * @returns {Point[]}
   */
  fixed(curve) {
    const rate = this.rates(curve.x, curve.y)[1];
    /** @type {Point[]} */
    const points = [];
    for (let k = 0; k + 1 < rate.length; k++) {
      if (!(Math.sign(rate[k]) * Math.sign(rate[k + 1]) <= 0)) continue;
      const part = rate[k] === rate[k + 1] ? 0 : rate[k] / (rate[k] - rate[k + 1]);
      const [x, y] = this.stands(curve.x[k] + part * (curve.x[k + 1] - curve.x[k]),
        curve.y[k] + part * (curve.y[k + 1] - curve.y[k]));
      const near = points.some((each) => Math.abs(each.x - x) <= SAME * 100
        && Math.abs(each.y - y) <= SAME);
      if (!near) points.push({ x, y, ...this.around(x, y) });
    }
    return points.sort((a, b) => a.x - b.x);
  }

  /**
   * Newton's method.
   *
   * @param {number} x
   * @param {number} y
   * @returns {[number, number]}
   */
  stands(x, y) {
    for (let k = 0; k < NEWTON; k++) {
      const [dV, dy] = this.rates(Float64Array.of(x), Float64Array.of(y));
      const [[a, b], [c, d]] = this.slopes(x, y);
      const whole = a * d - b * c;
      const [moveX, moveY] = [(d * dV[0] - b * dy[0]) / whole, (a * dy[0] - c * dV[0]) / whole];
      if (!Number.isFinite(moveX + moveY)) break;
      [x, y] = [x - moveX, y - moveY];
      if (Math.abs(moveX) <= 1e-13 * Math.abs(x) && Math.abs(moveY) <= 1e-13 * Math.abs(y)) break;
    }
    return [x, y];
  }

  /**
   * What paths do around a fixed point.
   *
   * @param {number} x
   * @param {number} y
   */
  around(x, y) {
    const [[a, b], [c, d]] = this.slopes(x, y);
    const [half, product] = [(a + d) / 2, a * d - b * c];
    const inside = half * half - product;
    const root = Math.sqrt(Math.abs(inside));
    /** @type {[number, number]} */
    const real = inside >= 0 ? [half - root, half + root] : [half, half];
    /** @type {[number, number]} */
    const imag = inside >= 0 ? [0, 0] : [root, -root];
    return { real, imag, kind: kindOf(real, imag), stable: Math.max(...real) < 0 };
  }
}

/**
 * From where to where a state is shown: of a gate all; of V what lies between reversal potentials;
 * else from where to where its own rate changes its sign with the other at rest, and some room.
 *
 * @param {Plane} plane
 * @param {0 | 1} side  V, or the state upwards
 * @param {Record<string, number>} rest
 * @param {number[]} potentials  mV, the reversal potentials
 * @param {number} scale  of the state
 * @returns {{low: number, high: number}}
 */
export function sideOf(plane, side, rest, potentials, scale) {
  if (side === 1 && plane.membrane.gates.includes(plane.y)) return { low: 0, high: 1 };
  if (side === 0 && potentials.length > 1) {
    return { low: Math.min(...potentials) - BEYOND, high: Math.max(...potentials) + BEYOND };
  }
  const [centre, other] = side === 0 ? [rest.V, rest[plane.y]] : [rest[plane.y], rest.V];
  const near = inRatio(1e-3, 200, 300).map((each) => (each * scale) / (side === 0 ? 100 : 1));
  const row = Float64Array.from([...near.map((each) => -each).reverse(), 0, ...near], (each) => centre + each);
  const still = row.map(() => other);
  const rate = side === 0 ? plane.rates(row, still)[0] : plane.rates(still, row)[1];
  const turns = Array.from(row).filter((_, k) => k + 1 < row.length && Math.sign(rate[k]) !== Math.sign(rate[k + 1]));
  const [low, high] = [Math.min(centre, ...turns), Math.max(centre, ...turns)];
  const room = high - low > 1e-2 * scale ? ROOM * (high - low) : 0.5;
  return { low: low - room, high: high + room };
}

/**
 * The kind of a fixed point, by its two eigenvalues.
 *
 * @param {[number, number]} real
 * @param {[number, number]} imag
 */
function kindOf(real, imag) {
  const size = Math.max(Math.hypot(real[0], imag[0]), Math.hypot(real[1], imag[1]));
  if (Math.abs(imag[0]) > TURNS * size) {
    if (Math.abs(real[0]) <= TURNS * size) return "centre";
    return real[0] < 0 ? "stable focus" : "unstable focus";
  }
  if (Math.min(...real.map(Math.abs)) <= TURNS * size) return "degenerate";
  if (Math.min(...real) < 0 && Math.max(...real) > 0) return "saddle";
  return Math.max(...real) < 0 ? "stable node" : "unstable node";
}
