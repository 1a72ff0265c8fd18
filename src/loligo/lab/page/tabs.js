/**
 * The tabs, in their order, and going from one to another.
 *
 * @typedef {import("./state.js").Simulation} Simulation
 * @typedef {import("./state.js").View} View
 *
 * @typedef {object} Shown  a tab that was made
 * @property {(simulation: Simulation, view: View) => void} show  draw it, at most once a frame
 * @property {() => void} hide
 * @property {(load: import("./texts.js").Load) => Taken | null} [taken]  where it is not the
 *   membrane's run that is taken along
 * @property {(event: KeyboardEvent) => boolean} [keys]  whether a key was meant for it
 *
 * @typedef {object} Taken
 * @property {string} script
 * @property {string | null} command
 * @property {() => string} data  as CSV
 *
 * @typedef {object} Tab
 * @property {string} name
 * @property {string} title  in English; a key of the words
 * @property {(host: HTMLElement, lab: import("./main.js").Lab) => Shown} create
 * @property {(lab: import("./main.js").Lab) => boolean} [offered]  by default it always is
 */
import { element } from "./dom.js";
import { axon } from "./tabs/axon.js";
import { clamp } from "./tabs/clamp.js";
import { curves } from "./tabs/curves.js";
import { equations } from "./tabs/equations.js";
import { live } from "./tabs/live.js";
import { membrane } from "./tabs/membrane.js";
import { tasks } from "./tabs/tasks.js";

/** @type {Tab[]} */
export const TABS = [membrane, clamp, curves, axon, live, equations, tasks];

/**
 * The row of tabs and, below it, what the chosen one shows.
 */
export class Tabs {
  /** @param {import("./main.js").Lab} lab */
  constructor(lab) {
    this.lab = lab;
    this.tabs = TABS.filter((tab) => tab.offered?.(lab) ?? true);
    /** @type {Map<string, Shown>} */
    this.made = new Map();
    /** @type {Map<string, HTMLElement>} */
    this.hosts = new Map();
    this.row = element("div", { role: "tablist", class: "tabs", onkeydown: (event) => this.arrow(event) });
    this.body = element("main", { class: "bodies" });
    this.current = "";
    this.build();
  }

  /** The row and the rooms, in the language that is spoken now. */
  build() {
    for (const shown of this.made.values()) shown.hide();
    this.made.clear();
    this.hosts.clear();
    this.current = "";
    const buttons = this.tabs.map((tab) =>
      element("button", {
        role: "tab", type: "button", id: `tab-${tab.name}`, "aria-controls": `room-${tab.name}`,
        onclick: () => this.lab.state.look({ tab: tab.name }),
      }, this.lab.words(tab.title)),
    );
    this.row.replaceChildren(...buttons);
    const rooms = this.tabs.map((tab) => {
      const room = element("section", {
        role: "tabpanel", id: `room-${tab.name}`, "aria-labelledby": `tab-${tab.name}`, hidden: true,
        class: `room ${tab.name}`,
      });
      this.hosts.set(tab.name, room);
      return room;
    });
    this.body.replaceChildren(...rooms);
  }

  /** Draw the chosen tab. */
  show() {
    const { state } = this.lab;
    const tab = this.tabs[this.asked()];
    if (tab.name !== this.current) this.turn(tab);
    this.made.get(tab.name)?.show(state.get(), state.view);
  }

  /** Which of them is asked for: it is shown in the next frame. */
  asked() {
    return Math.max(0, this.tabs.findIndex((tab) => tab.name === this.lab.state.view.tab));
  }

  /** @param {Tab} tab */
  turn(tab) {
    this.made.get(this.current)?.hide();
    if (this.current) this.lab.tell("");
    this.current = tab.name;
    for (const button of this.row.children) {
      const chosen = button.id === `tab-${tab.name}`;
      button.setAttribute("aria-selected", String(chosen));
      button.setAttribute("tabindex", chosen ? "0" : "-1");
      if (chosen) button.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    for (const [name, host] of this.hosts) host.hidden = name !== tab.name;
    const host = /** @type {HTMLElement} */ (this.hosts.get(tab.name));
    if (!this.made.has(tab.name)) this.made.set(tab.name, tab.create(host, this.lab));
  }

  /**
   * What is taken along of the chosen tab, if it has its own.
   *
   * @param {import("./texts.js").Load} load
   */
  taken(load) {
    return this.made.get(this.current)?.taken?.(load) ?? null;
  }

  /** @param {KeyboardEvent} event */
  arrow(event) {
    const steps = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1 });
    const at = this.asked(); // of two keys within a frame neither is lost
    let next = at + (steps[event.key] ?? 0);
    if (event.key === "Home") next = 0;
    if (event.key === "End") next = this.tabs.length - 1;
    next = (next + this.tabs.length) % this.tabs.length;
    if (next === at) return;
    event.preventDefault();
    this.lab.state.look({ tab: this.tabs[next].name });
    /** @type {HTMLElement} */ (this.row.children[next]).focus();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether it was meant for the chosen tab
   */
  keys(event) {
    return this.made.get(this.current)?.keys?.(event) ?? false;
  }
}
