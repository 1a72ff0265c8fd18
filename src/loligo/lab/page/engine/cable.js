/**
 * An axon: a membrane's own blocks in compartments that are joined, with gates half a step apart
 * from V, as `loligo/program/coupled.py` steps them:
 *
 *     (2 C/dt + G - D) u = -I(V, gates) + D V + injected,    V += 2 u
 *
 * What the membrane does is its kernel's; the solve that joins the compartments stands here. Where
 * a current jumps, two steps are two backward Euler halves each (Rannacher 1984,
 * doi:10.1007/BF01390130).
 *
 * @typedef {object} Axon
 * @property {Float64Array} area  1e-5 times um2
 * @property {Float64Array} link  uS between each compartment and the next
 * @property {Record<string, number | Float64Array>} numbers  the membrane's, one or one for each
 * @property {Record<string, number>} rest  where all begins; and where, if V differs along it
 * @property {{at: number, start: number, duration: number, amplitude: number}[]} pulses  in which
 *   compartment, ms, nA
 */

const ROUNDS = 120; // towards rest
const FOREVER = 1e12; // ms
const APART = 1e-4; // mV, between the potentials of which the slope of the current is taken

export class Cable {
  /**
   * @param {import("./model.js").Model} model
   * @param {Axon} axon
   * @param {number} dt  ms
   */
  constructor(model, axon, dt) {
    const { manifest, codes } = model;
    this.code = codes.Taylor;
    this.maps = manifest.kernels.Taylor.maps;
    this.axon = axon;
    this.dt = dt;
    this.steps = 0;
    this.count = axon.area.length;
    const names = manifest.states.map((/** @type {{symbol: string}} */ each) => each.symbol);
    /** @type {string[]} */
    this.gates = names.slice(1);
    this.V = new Float64Array(this.count).fill(axon.rest.V);
    this.others = this.gates.map((name) => new Float64Array(this.count).fill(axon.rest[name]));
    const C = axon.numbers.C_m;
    this.C = axon.area.map((_, k) => (typeof C === "number" ? C : C[k]));
    /** Twice the capacity over the step, uS; the system's rows. */
    this.inert = this.C.map((each, k) => (2 * each * axon.area[k]) / dt);
    this.diagonal = new Float64Array(this.count);
    this.right = new Float64Array(this.count);
    this.current = new Float64Array(this.count);
    this.slope = new Float64Array(this.count);
    /** Steps in which a current jumps. @type {Set<number>} */
    this.jumps = new Set(axon.pulses.flatMap(({ start, duration }) =>
      [start, start + duration].map((edge) => Math.floor(edge / dt + 1e-9))));
  }

  get time() {
    return this.steps * this.dt;
  }

  /**
   * Bring all to rest, where the membrane differs along the axon: V and gates by turns.
   */
  settle() {
    const { arena } = this.code;
    const mark = arena.top;
    const [relax, derivative] = [this.room("relax", 1), this.room("derivative", 2)];
    const { inert } = this;
    this.inert = new Float64Array(this.count);
    for (let k = 0; k < ROUNDS; k++) {
      this.move(relax, FOREVER);
      this.flows(derivative);
      this.half(0);
      for (let i = 0; i < this.count; i++) this.V[i] += this.right[i] / 2;
    }
    this.inert = inert;
    arena.top = mark;
  }

  /**
   * Go on by so many steps.
   *
   * @param {number} steps
   * @param {(cable: Cable) => void} each  after every step
   */
  advance(steps, each) {
    const { arena } = this.code;
    const mark = arena.top;
    const relax = this.room("relax", 1);
    const derivative = this.room("derivative", 2);
    for (let k = 0; k < steps; k++) {
      this.move(relax, this.steps === 0 ? this.dt / 2 : this.dt);
      this.join(derivative);
      this.steps += 1;
      each(this);
    }
    arena.top = mark;
  }

  /**
   * Room for a block's numbers, those that stay as they are put into it.
   *
   * @param {"relax" | "derivative"} name
   * @param {number} rows  of all compartments
   */
  room(name, rows) {
    const { arena } = this.code;
    const { inputs, outputs } = this.maps[name];
    const lanes = this.count * rows;
    const source = arena.take(inputs.length * lanes);
    const target = arena.take(outputs.length * lanes);
    const memory = arena.numbers();
    inputs.forEach((/** @type {string} */ input, /** @type {number} */ i) => {
      const value = this.axon.numbers[input] ?? 0;
      for (let row = 0; row < rows; row++) {
        const from = source / 8 + i * lanes + row * this.count;
        if (typeof value === "number") memory.fill(value, from, from + this.count);
        else memory.set(value, from);
      }
    });
    const states = ["V", ...this.gates];
    return {
      call: this.code.functions[`map_${name}`], lanes, source, target, memory,
      dt: inputs.indexOf(".dt"),
      from: states.map((state) => inputs.indexOf(state)),
      to: states.map((state) => outputs.indexOf(state)),
    };
  }

  /**
   * All states but V, along their own equations.
   *
   * @param {ReturnType<Cable["room"]>} block
   * @param {number} by  ms
   */
  move({ call, lanes, source, target, memory, dt, from, to }, by) {
    const base = source / 8;
    [this.V, ...this.others].forEach((row, k) => {
      if (from[k] >= 0) memory.set(row, base + from[k] * lanes);
    });
    if (dt >= 0) memory.fill(by, base + dt * lanes, base + (dt + 1) * lanes);
    call(BigInt(lanes), source, target);
    this.others.forEach((row, k) => {
      const at = target / 8 + to[k + 1] * lanes;
      row.set(memory.subarray(at, at + this.count));
    });
  }

  /**
   * V, in all compartments together.
   *
   * @param {ReturnType<Cable["room"]>} block
   */
  join(block) {
    const { V, count, right } = this;
    this.flows(block);
    const damped = this.jumps.has(this.steps) || this.jumps.has(this.steps - 1);
    this.half(1);
    if (damped) {
      for (let k = 0; k < count; k++) {
        V[k] += right[k];
        this.current[k] += this.slope[k] * right[k];
      }
      this.half(1);
    }
    for (let k = 0; k < count; k++) V[k] += (damped ? 1 : 2) * right[k];
  }

  /**
   * The currents through the membrane, nA, and how they change with V, uS.
   *
   * @param {ReturnType<Cable["room"]>} block
   */
  flows({ call, lanes, source, target, memory, from, to }) {
    const { V, C, count } = this;
    const { area } = this.axon;
    const base = source / 8;
    const voltage = base + from[0] * lanes;
    for (let k = 0; k < count; k++) {
      memory[voltage + k] = V[k];
      memory[voltage + count + k] = V[k] + APART;
    }
    this.others.forEach((row, k) => {
      const at = from[k + 1];
      if (at < 0) return;
      memory.set(row, base + at * lanes);
      memory.set(row, base + at * lanes + count);
    });
    call(BigInt(lanes), source, target);
    const rate = target / 8 + to[0] * lanes;
    for (let k = 0; k < count; k++) {
      const [here, beside] = [memory[rate + k], memory[rate + count + k]];
      this.current[k] = -C[k] * area[k] * here;
      this.slope[k] = (-C[k] * area[k] * (beside - here)) / APART;
    }
  }

  /**
   * Half the change of V in a step, in place of the right side.
   *
   * @param {0 | 1} driven  whether the pulses act
   */
  half(driven) {
    const { V, count, inert, diagonal, right, current, slope } = this;
    const { link } = this.axon;
    for (let k = 0; k < count; k++) {
      diagonal[k] = inert[k] + slope[k];
      right[k] = -current[k];
    }
    const [begin, end] = [this.time, this.time + this.dt];
    for (const { at, start, duration, amplitude } of this.axon.pulses) {
      right[at] += (driven * amplitude * overlap(start, start + duration, begin, end)) / this.dt;
    }
    for (let k = 0; k + 1 < count; k++) {
      const flow = link[k] * (V[k + 1] - V[k]);
      right[k] += flow;
      right[k + 1] -= flow;
      diagonal[k] += link[k];
      diagonal[k + 1] += link[k];
    }
    this.solve();
  }

  /** The band's solution, in place of the right side: from the last compartment to the first. */
  solve() {
    const { count, diagonal, right } = this;
    const { link } = this.axon;
    for (let k = count - 1; k > 0; k--) {
      const part = link[k - 1] / diagonal[k];
      diagonal[k - 1] -= part * link[k - 1];
      right[k - 1] += part * right[k];
    }
    right[0] /= diagonal[0];
    for (let k = 1; k < count; k++) right[k] = (right[k] + link[k - 1] * right[k - 1]) / diagonal[k];
  }
}

/**
 * How long two stretches of time have in common.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} begin
 * @param {number} end
 */
function overlap(from, to, begin, end) {
  return Math.max(0, Math.min(to, end) - Math.max(from, begin));
}
