/**
 * A family and its currents in words.
 *
 * @typedef {import("./measured.js").Measured} Measured
 */

/**
 * @param {Measured} measured
 * @param {import("../experiments/currents.js").Family} family
 * @param {import("../words.js").Words} words
 */
export function told({ voltage, peak, steady, reversal }, family, words) {
  const deep = peak.reduce((best, each, k) => (each < peak[best] ? k : best), 0);
  const top = steady.reduce((best, each, k) => (each > steady[best] ? k : best), 0);
  const parts = [held(family, words)];
  parts.push(peak[deep] < 0
    ? words("The peak is most inward at {V:.3g} mV: {I:.4g} µA/cm².", { V: voltage[deep], I: peak[deep] })
    : words("No peak is inward."));
  if (Number.isFinite(reversal)) parts.push(words("It turns outward at {V:.3g} mV.", { V: reversal }));
  if (steady[top] > 0) {
    parts.push(words("The steady current is most outward at {V:.3g} mV: {I:.4g} µA/cm².", {
      V: voltage[top], I: steady[top] }));
  }
  parts.push(words("The charge of the step of V itself flows in no time and is not drawn."));
  return parts.join(" ");
}

/**
 * @param {import("../experiments/currents.js").Family} family
 * @param {import("../words.js").Words} words
 */
function held({ holding, first, last, number }, words) {
  return number === 1
    ? words("Held at {V:g} mV, stepped to {first:g} mV.", { V: holding, first })
    : words("Held at {V:g} mV, stepped to {number} potentials from {first:g} to {last:g} mV.", {
      V: holding, number: String(number), first, last });
}
