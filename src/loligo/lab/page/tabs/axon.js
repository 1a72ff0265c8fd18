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
import { parameterPanel } from "../controls/parameters.js";
import { slider } from "../controls/slider.js";
import { element, fill, icon, say } from "../dom.js";
import { Canvas } from "../draw/canvas.js";
import { Chart } from "../draw/chart.js";
import { Handle } from "../draw/handle.js";
import { picture } from "../draw/heat.js";
import { channelsOf, unitless } from "../experiments/channels.js";
import { evenly } from "../experiments/asking.js";
import { interpolated, Wave } from "../experiments/wave.js";
import { choice } from "../fields.js";
import { boundsOf, usualOf } from "../link/limits.js";
import { axonCommand, axonScript, csv } from "../texts.js";
import { whyOf } from "../words.js";

const ROOM = 5; // ms of a frame for the wave
const COLUMNS = 360; // of the picture
const SLOW = 700; // times slower than it is
const RANGE = { low: -90, high: 60 }; // mV
const STRIDE = 0.5; // ms at once, twice a second, for who wants no motion

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
    this.wanted = "";
    this.time = NaN;
    this.touched = false; // the time was chosen by hand
    this.playing = 0;
    this.shown = false;
    this.image = element("canvas", {});
    this.surface = element("canvas", {});
    const { words } = lab;
    this.profileHost = element("div", { class: "drawing profile", role: "img",
      "aria-label": words("Membrane potential along the axon.") });
    this.stripHost = element("div", { class: "drawing cylinder", role: "group", "aria-label": words("Electrodes") });
    this.mapHost = element("div", { class: "drawing", role: "img",
      "aria-label": words("Membrane potential over place and time.") });
    this.tracesHost = element("div", { class: "drawing", role: "img",
      "aria-label": words("Membrane potential at the electrodes.") });
    this.said = element("p", { class: "said" });
    this.play = element("button", { type: "button", class: "tool", onclick: () => this.toggle() });
    this.clock = element("input", { type: "range", min: 0, max: 1, step: "any", "aria-label": words("Time"),
      oninput: () => this.at(Number(this.clock.value)) });
    this.now = element("output", {});
    this.sides = choice(words("Shock"), [["left", words("left end")], ["right", words("right end")],
      ["both", words("both ends")]], (side) => this.keep({ side: /** @type {Own["side"]} */ (side) }));
    this.sheath = choice(words("Myelin"), [["bare", words("bare")], ["myelin", words("myelinated")]],
      (value) => this.keep({ sheath: /** @type {Own["sheath"]} */ (value), ...ends(value, this.own) }));
    this.profile = new Chart(this.profileHost, lab.style);
    this.strip = new Canvas(this.stripHost, () => this.draw());
    this.map = new Chart(this.mapHost, lab.style);
    this.traces = new Chart(this.tracesHost, lab.style);
    this.profile.moved = () => this.hold();
    this.handles = [this.electrode("first"), this.electrode("second")];
    this.rows = this.sliders();
    this.sizes = element("fieldset", { class: "group" }, element("legend", {}, words("Axon")),
      ...Object.values(this.rows).map((row) => row.element));
    this.controls = element("div", { class: "controls" }, this.sizes);
    this.without = element("p", { class: "said" });
    this.front = element("div", { class: "front" }, this.profileHost, this.stripHost,
      element("div", { class: "clockwork" }, this.play, this.clock, this.now));
    this.below = element("div", { class: "cards" },
      element("section", { class: "card" }, element("h2", {}, words("Place and time")), this.mapHost),
      element("section", { class: "card" }, element("h2", {}, words("At the electrodes")), this.tracesHost));
    this.choices = element("div", { class: "bar" }, element("span", {}, words("Shock at the")),
      this.sides.element, this.sheath.element);
    const stage = element("div", { class: "loose" }, this.choices,
      this.front, this.said, this.without, this.below);
    fill(host, [element("div", { class: "bench axon-bench" }, stage, this.controls)]);
    this.parameters = parameterPanel(this.controls, lab);
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
    const { words } = this.lab;
    return new Handle(this.stripHost, {
      label: words("Electrode {number}", { number: which === "first" ? "1" : "2" }), low: 0, high: 200, step: 0.5,
      along: "horizontal",
      text: (value) => words("{x:.1f} mm", { x: value }),
      place: (value) => [this.profile.x(Math.min(value, this.long)), 30],
      value: (x) => this.profile.value(x, 0)[0],
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

  /**
   * @param {Partial<Own>} change
   * @param {boolean} [moving]
   */
  keep(change, moving) {
    if ("side" in change || "sheath" in change) this.touched = false;
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
    return sheath === "myelin"
      ? { diameter: fibre, length: 2400 * fibre, resistivity: 35.4, g_ratio: ratio }
      : { diameter, length: length * 1e3, resistivity: 35.4, g_ratio: null };
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
    const told = {
      simulation, fibre: this.fibre, count: wave.cut.area.length, pulses: wave.pulses,
      conductances: Object.fromEntries(conducting.map((name) => [name, 10 * numbers[name]])),
      run: { dt: wave.dt, duration: Number(wave.lasts.toFixed(9)), initial: wave.initial, threshold: wave.rest + 25 },
    };
    return { script: axonScript(told, load), command: axonCommand(told, load), data: () => this.table(wave) };
  }

  /** @param {Wave} wave */
  table(wave) {
    const time = wave.rows.map((_, k) => Number((k * wave.every).toFixed(9)));
    const names = this.electrodes.map((x) => `V at ${x} mm`);
    const values = Object.fromEntries(this.electrodes.map((x, k) => [names[k], wave.trace(x * 1e3)]));
    return csv({ time, values }, Object.fromEntries(names.map((name) => [name, "mV"])));
  }

  /** @returns {[number, number]} mm */
  get electrodes() {
    return [this.own.first, this.own.second];
  }

  hide() {
    this.shown = false;
    cancelAnimationFrame(this.playing);
    this.playing = 0;
  }

  /**
   * @param {Simulation} simulation
   * @param {View} view
   */
  show(simulation, view) {
    this.shown = true;
    this.own = this.remembered(view);
    this.parameters.show(simulation);
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
    const myelin = sheath === "myelin";
    const key = JSON.stringify([model, parameters, diameter, length, sheath, fibre, ratio, side, lag]);
    if (!this.next && key !== this.key) {
      this.key = key;
      const opened = this.lab.model();
      const missing = myelin && channelsOf(opened.manifest).some((each) => !each.conductance);
      const pure = unitless(opened, parameters);
      this.choices.hidden = this.sizes.hidden = pure;
      say(this.without, pure ? this.lab.words("An axon needs a membrane in millivolts.") : missing
        ? this.lab.words("This model's currents have no conductance that myelin could take away.") : "");
      try {
        this.next = missing || pure ? null : new Wave(opened, parameters, this.fibre, { side, lag });
      } catch (problem) {
        say(this.without, this.lab.words("There is no rest from which to begin: {why}.", {
          why: whyOf(problem, this.lab.words) }));
      }
      if (!this.next) this.wave = null;
    }
    this.blank(!this.wave && !this.next);
    if (!this.next) return;
    this.next.advance(ROOM);
    if (this.next.done) {
      this.wave = this.next;
      this.next = null;
      const { cut } = this.wave;
      const places = evenly(0, this.long * 1e3, COLUMNS);
      const order = Float64Array.from(cut.position.keys());
      this.columns = Int32Array.from(places, (at) => Math.round(interpolated(cut.position, order, at)));
      picture(this.image, this.wave.rows, this.columns, RANGE.low, RANGE.high);
      if (!this.touched || !(this.time <= this.wave.lasts)) this.time = this.middle();
    }
    this.lab.redraw();
  }

  /**
   * Nothing is shown where there is no wave.
   *
   * @param {boolean} hidden
   */
  blank(hidden) {
    for (const each of [this.front, this.below]) each.hidden = hidden;
    if (hidden) say(this.said, "");
  }

  /** ms, when the wave is half way. */
  middle() {
    const { wave } = this;
    if (!wave) return 0;
    const at = wave.arrival((this.long * 1e3) / (this.own.side === "both" ? 4 : 2));
    return Number.isFinite(at) ? at : wave.lasts / 3;
  }

  /** @param {number} time  ms */
  at(time) {
    const { wave } = this;
    if (!wave) return;
    this.touched = true;
    this.time = Math.min(Math.max(time, 0), wave.lasts);
    this.draw();
  }

  /** Slow motion, or none of it. */
  toggle() {
    if (this.playing) {
      cancelAnimationFrame(this.playing);
      this.playing = 0;
      this.draw();
      return;
    }
    this.touched = true;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let [before, waited] = [performance.now(), 0];
    if (this.wave && this.time >= this.wave.lasts - 0.01) this.time = 0;
    /** @param {number} now */
    const go = (now) => {
      const passed = Math.max(0, now - before);
      before = now;
      waited += passed;
      if (!still) this.time += passed / SLOW;
      else if (waited > 500) [this.time, waited] = [this.time + STRIDE, 0];
      const end = this.wave?.lasts ?? 0;
      if (this.time >= end) {
        this.time = end;
        this.playing = 0;
      } else {
        this.playing = requestAnimationFrame(go);
      }
      this.draw();
    };
    this.playing = requestAnimationFrame(go);
  }

  draw() {
    const { wave } = this;
    const { words } = this.lab;
    const said = this.playing ? words("Stop") : words("Play in slow motion");
    if (this.play.getAttribute("aria-label") !== said) {
      fill(this.play, [icon(this.playing ? "pause" : "play")]);
      this.play.setAttribute("aria-label", said);
      this.play.title = said;
    }
    if (!wave || !this.shown) return;
    const row = this.row(this.time);
    this.clock.max = String(wave.lasts);
    this.clock.value = String(this.time);
    this.clock.style.setProperty("--part", String(this.time / wave.lasts));
    const told = words("{t:.2f} ms", { t: this.time });
    this.clock.setAttribute("aria-valuetext", told);
    say(this.now, told);
    this.along(row);
    this.cylinder(row);
    this.spaceAndTime();
    this.recorded();
    this.hold();
  }

  /**
   * V along the axon, between the two profiles around a time.
   *
   * @param {number} time  ms
   */
  row(time) {
    const { rows, every } = /** @type {Wave} */ (this.wave);
    const place = Math.min(Math.max(time / every, 0), rows.length - 1);
    const first = Math.min(Math.floor(place), Math.max(rows.length - 2, 0));
    const part = place - first;
    const after = rows[Math.min(first + 1, rows.length - 1)];
    return Float64Array.from(rows[first], (each, k) => each + part * (after[k] - each));
  }

  /** @param {Float64Array} row */
  along(row) {
    const { words, style } = this.lab;
    const { cut } = /** @type {Wave} */ (this.wave);
    const theme = style.theme();
    this.profile.show(
      { low: 0, high: this.long, heading: words("Place"), unit: "mm" },
      { low: -90, high: 60, heading: words("Membrane potential"), unit: "mV" },
      {
        curves: [{ x: cut.position.map((each) => each / 1e3), y: row, colour: theme.voltage, width: 2 }],
        rules: this.electrodes.map((x, k) => ({ x, text: String(k + 1) })),
      });
  }

  /** @param {Float64Array} row */
  cylinder(row) {
    const context = this.strip.begin();
    const theme = this.lab.style.theme();
    const { left, width } = this.profile.box;
    const { cut } = /** @type {Wave} */ (this.wave);
    const [top, height] = [16, 28];
    picture(this.surface, [row], /** @type {Int32Array} */ (this.columns), RANGE.low, RANGE.high);
    context.drawImage(this.surface, left, top, width, height);
    if (cut.bare) {
      context.fillStyle = theme.sheath;
      context.strokeStyle = theme.rule;
      const scale = width / (this.long * 1e3);
      let begin = 1;
      for (let k = 1; k < cut.bare.length; k++) {
        if (!cut.bare[k]) continue;
        const [from, to] = [left + begin * scale + 2, left + (cut.position[k] - 0.5) * scale - 2];
        for (const y of [top - 6, top + height]) context.fillRect(from, y, to - from, 6);
        begin = cut.position[k];
      }
    }
    context.strokeStyle = theme.muted;
    context.lineWidth = 1;
    context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
    this.bolts(context, theme, top + height / 2);
  }

  /**
   * Where it is shocked.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {import("../style.js").Theme} theme
   * @param {number} y
   */
  bolts(context, theme, y) {
    const { left, width } = this.profile.box;
    const { side } = this.own;
    context.fillStyle = theme.stimulus;
    for (const [x, on] of /** @type {const} */ ([[left - 10, side !== "right"], [left + width + 6, side !== "left"]])) {
      if (!on) continue;
      context.beginPath();
      for (const [dx, dy] of [[2, -11], [-5, 2], [-1, 2], [-3, 11], [4, -3], [0, -3]]) context.lineTo(x + dx, y + dy);
      context.fill();
    }
  }

  spaceAndTime() {
    const { words } = this.lab;
    const wave = /** @type {Wave} */ (this.wave);
    this.map.show(
      { low: 0, high: this.long, heading: words("Place"), unit: "mm" },
      { low: 0, high: wave.lasts, heading: words("Time"), unit: "ms" },
      {
        picture: { source: this.image },
        curves: [
          { x: [0, this.long], y: [this.time, this.time], colour: "#ffffff", width: 1.2 },
          ...this.electrodes.map((x) => ({ x: [x, x], y: [0, wave.lasts], colour: "#ffffff", dash: [3, 3], width: 1.2 })),
        ],
      });
  }

  recorded() {
    const { words, style } = this.lab;
    const wave = /** @type {Wave} */ (this.wave);
    const theme = style.theme();
    const time = Float64Array.from(wave.rows, (_, k) => k * wave.every);
    const colours = [theme.recordings[1], theme.recordings[2]];
    this.traces.show(
      { low: 0, high: wave.lasts, heading: words("Time"), unit: "ms" },
      { low: -90, high: 60, heading: words("Membrane potential"), unit: "mV" },
      {
        curves: this.electrodes.map((x, k) => ({
          x: time, y: wave.trace(x * 1e3), colour: colours[k], dash: k ? [5, 3] : [], label: [{ text: String(k + 1) }] })),
        spots: this.electrodes.map((x, k) => ({ x: wave.arrival(x * 1e3), y: wave.rest + 25, colour: colours[k] })),
        cursor: this.time,
      });
  }

  hold() {
    if (!this.wave) return;
    const theme = this.lab.style.theme();
    this.handles.forEach((handle, k) => {
      handle.element.style.setProperty("--ink", theme.recordings[k + 1]);
      handle.meaning.high = Math.round(this.long * 2) / 2;
      handle.show(Math.min(this.electrodes[k], this.long));
    });
  }

  /** What became of the wave, in words. */
  describe() {
    const { wave } = this;
    if (!wave) return;
    const { words } = this.lab;
    const [first, second] = [...this.electrodes].sort((a, b) => a - b);
    const speed = wave.velocity(first * 1e3, second * 1e3);
    const met = wave.met();
    const parts = [];
    if (this.own.side === "both" && Number.isFinite(met)) {
      parts.push(words("The two waves meet at {x:.1f} mm and vanish: behind each the membrane is still refractory.", {
        x: met / 1e3 }));
    } else if (Number.isFinite(speed) && first < second) {
      parts.push(words("Between the electrodes, {d:.1f} mm apart, it travels at {v:.4g} m/s.", {
        d: second - first, v: Math.abs(speed) }));
    }
    const passed = wave.passed.filter(Number.isFinite).length;
    if (passed === 0) parts.push(words("Nothing passes: the shock excites no wave."));
    else if (passed < wave.passed.length && !wave.cut.bare) parts.push(words("The wave dies out on its way."));
    if (wave.initial !== "rest") parts.unshift(words("It has no rest: the axon begins where the model does."));
    const text = parts.join(" ");
    say(this.said, text);
    this.profileHost.setAttribute("aria-label", `${words("Membrane potential along the axon.")} ${text}`);
    this.mapHost.setAttribute("aria-label", `${words("Membrane potential over place and time.")} ${text}`);
    this.tracesHost.setAttribute("aria-label", `${words("Membrane potential at the electrodes.")} ${text}`);
  }

  /**
   * Space plays and stops.
   *
   * @param {KeyboardEvent} event
   */
  keys(event) {
    if (event.key !== " " || event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement) return false;
    this.toggle();
    return true;
  }
}

/**
 * Electrodes at a third and two thirds of another axon.
 *
 * @param {string} sheath
 * @param {Own} own
 * @returns {{first: number, second: number}}
 */
function ends(sheath, { fibre, length }) {
  const long = sheath === "myelin" ? 2.4 * fibre : length;
  return { first: Math.round(long * 0.6) / 2, second: Math.round(long * 1.4) / 2 };
}
