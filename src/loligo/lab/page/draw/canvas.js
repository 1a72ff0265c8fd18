/**
 * A canvas with a pixel for every pixel of the screen.
 */
import { element } from "../dom.js";

/** @type {WeakMap<Element, Canvas>} */
const MADE = new WeakMap();

/**
 * The canvases that are seen in an element.
 *
 * @param {Element} root
 * @returns {Canvas[]}
 */
export function drawn(root) {
  const seen = Array.from(root.querySelectorAll("canvas")).filter((each) => each.clientWidth);
  return seen.flatMap((each) => MADE.get(each) ?? []);
}

export class Canvas {
  /**
   * @param {HTMLElement} host
   * @param {() => void} resized  its size has changed: draw again
   */
  constructor(host, resized) {
    this.element = element("canvas", { "aria-hidden": "true" });
    host.append(this.element);
    const context = this.element.getContext("2d");
    if (!context) throw new Error("this browser draws nothing");
    /** @type {CanvasRenderingContext2D} */
    this.context = context;
    this.redraw = resized;
    MADE.set(this.element, this);
    this.width = 0;
    this.height = 0;
    this.ratio = 0;
    this.watch = new ResizeObserver(() => {
      if (this.fit()) resized();
    });
    this.watch.observe(host);
    this.host = host;
    this.fit();
  }

  /** @returns {boolean} whether its size has changed */
  fit() {
    const width = this.host.clientWidth;
    const height = this.host.clientHeight;
    const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
    if (width === this.width && height === this.height && ratio === this.ratio) return false;
    [this.width, this.height, this.ratio] = [width, height, ratio];
    this.element.width = Math.round(width * ratio);
    this.element.height = Math.round(height * ratio);
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
    return true;
  }

  /**
   * Draw the same on something else.
   *
   * @param {CanvasRenderingContext2D} other
   */
  drawOn(other) {
    const own = this.context;
    this.context = other;
    this.redraw();
    this.context = own;
    this.redraw();
  }

  /** Empty, and in the page's pixels. */
  begin() {
    const { context, ratio } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.globalAlpha = 1;
    context.setLineDash([]);
    context.clearRect(0, 0, this.width, this.height);
    return context;
  }
}
