/**
 * An axon: a membrane's own blocks in compartments that are joined, with gates half a step apart
 * from V, as `loligo/program/coupled.py` steps them:
 *
 *     (2 C/dt + G - D) u = -I(V, gates) + D V + injected,    V += 2 u
 *
 * What the membrane does is its kernel's; the solve that joins the compartments stands in `runs.js`.
 * Where a current jumps, two steps are two backward Euler halves each (Rannacher 1984,
 * doi:10.1007/BF01390130). In portable mode the bits are Python's.
 *
 * @typedef {object} Axon
 * @property {Float64Array} area  1e-5 times um2
 * @property {Float64Array} link  uS between each compartment and the next
 * @property {Record<string, number | Float64Array>} numbers  the membrane's, one or one for each
 * @property {{at: number, start: number, duration: number, amplitude: number}[]} pulses  in which
 *   compartment, ms, nA
 * @property {number} threshold  mV, of spikes
 * @property {Record<string, number>} [begin]  states of all compartments, where they have no rest
 */

import { balance } from "./balance.js";
import { RUNS, Solve } from "./runs.js";
import { beginSwings, crossing, ownPeaks, reach, tell, turning } from "./spikes.js";

/** @typedef {import("./spikes.js").Spike} Spike */

const DAMPED = 2; // steps from a jump on

/**
 * The same states in all compartments.
 *
 * @param {Record<string, number>} states
 * @param {number} count
 */
function alike(states, count) {
  return Object.fromEntries(Object.entries(states).map(([name, value]) => [name, new Float64Array(count).fill(value)]));
}

export class Cable {
  /**
   * @param {import("./model.js").Model} model
   * @param {Axon} axon
   * @param {number} dt  ms
   */
  constructor(model, axon, dt) {
    this.code = model.codes.cable;
    this.kernel = model.manifest.cable;
    this.numerics = model.manifest.numerics;
    this.axon = axon;
    this.dt = dt;
    this.steps = 0;
    this.count = axon.area.length;
    /** With copies of the last compartment, so that all runs are of one length. */
    this.size = Math.ceil(this.count / RUNS) * RUNS;
    this.numbers = Object.fromEntries(
      Object.entries(axon.numbers).map(([name, value]) => [name, typeof value === "number" ? value : this.filled(value)])
    );
    const { C_m: C } = axon.numbers;
    const capacity = axon.area.map((each, k) => (typeof C === "number" ? C : C[k]) * each);
    const begun = axon.begin ? alike(axon.begin, this.count) : balance(model, axon, capacity);
    /** @type {string[]} */
    this.states = this.kernel.states;
    this.rows = this.states.map((name) => this.filled(begun[name]));
    const link = new Float64Array(this.size);
    link.set(axon.link);
    this.solve = new Solve({
      link, area: this.filled(axon.area), mass: this.filled(capacity.map((each) => (2 / dt) * each)),
    });
    /** Steps in which a current jumps. @type {Set<number>} */
    this.jumps = new Set(axon.pulses.flatMap(({ start, duration }) =>
      [start, start + duration].map((edge) => Math.floor(edge / dt + 1e-9))));
    this.watched = this.watching();
  }

  /** V of all compartments. */
  get V() {
    return this.rows[0].subarray(0, this.count);
  }

  get time() {
    return this.steps * this.dt;
  }

  /** @param {Float64Array} values  of all compartments */
  filled(values) {
    return Float64Array.from({ length: this.size }, (_, k) => values[Math.min(k, this.count - 1)]);
  }

  /** What is known of spikes as a run begins. */
  watching() {
    const begun = Array.from(this.V);
    const { grain } = this.numerics;
    return {
      before: new Float64Array(this.count).fill(NaN),
      armed: begun.map((v) => v < this.axon.threshold - grain),
      rising: begun.map(() => true),
      swings: begun.map(beginSwings),
      spikes: begun.map(() => /** @type {Spike[]} */ ([])),
    };
  }

  /** The spikes of each compartment. @returns {Spike[][]} */
  spikes() {
    const { spikes, swings } = this.watched;
    return spikes.map((found, k) => ownPeaks(found, swings[k], this.V[k], this.axon.threshold));
  }

  /**
   * Go on by so many steps.
   *
   * @param {number} steps
   * @param {(cable: Cable) => void} [each]  after every step
   */
  advance(steps, each) {
    this.code.arena.clear();
    const constants = this.code.map("prepare", this.kernel.maps.prepare, { ...this.numbers, ".dt": this.dt }, this.size);
    const offer = this.block("offer", constants);
    const settle = "settle" in this.kernel.maps ? this.block("settle", constants) : null;
    for (let k = 0; k < steps; k++) {
      offer(this.steps === 0 ? 0.5 * this.dt : this.dt);
      this.join();
      settle?.(0);
      this.steps += 1;
      each?.(this);
    }
  }

  /**
   * A block of the kernel, ready to be called: states in, states out.
   *
   * @param {string} name
   * @param {Record<string, Float64Array>} constants
   * @returns {(lead: number) => void}
   */
  block(name, constants) {
    const { size, states, rows, solve, code } = this;
    const { inputs, outputs } = this.kernel.maps[name];
    const source = code.arena.take(inputs.length * size);
    const target = code.arena.take(outputs.length * size);
    inputs.forEach((/** @type {string} */ input, /** @type {number} */ i) => {
      const row = code.arena.row(source + 8 * i * size, size);
      if (input in constants) row.set(constants[input]);
      else row.fill(this.dt);
    });
    /** @param {string} of */
    const row = (of) => ({ ".I": solve.I, ".G": solve.G })[of] ?? rows[states.indexOf(of)];
    const into = inputs.map((/** @type {string} */ of, /** @type {number} */ i) => ({ row: row(of), i, lead: of === ".lead" }))
      .filter((/** @type {any} */ each) => each.row || each.lead);
    const out = outputs.map(row);
    return (lead) => {
      const memory = code.arena.numbers();
      for (const { row, i, lead: leads } of into) {
        const from = source / 8 + i * size;
        if (leads) memory.fill(lead, from, from + size);
        else memory.set(row, from);
      }
      code.functions[`map_${name}`](BigInt(size), source, target);
      out.forEach((/** @type {Float64Array} */ row, /** @type {number} */ i) => {
        const from = target / 8 + i * size;
        row.set(memory.subarray(from, from + size));
      });
    };
  }

  /** V, in all compartments together. */
  join() {
    const { solve, rows: [V], dt } = this;
    const now = V.slice();
    const [begin, end] = [this.steps * dt, (this.steps + 1) * dt];
    solve.drive.fill(0);
    for (const { at, start, duration, amplitude } of this.axon.pulses) {
      const charge = amplitude * (local(end, start, duration) - local(begin, start, duration));
      solve.drive[at] += charge / dt;
    }
    const damped = this.damped();
    if (damped) solve.halve(V);
    solve.move(V, damped ? 1 : 2);
    this.watch(now);
  }

  /** Whether a current has just changed its course, or the run begins. */
  damped() {
    for (let k = 0; k < DAMPED; k++) {
      if (this.steps === k || this.jumps.has(this.steps - k)) return true;
    }
    return false;
  }

  /**
   * Note where V turned, and rose through the threshold.
   *
   * @param {Float64Array} now  V as the step began
   */
  watch(now) {
    const { before, armed, rising, swings, spikes } = this.watched;
    const { grain, swing } = this.numerics;
    const { threshold } = this.axon;
    const [V] = this.rows;
    for (let k = 0; k < this.count; k++) {
      const after = V[k], moved = after - now[k];
      const turned = (rising[k] ? -moved : moved) >= grain;
      const come = armed[k] ? after >= threshold : after < threshold - grain;
      if (turned) {
        reach(swings[k], turning(before[k], now[k], after), swing);
        rising[k] = !rising[k];
      }
      if (come) {
        const theta = crossing(before[k], now[k], after, threshold);
        if (armed[k]) spikes[k].push(tell(swings[k], (this.steps + theta) * this.dt, threshold));
        armed[k] = !armed[k];
      }
      before[k] = now[k];
    }
  }
}

/**
 * How long something has been on at a time.
 *
 * @param {number} time
 * @param {number} start
 * @param {number} duration
 */
function local(time, start, duration) {
  return Math.min(Math.max(time - start, 0), duration);
}
