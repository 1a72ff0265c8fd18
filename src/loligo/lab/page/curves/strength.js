/**
 * A card: the least pulse that excites against its duration.
 */
import { choice } from "../fields.js";
import { Chart } from "../draw/chart.js";
import { reach } from "../draw/scale.js";
import { element, say } from "../dom.js";
import { DURATIONS, followed, laws, rheobaseAndChronaxie, strengths } from "../experiments/threshold.js";
import { Rolling } from "../experiments/rolling.js";
import { fitted } from "../story/unitless.js";

const ROUNDS = 4;

/**
 * @typedef {import("./firing.js").Now} Now
 */

export class Strength {
  /** @param {import("../main.js").Lab} lab */
  constructor(lab) {
    this.lab = lab;
    const { words } = lab;
    this.kind = "current";
    this.choice = choice(words("Threshold as"), [["current", words("Current")], ["charge", words("Charge")]],
      (value) => lab.state.keep("curves", { strength: value }));
    this.drawing = element("div", { class: "drawing", role: "img", "aria-label": words("Strength and duration") });
    this.readout = element("p", { class: "gist" });
    this.element = element("section", { class: "card", "aria-label": words("Strength and duration") },
      element("h2", {}, words("Strength and duration")), element("div", { class: "bar" }, this.choice.element),
      this.drawing, this.readout);
    this.chart = new Chart(this.drawing, lab.style);
    this.rolling = new Rolling(ROUNDS);
    this.rolling.along(DURATIONS);
    /** @type {{key: string, rheobase: number, chronaxie: number, laws: ReturnType<typeof laws>} | null} */
    this.found = null;
    this.whole = "";
    this.axis = [0.1, 100];
  }

  /** Another model: nothing is known of it yet. */
  forget() {
    this.rolling.y = DURATIONS.map(() => NaN);
    this.rolling.found.fill("");
    this.found = null;
    this.whole = "";
    say(this.readout, "");
  }

  /** @param {Record<string, any>} own */
  asks({ strength }) {
    this.kind = strength ?? "current";
  }

  /**
   * @param {Now & {steady: (voltage: Float64Array) => Float64Array, capacitance: number}} now
   * @returns {null | (() => Promise<void>)}
   */
  next({ key, base, rest, moving, ask, steady, capacitance }) {
    const patch = { ask, base, rest, capacitance };
    if (!moving && this.whole !== key) {
      return async () => {
        const { value } = await strengths(patch, DURATIONS);
        this.rolling.y = value;
        this.rolling.found.fill(key);
        this.whole = key;
      };
    }
    if (!moving) {
      if (this.found?.key === key) return null;
      return async () => {
        const { rheobase, chronaxie } = await rheobaseAndChronaxie(patch, steady);
        this.found = { key, rheobase, chronaxie, laws: laws(DURATIONS, this.rolling.y) };
      };
    }
    const part = this.rolling.next(key);
    if (!part || !this.whole) return null;
    return async () => {
      const before = part.which.map((k) => this.rolling.y[k]);
      const values = await followed(patch, part.which.map((k) => DURATIONS[k]), before);
      this.rolling.put(part, key, values.map((each, k) => (Number.isFinite(each) ? each : before[k])));
    };
  }

  /**
   * @param {boolean} moving
   * @param {string} key
   */
  draw(moving, key) {
    const { words, style } = this.lab;
    const theme = style.theme();
    this.choice.show(this.kind);
    const charge = this.kind === "charge";
    const { y } = this.rolling;
    /** @type {(row: Float64Array) => Float64Array} */
    const shown = (row) => (charge ? row.map((each, k) => each * DURATIONS[k]) : row);
    const found = this.found?.key === key ? this.found : null;
    const fits = found?.laws;
    const lines = shown(y);
    const [low, high] = reach([lines]);
    if (Number.isFinite(low) && Number.isFinite(high)) {
      const around = [low / 1.6, high * 1.6];
      this.axis = moving && this.axis[2] === Number(charge)
        ? [Math.min(this.axis[0], around[0]), Math.max(this.axis[1], around[1]), Number(charge)]
        : [...around, Number(charge)];
    }
    const law = fits ? [
      { x: DURATIONS, colour: style.ink("K"), dash: [5, 4], label: [{ text: "Lapicque" }],
        y: shown(DURATIONS.map((d) => fits.lapicque.rheobase / -Math.expm1(-d / fits.lapicque.time))) },
      { x: DURATIONS, colour: style.ink("leak"), dash: [1.5, 2.5], label: [{ text: "Weiss" }],
        y: shown(DURATIONS.map((d) => fits.weiss.rheobase * (1 + fits.weiss.time / d))) },
    ] : [];
    this.chart.show(
      { low: 0.05, high: 100, log: true, heading: words("Duration"), unit: this.lab.unit("ms") },
      { low: this.axis[0], high: this.axis[1], log: true,
        heading: charge ? words("Threshold charge") : words("Threshold"), unit: this.lab.unit(charge ? "nC/cm2" : "uA/cm2") },
      {
        curves: [...law, { x: DURATIONS, y: lines, colour: theme.voltage, dots: true }],
        rules: found && !charge ? [{ y: found.rheobase, text: words("rheobase") },
          { x: found.chronaxie, text: words("chronaxie") }] : [],
      });
    this.element.classList.toggle("busy", !moving && this.whole !== key);
    if (!found && !moving) say(this.readout, "");
    if (!found) return;
    const text = Number.isFinite(found.rheobase)
      ? words("Rheobase {base:.4g} µA/cm², chronaxie {chronaxie:.4g} ms.", {
        base: found.rheobase, chronaxie: found.chronaxie })
      : words("No current excites it by lasting.");
    say(this.readout, fitted(this.lab, text));
    this.drawing.setAttribute("aria-label", `${words("Threshold of a pulse against its duration.")} ${text}`);
  }
}
