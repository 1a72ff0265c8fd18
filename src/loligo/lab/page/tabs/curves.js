/**
 * Curves: what a membrane's gates, its firing, its threshold and the plane of two of its states look
 * like, live while a slider moves.
 *
 * @typedef {import("../main.js").Lab} Lab
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {import("../state.js").View} View
 * @typedef {import("../experiments/asking.js").Asked} Asked
 */
import { parameterPanel } from "../controls/parameters.js";
import { Firing } from "../curves/firing.js";
import { Gates } from "../curves/gates.js";
import { PhasePlane } from "../curves/plane.js";
import { Strength } from "../curves/strength.js";
import { element, fill } from "../dom.js";
import { whyOf } from "../words.js";

const HOLDING = -65; // mV, where what has no rest begins
const HAND = 150; // ms without a change after which the hand is at rest

export const curves = {
  name: "curves",
  title: "Curves",
  /**
   * @param {HTMLElement} host
   * @param {Lab} lab
   */
  create(host, lab) {
    const tab = new Curves(host, lab);
    return {
      /** @type {(simulation: Simulation, view: View) => void} */
      show: (simulation, view) => tab.show(simulation, view),
      hide: () => tab.hide(),
    };
  },
};

class Curves {
  /**
   * @param {HTMLElement} host
   * @param {Lab} lab
   */
  constructor(host, lab) {
    this.lab = lab;
    this.gates = new Gates(lab);
    this.firing = new Firing(lab);
    this.strength = new Strength(lab);
    this.plane = new PhasePlane(lab);
    this.trouble = element("p", { class: "said", role: "status" });
    const controls = element("div", { class: "controls" });
    const cards = element("div", { class: "cards front swiped", tabindex: 0, role: "group", "aria-label": lab.words("Curves") }, this.gates.element, this.firing.element,
      this.plane.element, this.strength.element);
    fill(host, [element("div", { class: "bench" }, element("div", { class: "loose" }, this.trouble, cards), controls)]);
    this.parameters = parameterPanel(controls, lab);
    this.shown = false;
    this.busy = false;
    this.key = "";
    this.changed = 0;
    /** @type {Asked | null} */
    this.base = null;
    /** @type {Record<string, number> | null} */
    this.rest = null;
    /** @type {Record<string, number> | null} where it begins without a rest */
    this.held = null;
    this.done = { gates: "", plane: "" };
    this.waiting = 0;
  }

  get moving() {
    return this.lab.state.moving || performance.now() - this.changed < HAND;
  }

  hide() {
    this.shown = false;
    clearTimeout(this.waiting);
  }

  /**
   * @param {Simulation} simulation
   * @param {View} view
   */
  show(simulation, view) {
    this.shown = true;
    this.parameters.show(simulation);
    const own = view.own.curves ?? {};
    this.meet(simulation);
    this.firing.upTo(own);
    this.strength.asks(own);
    this.synchronous(own);
    this.firing.draw(this.moving, this.key);
    this.strength.draw(this.moving, this.key);
    this.pump();
    if (this.moving) this.later();
  }

  /**
   * The numbers that all is found for, and where the membrane rests.
   *
   * @param {Simulation} simulation
   */
  meet({ model, parameters, solver, threshold }) {
    const base = { model, parameters, solver, threshold, stimulus: [], duration: 1, sample_interval: 1,
      initial: null };
    const key = JSON.stringify(base);
    if (key === this.key) return;
    if (this.key) this.changed = performance.now();
    if (this.base?.model !== model) {
      this.firing.forget();
      this.strength.forget();
      this.changed = 0;
    }
    this.key = key;
    this.base = base;
    try {
      this.rest = this.lab.model().rest(parameters);
      this.trouble.textContent = "";
    } catch (problem) {
      this.rest = null;
      this.held = this.heldAt(parameters);
      const { words } = this.lab;
      this.trouble.textContent = this.held
        ? words("It has no rest: firing begins where V was held at {V:g} mV, and there is no threshold.", { V: HOLDING })
        : words("There is no rest from which to begin: {why}.", { why: whyOf(problem, words) });
    }
  }

  /**
   * Its states where V is held, if they can be.
   *
   * @param {Record<string, number>} parameters
   * @returns {Record<string, number> | null}
   */
  heldAt(parameters) {
    const steady = this.lab.model().steady(parameters, [HOLDING]);
    const states = Object.fromEntries(Object.entries(steady).map(([name, row]) =>
      [name, /** @type {Float64Array} */ (row)[0]]));
    return Object.values(states).every(Number.isFinite) ? states : null;
  }

  /**
   * What is found at once: in a frame in which the hand moves, one of the two.
   *
   * @param {Record<string, any>} own
   */
  synchronous(own) {
    const { base, rest, moving, done } = this;
    if (!base) return;
    const gates = this.key + this.gates.asks(own);
    const plane = this.key + this.plane.asks(own, moving);
    let spent = false;
    if (done.plane !== plane && (done.gates === gates || !moving || this.turn)) {
      this.plane.find(base, rest, moving);
      this.plane.draw();
      done.plane = plane;
      spent = true;
      this.turn = false;
    }
    if (done.gates !== gates && (!spent || !moving)) {
      this.gates.find(base, own);
      this.gates.draw(moving);
      if (!moving) done.gates = gates;
      else this.lab.redraw();
      this.turn = true;
    } else if (!spent) {
      this.gates.draw(moving);
      this.plane.draw();
    }
  }

  /** Once more, when the hand is at rest. */
  later() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.shown && this.lab.redraw(), HAND + 10);
  }

  /** Find in the worker what is not known yet, with the newest numbers each time. */
  async pump() {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let job = this.next(); job && this.shown; job = this.next()) {
        await job();
        this.lab.redraw();
      }
    } catch (problem) {
      this.lab.tell(whyOf(problem, this.lab.words));
    } finally {
      this.busy = false;
    }
  }

  /** @returns {null | (() => Promise<void>)} */
  next() {
    const { base, key, moving, lab } = this;
    const rest = this.rest ?? this.held;
    if (!base || !rest) return null;
    const { worker } = lab;
    const now = {
      key, base, rest, moving,
      /** @type {import("../experiments/asking.js").Ask} */
      ask: (simulation, columns, options) => worker.lanes(simulation, columns, options),
    };
    const model = lab.model();
    const capacitance = base.parameters.C_m ?? model.defaults.C_m;
    /** @type {(voltage: Float64Array) => Float64Array} */
    const steady = (voltage) => {
      const still = model.derivative(base.parameters, model.steady(base.parameters, voltage)).V;
      return still.map((/** @type {number} */ rate) => -capacitance * rate);
    };
    return this.firing.next(now) ?? (this.rest ? this.strength.next({ ...now, steady, capacitance }) : null);
  }
}
