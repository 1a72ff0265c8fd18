/**
 * The stimulus by hand: each shape's start, width and height are sliders that lie on the panel
 * itself, so that a mouse, a finger and the keyboard move the same things.
 */
import { describe, element } from "../dom.js";
import { niceStep, stepped } from "../controls/slider.js";
import { written } from "../controls/typed.js";
import { FIELDS, fieldName, kindName, window_ } from "./shapes.js";

/**
 * @typedef {import("../state.js").Shape} Shape
 * @typedef {import("../draw/plot.js").Plot} Plot
 * @typedef {{bottom: number, up: number}} Scale  pixels of 0, pixels of 1 uA/cm2
 */

const ALONG = [50, 36, 64, 22, 78]; // % of a shape's width: where each is taken hold of at its top
const LOCK = 4; // pixels until it is known which way a hand goes

export class Handles {
  /**
   * @param {HTMLElement} stage  over which the plot lies
   * @param {Plot} plot
   * @param {import("../main.js").Lab} lab
   * @param {(shape: Shape) => number} factor  its unit in uA/cm2
   */
  constructor(stage, plot, lab, factor) {
    this.plot = plot;
    this.lab = lab;
    this.factor = factor;
    this.room = element("div", { class: "draw-here", title: lab.words("Drag here to draw a pulse"),
      onpointerdown: (event) => this.begin(event) });
    this.layer = element("div", { class: "shape-grips", role: "group", "aria-label": lab.words("Stimulus") });
    stage.append(this.room, this.layer);
    this.built = "";
    this.dragging = false;
    /** @type {{body: HTMLElement, left: HTMLElement, right: HTMLElement, top: HTMLElement}[]} */
    this.parts = [];
    plot.moved = () => this.place();
  }

  /** @returns {Shape[]} */
  get shapes() {
    return this.lab.state.get().stimulus;
  }

  /** Those that have been put on the panel, as they are now. */
  show() {
    const kinds = this.shapes.map(({ kind }) => kind).join();
    if (kinds !== this.built) {
      this.built = kinds;
      this.build();
    }
    this.place();
  }

  build() {
    const kept = /** @type {HTMLElement | null} */ (document.activeElement);
    const where = kept && this.layer.contains(kept) ? kept.dataset.part : undefined;
    this.parts = this.shapes.map((_, k) => ({
      body: this.handle(k, "start", "body"), left: this.handle(k, "", "left"),
      right: this.handle(k, "duration", "right"), top: this.handle(k, "amplitude", "top"),
    }));
    this.layer.replaceChildren(...this.parts.flatMap(({ body, left, right, top }) => [body, left, right, top]));
    if (where) /** @type {HTMLElement | null} */ (this.layer.querySelector(`[data-part="${where}"]`))?.focus();
  }

  /**
   * @param {number} k  which shape
   * @param {string} field  which of its numbers the keys change
   * @param {"body" | "left" | "right" | "top"} part
   */
  handle(k, field, part) {
    return element("div", {
      class: `shape-grip ${part}`, "data-part": `${k} ${part}`, role: field ? "slider" : null,
      tabindex: field ? 0 : null, "aria-hidden": field ? null : "true",
      "aria-orientation": part === "top" ? "vertical" : null,
      onpointerdown: (event) => this.grab(event, k, part),
      onkeydown: (event) => this.key(event, k, field),
      onkeyup: () => this.lab.state.settle(),
      onblur: () => this.dragging || this.lab.state.settle(),
    });
  }

  /** Lay every handle where its shape is. */
  place() {
    const box = this.plot.boxes.get("stimulus");
    this.layer.hidden = this.room.hidden = !box;
    if (!box) return;
    set(this.room, box.left, box.top - 8, box.width, box.height + 16);
    this.shapes.forEach((shape, k) => {
      const part = this.parts[k];
      if (!part) return;
      const [from, to] = window_(shape);
      const { low, high } = this.plot.across;
      const known = FIELDS[shape.kind] !== undefined && shape.kind !== "shock";
      const seen = known && from < high && to > low;
      const ends = known && shape.kind !== "step" && shape.kind !== "pulse_train";
      const end = shape.kind === "pulse_train" ? from + shape.duration : to;
      const left = this.plot.x(Math.max(from, low));
      const right = this.plot.x(Math.min(end, high));
      const zero = this.plot.y(box, 0);
      const height = this.plot.y(box, shape.amplitude * this.factor(shape));
      const top = Math.min(zero, height);
      part.body.hidden = part.top.hidden = !seen;
      part.left.hidden = part.right.hidden = !seen || !(ends || shape.kind === "pulse_train");
      const wide = Math.max(right - left, 10);
      set(part.body, left, Math.min(top, zero - 12), wide, Math.max(Math.abs(zero - height), 12));
      set(part.left, left - 12, top, 12, Math.max(Math.abs(zero - height), 14));
      set(part.right, right, top, 14, Math.max(Math.abs(zero - height), 14));
      set(part.top, left, height - 11, wide, 22);
      part.top.style.setProperty("--along", wide > 80 ? `${ALONG[k % ALONG.length]}%` : "50%");
      this.say(shape, k);
    });
  }

  /**
   * What each handle says of itself.
   *
   * @param {Shape} shape
   * @param {number} k
   */
  say(shape, k) {
    const { words, style } = this.lab;
    const name = `${kindName(shape.kind, words)} ${k + 1}`;
    const parts = this.parts[k];
    for (const [part, field] of /** @type {const} */ ([["body", "start"], ["right", "duration"], ["top", "amplitude"]])) {
      const now = shape[field];
      if (typeof now !== "number") continue;
      const { low, high } = this.range(shape, field);
      const unit = this.lab.unit(field === "amplitude" ? shape.unit ?? "" : "ms");
      describe(parts[part], {
        "aria-label": `${name}: ${fieldName(field, words)}`, "aria-valuenow": now, "aria-valuemin": low,
        "aria-valuemax": high, "aria-valuetext": `${written(now, style.decimal())} ${unit}`,
      });
    }
  }

  /**
   * From where to where keys and hands go, and in which steps.
   *
   * @param {Shape} shape
   * @param {string} field
   */
  range(shape, field) {
    const lasts = this.plot.across.high;
    if (field === "amplitude") {
      const box = this.plot.boxes.get("stimulus");
      const reach = box ? (box.high - box.low) / Math.abs(this.factor(shape)) : 20;
      return { low: -20 * reach, high: 20 * reach, step: niceStep(reach / 200) };
    }
    const step = niceStep(lasts / 1000);
    return { low: field === "start" ? 0 : step, high: lasts, step };
  }

  /**
   * @param {number} k
   * @param {Record<string, number>} change
   * @param {boolean} moving
   */
  change(k, change, moving) {
    const stimulus = this.shapes.map((shape, at) => (at === k ? fitting({ ...shape, ...change }) : shape));
    this.lab.state.set({ stimulus }, moving);
  }

  /** @param {number} k */
  remove(k) {
    this.lab.state.set({ stimulus: this.shapes.filter((_, at) => at !== k) });
    this.lab.announce(this.lab.words("Removed"));
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} k
   * @param {string} field
   */
  key(event, k, field) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.remove(k);
      return;
    }
    const { step, low, high } = this.range(this.shapes[k], field);
    const to = stepped(event, this.shapes[k][field], step, { low, high });
    if (to === null) return;
    event.preventDefault();
    this.change(k, { [field]: to }, true);
  }

  /**
   * A hand takes hold of a shape.
   *
   * @param {PointerEvent} event
   * @param {number} k
   * @param {"body" | "left" | "right" | "top"} part
   */
  grab(event, k, part) {
    if (event.button) return;
    const first = this.shapes[k];
    const box = this.plot.boxes.get("stimulus");
    if (!box) return;
    const msPerPixel = (this.plot.across.high - this.plot.across.low) / this.plot.inner;
    const perPixel = (box.high - box.low) / box.height / this.factor(first);
    const { step, high } = this.range(first, "start");
    const latest = Math.max(high - 20 * step, first.start); // some of it stays within reach of the hand
    const rough = { ms: step * 2, up: this.range(first, "amplitude").step };
    let way = part === "body" ? "" : part === "top" ? "up" : "across";
    this.drag(event, (across, up, fine) => {
      if (!way) way = Math.abs(across) > LOCK ? "across" : Math.abs(up) > LOCK ? "up" : "";
      const by = fine ? 0.1 : 1;
      const [ms, height] = [across * msPerPixel * by, up * perPixel * by];
      if (way === "up") this.change(k, { amplitude: round(first.amplitude + height, rough.up * by) }, true);
      if (way === "across") this.change(k, moved(first, part, ms, rough.ms * by, latest), true);
    });
  }

  /**
   * What a hand does until it lets go is one step.
   *
   * @param {PointerEvent} event
   * @param {(across: number, up: number, fine: boolean) => void} moved
   */
  drag(event, moved) {
    this.dragging = true;
    follow(event, moved, () => {
      this.dragging = false;
      this.lab.state.settle();
    });
  }

  /**
   * A hand draws a new pulse.
   *
   * @param {PointerEvent} event
   */
  begin(event) {
    const box = this.plot.boxes.get("stimulus");
    if (event.button || !box || !this.free("pulse")) return;
    const bounds = this.room.getBoundingClientRect();
    const from = this.plot.value(event.clientX - bounds.left + box.left);
    const high = box.high - ((event.clientY - bounds.top - 8) / box.height) * (box.high - box.low);
    const msPerPixel = (this.plot.across.high - this.plot.across.low) / this.plot.inner;
    const perPixel = (box.high - box.low) / box.height;
    const { step } = this.range({ kind: "pulse" }, "start");
    const k = this.shapes.length;
    this.drag(event, (across, up) => {
      if (Math.abs(across) < LOCK && this.shapes.length === k) return;
      const [a, b] = [from, from + across * msPerPixel].sort((one, other) => one - other);
      const start = round(Math.max(a, 0), 2 * step);
      const pulse = { kind: "pulse", unit: "uA/cm2", start,
        duration: Math.max(round(b - start, 2 * step), 2 * step),
        amplitude: round(high + up * perPixel, niceStep((box.high - box.low) / 200)) };
      this.lab.state.set({ stimulus: [...this.shapes.slice(0, k), pulse] }, true);
    });
  }

  /**
   * Whether the kernel has room for one more of a kind.
   *
   * @param {string} kind
   */
  free(kind) {
    return freeSlots(this.lab, kind) > 0;
  }
}

/**
 * How many more of a kind a model's kernels take.
 *
 * @param {import("../main.js").Lab} lab
 * @param {string} kind
 */
export function freeSlots(lab, kind) {
  const { kernels } = lab.model().manifest;
  if (!kernels) return 1;
  const slot = kind === "step" ? "pulse" : kind;
  const rows = Object.values(kernels).map((each) =>
    (each.slots ?? []).filter((/** @type {{kind: string}} */ one) => one.kind === slot).length);
  const used = lab.state.get().stimulus.filter(({ kind: other }) => other === kind || (slot === "pulse" && other === "step"));
  return Math.max(...rows) - used.length;
}

/**
 * A shape whose start, end or whole was moved by so many ms.
 *
 * @param {Shape} shape
 * @param {string} part
 * @param {number} ms
 * @param {number} step
 * @param {number} latest  start
 * @returns {Record<string, number>}
 */
function moved(shape, part, ms, step, latest) {
  if (part === "right") return { duration: Math.max(round(shape.duration + ms, step), step) };
  if (part !== "left") return { start: Math.min(Math.max(round(shape.start + ms, step), 0), latest) };
  const end = shape.start + shape.duration;
  const start = Math.min(Math.max(round(shape.start + ms, step), 0), latest, end - step);
  return { start, duration: Number((end - start).toPrecision(12)) };
}

/**
 * A train's pulses do not overlap.
 *
 * @param {Shape} shape
 * @returns {Shape}
 */
export function fitting(shape) {
  if (shape.kind !== "pulse_train" || shape.duration <= shape.interval) return shape;
  return { ...shape, interval: shape.duration };
}

/**
 * Call `moved` with how far a pointer has come, to the right and up, until it is let go.
 *
 * @param {PointerEvent} event
 * @param {(across: number, up: number, fine: boolean) => void} moved
 * @param {() => void} over
 */
export function follow(event, moved, over) {
  const held = /** @type {HTMLElement} */ (event.currentTarget);
  const [x, y] = [event.clientX, event.clientY];
  event.preventDefault();
  if (held.tabIndex >= 0) held.focus({ preventScroll: true });
  held.setPointerCapture(event.pointerId);
  held.classList.add("held");
  const move = (/** @type {PointerEvent} */ now) => moved(now.clientX - x, y - now.clientY, now.shiftKey);
  const end = () => {
    held.removeEventListener("pointermove", move);
    held.classList.remove("held");
    over();
  };
  held.addEventListener("pointermove", move);
  held.addEventListener("lostpointercapture", end, { once: true });
}

/**
 * @param {number} value
 * @param {number} step
 */
function round(value, step) {
  return Number((Math.round(value / step) * step).toPrecision(12)) + 0;
}

/**
 * @param {HTMLElement} at
 * @param {number} left
 * @param {number} top
 * @param {number} width
 * @param {number} height
 */
function set(at, left, top, width, height) {
  at.style.transform = `translate(${left}px, ${top}px)`;
  at.style.width = `${width}px`;
  at.style.height = `${height}px`;
}
