/**
 * Colours of lines in the order of a value, from the lowest to the highest.
 */

/**
 * @param {readonly string[]} colours  of the theme, `#rrggbb`
 * @param {number} part  0 to 1
 */
export function graded(colours, part) {
  const place = Math.min(Math.max(part, 0), 1) * (colours.length - 1);
  const first = Math.min(Math.floor(place), colours.length - 2);
  const [low, high] = [colours[first], colours[first + 1]].map(channels);
  const mixed = low.map((each, k) => Math.round(each + (place - first) * (high[k] - each)));
  return `#${mixed.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}

/** @param {string} colour */
function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}
