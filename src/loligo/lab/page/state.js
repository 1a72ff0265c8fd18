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
 * @property {Record<string, Record<string, any>>} own  what tabs remember besides, by the words of
 *   links
 *
 * @typedef {{simulation: Simulation, own: View["own"]}} Step
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
    /** @type {Step[]} */
    this.past = [];
    /** @type {Step[]} */
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
   * @param {View["own"]} [own]  what tabs remember from now on
   */
  set(change, moving = false, own = this.view.own) {
    this.step(moving);
    this.simulation = { ...this.simulation, ...change };
    this.view = { ...this.view, own };
    this.tell("simulation");
  }

  /**
   * What is now will be the past.
   *
   * @param {boolean} moving
   */
  step(moving) {
    if (!this.moving) {
      this.past.push(this.present);
      if (this.past.length > MOST) this.past.shift();
      this.future = [];
    }
    this.moving = moving;
  }

  /** @returns {Step} */
  get present() {
    return { simulation: this.simulation, own: this.view.own };
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
   * Change what a tab remembers.
   *
   * @param {string} word
   * @param {Record<string, any>} change
   * @param {boolean} [moving]
   */
  keep(word, change, moving = false) {
    const before = this.view.own[word] ?? {};
    const other = Object.keys(change).some((name) => change[name] !== before[name]);
    if (other || this.moving) this.step(moving);
    this.look({ own: { ...this.view.own, [word]: { ...before, ...change } } });
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
   * @param {Step[]} from
   * @param {Step[]} to
   */
  travel(from, to) {
    const other = from.pop();
    if (!other) return false;
    to.push(this.present);
    this.moving = false;
    this.simulation = other.simulation;
    this.view = { ...this.view, own: other.own };
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
