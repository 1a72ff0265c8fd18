/**
 * The lab: a page around the kernels of models.
 *
 * @typedef {import("./state.js").Simulation} Simulation
 * @typedef {import("./words.js").Language} Language
 * @typedef {import("./words.js").Words} Words
 *
 * @typedef {object} Variable  what can be drawn along time
 * @property {string} name
 * @property {string} role  voltage, gate, state, conductance, current, stimulus, …
 * @property {string} unit
 * @property {string} long_name
 * @property {string} channel  whose it is, or ""
 * @property {string} ink  the name of its colour
 * @property {number[]} dash
 *
 * @typedef {object} Description  of a model, for people
 * @property {string} title
 * @property {string} citation
 * @property {string} doi
 * @property {string[]} notes
 * @property {Variable[]} variables
 * @property {Record<string, string>} inks  channel -> the name of its colour
 * @property {Record<string, string>} meanings  channel -> what it is
 * @property {import("./mathml.js").Block[]} equations
 * @property {Partial<Simulation> | null} shown  what shows the model at its best
 * @property {boolean} dimensionless  nothing of it has a unit
 *
 * @typedef {object} Entry  a model that the page has
 * @property {string} name
 * @property {any} manifest
 * @property {Description} description
 * @property {Uint8Array} wasm
 * @property {import("./link/limits.js").Known} known  what a link may say of it
 * @property {import("./texts.js").Load} load
 *
 * @typedef {object} Given  what there is to begin with
 * @property {Entry[]} models
 * @property {import("./style.js").Given} style
 * @property {Record<string, Language>} languages
 * @property {Partial<Simulation> | null} [simulation]
 * @property {Partial<import("./state.js").View> | null} [view]
 * @property {any} [tasks]
 * @property {import("./link/limits.js").Limits} limits
 * @property {string | null} [language]
 *
 * @typedef {object} Lab
 * @property {Entry[]} models
 * @property {() => any} model  the opened one
 * @property {() => Description} description  of it
 * @property {(text: string) => string} unit  as it is printed; "" of a model without units
 * @property {(text: string) => string} reworded  what a model says of itself, as far as it is known
 * @property {State} state
 * @property {Words} words
 * @property {Style} style
 * @property {(text: string) => void} announce  to those who do not see the page
 * @property {(text: string) => void} notify  what was done, to all, for a moment
 * @property {(text: string) => void} tell  a message that all see; "" takes it away
 * @property {() => void} redraw  in the next frame
 * @property {HTMLElement} root
 * @property {any} worker  opened when it is first asked for
 * @property {any} tasks  a teacher's sheet, or null
 * @property {Record<string, Language>} languages
 * @property {(load: import("./texts.js").Load) => import("./tabs.js").Taken | null} taken  of a tab's own
 * @property {any} copy  what offers links, scripts, data and pictures
 * @property {import("./link/limits.js").Limits} limits
 * @property {(name: string) => Promise<any>} opened  one of the models
 */
import { copying } from "./copy.js";
import { element } from "./dom.js";
import { unit } from "./draw/names.js";
import { workerSource } from "./embedded.js";
import { openModel } from "./engine/model.js";
import { openWorker } from "./engine/worker.js";
import { header } from "./header.js";
import { LOOK, State } from "./state.js";
import { Style } from "./style.js";
import { Tabs } from "./tabs.js";
import { reworded, speaking } from "./words.js";

const MOMENT = 2500; // ms for which it is seen what was done

/**
 * Make the page in an element.
 *
 * @param {HTMLElement} host
 * @param {Given} given
 * @returns {Promise<Lab>}
 */
export async function start(host, given) {
  const lab = labOf(host, given);
  lab.copy = copying(lab, given.limits);
  const tabs = new Tabs(lab);
  lab.taken = (load) => tabs.taken(load);
  const top = header(lab, tabs);
  const spoken = element("div", { role: "status", "aria-live": "polite", class: "unseen" });
  const message = element("div", { role: "alert", class: "message", hidden: true });
  const notice = element("div", { class: "notice", "aria-hidden": "true", hidden: true });
  lab.root.replaceChildren(top.element, message, tabs.body, spoken, notice);
  lab.announce = (text) => {
    spoken.textContent = text;
  };
  let passing = 0;
  lab.notify = (text) => {
    lab.announce(text);
    notice.textContent = text;
    notice.hidden = false;
    clearTimeout(passing);
    passing = setTimeout(() => (notice.hidden = true), MOMENT);
  };
  lab.tell = (text) => {
    message.textContent = text;
    message.hidden = !text;
  };
  const models = new Models(lab, given.models);
  lab.model = () => models.opened;
  lab.description = () => models.entry.description;
  lab.unit = (text) => (models.entry.description.dimensionless ? "" : unit(text));
  lab.opened = async (name) => {
    const entry = given.models.find((each) => each.name === name);
    if (!entry) throw new Error(lab.words("there is no model {model} here", { model: name }));
    return models.obtained(entry);
  };
  let waiting = 0;
  lab.redraw = () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      if (models.opened) tabs.show();
      top.show();
    });
  };
  dressing(lab, given, tabs, top);
  listening(lab, tabs, models);
  await models.follow();
  return lab;
}

/**
 * @param {HTMLElement} host
 * @param {Given} given
 * @returns {Lab}
 */
function labOf(host, given) {
  const { simulation, view, tasks, language } = given;
  const spoken = language ?? spokenHere(given);
  const state = new State({ model: given.models[0].name, ...simulation }, { ...LOOK, language: spoken, ...view });
  if (matchMedia("(max-width: 600px)").matches && !view?.panels) state.view.panels = ["V", "gates"];
  const root = element("div", { class: "loligo-lab" });
  host.append(root);
  const nothing = () => {};
  /** @type {ReturnType<typeof openWorker> | null} */
  let worker = null;
  const here = () => given.languages[state.view.language] ?? given.languages.en;
  return {
    models: given.models, languages: given.languages, model: nothing, state, root,
    description: () => given.models[0].description,
    words: (text, values) => speaking(here(), "−")(text, values),
    reworded: (text) => reworded(here(), text),
    unit: () => "",
    style: new Style(given.style), announce: nothing, notify: nothing, tell: nothing, redraw: nothing,
    get worker() {
      worker ??= openWorker(given.models, workerSource());
      return worker;
    },
    tasks: tasks ?? null, taken: () => null, copy: null, limits: given.limits, opened: async () => null,
  };
}

/**
 * @param {Given} given
 * @param {State} state
 */
function languageOf(given, state) {
  return given.languages[state.view.language] ?? given.languages.en;
}

/** @param {Given} given */
function spokenHere(given) {
  const wanted = (navigator.languages ?? [navigator.language]).map((each) => each.slice(0, 2));
  return wanted.find((code) => code in given.languages) ?? "en";
}

/**
 * Follow the theme and the language.
 *
 * @param {Lab} lab
 * @param {Given} given
 * @param {Tabs} tabs
 * @param {{build: () => void}} top
 */
function dressing(lab, given, tabs, top) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let [language, theme] = ["", ""];
  const dress = () => {
    const wanted = lab.state.view.theme || (dark.matches ? "dark" : "light");
    if (wanted !== theme) lab.style.dress(lab.root, wanted);
    theme = wanted;
    if (lab.state.view.language !== language) {
      language = lab.state.view.language;
      lab.style.mark = languageOf(given, lab.state).decimal;
      lab.root.lang = language;
      tabs.build();
      top.build();
    }
    lab.redraw();
  };
  dark.addEventListener("change", dress);
  lab.state.listen((what) => what === "view" && dress());
  dress();
}

/**
 * @param {Lab} lab
 * @param {Tabs} tabs
 * @param {Models} models
 */
function listening(lab, tabs, models) {
  lab.state.listen((what) => {
    if (what === "simulation") models.follow();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const back = (event.ctrlKey || event.metaKey) && !event.altKey;
    const typing = event.target instanceof HTMLInputElement && event.target.type === "text";
    if (back && !typing && event.key.toLowerCase() === "z") {
      if (event.shiftKey) lab.state.redo();
      else lab.state.undo();
    } else if (back && !typing && event.key.toLowerCase() === "y") {
      lab.state.redo();
    } else if (back || event.altKey || !tabs.keys(event)) {
      return;
    }
    event.preventDefault();
  });
}

/** The models that are there, of which one is open. */
class Models {
  /**
   * @param {Lab} lab
   * @param {Entry[]} entries
   */
  constructor(lab, entries) {
    this.lab = lab;
    this.entries = entries;
    this.entry = entries[0];
    /** @type {any} */
    this.opened = null;
    /** @type {Map<Entry, Promise<any>>} */
    this.known = new Map();
  }

  /** Open the one that the state names, and draw. */
  async follow() {
    const { lab } = this;
    const { model: name } = lab.state.get();
    const entry = this.entries.find((each) => each.name === name) ?? this.entries[0];
    if (!this.opened || this.entry !== entry) {
      const opened = await this.obtained(entry);
      if (!opened || lab.state.get().model !== name) return;
      if (this.opened) lab.tell("");
      [this.entry, this.opened] = [entry, opened];
    }
    lab.redraw();
  }

  /**
   * @param {Entry} entry
   * @returns {Promise<any>} null if it cannot be opened: then all are told
   */
  async obtained(entry) {
    const opening = this.known.get(entry) ?? openModel(entry);
    this.known.set(entry, opening);
    try {
      return await opening;
    } catch (problem) {
      this.known.delete(entry);
      const why = problem instanceof Error ? problem.message : String(problem);
      this.lab.tell(this.lab.words("This browser does not run the model here: {why}", { why }));
      return null;
    }
  }
}
