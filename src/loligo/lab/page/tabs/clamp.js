/**
 * A membrane under voltage clamp: a family of steps drawn by hand, its currents, and what they say
 * about the potential.
 *
 * @typedef {import("../main.js").Lab} Lab
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {import("../state.js").View} View
 * @typedef {import("../experiments/currents.js").Family} Family
 * @typedef {import("../experiments/channels.js").Channel} Channel
 * @typedef {import("../clamp/measured.js").Measured} Measured
 *
 * @typedef {object} Own  what this tab remembers
 * @property {Family} family
 * @property {string} shown  "" for all currents together, or a channel
 * @property {Record<string, number>} doses
 * @property {number | null} cursor  ms
 * @property {number | null} lit  which step stands out
 */
import { doseFields } from "../clamp/drugs.js";
import { drawCurves, drawTraces } from "../clamp/drawn.js";
import { currents, measured, samplesIn } from "../clamp/measured.js";
import { commandBox, stepFields, stepHandles } from "../clamp/steps.js";
import { told } from "../clamp/told.js";
import { parameterPanel } from "../controls/parameters.js";
import { element, fill, say } from "../dom.js";
import { Chart } from "../draw/chart.js";
import { symbolElement } from "../draw/names.js";
import { Plot } from "../draw/plot.js";
import { Limits } from "../draw/scale.js";
import { between } from "../draw/trace.js";
import { channelsOf, drugged, looked, unitless } from "../experiments/channels.js";
import { protocol, tail, together } from "../experiments/currents.js";
import { choice } from "../fields.js";
import { usualOf } from "../link/limits.js";
import { command, csv, pythonScript } from "../texts.js";
import { whyOf } from "../words.js";

export const clamp = {
  name: "clamp",
  title: "Clamp",
  /**
   * @param {HTMLElement} host
   * @param {Lab} lab
   */
  create(host, lab) {
    const tab = new Clamp(host, lab);
    return {
      /** @type {(simulation: Simulation, view: View) => void} */
      show: (simulation, view) => tab.show(simulation, view),
      hide: () => {},
      /** @type {(load: import("../texts.js").Load) => import("../tabs.js").Taken | null} */
      taken: (load) => tab.taken(load),
      /** @type {(event: KeyboardEvent) => boolean} */
      keys: (event) => tab.keys(event),
    };
  },
};

class Clamp {
  /**
   * @param {HTMLElement} host
   * @param {Lab} lab
   */
  constructor(host, lab) {
    this.lab = lab;
    this.limits = new Limits();
    this.moving = false;
    this.held = false; // a handle of this tab, or a drug
    this.asked = "";
    /** @type {{cursor: number | null, lit: number | null}} */
    this.pointed = { cursor: null, lit: null };
    this.own = this.remembered(lab.state.view);
    /** @type {Measured | null} */
    this.measured = null;
    /** @type {Measured | null} */
    this.control = null;
    this.model = "";
    /** @type {Channel[]} */
    this.channels = [];
    /** @type {import("../clamp/drugs.js").Drugs} */
    this.drugs = {};
    /** @type {ReturnType<typeof doseFields>} */
    this.doses = [];
    const { words } = lab;
    this.drawing = element("div", { class: "drawing", tabindex: 0, role: "group",
      onpointermove: (event) => this.point(event),
      onpointerleave: () => this.look({ cursor: null, lit: null }) });
    this.curve = element("div", { class: "drawing", role: "img",
      "aria-label": words("Current against potential.") });
    this.choices = element("div", { class: "bar" });
    this.drops = element("div", { class: "drops", role: "group", "aria-label": words("Drugs") });
    this.said = element("p", { class: "said" });
    this.readout = element("p", { class: "gist" });
    this.plot = new Plot(this.drawing, lab.style);
    this.chart = new Chart(this.curve, lab.style);
    this.plot.moved = () => this.handle();
    /** @type {import("../clamp/steps.js").Changed} */
    const changed = (change, moving) => this.change("steps", change, moving);
    this.fields = stepFields(lab, changed);
    this.handles = stepHandles(lab, this.drawing, this.plot, () => this.own.family, changed);
    this.settings = element("div", {},
      element("h2", { class: "panel-heading" }, words("Steps")),
      element("div", { class: "numbers", role: "group", "aria-label": words("Steps") },
        ...Object.values(this.fields).map((field) => field.element)),
      element("h2", { class: "panel-heading" }, words("Drugs")), this.drops);
    const controls = element("div", { class: "controls" }, this.settings);
    this.without = element("p", { class: "said" });
    this.stage = element("div", { class: "loose" }, this.choices, element("div", { class: "pair" },
      element("div", { class: "front" }, this.drawing, this.readout),
      element("div", { class: "beside" }, this.curve, this.said)));
    fill(host, [element("div", { class: "bench" }, element("div", { class: "loose" }, this.without, this.stage), controls)]);
    this.parameters = parameterPanel(controls, lab);
  }

  /**
   * @param {View} view
   * @returns {Own}
   */
  remembered({ own }) {
    const { shown, ...family } = { ...usualOf("steps", this.lab.limits), ...own.steps };
    return { family: /** @type {Family} */ (family), shown, doses: own.block ?? {}, ...this.pointed };
  }

  /** @param {typeof this.pointed} pointed */
  look(pointed) {
    this.pointed = pointed;
    this.lab.redraw();
  }

  /**
   * @param {"steps" | "block"} word
   * @param {Record<string, number>} change
   * @param {boolean} moving
   */
  change(word, change, moving) {
    this.held = moving;
    this.moving = true;
    this.lab.state.keep(word, change, moving);
  }

  /**
   * @param {Simulation} simulation
   * @param {View} view
   */
  show(simulation, view) {
    this.own = this.remembered(view);
    if (this.model !== simulation.model) this.meet(simulation.model);
    this.moving ||= this.lab.state.moving;
    this.parameters.show(simulation);
    const pure = unitless(this.lab.model(), simulation.parameters);
    this.stage.hidden = this.settings.hidden = pure;
    say(this.without, pure ? this.lab.words("A voltage clamp needs a membrane in millivolts.") : "");
    if (pure) return;
    this.measure(simulation);
    this.draw();
    this.describe();
    if (this.moving && !this.lab.state.moving && !this.held) {
      this.moving = false;
      this.lab.redraw();
    }
  }

  /**
   * Another model has other channels.
   *
   * @param {string} model
   */
  meet(model) {
    this.model = model;
    const { manifest } = this.lab.model();
    const { words } = this.lab;
    this.channels = channelsOf(manifest);
    const options = [["", words("all together")], ...this.channels.map(
      (channel) => [channel.name, symbolElement(channel.current)])];
    const shown = choice(words("Which current"), /** @type {[string, Node | string][]} */ (options),
      (name) => this.lab.state.keep("steps", { shown: name }));
    this.chosen = shown;
    fill(this.choices, [shown.element]);
    this.drugs = this.lab.models.find(({ name }) => name === model)?.known.drugs ?? {};
    this.doses = doseFields(this.lab, this.channels, this.drugs, (change, moving) => this.change("block", change, moving));
    fill(this.drops, this.doses.map(({ field }) => field.element));
  }

  /**
   * All anew, if anything has changed.
   *
   * @param {Simulation} simulation
   */
  measure({ model, parameters, solver }) {
    const { family, doses, shown } = this.own;
    const asked = JSON.stringify([model, parameters, solver, family, doses, shown, this.moving]);
    if (asked === this.asked) return;
    this.asked = asked;
    const base = { model, parameters, solver, stimulus: [], duration: 1, sample_interval: 1,
      initial: null, threshold: null };
    const changed = drugged(this.channels, parameters, doses, this.drugs);
    this.measured = this.of({ ...base, parameters: changed });
    const blocked = Object.values(doses).some((dose) => dose > 0);
    this.control = blocked ? this.of(base) : null;
  }

  /**
   * @param {import("../experiments/asking.js").Asked} base
   * @returns {Measured | null}
   */
  of(base) {
    const { family, shown } = this.own;
    const { lab, moving } = this;
    try {
      const made = measured(lab.model(), base, this.channels, { family, shown, moving }, lab.limits);
      lab.tell("");
      return made;
    } catch (problem) {
      lab.tell(whyOf(problem, lab.words));
      return null;
    }
  }

  /**
   * @param {import("../texts.js").Load} load
   * @returns {import("../tabs.js").Taken | null}
   */
  taken(load) {
    const { measured: here, lab } = this;
    if (!here) return null;
    const { family, doses } = this.own;
    const simulation = lab.state.get();
    const parameters = drugged(this.channels, simulation.parameters, doses, this.drugs);
    const made = protocol({ ...simulation, parameters }, family, samplesIn(family.width, lab.limits)).simulation;
    const row = { first: family.first, last: family.last, number: family.number };
    const at = made.stimulus.length - 2;
    const stimulus = made.stimulus.map((each, k) => k === at && row.number > 1 ? { ...each, voltage: row } : each);
    const whole = /** @type {Simulation} */ ({ ...simulation, ...made, stimulus });
    return {
      script: pythonScript(whole, load, lab.limits), command: command(whole, load, lab.limits),
      data: () => this.table(here),
    };
  }

  /** @param {Measured} measured */
  table({ runs, voltage }) {
    const name = this.channels.find((each) => each.name === this.own.shown)?.current ?? "I";
    const names = Array.from(voltage, (V) => `${name} at ${Number(V.toPrecision(6))} mV`);
    const values = Object.fromEntries(names.map((each, k) => [each, together(runs[k], this.drawn())]));
    return csv({ time: runs[0].time, values }, Object.fromEntries(names.map((each) => [each, "uA/cm2"])));
  }

  /** The names of what is drawn. */
  drawn() {
    const one = this.channels.filter((channel) => channel.name === this.own.shown);
    return currents(one.length ? one : this.channels);
  }

  draw() {
    const { measured: here, own, lab, moving, limits } = this;
    this.chosen?.show(own.shown);
    for (const [key, field] of Object.entries(this.fields)) {
      field.show(own.family[/** @type {keyof Family} */ (key)]);
    }
    for (const { channel, field } of this.doses) field.show(own.doses[channel.name] ?? 0);
    if (!here) return;
    const rows = here.runs.map((run) => together(run, this.drawn()));
    drawTraces(lab, this.plot, here, { ...own, rows, moving, limits });
    const one = this.channels.filter((each) => each.name === own.shown);
    const channels = one.length ? one : looked(this.channels);
    drawCurves(lab, this.chart, here, { control: this.control, channels, lit: own.lit, moving, limits });
    this.handle();
  }

  handle() {
    const { family } = this.own;
    if (!this.plot.boxes.size) return;
    for (const [key, handle] of Object.entries(this.handles)) {
      handle.show(family[/** @type {keyof Family} */ (key)]);
    }
  }

  /** In words, for all, and where the cursor is. */
  describe() {
    const { measured: here } = this;
    if (!here) return;
    const { words } = this.lab;
    const { family, cursor, lit } = this.own;
    const text = told(here, family, words);
    this.drawing.setAttribute("aria-label", `${words("Currents of the family of steps.")} ${text}`);
    this.curve.setAttribute("aria-label", `${words("Current against potential.")} ${text}`);
    if (!this.moving) say(this.said, text);
    say(this.readout, cursor === null || lit === null
      ? words("Point at a trace, or choose one with the arrow keys.")
      : words("{t:.2f} ms at {V:.4g} mV: {I:.4g} µA/cm²", {
        t: cursor, V: here.voltage[lit],
        I: between(here.runs[lit].time, together(here.runs[lit], this.drawn()), cursor) }));
  }

  /**
   * The trace that is nearest to the pointer.
   *
   * @param {PointerEvent} event
   */
  point(event) {
    const { measured: here } = this;
    if (!here || event.buttons) return;
    const at = this.drawing.getBoundingClientRect();
    const [x, y] = [event.clientX - at.left, event.clientY - at.top];
    const cursor = this.plot.value(x);
    const box = this.plot.boxes.get("current");
    if (!box || y < commandBox(this.plot).top) return;
    const inside = y > box.top - 10;
    const far = here.runs.map((run, k) => {
      const value = inside ? between(run.time, together(run, this.drawn()), cursor) : here.voltage[k];
      return Math.abs(this.plot.y(inside ? box : commandBox(this.plot), value) - y);
    });
    this.look({ cursor, lit: far.indexOf(Math.min(...far)) });
  }

  /**
   * Arrows move the cursor along the trace, and from one to the next.
   *
   * @param {KeyboardEvent} event
   */
  keys(event) {
    if (event.target !== this.drawing || !this.measured) return false;
    const { family } = this.own;
    const end = family.start + family.width + tail(family);
    const { cursor, lit } = this.own;
    const time = cursor ?? family.start + family.width / 2;
    const which = lit ?? Math.floor(this.measured.voltage.length / 2);
    const step = (end / 200) * (event.shiftKey ? 10 : 1);
    const moves = /** @type {Record<string, [number, number]>} */ ({
      ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
    });
    if (event.key === "Escape") {
      this.look({ cursor: null, lit: null });
      return true;
    }
    const move = moves[event.key];
    if (!move) return false;
    this.look({
      cursor: Math.min(Math.max(time + move[0], 0), end),
      lit: Math.min(Math.max(which + move[1], 0), this.measured.voltage.length - 1),
    });
    Object.assign(this.own, this.pointed);
    this.describe();
    this.lab.announce(this.readout.textContent ?? "");
    return true;
  }
}
