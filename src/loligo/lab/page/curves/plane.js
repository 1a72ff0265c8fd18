/**
 * A card: the plane of V and a gate.
 *
 * @typedef {import("../experiments/asking.js").Asked} Asked
 * @typedef {import("../experiments/plane.js").Way} Way
 */
import { choice, numberField } from "../fields.js";
import { Chart } from "../draw/chart.js";
import { Handle } from "../draw/handle.js";
import { element, fill, say } from "../dom.js";
import { pointwise } from "../engine/point.js";
import { evenly } from "../experiments/asking.js";
import { alike, byPace, Plane, sideOf } from "../experiments/plane.js";
import { path } from "../experiments/paths.js";
import { fitted } from "../story/unitless.js";

const ARROWS = [21, 13];
const GRIDS = { moving: [81, 61], still: [201, 121] };
const LASTS = 100; // ms of a path
const SHOCK = 0.15; // of the range of V

export class PhasePlane {
  /** @param {import("../main.js").Lab} lab */
  constructor(lab) {
    this.lab = lab;
    const { words } = lab;
    /** @type {Record<string, any>} */
    this.own = {};
    /** @type {Record<string, string>} */
    this.kinds = {
      "stable focus": words("stable focus"), "unstable focus": words("unstable focus"),
      "stable node": words("stable node"), "unstable node": words("unstable node"),
      saddle: words("saddle"), centre: words("centre"), degenerate: words("degenerate"),
    };
    this.y = "";
    this.which = element("span", {});
    this.others = choice(words("The other gates"), [["pace", words("as their pace suggests")],
      ["steady", words("steady")], ["frozen", words("as at rest")]],
      (value) => lab.state.keep("curves", { others: value }));
    this.current = numberField(lab, { label: words("Current"), unit: "µA/cm²", low: -100, high: 200, step: 0.5,
      changed: (value) => lab.state.keep("curves", { current: value }) });
    this.drawing = element("div", { class: "drawing", role: "group" });
    this.readout = element("p", { class: "gist" });
    this.element = element("section", { class: "card", "aria-label": words("Phase plane") },
      element("h2", {}, words("Phase plane")),
      element("div", { class: "bar" }, this.which, this.current.element),
      element("div", { class: "bar" }, element("span", {}, words("The other gates:")), this.others.element),
      this.drawing, this.readout);
    this.chart = new Chart(this.drawing, lab.style);
    this.sides = { low: -90, high: 60 };
    this.tall = { low: 0, high: 1 };
    /** @type {import("../experiments/contour.js").Curve[] | null} */
    this.nullclines = null;
    /** @type {[number, number]} */
    this.start = [NaN, NaN];
    this.handle = new Handle(this.drawing, {
      label: words("Where the path begins; the arrows up and down move the gate"),
      low: -100, high: 100, step: 1, along: "round",
      text: (value) => fitted(lab, words("V {V:g} mV, {name} {y:.2f}", { V: value, name: this.y, y: this.start[1] })),
      place: (value) => [this.chart.x(value), this.chart.y(this.start[1])],
      value: (x, y) => this.chart.value(x, y)[0],
      changed: (value, moving) => this.put([value, this.start[1]], moving),
      other: (x, y, step) => {
        const { low, high } = this.tall;
        const to = step ? this.start[1] + (step * (high - low)) / 50 : this.chart.value(x, y)[1];
        const kept = near(Math.min(Math.max(to, low), high), (high - low) / 100);
        const moved = kept !== this.start[1];
        this.start = [this.start[0], kept];
        if (step) this.put(this.start, false);
        return moved;
      },
    });
    this.chart.moved = () => this.hold();
    this.model = "";
  }

  /**
   * Where the path begins.
   *
   * @param {[number, number]} start
   * @param {boolean} moving
   */
  put([V, y], moving) {
    this.lab.state.keep("curves", { from_V: V, from_y: y }, moving);
  }

  /**
   * @param {Record<string, any>} own
   * @param {boolean} moving
   */
  asks(own, moving) {
    this.own = own;
    return JSON.stringify([own.upwards, own.others, own.current, own.from_V, own.from_y, moving]);
  }

  /**
   * Another model has other gates.
   *
   * @param {string[]} gates
   */
  meet(gates) {
    const { words } = this.lab;
    const shown = choice(words("The gate upwards"), gates.map((name) => [name, name]),
      (y) => this.lab.state.keep("curves", { upwards: y, from_V: null, from_y: null }));
    this.gate = shown;
    fill(this.which, [shown.element]);
  }

  /**
   * The states that may stand upwards: gates, and else what there is.
   *
   * @param {any} manifest
   */
  upwards({ states, wholes }) {
    const tied = new Set(Object.values(wholes ?? {}).flat());
    const names = states.slice(1).map((/** @type {any} */ each) => each.symbol)
      .filter((/** @type {string} */ name) => !tied.has(name));
    const gates = this.lab.description().variables.filter(({ role, name }) =>
      role === "gate" && names.includes(name)).map(({ name }) => name);
    return { gates, names };
  }

  /**
   * @param {Asked} base
   * @param {Record<string, number> | null} rest
   * @param {boolean} moving
   */
  find(base, rest, moving) {
    const model = this.lab.model();
    const { manifest } = model;
    const { gates, names } = this.upwards(manifest);
    const choices = gates.length ? gates : names;
    if (this.model !== base.model) this.meet(choices);
    this.model = base.model;
    const usual = choices.includes("n") ? "n" : choices.at(-1) ?? "";
    this.y = choices.includes(this.own.upwards) ? this.own.upwards : usual;
    this.nullclines = null;
    if (!this.y || !rest) return;
    const { parameters } = base;
    const states = manifest.states.map((/** @type {any} */ each) => each.symbol);
    const membrane = { states, gates, derivative: (/** @type {any} */ at, /** @type {number} */ current) =>
      model.derivative(parameters, at, current) };
    const how = this.own.others ?? "pace";
    this.ways = how === "pace" ? byPace(membrane, this.y, rest) : alike(membrane, this.y, rest, how);
    const plane = new Plane(membrane, this.y, this.ways, this.own.current ?? 0);
    this.plane = plane;
    const potentials = manifest.parameters.filter((/** @type {any} */ each) => each.symbol.startsWith("E_"))
      .map((/** @type {any} */ each) => parameters[each.symbol] ?? each.value);
    /** @type {(name: string) => number} */
    const scale = (name) => manifest.states.find((/** @type {any} */ each) => each.symbol === name).scale;
    this.sides = sideOf(plane, 0, rest, potentials, scale("V"));
    this.tall = sideOf(plane, 1, rest, [], scale(this.y));
    const [range, height] = [this.sides.high - this.sides.low, this.tall.high - this.tall.low];
    const begin = [rest.V + SHOCK * range, rest[this.y]];
    const { from_V: V = null, from_y: y = null } = this.own;
    this.start = V === null || y === null ? [near(begin[0], range / 150), near(begin[1], height / 100)] : [V, y];
    this.path = path(plane.along(pointwise(model, parameters)), this.start, LASTS, [range, height]);
    if (!gates.length) {
      this.sides = roomy(this.sides, this.path.x);
      this.tall = roomy(this.tall, this.path.y);
    }
    const [wide, high] = moving ? GRIDS.moving : GRIDS.still;
    const across = evenly(this.sides.low, this.sides.high, wide);
    const up = evenly(this.tall.low, this.tall.high, high);
    this.nullclines = [plane.nullcline(0, across, up), plane.nullcline(1, across, up)];
    this.points = plane.fixed(this.nullclines[0]);
    this.arrows = this.field();
    Object.assign(this.handle.meaning, { ...this.sides, step: range / 150 });
  }

  field() {
    const plane = /** @type {Plane} */ (this.plane);
    const [wide, high] = ARROWS;
    const { low, high: top } = this.sides;
    const tall = this.tall.high - this.tall.low;
    const x = new Float64Array(wide * high);
    const y = new Float64Array(wide * high);
    for (let k = 0; k < x.length; k++) {
      x[k] = low + (((k % wide) + 0.5) / wide) * (top - low);
      y[k] = this.tall.low + ((Math.floor(k / wide) + 0.5) / high) * tall;
    }
    const [dx, dy] = plane.rates(x, y);
    return { x, y, dx, dy };
  }

  draw() {
    const { words, style } = this.lab;
    const theme = style.theme();
    this.others.show(this.own.others ?? "pace");
    this.current.show(this.own.current ?? 0);
    this.gate?.show(this.y);
    this.handle.element.hidden = !this.nullclines;
    if (!this.nullclines || !this.path || !this.points) {
      this.chart.show({ low: -100, high: 60, heading: "V", unit: "mV" }, { low: 0, high: 1, heading: this.y },
        { curves: [] });
      say(this.readout, this.y ? words("There is no rest around which to look.")
        : words("V alone moves, and a plane needs two states: there is none."));
      return;
    }
    this.current.unit.textContent = this.lab.unit("uA/cm2");
    const ink = this.lab.description().variables.find(({ name }) => name === this.y)?.ink ?? "1";
    this.chart.show(
      { low: this.sides.low, high: this.sides.high, heading: "V", unit: this.lab.unit("mV") },
      { ...this.tall, heading: this.y },
      {
        arrows: this.arrows,
        curves: [
          { ...this.nullclines[0], colour: theme.voltage, width: 2 },
          { ...this.nullclines[1], colour: style.ink(ink), width: 2, dash: [6, 3] },
          { x: this.path.x, y: this.path.y, colour: theme.stimulus, width: 2 },
        ],
        spots: this.points.map(({ x, y, stable }) => ({ x, y, colour: theme.text, hollow: !stable, radius: 5.5 })),
      });
    this.hold();
    this.tell();
  }

  hold() {
    if (!Number.isFinite(this.start[0])) return;
    this.handle.element.style.setProperty("--ink", this.lab.style.theme().stimulus);
    this.handle.show(this.start[0]);
  }

  /** What stands still where, and what the other gates do: said which. */
  tell() {
    const { words } = this.lab;
    const others = Object.entries(this.ways ?? {}).map(([name, way]) => {
      if (way.kind === "steady") return words("{name} steady", { name });
      if (way.kind === "share") return `${name} = ${words("{part:.4g}", { part: way.part })} (1 − ${way.other})`;
      return words("{name} held at {value:.4g}", { name, value: way.value });
    });
    const points = (this.points ?? []).map(({ kind, x, y }) =>
      words("{kind} at {V:.4g} mV, {name} {y:.3g}", { kind: this.kinds[kind], V: x, name: this.y, y }));
    const said = fitted(this.lab, [
      words("Solid: V stands still. Dashed: {name} stands still.", { name: this.y }),
      others.length ? words("Of the others: {others}.", { others: others.join(", ") }) : "",
      points.length ? `${capital(points.join("; "))}.` : words("They nowhere stand still together."),
    ].filter(Boolean).join(" "));
    say(this.readout, said);
    this.drawing.setAttribute("aria-label", `${words("Phase plane")}. ${said}`);
  }
}

/**
 * Limits with room for a path.
 *
 * @param {{low: number, high: number}} side
 * @param {number[]} row
 */
function roomy({ low, high }, row) {
  const [least, most] = [Math.min(...row), Math.max(...row)];
  const room = 0.04 * (most - least);
  return { low: Math.min(low, least - room), high: Math.max(high, most + room) };
}

/**
 * The nearest multiple of a step.
 *
 * @param {number} value
 * @param {number} step
 */
function near(value, step) {
  const fine = 10 ** Math.floor(Math.log10(step));
  return Math.round(Math.round(value / fine) * fine * 1e9) / 1e9;
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
