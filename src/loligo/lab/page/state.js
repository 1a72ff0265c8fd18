/**
 * What is simulated and how it is looked at, with every step back.
 *
 * @typedef {Record<string, any> & {kind: string}} Shape  a stimulus's document
 * @typedef {object} Simulation
 * @property {string} model
 * @property {Record<string, number>} parameters  those that were changed
 * @property {Shape[]} stimulus
 * @property {number} duration  ms
 * @property {number} sample_interval  ms
 * @property {{kind: string, [name: string]: any}} solver
 * @property {null | "rest" | number | Record<string, number>} initial
 * @property {null | number} threshold  mV
 *
 * @typedef {object} View
 * @property {string} tab
 * @property {number | null} cursor  ms
 * @property {string} language
 * @property {"" | "light" | "dark"} theme  "" is the system's
 * @property {string[]} panels  which are shown
 * @property {Record<string, any>} own  what a tab remembers, by its name
 */

const MOST = 200; // steps back

/** @type {Simulation} */
export const FIRST = {
  model: "hodgkin-huxley-1952",
  parameters: {},
  stimulus: [{ kind: "pulse", start: 5, duration: 40, amplitude: 10, unit: "uA/cm2" }],
  duration: 50,
  sample_interval: 0.05,
  solver: { kind: "Taylor", tolerance: 1e-8, portable: true },
  initial: null,
  threshold: null,
};

/** @type {View} */
export const LOOK = {
  tab: "membrane",
  cursor: null,
  language: "en",
  theme: "",
  panels: ["V", "gates", "currents"],
  own: {},
};

/**
 * The present, the past and, after an undo, the future. A hand that moves makes one step of it.
 */
export class State {
  /**
   * @param {Partial<Simulation>} [simulation]
   * @param {Partial<View>} [view]
   */
  constructor(simulation = {}, view = {}) {
    /** @type {Simulation} */
    this.simulation = { ...FIRST, ...simulation };
    /** @type {View} */
    this.view = { ...LOOK, ...view };
    /** @type {Simulation[]} */
    this.past = [];
    /** @type {Simulation[]} */
    this.future = [];
    this.moving = false;
    /** @type {Set<(what: "simulation" | "view") => void>} */
    this.listeners = new Set();
  }

  /** @returns {Simulation} */
  get() {
    return this.simulation;
  }

  /**
   * Change what is simulated.
   *
   * @param {Partial<Simulation>} change
   * @param {boolean} [moving]  the hand is not yet at rest: all until `settle` is one step
   */
  set(change, moving = false) {
    if (!this.moving) {
      this.past.push(this.simulation);
      if (this.past.length > MOST) this.past.shift();
      this.future = [];
    }
    this.moving = moving;
    this.simulation = { ...this.simulation, ...change };
    this.tell("simulation");
  }

  /** The hand is at rest. */
  settle() {
    if (!this.moving) return;
    this.moving = false;
    this.tell("simulation");
  }

  /**
   * Change how it is looked at: no step to go back.
   *
   * @param {Partial<View>} change
   */
  look(change) {
    this.view = { ...this.view, ...change };
    this.tell("view");
  }

  /**
   * What a tab remembers.
   *
   * @param {string} tab
   * @param {Record<string, any>} change
   */
  keep(tab, change) {
    const own = { ...this.view.own, [tab]: { ...this.view.own[tab], ...change } };
    this.look({ own });
  }

  /** @returns {boolean} whether there was something to go back to */
  undo() {
    return this.travel(this.past, this.future);
  }

  /** @returns {boolean} */
  redo() {
    return this.travel(this.future, this.past);
  }

  /**
   * @param {Simulation[]} from
   * @param {Simulation[]} to
   */
  travel(from, to) {
    const other = from.pop();
    if (!other) return false;
    to.push(this.simulation);
    this.moving = false;
    this.simulation = other;
    this.tell("simulation");
    return true;
  }

  /**
   * @param {(what: "simulation" | "view") => void} listener
   * @returns {() => void} to listen no longer
   */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @param {"simulation" | "view"} what */
  tell(what) {
    for (const listener of [...this.listeners]) listener(what);
  }
}
