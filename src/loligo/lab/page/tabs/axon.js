/**
 * An axon: the wave along it, its velocity between two electrodes, myelin, and waves that meet.
 *
 * @typedef {import("../main.js").Lab} Lab
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {import("../state.js").View} View
 *
 * @typedef {object} Own  what this tab remembers
 * @property {number} diameter  um
 * @property {number} length  mm
 * @property {"bare" | "myelin"} sheath
 * @property {number} fibre  um, the outer diameter of a myelinated one
 * @property {number} g_ratio
 * @property {"left" | "right" | "both"} side
 * @property {number} lag  ms
 * @property {number} first  mm, an electrode
 * @property {number} second
 */
import { Clockwork } from "../axon/clockwork.js";
import { Pictures } from "../axon/pictures.js";
import { told } from "../axon/told.js";
import { parameterPanel } from "../controls/parameters.js";
import { slider } from "../controls/slider.js";
import { element, fill, say } from "../dom.js";
import { Handle } from "../draw/handle.js";
import { channelsOf, unitless } from "../experiments/channels.js";
import { wrappedLength } from "../experiments/fibre.js";
import { Wave } from "../experiments/wave.js";
import { choice } from "../fields.js";
import { boundsOf, usualOf } from "../link/limits.js";
import { axonCommand, axonScript, csv } from "../texts.js";
import { whyOf } from "../words.js";

const ROOM = 5; // ms of a frame for the wave

export const axon = {
  name: "axon",
  title: "Axon",
  /**
   * @param {HTMLElement} host
   * @param {Lab} lab
   */
  create(host, lab) {
    const tab = new AxonTab(host, lab);
    return {
      /** @type {(simulation: Simulation, view: View) => void} */
      show: (simulation, view) => tab.show(simulation, view),
      hide: () => tab.hide(),
      /** @type {(load: import("../texts.js").Load) => import("../tabs.js").Taken | null} */
      taken: (load) => tab.taken(load),
      /** @type {(event: KeyboardEvent) => boolean} */
      keys: (event) => tab.keys(event),
    };
  },
};

class AxonTab {
  /**
   * @param {HTMLElement} host
   * @param {Lab} lab
   */
  constructor(host, lab) {
    this.lab = lab;
    this.own = this.remembered(lab.state.view);
    this.key = "";
    /** @type {Wave | null} what is shown */
    this.wave = null;
    /** @type {Wave | null} what is being computed */
    this.next = null;
    this.shown = false;
    const { words } = lab;
    this.clock = new Clockwork(lab, () => this.draw());
    this.pictures = new Pictures(lab, () => this.hold());
    this.said = element("p", { class: "said" });
    this.sides = choice(words("Shock"), [["left", words("left end")], ["right", words("right end")],
      ["both", words("both ends")]], (side) => this.keep({ side: /** @type {Own["side"]} */ (side) }));
    this.sheath = choice(words("Myelin"), [["bare", words("bare")], ["myelin", words("myelinated")]],
      (value) => this.keep({ sheath: /** @type {Own["sheath"]} */ (value), ...this.ends(value) }));
    this.handles = [this.electrode("first"), this.electrode("second")];
    this.rows = this.sliders();
    this.parts = this.place(host);
  }

  /**
   * All that is seen, in its place.
   *
   * @param {HTMLElement} host
   */
  place(host) {
    const { lab, pictures } = this;
    const { words } = lab;
    const sizes = element("fieldset", { class: "group" }, element("legend", {}, words("Axon")),
      ...Object.values(this.rows).map((row) => row.element));
    const controls = element("div", { class: "controls" }, sizes);
    const without = element("p", { class: "said" });
    const front = element("div", { class: "front" }, pictures.profileHost, pictures.stripHost, this.clock.element);
    const below = element("div", { class: "cards" },
      element("section", { class: "card" }, element("h2", {}, words("Place and time")), pictures.mapHost),
      element("section", { class: "card" }, element("h2", {}, words("At the electrodes")), pictures.tracesHost));
    const choices = element("div", { class: "bar" }, element("span", {}, words("Shock at the")),
      this.sides.element, this.sheath.element);
    const stage = element("div", { class: "loose" }, choices, front, this.said, without, below);
    fill(host, [element("div", { class: "bench axon-bench" }, stage, controls)]);
    return { sizes, without, front, below, choices, parameters: parameterPanel(controls, lab) };
  }

  /** Sliders of the axon's own numbers. */
  sliders() {
    const { words, limits } = this.lab;
    const usual = usualOf("axon", limits);
    /** @type {(key: "diameter" | "length" | "fibre" | "g_ratio" | "lag", name: string, label: string,
     *   unit: string, low: number, high: number) => ReturnType<typeof slider>} */
    const row = (key, name, label, unit, low, high) => slider(this.lab, {
      label, shown: element("span", {}, name), unit, low, high, ...boundsOf("axon", key, limits),
      initial: usual[key], set: (value, moving) => this.keep({ [key]: value }, moving),
      settle: () => this.lab.state.settle(),
    });
    return {
      diameter: row("diameter", "d", words("Diameter"), "µm", 20, 1000),
      length: row("length", words("length"), words("Length"), "mm", 20, 150),
      fibre: row("fibre", words("fibre"), words("Outer diameter of the fibre"), "µm", 2, 30),
      g_ratio: row("g_ratio", words("g-ratio"), words("The axon's diameter over the fibre's"), "", 0.3, 0.95),
      lag: row("lag", words("lag"), words("By how much the right end is shocked later"), "ms", 0, 5),
    };
  }

  /** @param {"first" | "second"} which */
  electrode(which) {
    const { words, limits } = this.lab;
    const { profile, stripHost } = this.pictures;
    return new Handle(stripHost, {
      label: words("Electrode {number}", { number: which === "first" ? "1" : "2" }), low: 0,
      high: boundsOf("axon", which, limits).most, step: 0.5, along: "horizontal",
      text: (value) => words("{x:.1f} mm", { x: value }),
      place: (value) => [profile.x(Math.min(value, this.long)), 30],
      value: (x) => profile.value(x, 0)[0],
      changed: (value, moving) => this.keep({ [which]: Math.min(value, this.long) }, moving),
    });
  }

  /** @returns {number} mm, of the axon that is shown */
  get long() {
    const cut = this.wave?.cut;
    if (!cut) return this.own.length;
    const last = cut.position.length - 1;
    return (cut.position[last] + cut.long[last] / 2) / 1e3;
  }

  /** @returns {[number, number]} mm: where there is axon */
  get electrodes() {
    return [Math.min(this.own.first, this.long), Math.min(this.own.second, this.long)];
  }

  /**
   * @param {Partial<Own>} change
   * @param {boolean} [moving]
   */
  keep(change, moving) {
    if ("side" in change || "sheath" in change) this.clock.touched = false;
    this.lab.state.keep("axon", change, moving);
  }

  /**
   * @param {View} view
   * @returns {Own}
   */
  remembered({ own }) {
    return /** @type {Own} */ ({ ...usualOf("axon", this.lab.limits), ...own.axon });
  }

  /** @returns {import("../experiments/fibre.js").Fibre} */
  get fibre() {
    const { sheath, diameter, length, fibre, g_ratio: ratio } = this.own;
    const { fibre: table } = this.lab.limits;
    const { resistivity } = table.squid;
    return sheath === "myelin"
      ? { diameter: fibre, length: wrappedLength(fibre, table), resistivity, g_ratio: ratio }
      : { diameter, length: length * 1e3, resistivity, g_ratio: null };
  }

  /**
   * Electrodes at a third and two thirds of another axon.
   *
   * @param {string} sheath
   * @returns {{first: number, second: number}}
   */
  ends(sheath) {
    const { fibre, length } = this.own;
    const long = sheath === "myelin" ? wrappedLength(fibre, this.lab.limits.fibre) / 1e3 : length;
    return { first: Math.round(long * 0.6) / 2, second: Math.round(long * 1.4) / 2 };
  }

  /**
   * @param {import("../texts.js").Load} load
   * @returns {import("../tabs.js").Taken | null}
   */
  taken(load) {
    const { wave, lab } = this;
    if (!wave) return null;
    const simulation = lab.state.get();
    const { defaults, manifest } = lab.model();
    const numbers = { ...defaults, ...simulation.parameters };
    const conducting = channelsOf(manifest).flatMap(({ conductance }) => conductance ? [conductance.symbol] : []);
    const { channels } = lab.limits.fibre;
    const travelling = {
      simulation, fibre: this.fibre, count: wave.cut.area.length, pulses: wave.pulses,
      conductances: Object.fromEntries(conducting.map((name) => [name, channels * numbers[name]])),
      run: { dt: wave.dt, duration: Number(wave.lasts.toFixed(9)), initial: wave.initial, threshold: wave.threshold },
    };
    return { script: axonScript(travelling, load), command: axonCommand(travelling, load), data: () => this.table(wave) };
  }

  /** @param {Wave} wave */
  table(wave) {
    const time = wave.rows.map((_, k) => Number((k * wave.every).toFixed(9)));
    const names = this.electrodes.map((x) => `V at ${x} mm`);
    const values = Object.fromEntries(this.electrodes.map((x, k) => [names[k], wave.trace(x * 1e3)]));
    return csv({ time, values }, Object.fromEntries(names.map((name) => [name, "mV"])));
  }

  hide() {
    this.shown = false;
    this.clock.stop();
  }

  /**
   * @param {Simulation} simulation
   * @param {View} view
   */
  show(simulation, view) {
    this.shown = true;
    this.own = this.remembered(view);
    this.parts.parameters.show(simulation);
    for (const [key, row] of Object.entries(this.rows)) {
      row.show(this.own[/** @type {"diameter"} */ (key)]);
    }
    const { sheath, side } = this.own;
    const myelin = sheath === "myelin";
    this.sides.show(side);
    this.sheath.show(sheath);
    this.rows.diameter.element.hidden = this.rows.length.element.hidden = myelin;
    this.rows.fibre.element.hidden = this.rows.g_ratio.element.hidden = !myelin;
    this.rows.lag.element.hidden = side !== "both";
    this.compute(simulation);
    this.draw();
    this.describe();
  }

  /**
   * Begin the wave of the newest numbers once the one before is known, and go on with it.
   *
   * @param {Simulation} simulation
   */
  compute({ model, parameters }) {
    const { diameter, length, sheath, fibre, g_ratio: ratio, side, lag } = this.own;
    const key = JSON.stringify([model, parameters, diameter, length, sheath, fibre, ratio, side, lag]);
    if (!this.next && key !== this.key) {
      this.key = key;
      this.next = this.begun(parameters);
      if (!this.next) this.wave = null;
    }
    this.blank(!this.wave && !this.next);
    if (!this.next) return;
    this.next.advance(ROOM);
    if (this.next.done) {
      this.wave = this.next;
      this.next = null;
      this.pictures.begin(this.wave, this.long);
      this.clock.begin(this.wave.lasts, this.middle(this.wave));
    }
    this.lab.redraw();
  }

  /**
   * A wave from its beginning; null where there is none, and why is said.
   *
   * @param {Record<string, number>} parameters
   * @returns {Wave | null}
   */
  begun(parameters) {
    const { words, limits } = this.lab;
    const { sheath, side, lag } = this.own;
    const opened = this.lab.model();
    const pure = unitless(opened, parameters);
    this.parts.choices.hidden = this.parts.sizes.hidden = pure;
    let why = "";
    if (pure) {
      why = words("An axon needs a membrane in millivolts.");
    } else if (sheath === "myelin" && channelsOf(opened.manifest).some((each) => !each.conductance)) {
      why = words("This model's currents have no conductance that myelin could take away.");
    } else {
      try {
        const wave = new Wave(opened, parameters, this.fibre, { side, lag }, limits.fibre);
        say(this.parts.without, "");
        return wave;
      } catch (problem) {
        why = words("There is no rest from which to begin: {why}.", { why: whyOf(problem, words) });
      }
    }
    say(this.parts.without, why);
    return null;
  }

  /**
   * Nothing is shown where there is no wave.
   *
   * @param {boolean} hidden
   */
  blank(hidden) {
    this.parts.front.hidden = this.parts.below.hidden = hidden;
    if (hidden) say(this.said, "");
  }

  /**
   * ms, when the wave is half way.
   *
   * @param {Wave} wave
   */
  middle(wave) {
    const at = wave.arrival((this.long * 1e3) / (this.own.side === "both" ? 4 : 2));
    return Number.isFinite(at) ? at : wave.lasts / 3;
  }

  draw() {
    this.clock.show();
    if (!this.wave || !this.shown) return;
    this.pictures.draw({ wave: this.wave, long: this.long, electrodes: this.electrodes, time: this.clock.time,
      side: this.own.side });
    this.hold();
  }

  hold() {
    if (!this.wave) return;
    const theme = this.lab.style.theme();
    this.handles.forEach((handle, k) => {
      handle.element.style.setProperty("--ink", theme.recordings[k + 1]);
      handle.meaning.high = Math.round(this.long * 2) / 2;
      handle.show(this.electrodes[k]);
    });
  }

  /** What became of the wave, in words. */
  describe() {
    if (!this.wave) return;
    const text = told(this.wave, this.own.side, this.electrodes, this.lab.words);
    say(this.said, text);
    this.pictures.describe(text);
  }

  /**
   * Space plays and stops.
   *
   * @param {KeyboardEvent} event
   */
  keys(event) {
    if (event.key !== " " || event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement) return false;
    if (this.wave) this.clock.toggle();
    return true;
  }
}
