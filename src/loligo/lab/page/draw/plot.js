/**
 * Panels of lines over one another, on one axis from left to right.
 *
 * @typedef {import("./names.js").Part} Part
 * @typedef {import("./trace.js").Box} Box
 *
 * @typedef {object} Line
 * @property {string} name
 * @property {ArrayLike<number>} x
 * @property {ArrayLike<number>} y
 * @property {string} colour
 * @property {readonly number[]} [dash]
 * @property {Part[]} [label]  at its right end
 * @property {number} [width]
 * @property {number} [alpha]
 *
 * @typedef {object} Mark  a point that matters
 * @property {number} x
 * @property {number} y
 * @property {string} colour
 * @property {string} [text]  beside it
 * @property {"above" | "below"} [side]
 *
 * @typedef {object} Panel
 * @property {string} key
 * @property {string} heading
 * @property {string} unit
 * @property {number} low
 * @property {number} high
 * @property {number} weight  of its height
 * @property {Line[]} lines
 * @property {Line[]} [behind]  drawn first, pale: no labels
 * @property {Mark[]} [marks]
 * @property {number[]} [rules]  levels of y with a dotted line
 *
 * @typedef {object} Across  the axis from left to right
 * @property {number} low
 * @property {number} high
 * @property {string} heading
 *
 * @typedef {object} Shown
 * @property {[number, number][]} [bands]  stretches of x that are shaded
 * @property {number | null} [cursor]
 * @property {boolean} [beam]  the cursor is a beam: dots, and no line
 * @property {string[]} [lit]  names of the lines that stand out
 * @property {number} [upto]  of x: lines end here
 */
import { Canvas } from "./canvas.js";
import { decimalsOf, number, spread, ticks } from "./scale.js";
import { between, trace } from "./trace.js";

const HEADING = 26; // pixels over each panel
const BOTTOM = 40;
const LABEL = 17; // pixels from one label to the next
const ROOMY = 42; // pixels in which three numbers stand over one another

export class Plot {
  /**
   * @param {HTMLElement} host  as large as the plot is to be
   * @param {import("../style.js").Style} style
   */
  constructor(host, style) {
    this.style = style;
    // what changes rarely lies below, and is drawn only then
    this.ground = new Canvas(host, () => {
      this.grounded = "";
      this.paint();
    });
    this.canvas = new Canvas(host, () => this.paint());
    this.grounded = "";
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {Across} */
    this.across = { low: 0, high: 1, heading: "" };
    /** @type {Shown} */
    this.shown = {};
    /** @type {Map<string, Box>} */
    this.boxes = new Map();
    /** @type {() => void} called when the boxes lie elsewhere */
    this.moved = () => {};
    this.margin = { left: 56, right: 76 };
  }

  /**
   * @param {Panel[]} panels
   * @param {Across} across
   * @param {Shown} [shown]
   */
  show(panels, across, shown = {}) {
    this.panels = panels;
    this.across = across;
    this.shown = shown;
    this.paint();
  }

  /** @param {number} value */
  x(value) {
    const { low, high } = this.across;
    return this.margin.left + ((value - low) / (high - low)) * this.inner;
  }

  /**
   * What lies at so many pixels from the left.
   *
   * @param {number} pixels
   */
  value(pixels) {
    const { low, high } = this.across;
    const at = low + ((pixels - this.margin.left) / this.inner) * (high - low);
    return Math.min(Math.max(at, low), high);
  }

  get inner() {
    return Math.max(10, this.canvas.width - this.margin.left - this.margin.right);
  }

  place() {
    const narrow = this.canvas.width < 480;
    this.margin = narrow ? { left: 42, right: 52 } : { left: 56, right: 76 };
    const weights = this.panels.reduce((sum, panel) => sum + panel.weight, 0) || 1;
    const room = this.canvas.height - BOTTOM - HEADING * this.panels.length;
    let top = 0;
    const before = [...this.boxes.values()].map(told).join();
    this.boxes.clear();
    for (const panel of this.panels) {
      const height = Math.max(20, (room * panel.weight) / weights);
      const box = { left: this.margin.left, top: top + HEADING, width: this.inner, height };
      this.boxes.set(panel.key, { ...box, low: panel.low, high: panel.high });
      top += HEADING + height;
    }
    if ([...this.boxes.values()].map(told).join() !== before) this.moved();
  }

  paint() {
    if (!this.canvas.width) return;
    this.place();
    const theme = this.style.theme();
    this.paintGround(theme);
    const context = this.canvas.begin();
    for (const panel of this.panels) {
      const box = /** @type {Box} */ (this.boxes.get(panel.key));
      this.lines(context, panel, box);
      this.labels(context, panel, box);
    }
    this.hair(context, theme);
  }

  /**
   * Axes, headings, shading.
   *
   * @param {import("../style.js").Theme} theme
   */
  paintGround(theme) {
    const { width, height, ratio } = this.canvas;
    const frames = this.panels.map(({ key, heading, unit, low, high, weight, rules }) =>
      [key, heading, unit, low, high, weight, rules]);
    const { low, high, heading } = this.across;
    const now = JSON.stringify([frames, low, high, heading, this.shown.bands, this.style.name,
      this.style.decimal(), width, height, ratio]);
    if (now === this.grounded) return;
    this.grounded = now;
    this.ground.fit();
    const context = this.ground.begin();
    this.shade(context, theme);
    for (const panel of this.panels) {
      this.frame(context, panel, /** @type {Box} */ (this.boxes.get(panel.key)), theme);
    }
    this.axis(context, theme);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("../style.js").Theme} theme
   */
  shade(context, theme) {
    const boxes = [...this.boxes.values()];
    if (!boxes.length) return;
    context.fillStyle = theme.band;
    const top = boxes[0].top;
    const height = boxes[boxes.length - 1].top + boxes[boxes.length - 1].height - top;
    for (const [from, to] of this.shown.bands ?? []) {
      const left = this.x(Math.max(from, this.across.low));
      const right = this.x(Math.min(to, this.across.high));
      if (right > left) context.fillRect(left, top, Math.max(right - left, 1), height);
    }
  }

  /**
   * A panel's heading, its numbers and its rules.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Panel} panel
   * @param {Box} box
   * @param {import("../style.js").Theme} theme
   */
  frame(context, panel, box, theme) {
    const { style } = this;
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    context.fillStyle = theme.text;
    context.font = style.font(13, { bold: true });
    context.fillText(panel.heading, box.left, box.top - 9);
    if (panel.unit) {
      const after = box.left + context.measureText(panel.heading).width + 7;
      context.fillStyle = theme.muted;
      context.font = style.font(12);
      context.fillText(panel.unit, after, box.top - 9);
    }
    context.font = style.font(11.5);
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.lineWidth = 1;
    const places = ticks(panel.low, panel.high, Math.max(box.height > ROOMY ? 3 : 2, Math.floor(box.height / 30)));
    const digits = decimalsOf(places);
    for (const place of places) {
      const y = Math.round(this.y(box, place)) + 0.5;
      context.strokeStyle = theme.rule;
      context.globalAlpha = place === 0 && panel.low < 0 ? 0.9 : 0.32;
      line(context, box.left, y, box.left + box.width, y);
      context.globalAlpha = 1;
      context.fillStyle = theme.muted;
      context.fillText(number(place, digits, style.decimal()), box.left - 8, y);
    }
    context.setLineDash([2, 3]);
    context.strokeStyle = theme.muted;
    for (const level of panel.rules ?? []) {
      if (level < panel.low || level > panel.high) continue;
      const y = Math.round(this.y(box, level)) + 0.5;
      line(context, box.left, y, box.left + box.width, y);
    }
    context.setLineDash([]);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Panel} panel
   * @param {Box} box
   */
  lines(context, panel, box) {
    const { ratio } = this.canvas;
    /** @type {[number, number]} */
    const axis = [this.across.low, this.across.high];
    context.save();
    context.beginPath();
    const end = Math.min(box.width + 1, this.x(this.shown.upto ?? Infinity) - box.left);
    context.rect(box.left, box.top - 3, end, box.height + 6);
    context.clip();
    context.lineJoin = "round";
    const lit = this.shown.lit ?? [];
    const some = lit.length > 0;
    for (const each of [...(panel.behind ?? []), ...panel.lines]) {
      const stands = lit.includes(each.name);
      context.strokeStyle = each.colour;
      context.lineWidth = (each.width ?? this.style.lineWidth) * (stands ? 2 : 1);
      context.globalAlpha = (each.alpha ?? 1) * (some && !stands ? 0.25 : 1);
      context.setLineDash(each.dash ?? []);
      trace(context, each.x, each.y, box, axis, ratio, this.shown.upto);
    }
    context.restore();
    for (const mark of panel.marks ?? []) this.mark(context, mark, box);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Mark} mark
   * @param {Box} box
   */
  mark(context, mark, box) {
    const { low, high } = this.across;
    if (mark.x < low || mark.x > Math.min(high, this.shown.upto ?? Infinity)) return;
    const [x, y] = [this.x(mark.x), this.y(box, mark.y)];
    const theme = this.style.theme();
    dot(context, x, y, 3.5, mark.colour, theme.background);
    if (!mark.text) return;
    context.font = this.style.font(11.5);
    const room = y - box.top > 14; // above it
    const below = mark.side === "below" ? 16 : room ? -10 : 0;
    const wide = context.measureText(mark.text).width;
    const left = mark.side === "below" ? x : x + (room ? 6 : 9);
    if (left + wide > box.left + box.width + this.margin.right) return;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.lineWidth = 3.5;
    context.lineJoin = "round";
    context.strokeStyle = theme.background;
    context.strokeText(mark.text, left, y + below);
    context.fillStyle = mark.colour;
    context.fillText(mark.text, left, y + below);
  }

  /**
   * Each line's name at its right end; with a cursor, what it is there.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Panel} panel
   * @param {Box} box
   */
  labels(context, panel, box) {
    const named = panel.lines.filter((each) => each.label && each.x.length);
    if (!named.length) return;
    const end = this.shown.upto ?? Infinity;
    const ends = named.map(({ x, y }) => {
      const at = Math.min(end, this.across.high, x[x.length - 1]);
      return this.y(box, clipped(between(x, y, at), box));
    });
    const apart = Math.min(LABEL, box.height / named.length);
    const places = spread(ends, apart, box.top + 4, box.top + box.height - 4);
    const left = box.left + box.width + 8;
    named.forEach((each, k) => {
      context.globalAlpha = this.shown.lit?.length && !this.shown.lit.includes(each.name) ? 0.45 : 1;
      context.fillStyle = each.colour;
      this.write(context, /** @type {Part[]} */ (each.label), left, places[k], Math.min(13, Math.max(apart, 9)));
      context.globalAlpha = 1;
    });
  }

  /**
   * Parts of a name in one line; what is below it is set lower and smaller.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Part[]} parts
   * @param {number} x
   * @param {number} y
   * @param {number} size
   */
  write(context, parts, x, y, size) {
    context.textAlign = "left";
    context.textBaseline = "middle";
    let at = x;
    for (const { text, italic, below } of parts) {
      context.font = this.style.font(below ? size * 0.75 : size, { italic, bold: false });
      context.fillText(text, at, below ? y + size * 0.27 : y);
      at += context.measureText(text).width + (below ? 0 : 0.5);
    }
    return at;
  }

  /**
   * The axis at the bottom.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {import("../style.js").Theme} theme
   */
  axis(context, theme) {
    const last = [...this.boxes.values()].at(-1);
    if (!last) return;
    const bottom = last.top + last.height + 4;
    const { low, high, heading } = this.across;
    const places = ticks(low, high, Math.max(2, Math.floor(this.inner / 70)));
    const digits = decimalsOf(places);
    context.strokeStyle = theme.rule;
    context.lineWidth = 1;
    line(context, this.margin.left, bottom + 0.5, this.margin.left + this.inner, bottom + 0.5);
    context.fillStyle = theme.muted;
    context.font = this.style.font(11.5);
    context.textBaseline = "top";
    context.textAlign = "center";
    for (const place of places) {
      const x = Math.round(this.x(place)) + 0.5;
      line(context, x, bottom, x, bottom + 4);
      context.fillText(number(place, digits, this.style.decimal()), x, bottom + 7);
    }
    context.textAlign = "right";
    context.fillText(heading, this.margin.left + this.inner, bottom + 21);
  }

  /**
   * The cursor, and where each line is there.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {import("../style.js").Theme} theme
   */
  hair(context, theme) {
    const at = this.shown.cursor;
    if (at === null || at === undefined || at < this.across.low || at > this.across.high) return;
    const x = this.x(at);
    const lit = this.shown.lit ?? [];
    for (const panel of this.panels) {
      const box = /** @type {Box} */ (this.boxes.get(panel.key));
      context.strokeStyle = theme.muted;
      context.lineWidth = 1;
      if (!this.shown.beam) line(context, x, box.top, x, box.top + box.height);
      const some = panel.lines.some(({ name }) => lit.includes(name)); // stand out: the others stay back
      for (const each of panel.lines) {
        if (!each.x.length || (some && !lit.includes(each.name))) continue;
        const value = between(each.x, each.y, at);
        if (value >= box.low && value <= box.high) {
          dot(context, x, this.y(box, value), 3.5, each.colour, theme.background);
        }
      }
    }
  }

  /**
   * @param {Box} box
   * @param {number} value
   */
  y(box, value) {
    return box.top + box.height - ((value - box.low) / (box.high - box.low)) * box.height;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} x2
 * @param {number} y2
 */
function line(context, x, y, x2, y2) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x2, y2);
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} colour
 * @param {string} around
 */
function dot(context, x, y, radius, colour, around) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.strokeStyle = around;
  context.lineWidth = 1.5;
  context.stroke();
}

/**
 * @param {number} value
 * @param {Box} box
 */
function clipped(value, box) {
  return Math.min(Math.max(value, box.low), box.high);
}

/** @param {Box} box */
function told(box) {
  return `${box.left} ${box.top} ${box.width} ${box.height} ${box.low} ${box.high}`;
}
