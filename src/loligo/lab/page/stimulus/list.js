/**
 * The stimulus in numbers: each shape in a row, to be typed, and more to be added.
 */
import { element, fill, icon } from "../dom.js";
import { typedNumber } from "../controls/typed.js";
import { tool } from "../header.js";
import { fitting, freeSlots } from "./handles.js";
import { boundsIn, FIELDS, fieldName, fresh, kindName } from "./shapes.js";

/** @typedef {import("../state.js").Shape} Shape */

const KINDS = ["pulse", "pulse_train", "ramp", "sine", "chirp", "noise", "shock"];

/**
 * @param {HTMLElement} host
 * @param {import("../main.js").Lab} lab
 */
export function stimulusList(host, lab) {
  const rows = element("ul", { class: "shapes" });
  const adders = element("div", { class: "adders", role: "group", "aria-label": lab.words("Add") });
  host.append(element("fieldset", { class: "group stimulus" },
    element("legend", {}, element("span", { class: "swatch stimulus-ink" }), lab.words("Stimulus")),
    rows, adders));
  let built = "";
  /** @type {Map<string, ReturnType<typeof typedNumber>>} */
  const inputs = new Map();

  function build() {
    const { stimulus } = lab.state.get();
    inputs.clear();
    fill(rows, stimulus.map(row));
    fill(adders, KINDS.filter(offered).map((kind) => element("button", {
      type: "button", class: "chip", disabled: freeSlots(lab, kind) < 1, onclick: () => add(kind),
    }, icon("add"), kindName(kind, lab.words))));
  }

  /** @param {string} kind */
  function offered(kind) {
    const used = lab.state.get().stimulus.some((shape) => shape.kind === kind);
    return used || freeSlots(lab, kind) > 0;
  }

  /** @param {string} kind */
  function add(kind) {
    const { stimulus, duration } = lab.state.get();
    change([...stimulus, fresh(kind, duration)]);
    lab.announce(lab.words("Added: {what}", { what: kindName(kind, lab.words) }));
  }

  /** @param {Shape[]} stimulus */
  function change(stimulus) {
    lab.state.set({ stimulus, solver: solverFor(lab) });
  }

  /**
   * @param {Shape} shape
   * @param {number} k
   */
  function row(shape, k) {
    const name = kindName(shape.kind, lab.words);
    const fields = (FIELDS[shape.kind] ?? []).map((field) => {
      const unit = lab.unit(field.unit || (field.name === "amplitude" ? shape.unit : ""));
      const typed = typedNumber(lab, {
        label: `${name} ${k + 1}: ${fieldName(field.name, lab.words)} ${unit}`.trim(),
        ...boundsIn(lab.limits, shape.kind, field), whole: field.whole,
        changed: (value) => put(k, field.name, value),
      });
      inputs.set(`${k} ${field.name}`, typed);
      return element("label", { class: "shape-field" }, element("span", {}, fieldName(field.name, lab.words)),
        typed.input, element("span", { class: "unit" }, unit), typed.wrong);
    });
    const gone = tool(`${lab.words("Remove")}: ${name} ${k + 1}`, "remove", () => {
      change(lab.state.get().stimulus.filter((_, at) => at !== k));
      lab.announce(lab.words("Removed"));
    });
    return element("li", { class: "shape" }, element("span", { class: "kind" }, name), gone,
      element("div", { class: "shape-fields" }, ...fields));
  }

  /**
   * @param {number} k
   * @param {string} name
   * @param {number | null} value
   */
  function put(k, name, value) {
    const { stimulus } = lab.state.get();
    lab.state.set({ stimulus: stimulus.map((shape, at) => (at === k ? fitting({ ...shape, [name]: value }) : shape)) });
  }

  function show() {
    const { stimulus } = lab.state.get();
    const now = `${lab.model().manifest.name} ${stimulus.map(({ kind }) => kind).join()}`;
    if (now !== built) {
      built = now;
      build();
    }
    for (const [key, typed] of inputs) {
      const [k, name] = key.split(" ");
      typed.show(stimulus[Number(k)][name] ?? null);
    }
  }

  return { show };
}

/**
 * The solver that takes a stimulus: one with adaptive steps takes all that there is.
 *
 * @param {import("../main.js").Lab} lab
 */
export function solverFor(lab) {
  const { solver } = lab.state.get();
  return solver.kind === "Exponential" ? { kind: "Taylor", tolerance: 1e-8, portable: true } : solver;
}
