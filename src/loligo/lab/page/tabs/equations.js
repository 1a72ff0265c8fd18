/**
 * Equations: the model as its paper writes it; what is under the pointer stands out in the plots.
 */
import { element, fill } from "../dom.js";
import { slider } from "../controls/slider.js";
import { rangeOf } from "../controls/parameters.js";
import { digits } from "../controls/readout.js";
import { cursorOver } from "../draw/cursor.js";
import { symbolElement } from "../draw/names.js";
import { Panels, timeHeading } from "../draw/panels.js";
import { Plot } from "../draw/plot.js";
import { between } from "../draw/trace.js";
import { blockElement } from "../mathml.js";
import { whyOf } from "../words.js";

/**
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {import("../state.js").View} View
 * @typedef {{meaning: string, unit: string, lines: string[]}} Term
 */

const SHOWN = ["V", "gates", "states", "conductances", "currents", "stimulus"];

/** @type {import("../tabs.js").Tab} */
export const equations = {
  name: "equations",
  title: "Equations",
  create: (host, lab) => new Sheet(host, lab),
};

class Sheet {
  /**
   * @param {HTMLElement} host
   * @param {import("../main.js").Lab} lab
   */
  constructor(host, lab) {
    this.lab = lab;
    this.sheet = element("div", { class: "sheet", onpointerover: (event) => this.over(event),
      onpointerleave: () => this.light(""), onfocusin: (event) => this.over(event),
      onclick: (event) => this.press(event) });
    this.about = element("div", { class: "term-about", "aria-live": "polite" });
    const stage = element("div", { class: "stage", role: "group", "aria-label": lab.words("Plots") });
    const seen = element("div", { class: "seen explained" }, this.about, stage);
    host.append(element("div", { class: "bench equations-bench" }, this.sheet, seen));
    this.plot = new Plot(stage, lab.style);
    this.panels = new Panels(lab);
    this.cursor = cursorOver(stage, this.plot, lab, () => "");
    /** the term that stands out, and the one that was chosen */
    this.lit = "";
    this.chosen = "";
    this.built = "";
    /** @type {any} */
    this.run = null;
    /** @type {Simulation | null} */
    this.simulated = null;
    /** @type {ReturnType<typeof slider> | null} */
    this.knob = null;
  }

  /** @returns {Record<string, Term>} */
  get terms() {
    return /** @type {any} */ (this.lab.description()).terms;
  }

  build() {
    const { citation, doi, notes, equations: blocks } = this.lab.description();
    const lines = blocks.map((block) => element("div", { class: "block" }, blockElement(block)));
    const source = element("p", { class: "source" }, citation, doi ? " doi:" : "", doi);
    const remarks = notes.length ? element("details", { class: "notes" },
      element("summary", {}, this.lab.words("Notes")), element("ul", {}, ...notes.map((note) => element("li", {}, note)))) : null;
    const terms = /** @type {NodeListOf<HTMLElement>} */ (element("div", {}, ...lines).querySelectorAll("[data-name]"));
    const named = [...terms].filter((term) => this.terms[term.dataset.name ?? ""]);
    const names = [...new Set(named.map((term) => term.dataset.name ?? ""))];
    const symbols = element("div", { class: "symbols", role: "group", "aria-label": this.lab.words("Symbols") },
      ...names.map((name) => this.symbol(name)));
    for (const term of named) {
      term.classList.add("term");
      this.ink(term);
    }
    fill(this.sheet, [source, symbols, ...lines, remarks]);
  }

  /**
   * A button for a symbol: what the pointer finds in the equations, the keyboard finds here.
   *
   * @param {string} name
   */
  symbol(name) {
    const meaning = element("span", { class: "unseen" }, ` ${this.lab.reworded(this.terms[name].meaning)}`);
    const made = element("button", { type: "button", class: "term", "data-name": name }, symbolElement(name), meaning);
    this.ink(made);
    return made;
  }

  /** @param {HTMLElement} term */
  ink(term) {
    const [line] = this.linesOf(term.dataset.name ?? "");
    if (line) term.style.setProperty("--ink", this.inkOf(line));
  }

  /**
   * The lines that show what a term does, the first of all first.
   *
   * @param {string} name
   */
  linesOf(name) {
    return this.terms[name]?.lines ?? [];
  }

  /** @param {string} line */
  inkOf(line) {
    const variable = this.lab.description().variables.find(({ name }) => name === line);
    return variable ? this.lab.style.ink(variable.ink) : "";
  }

  /**
   * @param {Simulation} simulation
   * @param {View} view
   */
  show(simulation, view) {
    const { lab } = this;
    const now = `${lab.model().manifest.name} ${lab.style.name} ${view.language}`;
    if (now !== this.built) {
      this.built = now;
      this.chosen = this.lit = "";
      this.knob = null;
      this.build();
      this.say("");
    }
    const keys = SHOWN.filter((key) => this.panels.offered().includes(key));
    if (!this.compute(simulation, keys)) return;
    const across = { low: 0, high: simulation.duration, heading: timeHeading(lab) };
    const lit = this.linesOf(this.lit);
    this.plot.show(this.panels.of(keys, this.run), across, { cursor: view.cursor, lit });
    this.cursor.show(view);
    this.value(simulation, view);
  }

  hide() {}

  /**
   * @param {Simulation} simulation
   * @param {string[]} keys
   */
  compute(simulation, keys) {
    if (simulation === this.simulated && this.run) return true;
    const record = this.panels.variables(keys).map(({ name }) => name);
    try {
      this.run = this.lab.model().simulate(simulation, { record });
      this.simulated = simulation;
    } catch (problem) {
      this.lab.tell(whyOf(problem, this.lab.words));
    }
    return this.run !== null;
  }

  /** @param {Event} event */
  over(event) {
    const term = /** @type {Element} */ (event.target).closest(".term");
    this.light(term?.getAttribute("data-name") ?? "");
  }

  /** @param {Event} event */
  press(event) {
    const name = /** @type {Element} */ (event.target).closest(".term")?.getAttribute("data-name") ?? "";
    this.chosen = name === this.chosen ? "" : name;
    this.lit = "?";
    this.light(name);
  }

  /** @param {string} name */
  light(name) {
    const wanted = name || this.chosen;
    if (wanted === this.lit) return;
    this.lit = wanted;
    for (const term of this.sheet.querySelectorAll(".term")) {
      term.classList.toggle("lit", term.getAttribute("data-name") === wanted);
      if (term.localName === "button") {
        term.setAttribute("aria-pressed", String(this.chosen !== "" && term.getAttribute("data-name") === this.chosen));
      }
    }
    this.say(wanted);
    this.lab.redraw();
  }

  /**
   * What a term means, what it is at the cursor; and if it is a parameter, a slider of it.
   *
   * @param {string} name
   */
  say(name) {
    const { lab } = this;
    this.knob = null;
    const term = this.terms[name];
    if (!term) {
      fill(this.about, [element("p", { class: "hint" }, lab.words("Point at a symbol: it is explained here, and stands out in the plots."))]);
      return;
    }
    const parameter = lab.model().manifest.parameters.find((/** @type {{symbol: string}} */ each) => each.symbol === name);
    const value = element("span", { class: "value-now" });
    const head = element("p", { class: "term-name" }, symbolElement(name), element("span", { class: "meaning" }, lab.reworded(term.meaning)), value);
    if (!parameter) {
      fill(this.about, [head]);
      return;
    }
    this.knob = slider(lab, {
      label: lab.reworded(term.meaning), shown: symbolElement(name), unit: lab.unit(parameter.unit), ...rangeOf(this.lab, parameter),
      initial: parameter.value,
      set: (wanted, moving) => {
        const { [name]: _, ...others } = lab.state.get().parameters;
        lab.state.set({ parameters: wanted === parameter.value ? others : { ...others, [name]: wanted } }, moving);
      },
      settle: () => lab.state.settle(),
    });
    const ink = this.inkOf(term.lines[0] ?? "");
    if (ink) this.knob.element.style.setProperty("--ink", ink);
    fill(this.about, [head, this.knob.element]);
  }

  /**
   * @param {Simulation} simulation
   * @param {View} view
   */
  value(simulation, { cursor }) {
    const { manifest } = this.lab.model();
    const parameter = manifest.parameters.find((/** @type {{symbol: string}} */ each) => each.symbol === this.lit);
    if (parameter) this.knob?.show(simulation.parameters[this.lit] ?? parameter.value);
    const at = this.about.querySelector(".value-now");
    const values = this.run.values[this.lit];
    if (!at || !values) return;
    const time = cursor ?? this.plot.across.high / 2;
    const mark = this.lab.style.decimal();
    at.textContent = this.lab.words("{value} at {time} ms", {
      value: `${digits(between(this.run.time, values, time), mark)} ${this.lab.unit(this.terms[this.lit].unit)}`.trim(),
      time: digits(time, mark),
    });
  }
}
