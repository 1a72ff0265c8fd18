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
 *
 * @typedef {object} Table  how fibres are cut and shocked: `lab/cuts.py`'s
 * @property {{diameter: number, resistivity: number, strength: number}} squid
 * @property {number} piece
 * @property {number} fewest
 * @property {number} most
 * @property {number} node
 * @property {number} internode
 * @property {number} internodes
 * @property {number} pieces
 * @property {number} channels
 * @property {{C: number, G: number, E: number, thick: number}} layer
 * @property {{dt: number, lasts: number}} bare
 * @property {{dt: number, lasts: number, strength: number}} wrapped
 * @property {number} start
 * @property {number} every
 * @property {number} above
 * @property {number} quiet
 * @property {number} longest
 * @property {number} held
 */

const NA = 1e-5; // nA in 1 um2 of 1 uA/cm2
const US = 100; // uS in 1 um of 1/(ohm cm)

/**
 * @param {Fibre} fibre
 * @param {Table} table
 * @param {number} [count]  of compartments without myelin
 * @returns {Cut}
 */
export function cut(fibre, table, count = countOf(fibre, table)) {
  const inside = fibre.diameter * (fibre.g_ratio ?? 1);
  const { edges, nodes } = cutAt(fibre.g_ratio === null ? [{ length: fibre.length, count }] : wrapped(fibre, table));
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

/**
 * @param {Fibre} fibre
 * @param {Table} table
 */
function countOf({ diameter, length, resistivity }, { squid, piece, fewest, most }) {
  const slender = Math.sqrt((diameter / squid.diameter) * (squid.resistivity / resistivity));
  return Math.min(Math.max(Math.round(length / (piece * slender)), fewest), most);
}

/**
 * um, of a whole myelinated fibre, without its nodes.
 *
 * @param {number} diameter
 * @param {Table} table
 */
export function wrappedLength(diameter, { internodes, internode }) {
  return internodes * (internode * diameter);
}

/**
 * Nodes, and internodes between them.
 *
 * @param {Fibre} fibre
 * @param {Table} table
 */
function wrapped({ diameter }, { node, internode, internodes, pieces }) {
  const stretches = [{ length: node, count: 1 }];
  for (let k = 0; k < internodes; k++) {
    stretches.push({ length: internode * diameter, count: pieces }, { length: node, count: 1 });
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
 * @param {Table} table
 * @returns {Record<string, number | Float64Array>}
 */
export function membraneAlong({ bare, inside }, { g_ratio: ratio }, channels, numbers, { layer, channels: more }) {
  if (!bare || ratio === null) return numbers;
  const layers = layer.thick / (-0.5 * inside * Math.log(ratio));
  /** @type {Record<string, number | Float64Array>} */
  const along = { ...numbers, C_m: bare.map((here) => (here ? numbers.C_m : layer.C * layers)) };
  for (const { conductance, gated, name } of channels) {
    if (!conductance) continue;
    const own = more * numbers[conductance.symbol];
    along[conductance.symbol] = bare.map((here) => here ? own : gated ? 0 : layer.G * layers);
    const potential = `E_${name}`;
    if (!gated && potential in numbers) along[potential] = bare.map((here) => here ? numbers[potential] : layer.E);
  }
  return along;
}

/**
 * nA of a shock that excites an axon at an end: as `lo.experiments` has it.
 *
 * @param {Fibre} fibre
 * @param {Table} table
 */
export function shockOf({ diameter, resistivity, g_ratio: ratio }, { squid, wrapped: under }) {
  if (ratio !== null) return under.strength * diameter;
  const strength = squid.strength * (diameter / squid.diameter) ** 1.5 / (resistivity / squid.resistivity) ** 0.5;
  return Number(strength.toPrecision(2));
}
