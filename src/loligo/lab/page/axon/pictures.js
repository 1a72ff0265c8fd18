/**
 * What is drawn of a wave: V along the axon, the axon itself, place and time, V at the electrodes.
 *
 * @typedef {import("../experiments/wave.js").Wave} Wave
 * @typedef {"left" | "right" | "both"} Side
 *
 * @typedef {object} Looked  at a wave
 * @property {Wave} wave
 * @property {number} long  mm
 * @property {[number, number]} electrodes  mm
 * @property {number} time  ms
 * @property {Side} side  where it is shocked
 */
import { element } from "../dom.js";
import { Canvas } from "../draw/canvas.js";
import { Chart } from "../draw/chart.js";
import { picture } from "../draw/heat.js";
import { roundLimits } from "../draw/scale.js";
import { evenly } from "../experiments/asking.js";
import { interpolated } from "../experiments/wave.js";

const COLUMNS = 360; // of the picture
const USUAL = [-90, 60]; // mV; more where a wave goes beyond
const EDGE = 0.1; // of the axon, near a shock that may go beyond alone

export class Pictures {
  /**
   * @param {import("../main.js").Lab} lab
   * @param {() => void} moved  what lies on the drawings is to be put elsewhere
   */
  constructor(lab, moved) {
    const { words } = lab;
    this.lab = lab;
    this.image = element("canvas", {});
    this.surface = element("canvas", {});
    this.profileHost = element("div", { class: "drawing profile", role: "img" });
    this.stripHost = element("div", { class: "drawing cylinder", role: "group", "aria-label": words("Electrodes") });
    this.mapHost = element("div", { class: "drawing", role: "img" });
    this.tracesHost = element("div", { class: "drawing", role: "img" });
    this.profile = new Chart(this.profileHost, lab.style);
    this.strip = new Canvas(this.stripHost, () => lab.redraw());
    this.map = new Chart(this.mapHost, lab.style);
    this.traces = new Chart(this.tracesHost, lab.style);
    this.profile.moved = moved;
    /** @type {[number, number]} mV */
    this.range = [USUAL[0], USUAL[1]];
    this.columns = new Int32Array();
    this.describe("");
  }

  /** @param {string} text  what became of the wave */
  describe(text) {
    const { words } = this.lab;
    const label = (/** @type {string} */ what) => `${what} ${text}`.trim();
    this.profileHost.setAttribute("aria-label", label(words("Membrane potential along the axon.")));
    this.mapHost.setAttribute("aria-label", label(words("Membrane potential over place and time.")));
    this.tracesHost.setAttribute("aria-label", label(words("Membrane potential at the electrodes.")));
  }

  /**
   * Another wave, which is drawn from now on.
   *
   * @param {Wave} wave
   * @param {number} long  mm
   */
  begin(wave, long) {
    const { cut } = wave;
    const order = Float64Array.from(cut.position.keys());
    this.columns = Int32Array.from(evenly(0, long * 1e3, COLUMNS), (at) =>
      Math.round(interpolated(cut.position, order, at)));
    this.range = rangeOf(wave, long);
    picture(this.image, wave.rows, this.columns, this.range[0], this.range[1]);
  }

  /** @param {Looked} looked */
  draw(looked) {
    const row = looked.wave.at(looked.time);
    this.along(looked, row);
    this.cylinder(looked, row);
    this.spaceAndTime(looked);
    this.recorded(looked);
  }

  /** V's axis. */
  get potential() {
    const [low, high] = this.range;
    return { low, high, heading: this.lab.words("Membrane potential"), unit: "mV" };
  }

  /**
   * @param {Looked} looked
   * @param {Float64Array} row
   */
  along({ wave, long, electrodes }, row) {
    const { words, style } = this.lab;
    this.profile.show({ low: 0, high: long, heading: words("Place"), unit: "mm" }, this.potential, {
      curves: [{ x: wave.cut.position.map((each) => each / 1e3), y: row, colour: style.theme().voltage, width: 2 }],
      rules: electrodes.map((x, k) => ({ x, text: String(k + 1) })),
    });
  }

  /**
   * @param {Looked} looked
   * @param {Float64Array} row
   */
  cylinder({ wave: { cut }, long, side }, row) {
    const context = this.strip.begin();
    const theme = this.lab.style.theme();
    const { left, width } = this.profile.box;
    const [top, height] = [16, 28];
    picture(this.surface, [row], this.columns, this.range[0], this.range[1]);
    context.drawImage(this.surface, left, top, width, height);
    if (cut.bare) {
      context.fillStyle = theme.sheath;
      const scale = width / (long * 1e3);
      let begin = 1;
      for (let k = 1; k < cut.bare.length; k++) {
        if (!cut.bare[k]) continue;
        const [from, to] = [left + begin * scale + 2, left + (cut.position[k] - 0.5) * scale - 2];
        for (const y of [top - 6, top + height]) context.fillRect(from, y, to - from, 6);
        begin = cut.position[k];
      }
    }
    context.strokeStyle = theme.muted;
    context.lineWidth = 1;
    context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
    const ends = /** @type {const} */ ([[left - 10, side !== "right"], [left + width + 6, side !== "left"]]);
    context.fillStyle = theme.stimulus;
    for (const [x, shocked] of ends) if (shocked) bolt(context, x, top + height / 2);
  }

  /** @param {Looked} looked */
  spaceAndTime({ wave, long, electrodes, time }) {
    const { words } = this.lab;
    const white = { colour: "#ffffff", width: 1.2 };
    this.map.show(
      { low: 0, high: long, heading: words("Place"), unit: "mm" },
      { low: 0, high: wave.lasts, heading: words("Time"), unit: "ms" },
      {
        picture: { source: this.image },
        curves: [{ x: [0, long], y: [time, time], ...white },
          ...electrodes.map((x) => ({ x: [x, x], y: [0, wave.lasts], dash: [3, 3], ...white }))],
      });
  }

  /** @param {Looked} looked */
  recorded({ wave, electrodes, time }) {
    const { words, style } = this.lab;
    const times = Float64Array.from(wave.rows, (_, k) => k * wave.every);
    const colours = style.theme().recordings.slice(1);
    this.traces.show({ low: 0, high: wave.lasts, heading: words("Time"), unit: "ms" }, this.potential, {
      curves: electrodes.map((x, k) => ({
        x: times, y: wave.trace(x * 1e3), colour: colours[k], dash: k ? [5, 3] : [], label: [{ text: String(k + 1) }] })),
      spots: electrodes.map((x, k) => ({ x: wave.arrival(x * 1e3), y: wave.threshold, colour: colours[k] })),
      cursor: time,
    });
  }
}

/**
 * Between what V is drawn, mV: what is usual, and more where the wave goes further.
 *
 * @param {Wave} wave
 * @param {number} long  mm
 * @returns {[number, number]}
 */
function rangeOf({ rows, cut }, long) {
  let [low, high] = USUAL;
  const inner = Array.from(cut.position.keys()).filter((k) => {
    const part = cut.position[k] / (1e3 * long);
    return part > EDGE && part < 1 - EDGE;
  });
  for (const row of rows) {
    for (const k of inner) {
      if (row[k] < low) low = row[k];
      if (row[k] > high) high = row[k];
    }
  }
  return [low < USUAL[0] ? roundLimits(low, high)[0] : low, high > USUAL[1] ? roundLimits(low, high)[1] : high];
}

/**
 * A flash: here it is shocked.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 */
function bolt(context, x, y) {
  context.beginPath();
  for (const [dx, dy] of [[2, -11], [-5, 2], [-1, 2], [-3, 11], [4, -3], [0, -3]]) context.lineTo(x + dx, y + dy);
  context.fill();
}
