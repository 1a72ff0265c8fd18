/**
 * What is drawn of a family: its command and its currents, and the curves that grow beside them.
 *
 * @typedef {import("./measured.js").Measured} Measured
 * @typedef {import("../experiments/currents.js").Family} Family
 * @typedef {import("../experiments/channels.js").Channel} Channel
 * @typedef {import("../draw/scale.js").Limits} Limits
 * @typedef {{cursor: number | null, lit: number | null}} Pointed  at, ms, and which step stands out
 */
import { graded } from "../draw/graded.js";
import { number, reach } from "../draw/scale.js";
import { after } from "../draw/trace.js";
import { tail } from "../experiments/currents.js";

const NARROWEST = 10; // mV of the axis of one step

/**
 * The command and the currents along time.
 *
 * @param {import("../main.js").Lab} lab
 * @param {import("../draw/plot.js").Plot} plot
 * @param {Measured} measured
 * @param {{rows: Float64Array[], shown: string, family: Family, moving: boolean, limits: Limits} & Pointed} how
 */
export function drawTraces(lab, plot, { runs, voltage }, { rows, shown, family, moving, limits, cursor, lit }) {
  const { words, style } = lab;
  const theme = style.theme();
  const [start, stop] = [family.start, family.start + family.width];
  const end = stop + tail(family);
  const [low, high] = reach(rows);
  const [bottom, top] = limits.around("current", Math.min(low, 0), Math.max(high, 0), moving);
  const levels = [family.holding, family.first, family.last];
  const [least, most] = limits.around("command", Math.min(...levels) - 8, Math.max(...levels) + 8, true);
  /** @type {(k: number) => string} */
  const colour = (k) => graded(theme.graded, voltage.length > 1 ? k / (voltage.length - 1) : 0.5);
  /** @type {(k: number) => import("../draw/names.js").Part[]} */
  const label = (k) => [{ text: number(voltage[k], Number.isInteger(voltage[k]) ? 0 : 1, style.decimal()) }];
  plot.show([
    {
      key: "command", heading: words("Command"), unit: "mV", low: least, high: most, weight: 1,
      lines: runs.map((_, k) => ({
        name: String(k), x: [0, start, start, stop, stop, end], colour: colour(k), width: 1.3,
        y: [family.holding, family.holding, voltage[k], voltage[k], family.holding, family.holding],
      })),
    },
    {
      key: "current", heading: shown ? words("{channel} current", { channel: shown })
        : words("Ionic current"), unit: "µA/cm²", low: bottom, high: top, weight: 2.2,
      lines: runs.flatMap((run, k) => {
        const line = { name: String(k), x: run.time, y: rows[k], colour: colour(k), width: 1.3 };
        if (lit === null ? !labelled(k, voltage.length) : k !== lit) return [line];
        // its potential stands beside where it is as the step ends
        const last = rows[k][Math.max(after(run.time, stop - 1e-9) - 1, 0)];
        return [line, { name: String(k), x: [end - 1e-6, end], y: [last, last], colour: colour(k), width: 0.01,
          alpha: 0, label: label(k) }];
      }),
    },
  ], { low: 0, high: end, heading: words("Time (ms)") },
  { cursor, lit: lit === null ? [] : [String(lit)] });
}

/**
 * Whether a trace has its potential beside it: not more than a few have.
 *
 * @param {number} k
 * @param {number} count
 */
function labelled(k, count) {
  return count < 9 || k % Math.ceil((count - 1) / 6) === 0 || k === count - 1;
}

/**
 * Peak and steady currents against the potential; pale behind them what they are without drugs.
 *
 * @param {import("../main.js").Lab} lab
 * @param {import("../draw/chart.js").Chart} chart
 * @param {Measured} measured
 * @param {{control: Measured | null, channels: readonly Channel[], lit: number | null, moving: boolean, limits: Limits}} how
 */
export function drawCurves(lab, chart, { voltage, peak, steady, reversal }, { control, channels, lit, moving, limits }) {
  const { words, style } = lab;
  const theme = style.theme();
  const [low, high] = reach([peak, steady, ...control ? [control.peak, control.steady] : []]);
  const [bottom, top] = limits.around("iv", Math.min(low, 0), Math.max(high, 0), moving);
  const span = reach([voltage]);
  const wide = Math.max((span[1] - span[0]) * 0.03, (NARROWEST - (span[1] - span[0])) / 2);
  const ink = lab.description().inks[channels[0]?.name] ?? "voltage";
  const [first, second] = [channels.length === 1 ? style.ink(ink) : theme.text, theme.stimulus];
  const behind = control ? [
    { x: voltage, y: control.peak, colour: first, alpha: 0.3 },
    { x: voltage, y: control.steady, colour: second, alpha: 0.3, dash: [5, 4] },
  ] : [];
  chart.show(
    { low: span[0] - wide, high: span[1] + wide, heading: words("Command"), unit: "mV" },
    { low: bottom, high: top, heading: words("Current"), unit: "µA/cm²" },
    {
      curves: [...behind,
        { x: voltage, y: peak, colour: first, dots: true, label: [{ text: words("peak") }] },
        { x: voltage, y: steady, colour: second, dash: [5, 4], dots: true, label: [{ text: words("steady") }] }],
      spots: Number.isFinite(reversal) ? [{ x: reversal, y: 0, colour: first, hollow: true }] : [],
      cursor: lit === null ? null : voltage[lit],
    });
}
