/**
 * The top of the page: which model, which tab, back and forth, light or dark, the language.
 */
import { element, fill, icon } from "./dom.js";
import { samplesOf } from "./sampling.js";

/** @type {("" | "light" | "dark")[]} */
const THEMES = ["light", "dark"];

/**
 * @param {import("./main.js").Lab} lab
 * @param {{row: HTMLElement}} tabs
 */
export function header(lab, tabs) {
  const top = element("header", { class: "page-top" });
  /** @type {() => void} */
  let show = () => {};
  const build = () => {
    const model = modelChoice(lab);
    const undo = tool(lab.words("Undo"), "undo", () => lab.state.undo());
    const redo = tool(lab.words("Redo"), "redo", () => lab.state.redo());
    const theme = tool(lab.words("Light or dark"), "moon", () => turn(lab));
    const tools = element("div", { class: "tools", role: "group", "aria-label": lab.words("Tools") },
      undo, redo, theme, languageChoice(lab), lab.copy?.button?.());
    tabs.row.setAttribute("aria-label", lab.words("Tabs"));
    fill(top, [
      element("h1", { class: "brand" }, "loligo ", element("span", {}, lab.words("lab"))),
      model, tools, tabs.row,
    ]);
    show = () => {
      undo.disabled = !lab.state.past.length;
      redo.disabled = !lab.state.future.length;
      model.value = lab.state.get().model;
      fill(theme, [icon(lab.style.name === "dark" ? "sun" : "moon")]);
    };
  };
  return { element: top, build, show: () => show() };
}

/** @param {import("./main.js").Lab} lab */
function modelChoice(lab) {
  const options = lab.models.map(({ name, description }) =>
    element("option", { value: name }, lab.reworded(description.title || name)));
  const choice = element("select", { class: "model", "aria-label": lab.words("Model") }, ...options);
  choice.addEventListener("change", () => {
    const chosen = lab.models.find(({ name }) => name === choice.value);
    const shown = chosen?.description.shown ?? {};
    const sampled = shown.duration ? { sample_interval: samplesOf(shown.duration) } : {};
    // what is remembered of a model's own channels, states and scales is of no use to another
    const { steps, axon } = lab.state.view.own;
    lab.state.set({ model: choice.value, parameters: {}, initial: null, ...shown, ...sampled }, false,
      { steps: steps ?? {}, axon: axon ?? {} });
  });
  return choice;
}

/**
 * A button with a sign.
 *
 * @param {string} name
 * @param {Parameters<typeof icon>[0]} sign
 * @param {() => void} pressed
 */
export function tool(name, sign, pressed) {
  return element("button", { type: "button", class: "tool", "aria-label": name, title: name,
    onclick: pressed }, icon(sign));
}

/** @param {import("./main.js").Lab} lab */
function turn(lab) {
  const next = THEMES[(THEMES.indexOf(lab.style.name) + 1) % THEMES.length];
  lab.state.look({ theme: next });
}

/** @param {import("./main.js").Lab} lab */
function languageChoice(lab) {
  const codes = Object.entries(lab.languages);
  if (codes.length < 2) return null;
  const options = codes.map(([code, { name }]) =>
    element("option", { value: code, lang: code, selected: code === lab.state.view.language }, name));
  const choice = element("select", { class: "language", "aria-label": lab.words("Language") }, ...options);
  choice.addEventListener("change", () => lab.state.look({ language: choice.value }));
  return choice;
}
