/**
 * A model in the browser: loligo's own kernels, called as Python calls them.
 *
 * Everything is computed one lane after the other, as if it were alone: nothing of a lane depends
 * on another. In portable mode the bits are Python's.
 */

import { adapt } from "./adaptive.js";
import { march } from "./fixed.js";
import { openCode } from "./memory.js";
import { NoRestError, held, rest } from "./rest.js";
import { AskedError, Placed } from "./slots.js";

/** @typedef {import("./memory.js").Code} Code */
/** @typedef {import("./spikes.js").Spike} Spike */
/** @typedef {Record<string, any>} Manifest */
/** @typedef {Record<string, number>} Numbers */
/**
 * @typedef {{
 *   model?: string, parameters?: Numbers, stimulus?: Record<string, any>[], duration: number,
 *   sample_interval?: number, solver?: {kind: string, tolerance?: number, dt?: number, portable?: boolean},
 *   initial?: null | "rest" | number | Numbers, threshold?: null | number,
 * }} Simulation
 */
/**
 * @typedef {{
 *   time: Float64Array, values: Record<string, Float64Array>, spikes: Spike[], status: string,
 *   initial: Numbers, final: Numbers, uncounted: {count: number, low: number, high: number},
 *   rested: boolean, end: number, steps: number,
 * }} Run
 */
/** @typedef {{record?: string[], spikesOnly?: boolean}} Options */

const MOST_SAMPLES = 2 ** 22;

/**
 * Compile a model's kernels.
 * @param {{name: string, manifest: Manifest, wasm: Uint8Array}} entry
 * @returns {Promise<Model>}
 */
export async function openModel(entry) {
  const { kernels: alone, cable } = entry.manifest;
  const kernels = Object.entries({ ...alone, ...(cable ? { cable } : {}) });
  const codes = await Promise.all(
    kernels.map(([, { bytes: [from, to] }]) => openCode(entry.wasm.subarray(from, to)))
  );
  return new Model(entry.name, entry.manifest, Object.fromEntries(kernels.map(([name], i) => [name, codes[i]])));
}

/** A model whose kernels are ready. */
export class Model {
  /** @type {Map<string, Numbers>} */
  #rests = new Map();
  /** @type {any} */
  #blocks = null;

  /**
   * @param {string} name
   * @param {Manifest} manifest
   * @param {Record<string, Code>} codes
   */
  constructor(name, manifest, codes) {
    this.name = name;
    this.manifest = manifest;
    this.codes = codes;
    /** The membrane's numbers as its paper has them. @type {Numbers} */
    this.defaults = {};
    for (const { symbol, value } of manifest.parameters) this.defaults[symbol] = value;
    /** Where the search of steady states begins. @type {Numbers} */
    this.guesses = {};
    for (const { symbol, guess } of manifest.states) {
      if (guess !== null) this.guesses[`guess.${symbol}`] = guess;
    }
  }

  /**
   * One run.
   * @param {Simulation} simulation
   * @param {Options} [options]
   * @returns {Run}
   */
  simulate(simulation, options = {}) {
    return this.#run(simulation, this.#asked(simulation, options));
  }

  /**
   * Many runs of one simulation, in each of which some numbers are others.
   * @param {Simulation} simulation
   * @param {Record<string, ArrayLike<number>>} changes  a parameter's symbol, or
   *   `stimulus.0.amplitude`, or `initial`, with a number for each lane
   * @param {Options} [options]
   * @returns {Run[]}
   */
  lanes(simulation, changes, options = {}) {
    const names = Object.keys(changes);
    const count = Math.max(...names.map((name) => changes[name].length));
    return Array.from({ length: count }, (_, k) => {
      const one = changed(simulation, names.map((name) => [name, changes[name][k]]));
      return this.simulate(one, options);
    });
  }

  /**
   * Where the membrane rests without stimulus.
   * @param {Numbers} [parameters]  those that are changed
   * @returns {Numbers}  each state's value
   */
  rest(parameters = {}) {
    const numbers = this.#numbers(parameters);
    const key = JSON.stringify(Object.values(numbers));
    let found = this.#rests.get(key);
    if (!found) {
      const given = { ...numbers, ...this.guesses };
      found = rest(this.#equations(), given, this.manifest.numerics.rest).states;
      if (this.#rests.size > 500) this.#rests.clear();
      this.#rests.set(key, found);
    }
    return { ...found };
  }

  /**
   * All states with V held.
   * @param {Numbers} parameters
   * @param {ArrayLike<number>} voltage
   * @param {Numbers} [kept]  states that are held too
   * @returns {Record<string, Float64Array>}  NaN where some state does not stand still
   */
  steady(parameters, voltage, kept = {}) {
    const equations = this.#equations();
    const given = { ...this.#numbers(parameters), ...this.guesses };
    const { states, settled } = held(equations, given, voltage, kept);
    return Object.fromEntries(
      equations.states.map((/** @type {string} */ name, /** @type {number} */ i) => [name, states[i].map((x, k) => (settled[k] ? x : NaN))])
    );
  }

  /**
   * The steady value and the time constant (ms) of every gate that moves, over V.
   * @param {Numbers} parameters
   * @param {ArrayLike<number>} voltage
   * @returns {Record<string, {inf: Float64Array, tau: Float64Array}>}
   */
  rates(parameters, voltage) {
    const held = this.steady(parameters, voltage);
    /** @type {Record<string, {inf: Float64Array, tau: Float64Array}>} */
    const found = {};
    for (const { symbol, kind } of this.manifest.observables) {
      if (kind !== "gate" || !(symbol in held)) continue;
      // a gate's own rate is linear in it: what it is at 0 and at 1 says all
      const [opening, closing] = [0, 1].map((x) => {
        const states = { ...held, [symbol]: new Float64Array(voltage.length).fill(x) };
        return this.derivative(parameters, states)[symbol];
      });
      const tau = opening.map((rate, k) => 1 / (rate - closing[k]));
      found[symbol] = { inf: held[symbol], tau };
    }
    return found;
  }

  /**
   * The rate of every state, per ms, at many points at once.
   * @param {Numbers} parameters
   * @param {Record<string, ArrayLike<number>>} states  all of them, rows of one length
   * @param {number} [current]  injected, uA/cm2
   * @returns {Record<string, Float64Array>}
   */
  derivative(parameters, states, current = 0) {
    const given = { ...this.#numbers(parameters), ...states, I_stim: current };
    return this.#equations().derivative(given, states[this.manifest.states[0].symbol].length);
  }

  /** @param {Numbers} changed @returns {Numbers} */
  #numbers(changed) {
    for (const name in changed) {
      if (!(name in this.defaults)) throw new AskedError(`the model has no parameter ${name}`);
    }
    return { ...this.defaults, ...changed };
  }

  /** The membrane's own blocks, without anything done. */
  #equations() {
    this.#blocks ??= this.#ownBlocks();
    return this.#blocks;
  }

  #ownBlocks() {
    const kernel = this.manifest.kernels.Taylor, code = this.codes.Taylor;
    const states = this.manifest.states.map((/** @type {any} */ each) => each.symbol);
    /** @type {Numbers} */
    const none = {};
    for (const name of [...kernel.inputs, ...kernel.states.slice(states.length)]) none[name] = 0;
    /** @param {string} name */
    const block = (name) => (/** @type {Record<string, any>} */ given, /** @type {number} */ lanes) =>
      code.map(name, kernel.maps[name], Object.assign(Object.create(none), given), lanes);
    return { states, relax: block("relax"), derivative: block("derivative") };
  }

  /**
   * What was asked for, with what goes without saying.
   * @param {Simulation} simulation
   * @param {Options} options
   */
  #asked(simulation, options) {
    const kind = simulation.solver?.kind ?? "Taylor";
    const kernel = this.manifest.kernels[kind];
    if (!kernel) throw new AskedError(`there is no kernel of the solver ${kind}`);
    const tolerance = simulation.solver?.tolerance ?? kernel.solver.tolerance;
    if (tolerance !== kernel.solver.tolerance) {
      throw new AskedError(`the kernels are made for a tolerance of ${kernel.solver.tolerance}`);
    }
    const dt = simulation.solver?.dt ?? 0.01;
    const duration = simulation.duration, sampleInterval = simulation.sample_interval ?? 0.05;
    const all = Math.floor((duration / sampleInterval) * (1 + 1e-12) + 1e-9) + 1;
    const samples = options.spikesOnly ? 0 : all;
    if (!(duration > 0) || !(samples <= MOST_SAMPLES)) {
      throw new AskedError("a run must have a length, and not too many samples");
    }
    const known = this.manifest.observables.map((/** @type {any} */ each) => each.symbol);
    const record = options.spikesOnly ? [] : options.record ?? known;
    return { kind, kernel, dt, duration, sampleInterval, allSamples: all, samples, threshold: simulation.threshold ?? 0, record };
  }

  /**
   * @param {Simulation} simulation
   * @param {any} asked
   * @returns {Run}
   */
  #run(simulation, asked) {
    const parameters = this.#numbers(simulation.parameters ?? {});
    const placed = new Placed(simulation.stimulus ?? [], asked.kernel.slots);
    const numerics = this.manifest.numerics;
    const numbers = placed.numbers(parameters, asked.duration, numerics);
    const initial = this.#initial(simulation);
    const states = initial.states;
    const lane = {
      ...asked, numbers, states, edges: placed.edges(asked.duration, numerics),
      noisy: placed.noisy, clamps: placed.clamps, paths: placed.paths(asked.kernel.streams),
    };
    const course = asked.kind === "Taylor" ? adapt : march;
    const ran = course(this.codes[asked.kind], asked.kernel, numerics, lane);
    const time = sampleTimes(asked.sampleInterval, asked.samples);
    return { time, initial: states, rested: initial.rested, ...ran };
  }

  /**
   * Where a run begins.
   * @param {Simulation} simulation
   * @returns {{states: Numbers, rested: boolean}}
   */
  #initial({ initial = null, parameters = {} }) {
    const begin = initial === null ? this.manifest.start ?? "rest" : initial;
    if (begin === "rest") return { states: this.rest(parameters), rested: true };
    /** @type {Numbers} */
    const given = typeof begin === "number" ? { V: begin } : begin;
    const names = this.manifest.states.map((/** @type {any} */ each) => each.symbol);
    if (names.every((/** @type {string} */ name) => name in given)) return { states: { ...given }, rested: false };
    if ("V" in given && Object.keys(given).every((name) => names.includes(name))) {
      const { V, ...others } = given;
      const steady = this.steady(parameters, [V], others);
      const states = Object.fromEntries(Object.entries(steady).map(([name, row]) => [name, row[0]]));
      if (Object.values(states).some(Number.isNaN)) {
        throw new NoRestError("some state has no steady value where V is held");
      }
      return { states, rested: false };
    }
    throw new AskedError(`initial values are wanted of all states: ${names.join(", ")}`);
  }
}

/**
 * Sample times as a person writes them: 0.15 for 3 * 0.05, which is not that.
 * @param {number} interval
 * @param {number} samples
 * @returns {Float64Array}
 */
export function sampleTimes(interval, samples) {
  const [digits, exponent = "0"] = String(interval).split("e");
  const [whole, part = ""] = digits.split(".");
  const places = part.length - Number(exponent), number = Number(whole + part);
  if (places >= 0 && places <= 22 && number * samples <= 2 ** 53) {
    // one division of two whole numbers that floats hold is rounded once
    const scale = Number(`1e${places}`);
    return Float64Array.from({ length: samples }, (_, k) => (k * number) / scale);
  }
  return Float64Array.from({ length: samples }, (_, k) => k * interval);
}

/**
 * A simulation in which some numbers are others.
 * @param {Simulation} simulation
 * @param {[string, number][]} changes
 * @returns {Simulation}
 */
function changed(simulation, changes) {
  const one = { ...simulation, parameters: { ...simulation.parameters } };
  let stimulus = one.stimulus ?? [];
  for (const [name, value] of changes) {
    const [what, which, field] = name.split(".");
    if (what === "stimulus") {
      stimulus = stimulus.map((each, k) => (k === Number(which) ? { ...each, [field]: value } : each));
    } else if (name === "initial") {
      one.initial = value;
    } else {
      one.parameters[name] = value;
    }
  }
  return { ...one, stimulus };
}
