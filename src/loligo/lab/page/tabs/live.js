/**
 * Live: an oscilloscope without end. Hold to inject, poke it out of its rhythm, hear it fire.
 */
import { describe, element, fill, icon, say } from "../dom.js";
import { parameterPanel } from "../controls/parameters.js";
import { slider } from "../controls/slider.js";
import { headingOf, timeHeading } from "../draw/panels.js";
import { Plot } from "../draw/plot.js";
import { Limits, number, reach } from "../draw/scale.js";
import { Cell } from "../live/cell.js";
import { boundsOf } from "../link/limits.js";
import { samplesOf } from "../sampling.js";
import { Scope } from "../live/scope.js";
import { Clicks } from "../live/sound.js";
import { whyOf } from "../words.js";

/**
 * @typedef {import("../state.js").Simulation} Simulation
 *
 * @typedef {object} Settings  what a person sets
 * @property {number} hold  uA/cm2, all the time
 * @property {number} held  uA/cm2 more, while held
 * @property {number} poke  uA/cm2
 * @property {number} speed  ms in 1 s
 * @property {number} sweep  ms
 */

const LONGEST = 40; // ms of the clock: a frame that took longer is not made up for
const SWEPT = 2.5; // s on the clock, a sweep
const PART = 0.01; // of a sweep: how long a poke lasts

/** @type {import("../tabs.js").Tab} */
export const live = {
  name: "live",
  title: "Live",
  create: (host, lab) => new Oscilloscope(host, lab),
};

class Oscilloscope {
  /**
   * @param {HTMLElement} host
   * @param {import("../main.js").Lab} lab
   */
  constructor(host, lab) {
    this.lab = lab;
    const { words } = lab;
    this.settings = settingsOf(lab);
    const stage = element("div", { class: "stage", role: "img", "aria-label": words("Oscilloscope") });
    this.run = element("button", { type: "button", class: "chip", onclick: () => this.pause(this.going) });
    this.sound = element("button", { type: "button", class: "chip", onclick: () => this.hear() });
    this.rate = element("output", { class: "rate" });
    this.count = element("span", { class: "rate-note" });
    this.inject = element("button", { type: "button", class: "big inject",
      onpointerdown: (event) => this.press(event), onlostpointercapture: () => this.hold(false),
      onblur: () => this.hold(false) }, words("Hold to inject"));
    this.poker = element("button", { type: "button", class: "big poke", onclick: () => this.poke() }, words("Poke"));
    const hint = element("p", { class: "hint" }, words("Keys: hold space to inject, enter to poke."));
    const seen = element("div", { class: "seen" },
      element("div", { class: "toolbar" }, element("div", { class: "meter" }, this.rate, this.count),
        element("div", { class: "chip-row" }, this.run, this.sound)), stage,
      element("div", { class: "pads" }, this.inject, this.poker), hint);
    const controls = element("div", { class: "controls" });
    host.append(element("div", { class: "bench live-bench" }, seen, controls));
    this.knobs = element("fieldset", { class: "group wide-names" });
    controls.append(this.knobs);
    this.sliders = this.settingSliders();
    this.parameters = parameterPanel(controls, lab);
    this.plot = new Plot(stage, lab.style);
    this.limits = new Limits();
    this.clicks = new Clicks();
    this.going = false;
    this.holding = false;
    this.wished = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.frame = 0;
    this.before = 0;
    this.fired = 0;
    this.firing = false;
    /** @type {Cell | null} */
    this.cell = null;
    this.scope = new Scope(this.settings.sweep);
    this.released = (/** @type {KeyboardEvent} */ event) => event.key === " " && this.hold(false);
    this.buttons();
  }

  settingSliders() {
    const { words } = this.lab;
    const current = this.lab.unit("uA/cm2");
    const first = settingsOf(this.lab);
    /** @type {[keyof Settings, string, string, number, number][]} */
    const wanted = [
      ["held", words("While you hold"), current, -2 * first.held, 4 * first.held],
      ["hold", words("All the time"), current, -first.held, 2 * first.held],
      ["poke", words("A poke"), current, -3 * first.poke, 3 * first.poke],
      ["speed", words("Speed"), this.lab.unit("ms") ? "ms/s" : "1/s", first.speed / 8, 5 * first.speed],
      ["sweep", words("One sweep"), this.lab.unit("ms"), first.sweep / 5, 5 * first.sweep],
    ];
    const made = wanted.map(([key, label, shown, low, high]) => {
      const one = slider(this.lab, { label, shown: element("span", {}, label), unit: shown, low, high, initial: first[key],
        least: key === "speed" || key === "sweep" ? low / 10 : undefined, colour: key === "speed" || key === "sweep" ? undefined : "stimulus",
        most: boundsOf("live", key, this.lab.limits).most,
        set: (value, moving) => this.lab.state.keep("live", { [key]: value }, moving),
        settle: () => this.lab.state.settle() });
      return /** @type {const} */ ([key, one]);
    });
    fill(this.knobs, [element("legend", {}, words("Oscilloscope")), ...made.map(([, one]) => one.element)]);
    return new Map(made);
  }

  /** @param {Record<string, any>} own */
  remember(own) {
    const said = Object.entries(own).filter(([, value]) => value !== null);
    const { sweep } = this.settings;
    this.settings = { ...settingsOf(this.lab), ...Object.fromEntries(said) };
    for (const [key, one] of this.sliders) one.show(this.settings[key]);
    if (this.settings.sweep === sweep) return;
    this.scope = new Scope(this.settings.sweep);
    if (this.cell) this.cell.sample = samplesOf(this.settings.sweep);
  }

  /**
   * @param {Simulation} simulation
   * @param {import("../state.js").View} view
   */
  show(simulation, { own }) {
    document.addEventListener("keyup", this.released);
    this.parameters.show(simulation);
    const model = this.lab.model();
    if (!this.cell || this.cell.model !== model) {
      this.settings = settingsOf(this.lab);
      this.cell = new Cell(model, simulation, samplesOf(this.settings.sweep));
      this.scope = new Scope(this.settings.sweep);
      this.limits = new Limits();
      this.sliders = this.settingSliders();
      this.fired = 0;
    }
    this.remember(own.live ?? {});
    this.cell.simulation = simulation;
    if (this.wished && !this.going) this.pause(false);
    this.paint();
  }

  hide() {
    document.removeEventListener("keyup", this.released);
    this.stop();
  }

  /** @param {boolean} stop */
  pause(stop) {
    this.wished = !stop;
    if (stop) {
      this.stop();
    } else if (!this.going) {
      this.going = true;
      this.before = performance.now();
      this.frame = requestAnimationFrame((now) => this.step(now));
    }
    this.buttons();
  }

  stop() {
    cancelAnimationFrame(this.frame);
    this.going = false;
    this.hold(false);
    this.buttons();
  }

  /** @param {number} now */
  step(now) {
    if (!this.going || !this.cell) return;
    const clock = Math.min(now - this.before, LONGEST);
    this.before = now;
    const { speed, held, hold } = this.settings;
    try {
      const piece = this.cell.go((clock / 1000) * speed, hold + (this.holding ? held : 0));
      if (piece) {
        this.scope.draw(piece);
        for (const { time } of piece.spikes) this.clicks.click((time - piece.time[0]) / speed);
        this.fired += piece.spikes.length;
        this.paint();
      }
    } catch (problem) {
      this.lab.tell(whyOf(problem, this.lab.words));
      this.cell = null;
      this.pause(true);
      return;
    }
    this.frame = requestAnimationFrame((next) => this.step(next));
  }

  paint() {
    if (!this.cell) return;
    const { style, words } = this.lab;
    const [V, I] = [this.scope.lines("V"), this.scope.lines("I")];
    const panel = (/** @type {string} */ key, /** @type {typeof V} */ { now, before }, /** @type {string} */ ink, /** @type {number} */ weight) => {
      const [low, high] = this.reach(key, [now.y, before.y]);
      const limits = this.limits.around(key, low, high, this.going);
      const line = { name: key, colour: style.ink(ink), width: 2 };
      return { key, heading: headingOf(key, words), unit: this.lab.unit(key === "V" ? "mV" : "uA/cm2"), low: limits[0], high: limits[1], weight,
        lines: [{ ...line, ...now }], behind: [{ ...line, ...before, alpha: 0.4, width: 1.5 }] };
    };
    const across = { low: 0, high: this.scope.lasts, heading: timeHeading(this.lab) };
    this.plot.show([panel("V", V, "voltage", 4), panel("stimulus", I, "stimulus", 1)], across, { cursor: this.scope.head(), beam: true });
    this.meter();
  }

  /**
   * From where to where a panel reaches, at least.
   *
   * @param {string} key
   * @param {ArrayLike<number>[]} rows
   * @returns {[number, number]}
   */
  reach(key, rows) {
    const [low, high] = reach(rows);
    if (key !== "V") return [Math.min(low, 0), Math.max(high, this.settings.held)];
    return this.lab.description().dimensionless ? [Math.min(low, -2.5), Math.max(high, 2.5)] : [Math.min(low, -80), Math.max(high, 40)];
  }

  /** How fast it fires; who does not see it is told when that begins and ends. */
  meter() {
    const rate = this.cell?.rate() ?? 0;
    const { words, style } = this.lab;
    const hertz = number(rate, rate < 10 ? 1 : 0, style.decimal());
    say(this.rate, rate ? `${hertz} Hz` : words("quiet"));
    say(this.count, this.fired === 1 ? words("one action potential") : words("{count} action potentials", { count: this.fired }));
    const firing = rate > 0;
    if (firing === this.firing) return;
    this.firing = firing;
    this.lab.announce(firing ? words("It fires, {rate} times a second.", { rate: hertz }) : words("It is quiet."));
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button) return;
    this.inject.setPointerCapture(event.pointerId);
    this.hold(true);
  }

  /** @param {boolean} on */
  hold(on) {
    if (on && !this.going) this.pause(false);
    this.holding = on;
    this.inject.classList.toggle("held", on);
  }

  poke() {
    if (!this.going) this.pause(false);
    this.cell?.poke(this.settings.poke, Math.max(PART * this.settings.sweep, 0.5));
  }

  hear() {
    this.clicks.turn();
    this.buttons();
  }

  buttons() {
    const { words } = this.lab;
    fill(this.run, [icon(this.going ? "pause" : "play"), this.going ? words("Stop") : words("Go on")]);
    fill(this.sound, [icon(this.clicks.on ? "sound" : "silent"), words("Clicks")]);
    describe(this.sound, { "aria-pressed": String(this.clicks.on) });
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean}
   */
  keys(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const other = target.closest("input, select, button, summary, [role=slider]");
    if (other && other !== this.inject) return false;
    if (event.key === " ") this.hold(true);
    else if (event.key === "Enter" && !event.repeat) this.poke();
    else return false;
    return true;
  }
}

/**
 * What suits a model: ms in 1 s and of a sweep, uA/cm2 of what is injected.
 *
 * @param {import("../main.js").Lab} lab
 * @returns {Settings}
 */
function settingsOf(lab) {
  const { stimulus, duration } = lab.description().shown ?? {};
  const held = stimulus?.[0]?.amplitude || 10;
  const sweep = Number((2 * (duration ?? 50)).toPrecision(1));
  return { hold: 0, held, poke: 2 * Math.abs(held), speed: sweep / SWEPT, sweep };
}
