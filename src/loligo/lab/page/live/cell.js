/**
 * A cell that never ends: computed piece by piece, each from where the last one ended.
 *
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {{time: number, peak: number}} Spike  ms since the cell began
 */

const KEPT = 40; // spikes

export class Cell {
  /**
   * @param {any} model
   * @param {Simulation} simulation
   * @param {number} sample  ms from one to the next
   */
  constructor(model, simulation, sample) {
    this.model = model;
    this.simulation = simulation;
    this.sample = sample;
    /** @type {Record<string, number> | null} */
    this.states = null;
    this.time = 0;
    this.owed = 0; // ms, less than a sample
    /** what is still to come of pokes @type {{left: number, amplitude: number}[]} */
    this.pokes = [];
    /** @type {number[]} */
    this.spikes = [];
  }

  /**
   * A pulse now.
   *
   * @param {number} amplitude  uA/cm2
   * @param {number} lasts  ms
   */
  poke(amplitude, lasts) {
    this.pokes.push({ left: lasts, amplitude });
  }

  /**
   * Go on for some ms.
   *
   * @param {number} ms
   * @param {number} current  uA/cm2, all the while
   * @returns {{time: Float64Array, V: Float64Array, I: Float64Array, spikes: Spike[]} | null} null of less than a sample
   */
  go(ms, current) {
    this.owed += ms;
    const samples = Math.floor(this.owed / this.sample + 1e-9);
    if (samples < 1) return null;
    const duration = samples * this.sample;
    this.owed -= duration;
    const stimulus = [
      ...(current ? [{ kind: "step", unit: "uA/cm2", start: 0, amplitude: current }] : []),
      ...this.pokes.map(({ left, amplitude }) => ({ kind: "pulse", unit: "uA/cm2", start: 0, duration: left, amplitude })),
    ];
    const run = this.model.simulate({
      ...this.simulation, stimulus, duration, sample_interval: this.sample, initial: this.states ?? this.simulation.initial,
      solver: { kind: "Taylor", tolerance: 1e-8, portable: true },
    }, { record: ["V", "I_stim"] });
    if (run.status !== "ok") throw new Error(run.status);
    this.states = run.final;
    const begun = this.time;
    this.time += duration;
    this.pokes = this.pokes.map(({ left, amplitude }) => ({ left: left - duration, amplitude })).filter(({ left }) => left > 1e-9);
    const spikes = run.spikes.map((/** @type {Spike} */ { time, peak }) => ({ time: begun + time, peak }));
    this.spikes.push(...spikes.map((/** @type {Spike} */ { time }) => time));
    this.spikes = this.spikes.slice(-KEPT);
    return { time: run.time.map((/** @type {number} */ t) => begun + t), V: run.values.V, I: run.values.I_stim, spikes };
  }

  /** How often it fires now, 1/s; 0 if its last spike is long ago. */
  rate() {
    const count = this.spikes.length;
    if (count < 2) return 0;
    const gap = this.spikes[count - 1] - this.spikes[count - 2];
    return this.time - this.spikes[count - 1] > 2.5 * gap ? 0 : 1000 / gap;
  }
}
