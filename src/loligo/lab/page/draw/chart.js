/**
 * One quantity against another: lines, points, arrows and a cursor in one frame, each axis even or
 * logarithmic.
 *
 * @typedef {import("./names.js").Part} Part
 *
 * @typedef {object} Axis
 * @property {number} low
 * @property {number} high
 * @property {string} heading
 * @property {string} [unit]
 * @property {boolean} [log]
 *
 * @typedef {object} Curve
 * @property {ArrayLike<number>} x
 * @property {ArrayLike<number>} y  NaN between pieces
 * @property {string} colour
 * @property {readonly number[]} [dash]
 * @property {number} [width]
 * @property {number} [alpha]
 * @property {Part[]} [label]  at its right end
 * @property {boolean} [dots]  at every point
 *
 * @typedef {object} Spot  a point that matters
 * @property {number} x
 * @property {number} y
 * @property {string} colour
 * @property {boolean} [hollow]
 * @property {number} [radius]
 *
 * @typedef {object} Rule  a level, with what it is
 * @property {number} [x]
 * @property {number} [y]
 * @property {string} [text]
 *
 * @typedef {object} Arrows  of a field, all at once: where, and by how many pixels at most
 * @property {ArrayLike<number>} x
 * @property {ArrayLike<number>} y
 * @property {ArrayLike<number>} dx  in the axes' units
 * @property {ArrayLike<number>} dy
 *
 * @typedef {object} Picture  what fills the frame
 * @property {CanvasImageSource} source
 *
 * @typedef {object} Content
 * @property {Picture} [picture]
 * @property {Curve[]} curves
 * @property {Spot[]} [spots]
 * @property {Rule[]} [rules]
 * @property {Arrows} [arrows]
 * @property {number | null} [cursor]  of x
 */
import { Canvas } from "./canvas.js";
import { decimalsOf, number, spread, ticks } from "./scale.js";

const TOP = 26;
const BOTTOM = 40;
const LABEL = 17; // pixels from one label to the next
const ARROW = 11; // pixels of the longest arrow

export class Chart {
  /**
   * @param {HTMLElement} host  as large as the chart is to be
   * @param {import("../style.js").Style} style
   */
  constructor(host, style) {
    this.style = style;
    this.canvas = new Canvas(host, () => this.paint());
    /** @type {Axis} */
    this.across = { low: 0, high: 1, heading: "" };
    /** @type {Axis} */
    this.up = { low: 0, high: 1, heading: "" };
    /** @type {Content | null} */
    this.content = null;
    this.box = { left: 56, top: TOP, width: 10, height: 10 };
    /** @type {() => void} called when the frame lies elsewhere */
    this.moved = () => {};
  }

  /**
   * @param {Axis} across
   * @param {Axis} up
   * @param {Content} content
   */
  show(across, up, content) {
    this.across = across;
    this.up = up;
    this.content = content;
    this.paint();
  }

  /** @param {number} value */
  x(value) {
    return this.box.left + part(this.across, value) * this.box.width;
  }

  /** @param {number} value */
  y(value) {
    return this.box.top + (1 - part(this.up, value)) * this.box.height;
  }

  /**
   * What lies at a pixel.
   *
   * @param {number} x
   * @param {number} y
   * @returns {[number, number]}
   */
  value(x, y) {
    const { left, top, width, height } = this.box;
    return [whole(this.across, (x - left) / width), whole(this.up, 1 - (y - top) / height)];
  }

  place() {
    const narrow = this.canvas.width < 420;
    const left = narrow ? 46 : 56;
    const right = Math.max(14, ...(this.content?.curves ?? []).map((curve) => this.labelled(curve) + 12));
    const before = Object.values(this.box).join();
    this.box = {
      left, top: TOP, width: Math.max(10, this.canvas.width - left - right),
      height: Math.max(10, this.canvas.height - TOP - BOTTOM),
    };
    if (Object.values(this.box).join() !== before) this.moved();
  }

  /**
   * How wide a curve's name is.
   *
   * @param {Curve} curve
   */
  labelled({ label }) {
    if (!label) return 0;
    const { context } = this.canvas;
    return label.reduce((sum, { text, italic, below }) => {
      context.font = this.style.font(below ? 10 : 13, { italic });
      return sum + context.measureText(text).width + 0.5;
    }, 0);
  }

  paint() {
    const { content } = this;
    if (!this.canvas.width || !content) return;
    this.place();
    const context = this.canvas.begin();
    const theme = this.style.theme();
    this.headings(context, theme);
    this.sides(context, theme);
    this.levels(context, content.rules ?? [], theme);
    context.save();
    context.beginPath();
    context.rect(this.box.left - 1, this.box.top - 1, this.box.width + 2, this.box.height + 2);
    context.clip();
    if (content.picture) {
      const { left, top, width, height } = this.box;
      context.drawImage(content.picture.source, left, top, width, height);
    }
    if (content.arrows) this.field(context, content.arrows, theme);
    for (const curve of content.curves) this.curve(context, curve, theme);
    context.restore();
    for (const spot of content.spots ?? []) this.spot(context, spot, theme);
    this.names(context, content.curves);
    this.hair(context, content, theme);
  }

  /**
   * What goes upwards, over the frame; what goes across, at its right end below.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {import("../style.js").Theme} theme
   */
  headings(context, theme) {
    const { left, top, width, height } = this.box;
    context.textBaseline = "alphabetic";
    for (const [axis, x, y, align] of /** @type {const} */ ([
      [this.up, left, top - 10, "left"], [this.across, left + width, top + height + 35, "right"],
    ])) {
      context.textAlign = "left";
      context.font = this.style.font(12.5, { bold: true });
      const wide = context.measureText(axis.heading).width;
      context.font = this.style.font(12);
      const unit = axis.unit ?? "";
      const gap = unit ? 7 : 0;
      const begin = align === "left" ? x : x - wide - gap - context.measureText(unit).width;
      context.fillStyle = theme.muted;
      context.fillText(unit, begin + wide + gap, y);
      context.fillStyle = theme.text;
      context.font = this.style.font(12.5, { bold: true });
      context.fillText(axis.heading, begin, y);
    }
  }

  /**
   * The numbers of both axes, and their grid.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {import("../style.js").Theme} theme
   */
  sides(context, theme) {
    const { left, top, width, height } = this.box;
    context.font = this.style.font(11.5);
    context.lineWidth = 1;
    context.strokeStyle = theme.rule;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const { at, text, zero } of this.numbers(this.up, height / 30)) {
      const y = Math.round(this.y(at)) + 0.5;
      context.globalAlpha = zero ? 0.9 : 0.32;
      segment(context, left, y, left + width, y);
      context.globalAlpha = 1;
      context.fillStyle = theme.muted;
      context.fillText(text, left - 8, y);
    }
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const { at, text, zero } of this.numbers(this.across, width / 58)) {
      const x = Math.round(this.x(at)) + 0.5;
      context.globalAlpha = zero ? 0.9 : 0.32;
      segment(context, x, top, x, top + height);
      context.globalAlpha = 1;
      context.fillStyle = theme.muted;
      context.fillText(text, x, top + height + 7);
    }
  }

  /**
   * @param {Axis} axis
   * @param {number} most
   * @returns {{at: number, text: string, zero: boolean}[]}
   */
  numbers(axis, most) {
    const decimal = this.style.decimal();
    if (axis.log) {
      return decades(axis.low, axis.high, most).map((at) => {
        const decimals = Math.max(0, -Math.floor(Math.log10(at) + 1e-9));
        return { at, text: number(at, decimals, decimal), zero: false };
      });
    }
    const places = ticks(axis.low, axis.high, Math.max(2, Math.floor(most)));
    const decimals = decimalsOf(places);
    const crosses = axis.low < 0 && axis.high > 0;
    return places.map((at) => ({
      at, text: number(at, decimals, decimal), zero: crosses && at === 0,
    }));
  }

  /**
   * Levels that matter, dashed, with what they are.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Rule[]} rules
   * @param {import("../style.js").Theme} theme
   */
  levels(context, rules, theme) {
    const { left, top, width, height } = this.box;
    context.strokeStyle = theme.muted;
    context.fillStyle = theme.muted;
    context.font = this.style.font(11);
    context.lineWidth = 1;
    context.setLineDash([2, 3]);
    for (const { x, y, text } of rules) {
      if (x !== undefined && part(this.across, x) >= 0 && part(this.across, x) <= 1) {
        const at = Math.round(this.x(x)) + 0.5;
        segment(context, at, top, at, top + height);
        const right = at > left + width / 2;
        context.textAlign = right ? "right" : "left";
        context.textBaseline = "top";
        context.fillText(text ?? "", right ? at - 5 : at + 5, top + 3);
      } else if (y !== undefined && part(this.up, y) >= 0 && part(this.up, y) <= 1) {
        const at = Math.round(this.y(y)) + 0.5;
        segment(context, left, at, left + width, at);
        context.textAlign = "left";
        context.textBaseline = "bottom";
        context.fillText(text ?? "", left + 6, at - 3);
      }
    }
    context.setLineDash([]);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Arrows} arrows
   * @param {import("../style.js").Theme} theme
   */
  field(context, { x, y, dx, dy }, theme) {
    const { width, height } = this.box;
    const wide = width / (this.across.high - this.across.low);
    const high = height / (this.up.high - this.up.low);
    context.strokeStyle = theme.muted;
    context.globalAlpha = 0.55;
    context.lineWidth = 1;
    context.beginPath();
    for (let k = 0; k < x.length; k++) {
      const [right, down] = [dx[k] * wide, -dy[k] * high];
      const size = Math.hypot(right, down);
      if (!(size > 0)) continue;
      // slow ones are shorter, so that one sees where little happens
      const length = ARROW * (0.35 + 0.65 * Math.min(1, Math.log10(1 + size / 3) / 2));
      const [ux, uy] = [right / size, down / size];
      const [fromX, fromY] = [this.x(x[k]) - (ux * length) / 2, this.y(y[k]) - (uy * length) / 2];
      const [toX, toY] = [fromX + ux * length, fromY + uy * length];
      context.moveTo(fromX, fromY);
      context.lineTo(toX, toY);
      context.moveTo(toX - 3.2 * ux + 2 * uy, toY - 3.2 * uy - 2 * ux);
      context.lineTo(toX, toY);
      context.lineTo(toX - 3.2 * ux - 2 * uy, toY - 3.2 * uy + 2 * ux);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Curve} curve
   * @param {import("../style.js").Theme} theme
   */
  curve(context, curve, theme) {
    const { x, y } = curve;
    context.strokeStyle = curve.colour;
    context.lineWidth = curve.width ?? this.style.lineWidth;
    context.globalAlpha = curve.alpha ?? 1;
    context.lineJoin = "round";
    context.setLineDash(curve.dash ?? []);
    context.beginPath();
    let pen = false;
    for (let k = 0; k < x.length; k++) {
      const [right, down] = [this.x(x[k]), this.y(y[k])];
      if (!Number.isFinite(right) || !Number.isFinite(down)) pen = false;
      else if (pen) context.lineTo(right, down);
      else {
        context.moveTo(right, down);
        pen = true;
      }
    }
    context.stroke();
    context.setLineDash([]);
    if (curve.dots) {
      for (let k = 0; k < x.length; k++) {
        this.spot(context, { x: x[k], y: y[k], colour: curve.colour, radius: 2.6 }, theme);
      }
    }
    context.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Spot} spot
   * @param {import("../style.js").Theme} theme
   */
  spot(context, { x, y, colour, hollow, radius = 4.5 }, theme) {
    const [right, down] = [part(this.across, x), part(this.up, y)];
    if (!(right >= -0.001 && right <= 1.001 && down >= -0.001 && down <= 1.001)) return;
    context.beginPath();
    context.arc(this.x(x), this.y(y), radius, 0, 2 * Math.PI);
    context.fillStyle = hollow ? theme.background : colour;
    context.fill();
    context.strokeStyle = hollow ? colour : theme.background;
    context.lineWidth = hollow ? 2 : 1;
    context.stroke();
  }

  /**
   * Each curve's name at its right end.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Curve[]} curves
   */
  names(context, curves) {
    const { left, top, width, height } = this.box;
    const named = curves.filter((curve) => curve.label && curve.x.length);
    const ends = named.map((curve) => {
      const last = lastKnown(curve.y);
      return Math.min(Math.max(last < 0 ? top : this.y(curve.y[last]), top), top + height);
    });
    const places = spread(ends, LABEL, top + 4, top + height - 4);
    context.textAlign = "left";
    context.textBaseline = "middle";
    named.forEach((curve, k) => {
      context.fillStyle = curve.colour;
      let at = left + width + 7;
      for (const { text, italic, below } of /** @type {Part[]} */ (curve.label)) {
        context.font = this.style.font(below ? 10 : 13, { italic });
        context.fillText(text, at, places[k] + (below ? 3.5 : 0));
        at += context.measureText(text).width + 0.5;
      }
    });
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Content} content
   * @param {import("../style.js").Theme} theme
   */
  hair(context, content, theme) {
    const { cursor } = content;
    if (cursor === null || cursor === undefined) return;
    const at = part(this.across, cursor);
    if (!(at >= 0 && at <= 1)) return;
    const { top, height } = this.box;
    context.strokeStyle = theme.text;
    context.globalAlpha = 0.7;
    context.lineWidth = 1;
    const x = Math.round(this.x(cursor)) + 0.5;
    segment(context, x, top, x, top + height);
    context.globalAlpha = 1;
  }
}

/**
 * @param {Axis} axis
 * @param {number} value
 */
function part({ low, high, log }, value) {
  if (log) return Math.log(value / low) / Math.log(high / low);
  return (value - low) / (high - low);
}

/**
 * @param {Axis} axis
 * @param {number} at
 */
function whole({ low, high, log }, at) {
  const inside = Math.min(Math.max(at, 0), 1);
  return log ? low * (high / low) ** inside : low + inside * (high - low);
}

/**
 * Round numbers of a logarithmic axis: 1, 2, 5 of each decade where there is room.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most
 */
function decades(low, high, most) {
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const places = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
      places.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(3))));
    }
    const inside = places.filter((at) => at >= low * (1 - 1e-9) && at <= high * (1 + 1e-9));
    if (inside.length <= most || steps.length === 1) return inside;
  }
  return [];
}

/** @param {ArrayLike<number>} row */
function lastKnown(row) {
  for (let k = row.length - 1; k >= 0; k--) if (Number.isFinite(row[k])) return k;
  return -1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} x2
 * @param {number} y2
 */
function segment(context, x, y, x2, y2) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x2, y2);
  context.stroke();
}
