/**
 * A membrane under voltage clamp: a family of steps drawn by hand, its currents, and what they say
 * about the potential.
 *
 * @typedef {import("../main.js").Lab} Lab
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {import("../state.js").View} View
 * @typedef {import("../experiments/currents.js").Family} Family
 * @typedef {import("../experiments/channels.js").Channel} Channel
 * @typedef {import("../experiments/asking.js").Lane} Lane
 *
 * @typedef {object} Own  what this tab remembers
 * @property {Family} family
 * @property {string} shown  "" for all currents together, or a channel
 * @property {Record<string, number>} doses
 * @property {number | null} cursor  ms
 * @property {number | null} lit  which step stands out
 */
import { parameterPanel } from "../controls/parameters.js";
import { element, fill, say } from "../dom.js";
import { Chart } from "../draw/chart.js";
import { graded } from "../draw/graded.js";
import { Handle } from "../draw/handle.js";
import { symbolElement } from "../draw/names.js";
import { Plot } from "../draw/plot.js";
import { Limits, reach } from "../draw/scale.js";
import { between } from "../draw/trace.js";
import { channelsOf, drugged, left, looked, unitless } from "../experiments/channels.js";
import { alone, peak, protocol, reversal, steps, tail, together, upToPeaks } from "../experiments/currents.js";
import { choice, doseField, numberField } from "../fields.js";
import { boundsOf, usualOf } from "../link/limits.js";
import { command, csv, pythonScript } from "../texts.js";
import { whyOf } from "../words.js";

const SHOWN = 240; // samples of a step that is drawn,
const MEASURED = 320; // and of one that is measured

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

/**
 * What was measured of a family.
 *
 * @typedef {object} Measured
 * @property {Float64Array} voltage  mV
 * @property {readonly Lane[]} runs  what is drawn
 * @property {Float64Array} peak  µA/cm²
 * @property {Float64Array} steady  µA/cm²
 * @property {number} reversal  mV
 */

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
    this.found = null;
    /** @type {Measured | null} */
    this.control = null;
    this.model = "";
    /** @type {Channel[]} */
    this.channels = [];
    /** @type {import("../link/limits.js").Known["drugs"]} */
    this.drugs = {};
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
    this.fields = this.formOf();
    this.handles = this.handlesOf();
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

  /** Fields of the numbers of a family. */
  formOf() {
    const { words } = this.lab;
    /** @type {(key: keyof Family, label: string, unit: string, step: number) => any} */
    const field = (key, label, unit, step) => numberField({
      label, unit, ...this.bounds(key), step, whole: key === "number",
      changed: (value) => this.change({ [key]: value }, false),
    });
    return {
      holding: field("holding", words("Holding"), "mV", 1),
      first: field("first", words("First step"), "mV", 1),
      last: field("last", words("Last step"), "mV", 1),
      number: field("number", words("Number of steps"), "", 1),
      start: field("start", words("Start"), "ms", 0.5),
      width: field("width", words("Width"), "ms", 0.5),
    };
  }

  /** @param {keyof Family} key */
  bounds(key) {
    const { least, most } = boundsOf("steps", key, this.lab.limits);
    return { low: least, high: most };
  }

  /** Handles on the command. */
  handlesOf() {
    const { plot, lab } = this;
    const { words } = lab;
    /** @type {(key: "holding" | "first" | "last", label: string, at: () => number) => Handle} */
    const level = (key, label, at) => new Handle(this.drawing, {
      label, ...this.bounds(key), step: 1, along: "vertical",
      text: (value) => words("{V:g} mV", { V: value }),
      place: (value) => [plot.x(at()), plot.y(this.box(), value)],
      value: (_, y) => valueAt(this.box(), y),
      changed: (value, moving) => this.change({ [key]: value }, moving),
    });
    /** @type {(key: "start" | "width", label: string, value: (x: number) => number,
     *   at: (value: number) => number) => Handle} */
    const edge = (key, label, value, at) => new Handle(this.drawing, {
      label, ...this.bounds(key), step: 0.5, along: "horizontal",
      text: (each) => words("{t:g} ms", { t: each }),
      place: (each) => [plot.x(at(each)), plot.y(this.box(), this.middle())],
      value: (x) => value(plot.value(x)),
      changed: (each, moving) => this.change({ [key]: each }, moving),
    });
    /** @type {() => Family} */
    const family = () => this.own.family;
    return {
      holding: level("holding", words("Holding"), () => family().start / 2),
      first: level("first", words("First step"), () => family().start + family().width * 0.3),
      last: level("last", words("Last step"), () => family().start + family().width * 0.7),
      start: edge("start", words("Start"), (t) => t, (t) => t),
      width: edge("width", words("Width"), (t) => t - family().start, (t) => family().start + t),
    };
  }

  /** mV, where the edges are taken hold of: between holding and the step further from it. */
  middle() {
    const { holding, first, last } = this.own.family;
    return (holding + (Math.abs(first - holding) > Math.abs(last - holding) ? first : last)) / 2;
  }

  /** @returns {import("../draw/trace.js").Box} the command's */
  box() {
    return this.plot.boxes.get("command") ?? { left: 0, top: 0, width: 1, height: 1, low: 0, high: 1 };
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
   * @param {Partial<Family>} change
   * @param {boolean} moving
   */
  change(change, moving) {
    this.held = moving;
    this.moving = true;
    this.lab.state.keep("steps", change, moving);
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
    this.doses = this.channels.flatMap((channel) => {
      const drug = this.drugs[channel.name];
      if (!drug) return [];
      const field = doseField({
        label: drug.drug ? words("{drug} on {channel}", { drug: drug.drug, channel: channel.name })
          : words("Block of {channel}", { channel: channel.name }),
        least: drug.least, most: drug.high, even: !drug.drug,
        text: (dose) => drug.drug ? words("{dose:g} {unit}: {percent:.3g} % blocked", {
          dose, unit: drug.unit, percent: 100 * (1 - left(dose, drug)) })
          : words("{percent:.3g} % blocked", { percent: dose }),
        changed: (dose, moving) => {
          this.held = moving;
          this.moving = true;
          this.lab.state.keep("block", { [channel.name]: dose }, moving);
        },
      });
      return [{ channel, field }];
    });
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
    this.found = this.of({ ...base, parameters: changed });
    const blocked = Object.values(doses).some((dose) => dose > 0);
    this.control = blocked ? this.of(base) : null;
  }

  /**
   * @param {import("../experiments/asking.js").Asked} base
   * @returns {Measured | null}
   */
  of(base) {
    const { family, shown } = this.own;
    const record = this.channels.map((channel) => channel.current);
    const model = this.lab.model();
    try {
      const drawn = protocol(base, family, SHOWN);
      const runs = model.lanes(drawn.simulation, drawn.columns, { record });
      const measured = alone(base, family, MEASURED);
      const lanes = /** @type {Lane[]} */ (model.lanes(measured.simulation, measured.columns, { record }));
      const voltage = steps(family);
      const one = this.channels.filter((channel) => channel.name === shown);
      const channels = one.length ? one : looked(this.channels);
      const every = this.channels.filter((channel) => channel.gated);
      /** @type {(among: readonly Lane[]) => {value: number, when: number}[]} */
      const found = (among) => among.map((run) => peak(run.time, together(run, names(channels)), channels.length > 1));
      let peaks = found(lanes);
      if (!this.moving) {
        const lasts = upToPeaks(family, peaks.map(({ when }) => when), MEASURED);
        const closer = alone(base, family, 4 * MEASURED, lasts);
        peaks = found(model.lanes(closer.simulation, closer.columns, { record }));
      }
      const steady = Float64Array.from(lanes, (run) =>
        /** @type {number} */ (together(run, names(one.length ? one : every)).at(-1)));
      this.lab.tell("");
      const values = Float64Array.from(peaks, ({ value }) => value);
      return { voltage, runs, peak: values, steady, reversal: reversal(voltage, values) };
    } catch (problem) {
      this.lab.tell(whyOf(problem, this.lab.words));
      return null;
    }
  }

  /**
   * @param {import("../texts.js").Load} load
   * @returns {import("../tabs.js").Taken | null}
   */
  taken(load) {
    const { found, lab } = this;
    if (!found) return null;
    const { family, doses } = this.own;
    const simulation = lab.state.get();
    const parameters = drugged(this.channels, simulation.parameters, doses, this.drugs);
    const made = protocol({ ...simulation, parameters }, family, SHOWN).simulation;
    const row = { first: family.first, last: family.last, number: family.number };
    const at = made.stimulus.length - 2;
    const stimulus = made.stimulus.map((each, k) => k === at && row.number > 1 ? { ...each, voltage: row } : each);
    const whole = /** @type {Simulation} */ ({ ...simulation, ...made, stimulus });
    return {
      script: pythonScript(whole, load, lab.limits), command: command(whole, load, lab.limits),
      data: () => this.table(found),
    };
  }

  /** @param {Measured} found */
  table({ runs, voltage }) {
    const name = this.channels.find((each) => each.name === this.own.shown)?.current ?? "I";
    const names = Array.from(voltage, (V) => `${name} at ${Number(V.toPrecision(6))} mV`);
    const values = Object.fromEntries(names.map((each, k) => [each, together(runs[k], this.drawn())]));
    return csv({ time: runs[0].time, values }, Object.fromEntries(names.map((each) => [each, "uA/cm2"])));
  }

  /** The names of what is drawn. */
  drawn() {
    const one = this.channels.filter((channel) => channel.name === this.own.shown);
    return names(one.length ? one : this.channels);
  }

  draw() {
    const { found, own } = this;
    this.chosen?.show(own.shown);
    for (const [key, field] of Object.entries(this.fields)) {
      field.show(own.family[/** @type {keyof Family} */ (key)]);
    }
    for (const { channel, field } of this.doses ?? []) field.show(own.doses[channel.name] ?? 0);
    if (!found) return;
    this.traces(found);
    this.curves(found);
    this.handle();
  }

  /** @param {Measured} found */
  traces(found) {
    const { family, lit, cursor } = this.own;
    const { words, style } = this.lab;
    const theme = style.theme();
    const end = family.start + family.width + tail(family);
    const rows = found.runs.map((run) => together(run, this.drawn()));
    const [low, high] = reach(rows);
    const [bottom, top] = this.limits.around("current", Math.min(low, 0), Math.max(high, 0), this.moving);
    const levels = [family.holding, family.first, family.last];
    const [least, most] = this.limits.around("command", Math.min(...levels) - 8, Math.max(...levels) + 8, true);
    /** @type {(k: number) => string} */
    const colour = (k) => graded(theme.graded, found.voltage.length > 1 ? k / (found.voltage.length - 1) : 0.5);
    const name = this.own.shown ? this.channels.find((each) => each.name === this.own.shown)?.current : "";
    this.plot.show([
      {
        key: "command", heading: words("Command"), unit: "mV", low: least, high: most, weight: 1,
        lines: found.runs.map((run, k) => ({
          name: String(k), x: [0, family.start, family.start, family.start + family.width,
            family.start + family.width, end],
          y: [family.holding, family.holding, found.voltage[k], found.voltage[k], family.holding,
            family.holding],
          colour: colour(k), width: 1.3,
        })),
      },
      {
        key: "current", heading: name ? words("{channel} current", { channel: this.own.shown })
          : words("Ionic current"), unit: "µA/cm²", low: bottom, high: top, weight: 2.2,
        lines: found.runs.flatMap((run, k) => {
          const line = { name: String(k), x: run.time, y: rows[k], colour: colour(k), width: 1.3 };
          if (lit !== null) return [k === lit ? { ...line, label: [{ text: said(found.voltage[k]) }] } : line];
          if (!labelled(k, found.voltage)) return [line];
          // its potential stands beside where it is as the step ends
          const last = between(run.time, rows[k], family.start + family.width * 0.999);
          return [line, { name: String(k), x: [end - 1e-6, end], y: [last, last], colour: colour(k), width: 0.01,
            alpha: 0, label: [{ text: said(found.voltage[k]) }] }];
        }),
      },
    ], { low: 0, high: end, heading: words("Time (ms)") },
    { cursor, lit: lit === null ? [] : [String(lit)] });
  }

  /** @param {Measured} found */
  curves(found) {
    const { words, style } = this.lab;
    const theme = style.theme();
    const [low, high] = reach([found.peak, found.steady, ...this.control ? [this.control.peak, this.control.steady] : []]);
    const [bottom, top] = this.limits.around("iv", Math.min(low, 0), Math.max(high, 0), this.moving);
    const span = reach([found.voltage]);
    const wide = Math.max(1, span[1] - span[0]) * 0.03;
    const channels = this.own.shown ? this.channels.filter((each) => each.name === this.own.shown) : looked(this.channels);
    const ink = this.lab.description().inks[channels[0]?.name] ?? "voltage";
    const [first, second] = [channels.length === 1 ? style.ink(ink) : theme.text, theme.stimulus];
    const behind = this.control ? [
      { x: found.voltage, y: this.control.peak, colour: first, alpha: 0.3 },
      { x: found.voltage, y: this.control.steady, colour: second, alpha: 0.3, dash: [5, 4] },
    ] : [];
    const lit = this.own.lit;
    this.chart.show(
      { low: span[0] - wide, high: span[1] + wide, heading: words("Command"), unit: "mV" },
      { low: bottom, high: top, heading: words("Current"), unit: "µA/cm²" },
      {
        curves: [...behind,
          { x: found.voltage, y: found.peak, colour: first, dots: true, label: [{ text: words("peak") }] },
          { x: found.voltage, y: found.steady, colour: second, dash: [5, 4], dots: true,
            label: [{ text: words("steady") }] }],
        spots: Number.isFinite(found.reversal)
          ? [{ x: found.reversal, y: 0, colour: first, hollow: true }] : [],
        cursor: lit === null ? null : found.voltage[lit],
      });
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
    const { found } = this;
    if (!found) return;
    const { words } = this.lab;
    const { family, cursor, lit } = this.own;
    const deep = found.peak.reduce((best, each, k) => (each < found.peak[best] ? k : best), 0);
    const top = found.steady.reduce((best, each, k) => (each > found.steady[best] ? k : best), 0);
    const parts = [words("Held at {V:g} mV, stepped to {number} potentials from {first:g} to {last:g} mV.", {
      V: family.holding, number: String(family.number), first: family.first, last: family.last })];
    parts.push(found.peak[deep] < 0
      ? words("The peak is most inward at {V:.3g} mV: {I:.4g} µA/cm².", { V: found.voltage[deep], I: found.peak[deep] })
      : words("No peak is inward."));
    if (Number.isFinite(found.reversal)) {
      parts.push(words("It turns outward at {V:.3g} mV.", { V: found.reversal }));
    }
    if (found.steady[top] > 0) {
      parts.push(words("The steady current is most outward at {V:.3g} mV: {I:.4g} µA/cm².", {
        V: found.voltage[top], I: found.steady[top] }));
    }
    parts.push(words("The charge of the step of V itself flows in no time and is not drawn."));
    const text = parts.join(" ");
    this.drawing.setAttribute("aria-label", `${words("Currents of the family of steps.")} ${text}`);
    this.curve.setAttribute("aria-label", `${words("Current against potential.")} ${text}`);
    if (!this.moving) say(this.said, text);
    say(this.readout, cursor === null || lit === null
      ? words("Point at a trace, or choose one with the arrow keys.")
      : words("{t:.2f} ms at {V:.4g} mV: {I:.4g} µA/cm²", {
        t: cursor, V: found.voltage[lit],
        I: between(found.runs[lit].time, together(found.runs[lit], this.drawn()), cursor) }));
  }

  /**
   * The trace that is nearest to the pointer.
   *
   * @param {PointerEvent} event
   */
  point(event) {
    const { found } = this;
    if (!found || event.buttons) return;
    const at = this.drawing.getBoundingClientRect();
    const [x, y] = [event.clientX - at.left, event.clientY - at.top];
    const cursor = this.plot.value(x);
    const box = this.plot.boxes.get("current");
    if (!box || y < this.box().top) return;
    const inside = y > box.top - 10;
    const far = found.runs.map((run, k) => {
      const value = inside ? between(run.time, together(run, this.drawn()), cursor) : found.voltage[k];
      return Math.abs(this.plot.y(inside ? box : this.box(), value) - y);
    });
    this.look({ cursor, lit: far.indexOf(Math.min(...far)) });
  }

  /**
   * Arrows move the cursor along the trace, and from one to the next.
   *
   * @param {KeyboardEvent} event
   */
  keys(event) {
    if (event.target !== this.drawing || !this.found) return false;
    const { family } = this.own;
    const end = family.start + family.width + tail(family);
    const { cursor, lit } = this.own;
    const time = cursor ?? family.start + family.width / 2;
    const which = lit ?? Math.floor(this.found.voltage.length / 2);
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
      lit: Math.min(Math.max(which + move[1], 0), this.found.voltage.length - 1),
    });
    Object.assign(this.own, this.pointed);
    this.describe();
    this.lab.announce(this.readout.textContent ?? "");
    return true;
  }
}

/** @param {readonly Channel[]} channels */
function names(channels) {
  return channels.map((channel) => channel.current);
}

/**
 * Whether a trace has its potential beside it: not more than a few have.
 *
 * @param {number} k
 * @param {Float64Array} voltage
 */
function labelled(k, voltage) {
  const last = voltage.length - 1;
  return last < 8 || k % Math.ceil(last / 6) === 0 || k === last;
}

/** @param {number} value */
function said(value) {
  return `${Math.round(value * 10) / 10}`.replace("-", "−");
}

/**
 * @param {import("../draw/trace.js").Box} box
 * @param {number} y  pixels
 */
function valueAt(box, y) {
  return box.low + (1 - (y - box.top) / box.height) * (box.high - box.low);
}
