/**
 * A handle on a drawing: what it stands for is dragged, or moved with the keys, and told as a
 * slider.
 *
 * @typedef {object} Meaning
 * @property {string} label
 * @property {number} low
 * @property {number} high
 * @property {number} step  of a key; ten of them with PageUp and PageDown
 * @property {"horizontal" | "vertical" | "round"} along
 * @property {(value: number) => string} text  how it is told
 * @property {(value: number) => [number, number]} place  pixels of the drawing
 * @property {(x: number, y: number) => number} value  what lies at such pixels
 * @property {(value: number, moving: boolean) => void} changed
 * @property {(x: number, y: number, step: number) => boolean} [other]  what goes up and down with
 *   it: where the hand is, or by how many steps; whether that was anything
 */
import { describe, element } from "../dom.js";

export class Handle {
  /**
   * @param {HTMLElement} host  that the drawing fills
   * @param {Meaning} meaning
   */
  constructor(host, meaning) {
    this.host = host;
    this.meaning = meaning;
    this.value = 0;
    this.element = element("div", {
      class: `grip ${meaning.along}`, role: "slider", tabindex: 0, "aria-label": meaning.label,
      "aria-orientation": meaning.along === "round" ? null : meaning.along,
      "aria-valuenow": this.value, // until it stands for one
      onkeydown: (event) => this.key(event),
      onpointerdown: (event) => this.take(event),
    });
    host.append(this.element);
  }

  /**
   * Stand for a value.
   *
   * @param {number} value
   */
  show(value) {
    const { low, high, text, place } = this.meaning;
    this.value = value;
    const [x, y] = place(value);
    this.element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    describe(this.element, {
      "aria-valuemin": low, "aria-valuemax": high, "aria-valuenow": rounded(value),
      "aria-valuetext": text(value),
    });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { low, high, step } = this.meaning;
    const steps = /** @type {Record<string, number>} */ ({
      ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10,
    });
    const upright = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (upright && this.meaning.other) {
      event.preventDefault();
      event.stopPropagation();
      this.meaning.other(NaN, NaN, upright);
      return;
    }
    let value = this.value + (steps[event.key] ?? 0) * step;
    if (event.key === "Home") value = low;
    else if (event.key === "End") value = high;
    else if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(value, false);
  }

  /** @param {PointerEvent} event */
  take(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.focus();
    this.element.setPointerCapture(event.pointerId);
    const frame = this.host.getBoundingClientRect();
    const [x, y] = this.meaning.place(this.value);
    const [offX, offY] = [event.clientX - frame.left - x, event.clientY - frame.top - y];
    /** @param {PointerEvent} next */
    const drag = (next) => {
      const at = this.host.getBoundingClientRect();
      const [toX, toY] = [next.clientX - at.left - offX, next.clientY - at.top - offY];
      const more = this.meaning.other?.(toX, toY, 0) ?? false;
      this.move(this.meaning.value(toX, toY), true, more);
    };
    const drop = () => {
      this.element.removeEventListener("pointermove", drag);
      this.meaning.changed(this.value, false);
    };
    this.element.addEventListener("pointermove", drag);
    this.element.addEventListener("lostpointercapture", drop, { once: true });
  }

  /**
   * @param {number} value
   * @param {boolean} moving
   * @param {boolean} [anyway]  tell it, even if it is what it was
   */
  move(value, moving, anyway = false) {
    const { low, high, step, changed } = this.meaning;
    const kept = rounded(Math.min(Math.max(Math.round(value / step) * step, low), high));
    if (kept === this.value && moving && !anyway) return;
    this.show(kept);
    changed(kept, moving);
  }
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 1e9) / 1e9;
}
