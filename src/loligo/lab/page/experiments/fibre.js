/**
 * Axons cut into compartments: where they are, what joins them, what each is made of; as
 * `loligo/run/axon/compartments.py` cuts them.
 *
 * @typedef {object} Fibre
 * @property {number} diameter  um, of the axon; under myelin of the whole fibre
 * @property {number} length  um
 * @property {number} resistivity  ohm cm
 * @property {number | null} g_ratio  of myelin, the axon's diameter over the fibre's; null without
 *
 * @typedef {object} Cut
 * @property {Float64Array} position  um, of the centres
 * @property {Float64Array} long  um
 * @property {Float64Array} area  1e-5 times um2: what makes uA/cm2 nA
 * @property {Float64Array} link  uS, between each and the next
 * @property {Float64Array | null} bare  1 where there is no myelin; null if there is none at all
 * @property {number} inside  um, the axon's own diameter
 */

const NA = 1e-5; // nA in 1 um2 of 1 uA/cm2
const US = 100; // uS in 1 um of 1/(ohm cm)
// the axon of Hodgkin & Huxley 1952 (doi:10.1113/jphysiol.1952.sp004764), p. 523
const SQUID = { diameter: 476, resistivity: 35.4 };
const PIECE = 400; // um of it in a compartment
const COUNTS = [60, 320];
const NODE = 1; // um
const INTERNODE = 100; // times the fibre's diameter
const PIECES = 9; // compartments in an internode
// a layer of myelin: McIntyre, Richardson & Grill 2002 (doi:10.1152/jn.00353.2001), table 1
const LAYER = { C: 0.05, G: 0.5, thick: 0.018 }; // uF/cm2, mS/cm2, um
const CHANNELS = 10; // times as many of them at a node

/**
 * @param {Fibre} fibre
 * @param {number} [count]  of compartments without myelin
 * @returns {Cut}
 */
export function cut(fibre, count = countOf(fibre)) {
  const inside = fibre.diameter * (fibre.g_ratio ?? 1);
  const { edges, nodes } = cutAt(fibre.g_ratio === null ? [{ length: fibre.length, count }] : wrapped(fibre));
  const long = edges.subarray(1).map((each, k) => each - edges[k]);
  const half = long.map((each) => (fibre.resistivity * 2 * each) / (Math.PI * inside * inside));
  return {
    position: long.map((_, k) => 0.5 * (edges[k + 1] + edges[k])), long, inside,
    area: long.map((each) => Math.PI * inside * each * NA),
    link: half.subarray(1).map((each, k) => US / (half[k] + each)),
    bare: fibre.g_ratio === null ? null : nodes,
  };
}

/**
 * Stretches cut into equal pieces: where each piece begins and the last one ends, um; and 1 for
 * those that are a stretch of their own.
 *
 * @param {{length: number, count: number}[]} stretches
 */
function cutAt(stretches) {
  const edges = [0], nodes = [];
  let begin = 0;
  for (const { length, count } of stretches) {
    const part = 1 / count;
    for (let k = 1; k < count; k++) edges.push(begin + length * (k * part));
    edges.push(begin + length);
    for (let k = 0; k < count; k++) nodes.push(Number(count === 1));
    begin += length;
  }
  return { edges: Float64Array.from(edges), nodes: Float64Array.from(nodes) };
}

/** @param {Fibre} fibre */
function countOf({ diameter, length, resistivity }) {
  const slender = Math.sqrt((diameter / SQUID.diameter) * (SQUID.resistivity / resistivity));
  return Math.min(Math.max(Math.round(length / (PIECE * slender)), COUNTS[0]), COUNTS[1]);
}

/**
 * Nodes, and internodes between them.
 *
 * @param {Fibre} fibre
 */
function wrapped({ diameter, length }) {
  const internode = INTERNODE * diameter;
  const internodes = Math.min(Math.max(Math.round(length / internode), 4), 30);
  const stretches = [{ length: NODE, count: 1 }];
  for (let k = 0; k < internodes; k++) {
    stretches.push({ length: internode, count: PIECES }, { length: NODE, count: 1 });
  }
  return stretches;
}

/**
 * The membrane's numbers along a fibre: where there is myelin only its own capacitance and leak; at
 * a node ten times the channels.
 *
 * @param {Cut} made
 * @param {Fibre} fibre
 * @param {import("./channels.js").Channel[]} channels
 * @param {Record<string, number>} numbers  the membrane's, all of them
 * @returns {Record<string, number | Float64Array>}
 */
export function membraneAlong({ bare, inside }, { g_ratio: ratio }, channels, numbers) {
  if (!bare || ratio === null) return numbers;
  const layers = LAYER.thick / (-0.5 * inside * Math.log(ratio));
  /** @type {Record<string, number | Float64Array>} */
  const along = { ...numbers, C_m: bare.map((here) => (here ? numbers.C_m : LAYER.C * layers)) };
  for (const { conductance, gated, name } of channels) {
    if (!conductance) continue;
    const own = CHANNELS * numbers[conductance.symbol];
    along[conductance.symbol] = bare.map((here) => here ? own : gated ? 0 : LAYER.G * layers);
    const potential = `E_${name}`;
    if (!gated && potential in numbers) along[potential] = bare.map((here) => here ? numbers[potential] : -65);
  }
  return along;
}

/**
 * nA of a shock that excites an axon at an end, of 0.2 ms, or 0.1 ms under myelin: as
 * `lo.experiments` has it.
 *
 * @param {Fibre} fibre
 */
export function shockOf({ diameter, resistivity, g_ratio: ratio }) {
  if (ratio !== null) return 0.35 * diameter;
  const strength = 30e3 * (diameter / SQUID.diameter) ** 1.5 / (resistivity / SQUID.resistivity) ** 0.5;
  return Number(strength.toPrecision(2));
}

