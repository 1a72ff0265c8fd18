/**
 * A card: what the gates are given by, against the potential.
 */
import { choice } from "../fields.js";
import { Chart } from "../draw/chart.js";
import { symbol } from "../draw/names.js";
import { Limits, reach } from "../draw/scale.js";
import { between } from "../draw/trace.js";
import { element, say } from "../dom.js";
import { evenly } from "../experiments/asking.js";
import { NoRestError } from "../engine/rest.js";
import { curves, numbers, ramp } from "../experiments/gates.js";

const ROW = evenly(-100, 60, 161); // mV

/**
 * @typedef {import("../experiments/asking.js").Asked} Asked
 * @typedef {{name: string, ink: string, dash: number[], curves: import("../experiments/gates.js").Curves}} Shown
 */

export class Gates {
  /** @param {import("../main.js").Lab} lab */
  constructor(lab) {
    this.lab = lab;
    this.limits = new Limits();
    this.kind = "inf";
    /** @type {Shown[]} */
    this.shown = [];
    /** @type {number | null} */
    this.cursor = null;
    const { words } = lab;
    /** @type {[string, string, string][]} what it is, in words, and its unit */
    this.kinds = [["inf", words("Steady state"), ""], ["tau", words("Time constant"), "ms"],
      ["rates", words("Rates"), "ms⁻¹"]];
    this.choice = choice(words("What of the gates"), this.kinds.map(([value, said]) => [value, said]),
      (value) => lab.state.keep("curves", { gates: value }));
    this.drawing = element("div", { class: "drawing", role: "img",
      "aria-label": words("Gates"), onpointermove: (event) => this.point(event.clientX), onpointerleave: () => this.point(null) });
    this.readout = element("p", { class: "gist" });
    this.element = element("section", { class: "card", "aria-label": words("Gates") },
      element("h2", {}, words("Gates")), element("div", { class: "bar" }, this.choice.element),
      this.drawing, this.readout);
    this.chart = new Chart(this.drawing, lab.style);
  }

  /** @param {Record<string, any>} own */
  asks({ gates }) {
    return gates ?? "inf";
  }

  /**
   * @param {Asked} base
   * @param {Record<string, any>} own
   */
  find(base, own) {
    this.kind = this.asks(own);
    this.base = base;
    const model = this.lab.model();
    const found = model.rates(base.parameters, ROW);
    const gates = this.lab.description().variables.filter(({ role }) => role === "gate");
    const always = gates.map(({ name }) => name).filter((name) => !(name in found));
    const followed = this.followed(model, base, always);
    for (const name of always) if (name in followed) found[name] = { inf: followed[name], tau: null };
    this.element.hidden = !gates.length;
    this.shown = gates.filter(({ name }) => name in found).map(({ name, ink, dash }) => ({ name, ink, dash, curves: curves(found[name]) }));
  }

  /**
   * Gates that are no states: as V is led along; none where the membrane has nowhere to begin.
   *
   * @param {any} model
   * @param {Asked} base
   * @param {string[]} names
   * @returns {Record<string, Float64Array>}
   */
  followed(model, base, names) {
    if (!names.length) return {};
    try {
      return model.simulate(ramp(base, ROW), { record: names }).values;
    } catch (problem) {
      if (problem instanceof NoRestError) return {};
      throw problem;
    }
  }

  /** @param {boolean} moving */
  draw(moving) {
    const { style } = this.lab;
    this.choice.show(this.kind);
    const [, heading, unit] = this.kinds.find(([value]) => value === this.kind) ?? this.kinds[0];
    /** @type {import("../draw/chart.js").Curve[]} */
    const lines = this.shown.flatMap(({ name, ink, dash, curves: found }) => {
      const colour = style.ink(ink);
      /** @type {(y: Float64Array | null, called: string, faint?: boolean) => import("../draw/chart.js").Curve[]} */
      const line = (y, called, faint = false) => y ? [{
        x: ROW, y, colour, dash, label: symbol(called), ...faint ? { width: 1, alpha: 0.75 } : {} }] : [];
      if (this.kind === "inf") return line(found.inf, `${name}_inf`);
      if (this.kind === "tau") return line(found.tau, `tau_${name}`);
      return [...line(found.alpha, `alpha_${name}`), ...line(found.beta, `beta_${name}`, true)];
    });
    const top = reach(lines.map((line) => line.y))[1];
    const [low, high] = this.kind === "inf" ? [0, 1]
      : this.limits.around(this.kind, 0, this.kind === "rates" ? Math.min(top, 20) : top, moving);
    this.chart.show({ low: -100, high: 60, heading: "V", unit: "mV" },
      { low, high, heading, unit },
      { curves: lines, cursor: this.cursor });
    this.describe();
    if (!moving) this.tell();
  }

  /** Where each is half open, and how slow it is at most: for those who do not see it. */
  tell() {
    const { base } = this;
    if (!base) return;
    const { words } = this.lab;
    const model = this.lab.model();
    const said = this.shown.filter(({ curves: found }) => found.tau).flatMap(({ name, curves: found }) => {
      const { half, slowest, slowestAt } = numbers(
        (at) => model.rates(base.parameters, at), name, ROW, found);
      if (Number.isNaN(half) && Number.isNaN(slowest)) return [];
      if (Number.isNaN(half)) return words("{name}: slowest at {at:.3g} mV ({slowest:.3g} ms)", { name, at: slowestAt, slowest });
      if (Number.isNaN(slowest)) return words("{name}: half at {half:.4g} mV", { name, half });
      return words("{name}: half at {half:.4g} mV, slowest at {at:.3g} mV ({slowest:.3g} ms)", {
        name, half, at: slowestAt, slowest });
    });
    this.drawing.setAttribute("aria-label", `${words("Gates")}. ${said.join("; ")}.`);
    this.said = said.join("; ");
    this.describe();
  }

  describe() {
    const { words } = this.lab;
    const at = this.cursor;
    if (at === null) {
      say(this.readout, this.said ?? "");
      return;
    }
    const values = this.shown.map(({ name, curves: found }) => {
      const inf = words("{name} {value:.3f}", { name, value: between(ROW, found.inf, at) });
      return found.tau ? `${inf} (${words("{value:.3g} ms", { value: between(ROW, found.tau, at) })})` : inf;
    });
    say(this.readout, `${words("{V:.1f} mV", { V: at })}: ${values.join(", ")}`);
  }

  /** @param {number | null} x  pixels of the page */
  point(x) {
    this.cursor = x === null ? null
      : this.chart.value(x - this.drawing.getBoundingClientRect().left, 0)[0];
    this.draw(true);
  }
}

