/**
 * What became of a wave, in words.
 *
 * @typedef {import("../experiments/wave.js").Wave} Wave
 */
const COARSE = 2; // times the usual length of a compartment: then a velocity is told less closely

/**
 * @param {Wave} wave
 * @param {"left" | "right" | "both"} side
 * @param {[number, number]} electrodes  mm
 * @param {import("../words.js").Words} words
 */
export function told(wave, side, electrodes, words) {
  const parts = [];
  if (wave.initial !== "rest") parts.push(words("It has no rest: the axon begins where the model does."));
  const met = wave.met();
  if (side === "both" && Number.isFinite(met)) {
    parts.push(words("The two waves meet at {x:.1f} mm and vanish: behind each the membrane is still refractory.", {
      x: met / 1e3 }));
  }
  const failure = failed(wave, side, words);
  if (failure) parts.push(failure);
  else if (side !== "both") parts.push(velocity(wave, electrodes, words));
  return parts.join(" ");
}

/**
 * @param {Wave} wave
 * @param {[number, number]} electrodes  mm
 * @param {import("../words.js").Words} words
 */
function velocity(wave, electrodes, words) {
  const [first, second] = [...electrodes].sort((a, b) => a - b);
  if (second - first < 0.05) return words("Put the electrodes apart: then there is a velocity between them.");
  const v = Math.abs(wave.velocity(first * 1e3, second * 1e3));
  const d = second - first;
  if (!Number.isFinite(v)) return words("It passes both electrodes at once.");
  return wave.coarse > COARSE
    ? words("Between the electrodes, {d:.1f} mm apart, it travels at about {v:.2g} m/s: so long an axon is cut coarsely.", { d, v })
    : words("Between the electrodes, {d:.1f} mm apart, it travels at {v:.3g} m/s.", { d, v });
}

/**
 * Why there is no wave that comes to the other end, "" if there is one.
 *
 * @param {Wave} wave
 * @param {"left" | "right" | "both"} side
 * @param {import("../words.js").Words} words
 */
function failed(wave, side, words) {
  const { passed, lasts, every, table: { longest } } = wave;
  const known = passed.filter(Number.isFinite).length;
  if (known === 0) return words("Nothing passes: the shock excites no wave.");
  const arrived = side === "left" ? passed[passed.length - 1] : side === "right" ? passed[0] : passed[passed.length >> 1];
  if (Number.isFinite(arrived)) return "";
  return lasts > longest - every ? words("After {t:g} ms it is still on its way.", { t: longest })
    : words("The wave dies out on its way.");
}
