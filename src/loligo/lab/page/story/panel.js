/**
 * Why it fired, in words: each phase a line that leads to its place in the plots.
 */
import { element, fill, say } from "../dom.js";
import { number } from "../draw/scale.js";
import { simulated } from "./course.js";
import { narrate, phaseName } from "./narrate.js";

const PAUSE = 180; // ms until a hand is at rest

/**
 * @param {HTMLElement} host
 * @param {import("../main.js").Lab} lab
 * @param {(time: number | null) => void} led  a line leads to a time; null when it no longer does
 * @param {() => void} told  the story has been told anew
 */
export function storyPanel(host, lab, led, told) {
  const verdict = element("p", { class: "verdict" });
  const lines = element("ol", { class: "phases", onpointerleave: () => led(null), onfocusout: () => led(null) });
  const note = element("p", { class: "note" });
  const heading = element("h2", {}, lab.words("What happened"));
  host.append(element("section", { class: "story" }, heading, verdict, lines, note));
  /** @type {import("./instant.js").Mark[]} */
  let marks = [];
  let waiting = 0;
  /** @type {import("../state.js").Simulation | null} */
  let shown = null;

  function tell() {
    const simulation = lab.state.get();
    shown = simulation;
    const course = lab.model() ? attempt(() => simulated(lab.model(), lab.description().variables, simulation)) : null;
    const story = course ? narrate(course, lab.words, lab.style.decimal(), lab.description().dimensionless) : { verdict: "", marks: [] };
    marks = story.marks;
    say(verdict, story.verdict);
    say(heading, headingOf(marks, lab.words));
    fill(lines, marks.map(line));
    note.hidden = !marks.length;
    say(note, lab.description().dimensionless ? lab.words("Shares are of all that flows the same way.")
      : lab.words("Currents in µA/cm²; shares are of all that flows the same way."));
    told();
  }

  /** @param {import("./instant.js").Mark} mark */
  function line(mark) {
    const decimal = lab.style.decimal();
    const V = number(mark.V, lab.unit("mV") ? 1 : 2, decimal);
    const where = `${number(mark.time, 2, decimal)} ${lab.unit("ms")} · ${V} ${lab.unit("mV")}`;
    const leads = () => led(mark.time);
    return element("li", {}, element("button", { type: "button", class: "phase", onclick: leads,
      onpointerenter: leads, onfocusin: leads },
    element("span", { class: "called" }, phaseName(mark.phase, lab.words)),
    element("span", { class: "where" }, where), element("span", { class: "told" }, mark.words)));
  }

  /** @param {import("../state.js").Simulation} simulation */
  function show(simulation) {
    if (simulation === shown) return;
    clearTimeout(waiting);
    waiting = setTimeout(tell, PAUSE);
    marks = [];
  }

  /** Of a run that is not there, there is no story. */
  function forget() {
    marks = [];
    say(verdict, "");
    fill(lines, []);
    note.hidden = true;
  }

  return { show, forget, marks: () => marks, hide: () => clearTimeout(waiting) };
}

/**
 * What a story explains.
 *
 * @param {import("./instant.js").Mark[]} marks
 * @param {import("../words.js").Words} words
 */
function headingOf(marks, words) {
  const phases = new Set(marks.map(({ phase }) => phase));
  if (phases.has("upstroke")) return words("Why it fired");
  if (phases.has("highest") || phases.has("swings")) return words("Why it did not fire");
  return words("What happened");
}

/**
 * What a computation yields, or null if it cannot be done: then the run itself has said why.
 *
 * @template T
 * @param {() => T} compute
 * @returns {T | null}
 */
function attempt(compute) {
  try {
    return compute();
  } catch {
    return null;
  }
}
