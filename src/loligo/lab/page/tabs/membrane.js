/**
 * Membrane: a patch of it, its parameters, what is injected, and all that follows on one time axis.
 */
import { element, fill } from "../dom.js";
import { parameterPanel } from "../controls/parameters.js";
import { digits, readout } from "../controls/readout.js";
import { slider } from "../controls/slider.js";
import { transport } from "../controls/transport.js";
import { cursorOver } from "../draw/cursor.js";
import { Panels, timeHeading } from "../draw/panels.js";
import { Plot } from "../draw/plot.js";
import { number } from "../draw/scale.js";
import { between } from "../draw/trace.js";
import { samplesOf } from "../sampling.js";
import { Handles } from "../stimulus/handles.js";
import { stimulusList } from "../stimulus/list.js";
import { course, stretches } from "../stimulus/shapes.js";
import { describeRun } from "../story/described.js";
import { storyPanel } from "../story/panel.js";
import { whyOf } from "../words.js";

/**
 * @typedef {import("../state.js").Simulation} Simulation
 * @typedef {import("../state.js").View} View
 */

const MOST_GHOSTS = 5;
const PAUSE = 700; // ms: then a trace that has changed is described
const LONGEST = 1e5; // ms of a run

/** @type {import("../tabs.js").Tab} */
export const membrane = {
  name: "membrane",
  title: "Membrane",
  create: (host, lab) => new Bench(host, lab),
};

class Bench {
  /**
   * @param {HTMLElement} host
   * @param {import("../main.js").Lab} lab
   */
  constructor(host, lab) {
    this.lab = lab;
    const stage = element("div", { class: "stage", role: "group", "aria-label": lab.words("Plots") });
    const [seen, controls, told] = ["seen", "controls", "told-below"].map((name) => element("div", { class: name }));
    host.append(element("div", { class: "bench" }, seen, controls, told));
    this.seen = seen;
    this.panels = new Panels(lab);
    /** @type {any} */
    this.run = null;
    /** @type {any[]} */
    this.ghosts = [];
    /** @type {number | null} */
    this.head = null;
    this.drawn = false;
    this.transport = transport(seen, lab, {
      offered: () => this.panels.optional(), keep: () => this.keep(), forget: () => this.forget(),
      ghosts: () => this.ghosts.length, head: (time, moving) => this.play(time, moving),
    });
    seen.append(stage);
    this.plot = new Plot(stage, lab.style);
    this.cursor = cursorOver(stage, this.plot, lab, (time) => this.valuesAt(time));
    this.handles = new Handles(stage, this.plot, lab, (shape) => this.factor(shape));
    this.readout = readout(seen, lab);
    this.story = storyPanel(told, lab, (time) => this.cursor.lead(time), () => lab.redraw());
    told.append(element("p", { class: "note" }, lab.words("Keys: arrows move what has the focus, delete removes a stimulus, control-z goes back. On the plots, g keeps a ghost and p plays in slow motion.")));
    this.list = stimulusList(controls, lab);
    this.parameters = parameterPanel(controls, lab);
    this.lasts = lastsSlider(controls, lab);
    this.telling = 0;
    this.complaint = "";
    this.model = "";
    this.told = "";
    /** @type {Simulation | null} */
    this.simulated = null;
    this.recorded = "";
  }

  /**
   * @param {Simulation} simulation
   * @param {View} view
   */
  show(simulation, view) {
    const keys = this.panels.chosen(view.panels);
    this.parameters.show(simulation);
    this.list.show();
    this.lasts.show(simulation.duration);
    this.transport.show(view);
    if (!this.compute(simulation, keys)) return;
    this.draw(simulation, view, keys);
    this.handles.show();
    this.cursor.show(view);
    this.readout.show(this.run, this.panels.variables(keys), this.head ?? view.cursor);
    this.story.show(simulation);
  }

  hide() {
    this.transport.stop();
    this.story.hide();
    clearTimeout(this.telling);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean}
   */
  keys(event) {
    // letters count on the plots alone: elsewhere they may be meant for others
    if (!this.seen.contains(/** @type {Node} */ (event.target)) || event.target instanceof HTMLSelectElement) return false;
    if (event.key === "g") this.keep();
    else if (event.key === "G") this.forget();
    else if (event.key === "p") this.transport.toggle();
    else return false;
    return true;
  }

  /**
   * The run, if it is not there already.
   *
   * @param {Simulation} simulation
   * @param {string[]} keys
   * @returns {boolean} whether there is one
   */
  compute(simulation, keys) {
    const record = this.panels.variables(keys).map(({ name }) => name);
    const asked = `${this.lab.model().manifest.name} ${record.join()}`;
    if (simulation === this.simulated && asked === this.recorded) return this.run !== null;
    this.simulated = simulation;
    this.recorded = asked;
    if (simulation.model !== this.model) this.leave();
    try {
      this.run = this.lab.model().simulate(simulation, { record });
      this.complain(this.run.status === "ok" ? "" : failure(this.run, this.lab.words));
    } catch (problem) {
      this.complain(whyOf(problem, this.lab.words));
      return this.run !== null;
    }
    this.model = simulation.model;
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.describe(), PAUSE);
    return true;
  }

  /** Nothing of another model stays. */
  leave() {
    this.run = null;
    this.ghosts = [];
    this.complaint = "";
    this.story.forget();
    this.plot.show([], { low: 0, high: 1, heading: "" });
  }

  /**
   * Say what is wrong with the run, and no longer when nothing is; others' messages stay.
   *
   * @param {string} problem
   */
  complain(problem) {
    if (problem !== this.complaint) this.lab.tell(problem);
    this.complaint = problem;
  }

  /**
   * @param {Simulation} simulation
   * @param {View} view
   * @param {string[]} keys
   */
  draw(simulation, view, keys) {
    const panels = this.panels.of(keys, this.run, this.ghosts);
    for (const panel of panels) {
      if (panel.key === "V") panel.marks = this.marks();
      if (panel.key === "stimulus") this.exact(panel, simulation);
    }
    const across = { low: 0, high: simulation.duration, heading: timeHeading(this.lab) };
    const upto = this.head ?? undefined;
    this.plot.show(panels, across, {
      bands: stretches(simulation.stimulus, simulation.duration),
      cursor: this.head ?? view.cursor, upto,
    });
  }

  /**
   * What is injected, with upright edges wherever its formula is known.
   *
   * @param {import("../draw/plot.js").Panel} panel
   * @param {Simulation} simulation
   */
  exact(panel, { stimulus, duration }) {
    const line = course(stimulus, duration, 600, (shape) => this.factor(shape));
    if (line) Object.assign(panel.lines[0], line);
  }

  /**
   * How many uA/cm2 a shape's unit is.
   *
   * @param {import("../state.js").Shape} shape
   */
  factor(shape) {
    if (shape.unit !== "nA") return 1;
    const own = this.lab.model().manifest.parameters.find((/** @type {{symbol: string}} */ each) => each.symbol === "area");
    return 1e5 / (this.lab.state.get().parameters.area ?? own?.value ?? 1e5);
  }

  /**
   * Where V takes off, and its peaks.
   *
   * @returns {import("../draw/plot.js").Mark[]}
   */
  marks() {
    const { style, words } = this.lab;
    const theme = style.theme();
    const peaks = peaksOf(this.run).map(({ x, y }, k) => ({ x, y, colour: theme.voltage,
      text: k === 0 ? this.potential(y) : undefined }));
    const turn = this.story.marks().find(({ phase }) => phase === "turns inward");
    if (!turn) return peaks;
    return [...peaks, { x: turn.time, y: turn.V, colour: theme.channels.Na, side: "below",
      text: words("threshold") }];
  }

  /**
   * A peak as it is written beside it.
   *
   * @param {number} V
   */
  potential(V) {
    const bare = this.lab.description().dimensionless;
    return `${number(V, bare ? 2 : 0, this.lab.style.decimal())} ${this.lab.unit("mV")}`.trim();
  }

  keep() {
    if (!this.run) return;
    this.ghosts = [this.run, ...this.ghosts].slice(0, MOST_GHOSTS);
    this.lab.announce(this.lab.words("The trace is kept as a ghost"));
    this.lab.redraw();
  }

  forget() {
    this.ghosts = [];
    this.lab.redraw();
  }

  /**
   * @param {number | null} time
   * @param {boolean} moving  lines end there
   */
  play(time, moving) {
    if (time === null || moving) this.head = time;
    if (!moving) this.lab.state.look({ cursor: time });
    this.lab.redraw();
  }

  /** @param {number} time */
  valuesAt(time) {
    if (!this.run) return "";
    const variables = this.panels.variables(this.panels.chosen(this.lab.state.view.panels));
    const mark = this.lab.style.decimal();
    return variables.filter(({ name }) => this.run.values[name]).map(({ name, unit: written }) =>
      `${name} ${digits(between(this.run.time, this.run.values[name], time), mark)} ${this.lab.unit(written)}`.trim()).join(", ");
  }

  /** Tell those who do not see the trace what it is now. */
  describe() {
    if (!this.run) return;
    const text = describeRun(this.run, this.lab.words, this.lab.style.decimal());
    if (text === this.told) return;
    this.told = text;
    this.lab.announce(text);
  }
}

/**
 * The highest sample of each spike.
 *
 * @param {any} run
 * @returns {{x: number, y: number}[]}
 */
function peaksOf({ time, values: { V }, spikes }) {
  return spikes.slice(0, 200).map((/** @type {{time: number}} */ { time: when }) => {
    let k = Math.min(Math.max(Math.ceil(when / (time[1] - time[0])), 0), time.length - 1);
    while (k + 1 < time.length && V[k + 1] >= V[k]) k++;
    return { x: time[k], y: V[k] };
  });
}

/**
 * Why a run is none.
 *
 * @param {any} run
 * @param {import("../words.js").Words} words
 */
function failure({ status, end }, words) {
  if (status === "diverged") return words("The run diverged at {time:.2f} ms.", { time: end ?? 0 });
  if (status === "stiff") return words("At {time:.2f} ms the run would need too many steps.", { time: end ?? 0 });
  return words("The run ended early: {why}.", { why: status });
}

/**
 * How long a run lasts; its samples follow.
 *
 * @param {HTMLElement} host
 * @param {import("../main.js").Lab} lab
 */
function lastsSlider(host, lab) {
  const holder = element("fieldset", { class: "group" });
  host.append(holder);
  let built = "";
  /** @type {ReturnType<typeof slider>} */
  let made;

  /** @param {number} initial  ms */
  function build(initial) {
    made = slider(lab, {
      label: lab.words("Duration"), shown: element("span", {}, lab.words("lasts")), unit: lab.unit("ms"),
      low: initial / 10, high: 6 * initial, initial, least: 0.5, most: LONGEST,
      set: (duration, moving) => lab.state.set({ duration, sample_interval: samplesOf(duration) }, moving),
      settle: () => lab.state.settle(),
    });
    fill(holder, [element("legend", {}, lab.words("Run")), made.element]);
  }

  /** @param {number} duration */
  function show(duration) {
    const model = lab.state.get().model;
    if (model !== built) {
      built = model;
      build(duration);
    }
    made.show(duration);
  }

  return { show };
}
