/**
 * Where a function of two numbers is 0: curves through a box. Their points lie on the lines of a
 * grid, exactly: between neighbours where the sign changes, the root is sought. Within a cell the
 * pieces are joined.
 *
 * @typedef {(x: Float64Array, y: Float64Array) => Float64Array} Field
 * @typedef {{x: Float64Array, y: Float64Array}} Curve  NaN between pieces
 * @typedef {{along: 0 | 1, i: number, j: number}} Edge  along x (0) or y (1) from the point i, j
 */

const ROUNDS = 60; // of the search for roots, at most
const CLOSE = 1e-12; // of an edge

/**
 * @param {Field} field
 * @param {Float64Array} across  rising
 * @param {Float64Array} up  rising
 * @returns {Curve}
 */
export function crossings(field, across, up) {
  const grid = new Grid(field, across, up);
  const edges = grid.edges();
  if (!edges.length) return { x: Float64Array.of(NaN), y: Float64Array.of(NaN) };
  const { x, y } = roots(field, grid, edges);
  const order = walks(links(field, grid, edges));
  return {
    x: Float64Array.from(order, (k) => (k < 0 ? NaN : x[k])),
    y: Float64Array.from(order, (k) => (k < 0 ? NaN : y[k])),
  };
}

/** The values of a field where the lines of a grid meet. */
class Grid {
  /**
   * @param {Field} field
   * @param {Float64Array} across
   * @param {Float64Array} up
   */
  constructor(field, across, up) {
    this.across = across;
    this.up = up;
    const [nx, ny] = [across.length, up.length];
    const x = Float64Array.from({ length: nx * ny }, (_, k) => across[Math.floor(k / ny)]);
    const y = Float64Array.from({ length: nx * ny }, (_, k) => up[k % ny]);
    this.values = field(x, y);
  }

  /**
   * @param {number} i
   * @param {number} j
   */
  at(i, j) {
    return this.values[i * this.up.length + j];
  }

  /**
   * Edges that are crossed.
   *
   * @returns {Edge[]}
   */
  edges() {
    const [nx, ny] = [this.across.length, this.up.length];
    /** @type {Edge[]} */
    const found = [];
    for (let i = 0; i < nx; i++) {
      for (let j = 0; j < ny; j++) {
        const here = this.at(i, j) >= 0;
        if (i + 1 < nx && this.at(i + 1, j) >= 0 !== here) found.push({ along: 0, i, j });
        if (j + 1 < ny && this.at(i, j + 1) >= 0 !== here) found.push({ along: 1, i, j });
      }
    }
    return found;
  }
}

/**
 * The roots on all edges at once: false position, whose standing end counts half (the Illinois
 * method; Dowell & Jarratt 1971, doi:10.1007/BF01934364).
 *
 * @param {Field} field
 * @param {Grid} grid
 * @param {Edge[]} edges
 * @returns {Curve}
 */
function roots(field, grid, edges) {
  const found = edges.map(({ along, i, j }) => new Bracket(grid.at(i, j), grid.at(i + 1 - along, j + along)));
  const { across, up } = grid;
  /** @type {(k: number) => [number, number]} */
  const place = (k) => {
    const { along, i, j } = edges[k];
    const { part } = found[k];
    return along === 0 ? [across[i] + part * (across[i + 1] - across[i]), up[j]]
      : [across[i], up[j] + part * (up[j + 1] - up[j])];
  };
  let open = edges.map((_, k) => k);
  for (let round = 0; round < ROUNDS && open.length; round++) {
    const points = open.map(place);
    const values = field(Float64Array.from(points, ([x]) => x), Float64Array.from(points, ([, y]) => y));
    open = open.filter((k, n) => found[k].narrow(values[n]));
  }
  const points = edges.map((_, k) => place(k));
  return { x: Float64Array.from(points, ([x]) => x), y: Float64Array.from(points, ([, y]) => y) };
}

/** Where, between 0 and 1, a function passes 0. */
class Bracket {
  /**
   * @param {number} atLow
   * @param {number} atHigh
   */
  constructor(atLow, atHigh) {
    this.low = 0;
    this.high = 1;
    this.atLow = atLow;
    this.atHigh = atHigh;
    this.stood = 0; // which end has just moved: 1 the low one, -1 the high one
    this.part = this.guess();
  }

  guess() {
    const guess = this.low - (this.atLow * (this.high - this.low)) / (this.atHigh - this.atLow);
    if (!Number.isFinite(guess)) return (this.low + this.high) / 2;
    return Math.min(Math.max(guess, this.low), this.high);
  }

  /**
   * @param {number} value  of the function at `part`
   * @returns {boolean} whether to look on
   */
  narrow(value) {
    const before = this.part;
    if (value === 0 || Number.isNaN(value)) return false;
    if (this.atLow >= 0 === value >= 0) {
      [this.low, this.atLow] = [before, value];
      if (this.stood > 0) this.atHigh /= 2;
      this.stood = 1;
    } else {
      [this.high, this.atHigh] = [before, value];
      if (this.stood < 0) this.atLow /= 2;
      this.stood = -1;
    }
    this.part = this.guess();
    return Math.abs(this.part - before) > CLOSE && this.high - this.low > CLOSE;
  }
}

/**
 * Which crossings of edges are joined, cell by cell.
 *
 * @param {Field} field
 * @param {Grid} grid
 * @param {Edge[]} edges
 * @returns {number[][]}
 */
function links(field, grid, edges) {
  const ny = grid.up.length;
  /** @type {(along: number, i: number, j: number) => number} */
  const key = (along, i, j) => (i * ny + j) * 2 + along;
  const number = new Map(edges.map(({ along, i, j }, k) => [key(along, i, j), k]));
  /** @type {number[][]} */
  const linked = edges.map(() => []);
  const cells = new Set(edges.flatMap(({ along, i, j }) => [
    i * ny + j, along === 0 ? i * ny + j - 1 : (i - 1) * ny + j]));
  for (const cell of cells) {
    const [i, j] = [Math.floor(cell / ny), ((cell % ny) + ny) % ny];
    if (i < 0 || i + 1 >= grid.across.length || j + 1 >= ny) continue;
    const around = [key(0, i, j), key(1, i + 1, j), key(0, i, j + 1), key(1, i, j)]
      .map((each) => number.get(each)).filter((each) => each !== undefined);
    for (const [a, b] of pairs(/** @type {number[]} */ (around), field, grid, i, j)) {
      linked[a].push(b);
      linked[b].push(a);
    }
  }
  return linked;
}

/**
 * @param {number[]} crossed  below, right, above, left
 * @param {Field} field
 * @param {Grid} grid
 * @param {number} i
 * @param {number} j
 * @returns {[number, number][]}
 */
function pairs(crossed, field, grid, i, j) {
  if (crossed.length === 2) return [[crossed[0], crossed[1]]];
  if (crossed.length !== 4) return [];
  const [below, right, above, left] = crossed;
  const { across, up } = grid;
  const middle = field(Float64Array.of((across[i] + across[i + 1]) / 2),
    Float64Array.of((up[j] + up[j + 1]) / 2))[0];
  return middle >= 0 === grid.at(i, j) >= 0
    ? [[below, right], [above, left]]
    : [[left, below], [right, above]];
}

/**
 * Along the links: first from ends, then round what is closed; -1 between.
 *
 * @param {number[][]} linked
 */
function walks(linked) {
  const seen = new Uint8Array(linked.length);
  const ends = linked.map((_, k) => k).filter((k) => linked[k].length < 2);
  /** @type {number[]} */
  const order = [];
  for (const start of [...ends, ...linked.keys()]) {
    if (seen[start]) continue;
    if (order.length) order.push(-1);
    const begin = order.length;
    for (let at = start; at >= 0; at = linked[at].find((other) => !seen[other]) ?? -1) {
      seen[at] = 1;
      order.push(at);
    }
    const last = order[order.length - 1];
    if (order.length - begin > 2 && linked[last].includes(start)) order.push(start);
  }
  return order;
}
