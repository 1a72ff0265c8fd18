/** Memory of a kernel: room for rows of numbers, taken from the bottom up and given back at once. */

const FIRST = 1 << 16; // below it lies what a module keeps for itself: its data, and its stack
const PAGE = 1 << 16;

/** Room in a WebAssembly memory. */
export class Arena {
  /** @param {WebAssembly.Memory} memory */
  constructor(memory) {
    this.memory = memory;
    this.top = FIRST;
    /** @type {Float64Array | null} */
    this.doubles = null;
  }

  /** Give everything back. */
  clear() {
    this.top = FIRST;
  }

  /**
   * Room for so many numbers of eight bytes: where it begins.
   * @param {number} count
   * @returns {number}
   */
  take(count) {
    const at = this.top;
    this.top = at + 8 * Math.max(1, count);
    const missing = this.top - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE) + 15);
    return at;
  }

  /** All of the memory as numbers; of an index, a place divided by eight.
   * @returns {Float64Array}
   */
  numbers() {
    // a memory that has grown has another buffer
    if (!this.doubles || this.doubles.buffer !== this.memory.buffer) {
      this.doubles = new Float64Array(this.memory.buffer);
    }
    return this.doubles;
  }

  /**
   * A row of numbers where there is room for it, until more is taken.
   * @param {number} at
   * @param {number} count
   * @returns {Float64Array}
   */
  row(at, count) {
    return this.numbers().subarray(at / 8, at / 8 + count);
  }

  /**
   * Room for these numbers, and they are in it.
   * @param {ArrayLike<number>} values
   * @returns {number}
   */
  put(values) {
    const at = this.take(values.length);
    this.row(at, values.length).set(values);
    return at;
  }

  /**
   * Room for whole numbers, all 0.
   * @param {number} count
   * @returns {number}
   */
  zeros(count) {
    const at = this.take(count);
    this.row(at, count).fill(0);
    return at;
  }

  /**
   * A row of whole numbers, until more is taken.
   * @param {number} at
   * @param {number} count
   * @returns {BigInt64Array}
   */
  whole(at, count) {
    return new BigInt64Array(this.memory.buffer, at, count);
  }
}

/** A module of a model: its functions, and its memory. */
export class Code {
  /** @param {WebAssembly.Instance} instance
   *  @param {WebAssembly.Memory} memory */
  constructor(instance, memory) {
    this.functions = /** @type {Record<string, Function>} */ (/** @type {unknown} */ (instance.exports));
    this.arena = new Arena(memory);
  }

  /**
   * Apply a block of a program to one lane: numbers in, numbers out.
   * @param {string} name
   * @param {{inputs: string[], outputs: string[]}} block
   * @param {Record<string, number>} given
   * @returns {Record<string, number>}
   */
  one(name, { inputs, outputs }, given) {
    const arena = this.arena;
    const mark = arena.top;
    const source = arena.take(inputs.length), target = arena.take(outputs.length);
    const numbers = arena.numbers();
    for (let i = 0; i < inputs.length; i++) {
      const value = given[inputs[i]];
      if (value === undefined) throw new Error(`the kernel asks for ${inputs[i]}`);
      numbers[source / 8 + i] = value;
    }
    this.functions[`map_${name}`](1n, source, target);
    /** @type {Record<string, number>} */
    const result = {};
    for (let i = 0; i < outputs.length; i++) result[outputs[i]] = numbers[target / 8 + i];
    arena.top = mark;
    return result;
  }

  /**
   * Apply a block of a program to lanes.
   * @param {string} name
   * @param {{inputs: string[], outputs: string[]}} block
   * @param {Record<string, number | ArrayLike<number>>} given  one number for all lanes, or one each
   * @param {number} lanes
   * @returns {Record<string, Float64Array>}
   */
  map(name, block, given, lanes) {
    const arena = this.arena;
    const mark = arena.top;
    const source = arena.take(block.inputs.length * lanes);
    const target = arena.take(block.outputs.length * lanes);
    const numbers = arena.numbers();
    block.inputs.forEach((input, i) => {
      const value = given[input];
      const from = source / 8 + i * lanes;
      if (value === undefined) throw new Error(`the kernel asks for ${input}`);
      if (typeof value === "number") numbers.fill(value, from, from + lanes);
      else numbers.set(value, from);
    });
    this.functions[`map_${name}`](BigInt(lanes), source, target);
    // one copy for all: a buffer for each output costs more than a short run does
    const copy = numbers.slice(target / 8, target / 8 + block.outputs.length * lanes);
    /** @type {Record<string, Float64Array>} */
    const result = {};
    block.outputs.forEach((output, i) => {
      result[output] = copy.subarray(i * lanes, (i + 1) * lanes);
    });
    arena.top = mark;
    return result;
  }
}

/**
 * A module, ready to be called.
 * @param {Uint8Array} bytes
 * @returns {Promise<Code>}
 */
export async function openCode(bytes) {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const stack = new WebAssembly.Global({ value: "i32", mutable: true }, FIRST);
  const env = { __linear_memory: memory, __stack_pointer: stack };
  const module = await WebAssembly.compile(/** @type {BufferSource} */ (bytes));
  return new Code(await WebAssembly.instantiate(module, { env }), memory);
}
