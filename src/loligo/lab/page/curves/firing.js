/**
 * A card: the rate of firing against the current.
 */
import { numberField } from "../fields.js";
import { Chart } from "../draw/chart.js";
import { Limits, reach } from "../draw/scale.js";
import { element, say } from "../dom.js";
import { evenly } from "../experiments/asking.js";
import { fromFiring, fromRest, LASTS, onset } from "../experiments/firing.js";
import { Rolling } from "../experiments/rolling.js";
import { fitted } from "../story/unitless.js";

const COUNT = 60; // currents
const ROUNDS = 4;
const BRIEFLY = 400; // ms of each current while the hand moves: then slow firing is not told yet
const USUAL = 20; // µA/cm², where nothing is known of a model
const [LEAST, MOST] = [1e-3, 1e6]; // µA/cm²: models without units fire at a tenth, spines at thousands
const FURTHER = 8; // times as much, where none of these makes it fire
const ENOUGH = 12; // currents that do

/**
 * @typedef {import("../experiments/asking.js").Asked} Asked
 * @typedef {import("../experiments/asking.js").Ask} Ask
 * @typedef {{key: string, base: Asked, rest: Record<string, number>, moving: boolean, ask: Ask}} Now
 */

export class Firing {
  /** @param {import("../main.js").Lab} lab */
  constructor(lab) {
    this.lab = lab;
    this.limits = new Limits();
    const { words } = lab;
    this.most = numberField(lab, { label: words("Currents up to"), unit: lab.unit("uA/cm2"), low: LEAST,
      high: MOST, step: "any", changed: (value) => lab.state.keep("curves", { most: value }) });
    this.drawing = element("div", { class: "drawing", role: "img", "aria-label": words("Firing rate") });
    this.readout = element("p", { class: "gist" });
    this.element = element("section", { class: "card", "aria-label": words("Firing rate") },
      element("h2", {}, words("Firing rate")), element("div", { class: "bar" }, this.most.element),
      this.drawing, this.readout);
    this.chart = new Chart(this.drawing, lab.style);
    this.begun = new Rolling(ROUNDS);
    this.again = new Rolling(1);
    /** @type {{key: string, found: Awaited<ReturnType<typeof onset>>}} */
    this.onset = { key: "", found: null };
    this.since = { key: "", at: 0, told: false };
    this.seen = ""; // of which numbers all was found briefly
    this.first = USUAL;
    this.usual = USUAL;
    this.asked = false; // up to which current, by a person
    this.found = false; // up to which shows how it fires
  }

  /** Another model: nothing is known of it yet. */
  forget() {
    this.begun = new Rolling(ROUNDS);
    this.again = new Rolling(1);
    this.limits = new Limits();
    // twice what is shown of a model is what is of interest in it
    const own = this.lab.description().shown?.stimulus?.[0]?.amplitude ?? 0;
    this.first = own > 0 ? Math.max(LEAST, Number((2 * own).toPrecision(1))) : USUAL;
    this.usual = this.first;
    this.found = false;
    say(this.readout, "");
  }

  /** Currents that show how it fires, where those that are looked at first show little of it. */
  widen() {
    const { x, y } = this.begun;
    const firing = Array.from(x).filter((_, k) => y[k] > 0);
    if (this.asked || this.found || firing.length >= ENOUGH) return false;
    const most = firing.length ? Number((1.1 * firing[firing.length - 1]).toPrecision(2)) : FURTHER * this.first;
    const other = firing.length || this.usual === this.first ? most : this.first;
    this.found = firing.length > 0 || this.usual !== this.first;
    if (other === this.usual) return false;
    this.usual = other;
    return true;
  }

  /** @param {Record<string, any>} own */
  upTo(own) {
    this.asked = typeof own.most === "number";
    const most = own.most ?? this.usual;
    this.most.show(most);
    this.begun.along(evenly(0, most, COUNT));
    this.again.along(this.begun.x);
  }

  /**
   * What is to be found next, if anything is.
   *
   * @param {Now} now
   * @returns {null | (() => Promise<void>)}
   */
  next({ key, base, rest, moving, ask }) {
    if (this.since.key !== key) this.since = { key, at: performance.now(), told: false };
    const { begun, again } = this;
    const short = `${key} briefly`;
    if (begun.fresh(short)) this.seen = key;
    const brief = moving || this.seen !== key;
    const sort = brief ? short : key;
    const part = begun.next(sort);
    if (part) {
      return async () => {
        const some = Float64Array.from(part.which, (k) => begun.x[k]);
        const { rate } = await fromRest(ask, base, rest, some, brief ? BRIEFLY : LASTS, brief);
        begun.put(part, sort, rate);
        if (begun.fresh(sort)) this.arrived();
      };
    }
    if (moving) return null;
    if (this.widen()) return async () => this.upTo({});
    const more = again.next(key);
    if (more) {
      return async () => again.put(more, key, await fromFiring(ask, base, rest, again.x, begun.y));
    }
    if (this.onset.key === key) return null;
    return async () => {
      this.onset = { key, found: await onset(ask, base, rest, begun.x, begun.y) };
    };
  }

  /** For whoever measures it: ms from the last change of a number until all was first known. */
  arrived() {
    if (this.since.told) return;
    this.since.told = true;
    this.element.dataset.behind = (performance.now() - this.since.at).toFixed(0);
  }

  /**
   * @param {boolean} moving
   * @param {string} key
   */
  draw(moving, key) {
    const { words, style } = this.lab;
    const theme = style.theme();
    const { begun, again } = this;
    const known = again.fresh(key);
    const unit = this.lab.unit("uA/cm2");
    this.most.unit.textContent = unit;
    // of a model without units a rate is in its own time
    const part = unit ? 1 : 1e-3;
    const [rates, others] = [begun, again].map(({ y }) => y.map((each) => part * each));
    const top = Math.max(part, reach([rates, ...known ? [others] : []])[1]);
    const [low, high] = this.limits.around("rate", 0, top * 1.05, moving);
    const found = this.onset.key === key ? this.onset.found : null;
    const both = known && again.y.some((each, k) => Math.abs(each - begun.y[k]) > 1e-3 * top / part);
    this.chart.show(
      { low: 0, high: begun.x[begun.x.length - 1], heading: words("Injected current"), unit },
      { low, high, heading: words("Firing rate"), unit: unit ? "Hz" : "" },
      {
        curves: [
          ...both ? [{ x: again.x, y: others, colour: theme.stimulus, dash: [5, 4] }] : [],
          { x: begun.x, y: rates, colour: theme.voltage, dots: true },
        ],
        rules: found ? [{ x: found.current, text: fitted(this.lab, words("{I:.3g} µA/cm²", { I: found.current })) }] : [],
      });
    if (moving) return;
    const firing = begun.y.findIndex((each) => each > 0);
    const parts = [];
    if (firing < 0) {
      parts.push(words("It does not go on firing up to {I:g} µA/cm².", { I: begun.x[begun.x.length - 1] }));
    } else if (found) {
      parts.push(words("It goes on firing from {I:.3g} µA/cm², at {rate:.2g} Hz.", {
        I: found.current, rate: found.rate }));
    }
    const last = begun.y.findLastIndex((each) => each > 0);
    if (firing >= 0 && last < begun.y.length - 1) {
      parts.push(words("Above {I:.3g} µA/cm² it does not go on firing.", { I: begun.x[last] }));
    }
    if (!begun.fresh(key)) parts.length = 0;
    if (both) parts.push(words("Dashed: come to from firing."));
    const text = fitted(this.lab, parts.join(" "));
    say(this.readout, text);
    this.drawing.setAttribute("aria-label", `${words("Firing rate against injected current.")} ${text}`);
  }
}
