/**
 * Why a membrane did not fire, and what flowed while V was clamped: the cases of
 * loligo/analysis/unfired.py.
 *
 * @typedef {import("./course.js").Course} Course
 * @typedef {import("./instant.js").Mark} Mark
 * @typedef {import("./instant.js").Words} Words
 */
import { at, highest, lowest, size } from "./course.js";
import { baseOf, cause, flows, mark, stretch } from "./instant.js";

const SHOWN = 0.005; // of the current that has grown most: less is not named
const FLAT = 0.5; // mV: V that moved by less did nothing
const NOTHING = 1e-6; // of the largest ionic current: no current
const SMALL = 0.005; // of the largest current: changes too little to be told
const CONSTANT = 0.01; // mV

/**
 * Why there was none.
 *
 * @param {Course} course
 * @param {number} begin
 * @param {number} end
 * @param {Words} words
 * @returns {Mark[]}
 */
export function failed(course, begin, end, words) {
  const { V } = course;
  const [first, last] = stretch(course, begin, end);
  const [high, low] = [highest(V, first, last), lowest(V, first, last)];
  if (course.held.some((held) => Math.abs(begin - held.end) < 1e-6)) {
    const way = low !== first && low !== last ? words(", by way of {V:.4g} mV", { V: V[low] }) : "";
    const said = words("The clamp lets V go at {V:.4g} mV, and it returns to {end:.4g} mV",
      { V: V[first], end: V[last] });
    return [mark(course, first, "let go", `${said}${way}.`)];
  }
  if (V[high] - V[low] < FLAT) {
    const still = course.edges.length ? words("V hardly moves") : words("Nothing is done, and V stays");
    return [mark(course, first, "rest", `${still}. ${balance(course, first, words)}`)];
  }
  if (baseOf(course) === null && first === 0 && !course.held.length) {
    return [underWay(course, first, last, words)];
  }
  const edges = [...course.edges, ...course.shocks].filter((each) => each >= begin - 1e-9 && each < end)
    .map((each) => at(course, each));
  const up = V[high] - V[first] >= V[first] - V[low];
  const most = up ? high : low;
  const onset = Math.max(...edges.filter((each) => each <= most && begins(course, each, most, up)), -1);
  const begun = onset < 0 ? first : onset;
  const marks = [cause(course, begun, most, true, words)];
  const [count, lowestSwing, highestSwing] = course.swings;
  if (count > 1) {
    const said = words("V goes up and down {count} times, between {low} and {high} mV, and never passes {threshold:g} mV.", { count, low: words.number(lowestSwing),
      high: words.number(highestSwing), threshold: course.threshold });
    return [...marks, mark(course, most, "swings", said)];
  }
  if (up) return [...marks, mark(course, high, "highest", why(course, first, begun, high, words))];
  const currents = Object.keys(course.currents).length ? `: ${flows(course, low, words)}` : "";
  const said = words("V is pulled down by {by:.1f} mV and no further", { by: V[first] - V[low] });
  return [...marks, mark(course, low, "lowest", `${said}${currents}.`)];
}

/**
 * Where V moved when the recording began.
 *
 * @param {Course} course
 * @param {number} first
 * @param {number} last
 * @param {Words} words
 */
function underWay(course, first, last, words) {
  const { V } = course;
  const ends = [V[lowest(V, first, last)], V[highest(V, first, last)]];
  const by = ends.filter((each) => Math.abs(each - V[first]) > FLAT && Math.abs(each - V[last]) > FLAT)
    .map((each) => `${words.digits(each, 4)} mV`);
  const way = by.length ? words(", by way of {places}", { places: joined(by, words) }) : "";
  const said = words("V is on its way when the recording begins: to {V:.4g} mV", { V: V[last] });
  return mark(course, 0, "under way", `${said}${way}.`);
}

/**
 * @param {string[]} parts
 * @param {Words} words
 */
function joined(parts, words) {
  if (parts.length < 2) return parts.join("");
  return words("{some} and {last}", { some: parts.slice(0, -1).join(", "), last: parts[parts.length - 1] });
}

/**
 * Whether something that raises (or lowers) V begins at an edge.
 *
 * @param {Course} course
 * @param {number} edge
 * @param {number} until
 * @param {boolean} up
 */
function begins(course, edge, until, up) {
  const before = Math.max(edge - 1, 0);
  const sign = up ? 1 : -1;
  for (let k = edge; k < Math.max(until, edge + 1); k++) {
    if (sign * (course.injected[k] - course.injected[before]) > 0) return true;
  }
  return sign * (course.V[edge] - course.V[before]) > FLAT || edge === before;
}

/**
 * @param {Course} course
 * @param {number} k
 * @param {Words} words
 */
function balance(course, k, words) {
  const told = flows(course, k, words);
  return Object.keys(course.currents).length ? `${told[0].toUpperCase()}${told.slice(1)}.` : "";
}

/**
 * Which current won.
 *
 * @param {Course} course
 * @param {number} base
 * @param {number} onset
 * @param {number} high
 * @param {Words} words
 */
function why(course, base, onset, high, words) {
  const top = words("V gets no higher than this, {short:.1f} mV short of {threshold:g} mV.",
    { short: course.threshold - course.V[high], threshold: course.threshold });
  if (!Object.keys(course.currents).length) return top;
  const tiny = NOTHING * size(course.ionic);
  const least = lowest(course.ionic, onset, high);
  const turned = course.ionic[least] < -tiny && onset < least && least < high
    ? words("The net ionic current was inward for a while (most at {time:.2f} ms), but outward current caught up", { time: course.time[least] })
    : words("The net ionic current never turned inward");
  return `${top} ${turned}: ${flows(course, high, words)}. ${winner(course, base, high, words)}`.trimEnd();
}

/**
 * What has grown beside the beginning.
 *
 * @param {Course} course
 * @param {number} base
 * @param {number} high
 * @param {Words} words
 */
function winner(course, base, high, words) {
  /** @type {[string, number][]} */
  const grown = Object.entries(course.currents).map(([name, c]) => [name, c[high] - c[base]]);
  const most = Math.max(0, ...grown.map(([, value]) => Math.abs(value)));
  const gain = grown.filter(([, v]) => v < -SHOWN * most).map(([n, v]) => pair(n, -v)).sort(larger);
  const loss = grown.filter(([, v]) => v > SHOWN * most).sort(larger);
  if (!loss.length) return "";
  return words("Since it began, inward {gain} has been added and outward {loss} (less inward counts as outward): {channel} won.", { gain: gain.length ? summed(gain, words) : words("nothing"),
    loss: summed(loss, words), channel: loss[0][0] });
}

/**
 * @param {string} name
 * @param {number} value
 * @returns {[string, number]}
 */
function pair(name, value) {
  return [name, value];
}

/**
 * @param {[string, number]} a
 * @param {[string, number]} b
 */
function larger(a, b) {
  return b[1] - a[1];
}

/**
 * @param {[string, number][]} parts
 * @param {Words} words
 */
function summed(parts, words) {
  return parts.map(([name, value]) => `${name} ${words.number(value)}`).join(" + ");
}

/**
 * What flowed while V was clamped.
 *
 * @param {Course} course
 * @param {import("./course.js").Held} clamp
 * @param {Words} words
 * @returns {Mark[]}
 */
export function heldAt(course, clamp, words) {
  const { V } = course;
  const [first, last] = stretch(course, clamp.start, clamp.end);
  const [low, high] = [V[lowest(V, first, last)], V[highest(V, first, last)]];
  const lasts = clamp.end - clamp.start;
  let begun;
  if (high - low < CONSTANT) {
    begun = words("V is held at {V:.4g} mV for {lasts:.4g} ms.", { V: V[last], lasts });
  } else {
    begun = words("V is clamped for {lasts:.4g} ms and goes from {V:.4g} to {end:.4g} mV",
      { lasts, V: V[first], end: V[last] });
    const wider = low < Math.min(V[first], V[last]) - FLAT || high > Math.max(V[first], V[last]) + FLAT;
    begun += wider ? words(", between {low:.4g} and {high:.4g} mV", { low, high }) : "";
    begun += ".";
  }
  const marks = [mark(course, first, "held", begun)];
  const most = Math.max(0, ...Object.values(course.currents).map(size));
  for (const [name, current] of Object.entries(course.currents)) {
    const part = current.subarray(first, last + 1);
    const k = highest(part.map(Math.abs), 0, part.length - 1);
    const reach = part[highest(part, 0, part.length - 1)] - part[lowest(part, 0, part.length - 1)];
    if (reach < Math.max(SMALL * most, 1e-9)) continue;
    const told = { name, way: part[k] < 0 ? words("inward") : words("outward"), value: part[k],
      after: words.number(course.time[first + k] - clamp.start) };
    let said;
    if (k > 0 && k < part.length - 1) {
      said = words("I_{name} peaks {way} at {value:.4g} µA/cm², {after} ms after the clamp began.", told);
    } else if (k) {
      said = words("I_{name} has grown to {value:.4g} µA/cm², {way}.", told);
    } else {
      said = words("I_{name} begins at {value:.4g} µA/cm², {way}.", told);
    }
    marks.push(mark(course, first + k, `I_${name}`, said));
  }
  return marks;
}
