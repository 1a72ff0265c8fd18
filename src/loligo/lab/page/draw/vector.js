/**
 * What is drawn on a canvas as SVG: the part of a canvas's context that the page uses, which makes
 * elements in place of pixels.
 */
const SVG = "http://www.w3.org/2000/svg";

const ANCHORS = { left: "start", right: "end", center: "middle", start: "start", end: "end" };
// how far the base line lies below what the text is aligned by, in parts of its size
const SHIFTS = { alphabetic: 0, middle: 0.35, top: 0.78, bottom: -0.2, hanging: 0.78, ideographic: -0.2 };

export class VectorContext {
  /**
   * @param {number} width
   * @param {number} height
   * @param {CanvasRenderingContext2D} ruler  measures text
   */
  constructor(width, height, ruler) {
    this.root = made("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` });
    this.group = this.root;
    this.ruler = ruler;
    this.clips = 0;
    this.path = "";
    /** @type {any[]} */
    this.saved = [];
    this.state = {
      fillStyle: "#000000", strokeStyle: "#000000", lineWidth: 1, lineJoin: "miter", lineCap: "butt",
      globalAlpha: 1, font: "10px sans-serif", textAlign: "start", textBaseline: "alphabetic",
      /** @type {number[]} */
      dash: [], matrix: [1, 0, 0, 1, 0, 0],
    };
  }

  get fillStyle() { return this.state.fillStyle; }
  set fillStyle(value) { this.state.fillStyle = value; }
  get strokeStyle() { return this.state.strokeStyle; }
  set strokeStyle(value) { this.state.strokeStyle = value; }
  get lineWidth() { return this.state.lineWidth; }
  set lineWidth(value) { this.state.lineWidth = value; }
  get lineJoin() { return this.state.lineJoin; }
  set lineJoin(value) { this.state.lineJoin = value; }
  get lineCap() { return this.state.lineCap; }
  set lineCap(value) { this.state.lineCap = value; }
  get globalAlpha() { return this.state.globalAlpha; }
  set globalAlpha(value) { this.state.globalAlpha = value; }
  get font() { return this.state.font; }
  set font(value) { this.state.font = value; }
  get textAlign() { return this.state.textAlign; }
  set textAlign(value) { this.state.textAlign = value; }
  get textBaseline() { return this.state.textBaseline; }
  set textBaseline(value) { this.state.textBaseline = value; }

  save() {
    this.saved.push([{ ...this.state, dash: [...this.state.dash] }, this.group]);
  }

  restore() {
    const before = this.saved.pop();
    if (before) [this.state, this.group] = before;
  }

  /** The page's pixels are the drawing's: there is nothing to scale. */
  setTransform() {
    this.state.matrix = [1, 0, 0, 1, 0, 0];
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  translate(x, y) {
    const [a, b, c, d, e, f] = this.state.matrix;
    this.state.matrix = [a, b, c, d, e + a * x + c * y, f + b * x + d * y];
  }

  /** @param {number} angle */
  rotate(angle) {
    const [a, b, c, d, e, f] = this.state.matrix;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.state.matrix = [a * cos + c * sin, b * cos + d * sin, c * cos - a * sin, d * cos - b * sin, e, f];
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  scale(x, y) {
    const [a, b, c, d, e, f] = this.state.matrix;
    this.state.matrix = [a * x, b * x, c * y, d * y, e, f];
  }

  clearRect() {}

  /** @param {number[]} dash */
  setLineDash(dash) {
    this.state.dash = [...dash];
  }

  beginPath() {
    this.path = "";
  }

  closePath() {
    this.path += "Z";
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  moveTo(x, y) {
    this.path += `M${short(x)} ${short(y)}`;
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  lineTo(x, y) {
    this.path += `${this.path ? "L" : "M"}${short(x)} ${short(y)}`;
  }

  /** @param {...number} points */
  bezierCurveTo(...points) {
    this.path += `C${points.map(short).join(" ")}`;
  }

  /** @param {...number} points */
  quadraticCurveTo(...points) {
    this.path += `Q${points.map(short).join(" ")}`;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   * @param {number} from
   * @param {number} to
   */
  arc(x, y, radius, from, to) {
    const turn = Math.min(Math.abs(to - from), 2 * Math.PI);
    const parts = turn > Math.PI ? 2 : 1;
    for (let k = 0; k <= parts; k++) {
      const angle = from + ((to - from) * k) / parts;
      const at = `${short(x + radius * Math.cos(angle))} ${short(y + radius * Math.sin(angle))}`;
      if (k) this.path += `A${short(radius)} ${short(radius)} 0 0 ${to > from ? 1 : 0} ${at}`;
      else this.path += `${this.path ? "L" : "M"}${at}`;
    }
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  rect(x, y, width, height) {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
  }

  clip() {
    const id = `clip${this.clips++}`;
    const clip = made("clipPath", { id });
    clip.append(made("path", { d: this.path, ...this.moved() }));
    const group = made("g", { "clip-path": `url(#${id})` });
    this.group.append(clip, group);
    this.group = group;
  }

  stroke() {
    const { strokeStyle, lineWidth, lineJoin, lineCap, dash } = this.state;
    if (!this.path) return;
    this.add("path", {
      d: this.path, fill: "none", stroke: strokeStyle, "stroke-width": short(lineWidth),
      "stroke-linejoin": lineJoin, "stroke-linecap": lineCap === "butt" ? null : lineCap,
      "stroke-dasharray": dash.length ? dash.map(short).join(" ") : null,
    });
  }

  fill() {
    if (this.path) this.add("path", { d: this.path, fill: this.state.fillStyle });
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  fillRect(x, y, width, height) {
    const fill = this.state.fillStyle;
    this.add("rect", { x: short(x), y: short(y), width: short(width), height: short(height), fill });
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  strokeRect(x, y, width, height) {
    const before = this.path;
    this.path = "";
    this.rect(x, y, width, height);
    this.stroke();
    this.path = before;
  }

  /** @param {string} text */
  measureText(text) {
    this.ruler.font = this.state.font;
    return this.ruler.measureText(text);
  }

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   */
  fillText(text, x, y) {
    this.text(text, x, y, { fill: this.state.fillStyle });
  }

  /**
   * The outlines of a text.
   *
   * @param {string} text
   * @param {number} x
   * @param {number} y
   */
  strokeText(text, x, y) {
    const { strokeStyle, lineWidth, lineJoin } = this.state;
    const inks = { fill: "none", stroke: strokeStyle, "stroke-width": short(lineWidth), "stroke-linejoin": lineJoin };
    this.text(text, x, y, inks);
  }

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   * @param {Record<string, string>} inks
   */
  text(text, x, y, inks) {
    const { textAlign, textBaseline, font } = this.state;
    const parts = /^(italic )?(?:(bold|\d+) )?([\d.]+)px (.*)$/.exec(font);
    const size = Number(parts?.[3] ?? 12);
    const shift = SHIFTS[/** @type {keyof SHIFTS} */ (textBaseline)] ?? 0;
    const element = this.add("text", {
      x: short(x), y: short(y + shift * size), ...inks, "font-family": parts?.[4] ?? "sans-serif",
      "font-size": short(size), "font-style": parts?.[1] ? "italic" : null, "font-weight": parts?.[2],
      "text-anchor": ANCHORS[/** @type {keyof ANCHORS} */ (textAlign)],
    });
    element.textContent = text;
  }

  /**
   * An image, as a picture in the picture.
   *
   * @param {HTMLCanvasElement} image
   * @param {...number} at
   */
  drawImage(image, ...at) {
    const [x, y, width = image.width, height = image.height] = at.length > 4 ? at.slice(4) : at;
    this.add("image", {
      x: short(x), y: short(y), width: short(width), height: short(height), href: image.toDataURL(),
      preserveAspectRatio: "none",
    });
  }

  /**
   * @param {string} tag
   * @param {Record<string, string | number | null | undefined>} attributes
   */
  add(tag, attributes) {
    const { globalAlpha } = this.state;
    const opacity = globalAlpha < 1 ? short(globalAlpha) : null;
    const element = made(tag, { ...attributes, opacity, ...this.moved() });
    this.group.append(element);
    return element;
  }

  /** @returns {{transform?: string}} */
  moved() {
    const { matrix } = this.state;
    const still = matrix.every((value, k) => value === (k === 0 || k === 3 ? 1 : 0));
    return still ? {} : { transform: `matrix(${matrix.map(short).join(" ")})` };
  }
}

/**
 * @param {string} tag
 * @param {Record<string, string | number | null | undefined>} attributes
 * @returns {Element}
 */
function made(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name !== "xmlns" && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  return element;
}

/** @param {number} value */
function short(value) {
  return String(Math.round(value * 100) / 100);
}
