/**
 * What Python has packed as LZMA, for which a browser has no decoder: bits under probabilities that
 * follow what has been read, and copies of what came before. A third less than deflated.
 *
 * Igor Pavlov, LZMA specification, 2015; here lc = 3, lp = 0 and pb = 0, and the length is known.
 */

const STATES = 12; // what was read last: bytes, copies, copies from as far back as before
const SLOTS = 64; // of distances, for each of four lengths
const LENGTH = 274; // probabilities of a length: 2 choices, two trees of 3 bits, one of 8
const LITERAL = 768; // of a byte: by itself, and where a copy has just ended with a 0 or a 1

// Where the probabilities of each kind begin.
const IS_COPY = 0;
const IS_REPEATED = IS_COPY + STATES;
const IS_OLDER = IS_REPEATED + STATES;
const IS_THIRD = IS_OLDER + STATES;
const IS_FOURTH = IS_THIRD + STATES;
const IS_LONG = IS_FOURTH + STATES;
const SLOT = IS_LONG + STATES;
const MIDDLE = SLOT + 4 * SLOTS;
const LAST = MIDDLE + 115;
const COPIED = LAST + 16;
const REPEATED = COPIED + LENGTH;
const BYTES = REPEATED + LENGTH;
const ALL = BYTES + 8 * LITERAL;
const LEAST = 2 ** 24; // of a range

/**
 * @param {Uint8Array} packed
 * @param {number} size  how many bytes it becomes
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function unpacked(packed, size) {
  const bits = new Bits(packed);
  const found = new Uint8Array(size);
  let [state, at] = [0, 0];
  let back = [0, 0, 0, 0]; // how far, less one, of the last four copies, the latest first
  while (at < size) {
    const lately = state < 7; // a byte was read last
    if (!bits.one(IS_COPY + state)) {
      const likely = lately ? -1 : found[at - back[0] - 1];
      found[at] = byte(bits, BYTES + LITERAL * (at ? found[at - 1] >> 5 : 0), likely);
      at += 1;
      state = state < 4 ? 0 : state - (state < 10 ? 3 : 6);
      continue;
    }
    let count = 1;
    if (!bits.one(IS_REPEATED + state)) {
      count = length(bits, COPIED);
      back = [distance(bits, Math.min(count - 2, 3)), back[0], back[1], back[2]];
      state = lately ? 7 : 10;
    } else {
      const which = repeated(bits, state);
      if (which > 0 || bits.one(IS_LONG + state)) {
        back = [back[which], ...back.filter((_, k) => k !== which)];
        count = length(bits, REPEATED);
        state = lately ? 8 : 11;
      } else {
        state = lately ? 9 : 11;
      }
    }
    const end = Math.min(at + count, size);
    for (; at < end; at += 1) found[at] = found[at - back[0] - 1];
  }
  return found;
}

/**
 * Which of the last four distances a copy has.
 *
 * @param {Bits} bits
 * @param {number} state
 */
function repeated(bits, state) {
  if (!bits.one(IS_OLDER + state)) return 0;
  if (!bits.one(IS_THIRD + state)) return 1;
  return 2 + bits.one(IS_FOURTH + state);
}

/**
 * @param {Bits} bits
 * @param {number} from
 * @param {number} likely  the byte that stands where the last copy would go on; -1 for none
 */
function byte(bits, from, likely) {
  let symbol = 1;
  for (let k = 7; likely >= 0 && k >= 0; k -= 1) {
    const wanted = (likely >> k) & 1;
    const bit = bits.one(from + ((1 + wanted) << 8) + symbol);
    symbol = (symbol << 1) | bit;
    if (bit !== wanted) break;
  }
  while (symbol < 256) symbol = (symbol << 1) | bits.one(from + symbol);
  return symbol & 255;
}

/**
 * @param {Bits} bits
 * @param {number} from
 */
function length(bits, from) {
  if (!bits.one(from)) return 2 + bits.tree(from + 2, 3);
  if (!bits.one(from + 1)) return 10 + bits.tree(from + 10, 3);
  return 18 + bits.tree(from + 18, 8);
}

/**
 * How far back, less one: its two highest bits and how many there are, and the bits below.
 *
 * @param {Bits} bits
 * @param {number} kind  of the copy's length
 */
function distance(bits, kind) {
  const slot = bits.tree(SLOT + SLOTS * kind, 6);
  if (slot < 4) return slot;
  const below = (slot >> 1) - 1;
  const high = (2 | (slot & 1)) << below;
  if (slot < 14) return high + bits.reversed(MIDDLE + high - slot, below);
  return high + (bits.even(below - 4) << 4) + bits.reversed(LAST, 4);
}

/** Bits, each read under a probability that follows. */
class Bits {
  /** @param {Uint8Array} packed */
  constructor(packed) {
    this.packed = packed;
    this.likely = new Uint16Array(ALL).fill(1024); // that it is a 0, of 2048
    this.code = new DataView(packed.buffer, packed.byteOffset).getUint32(1);
    this.range = 0xffffffff;
    this.at = 5;
  }

  /** @param {number} which  probability */
  one(which) {
    const likely = this.likely[which];
    const bound = (this.range >>> 11) * likely;
    if (this.code < bound) {
      this.range = bound;
      this.likely[which] = likely + ((2048 - likely) >> 5);
      if (bound < LEAST) this.fill();
      return 0;
    }
    this.range -= bound;
    this.code -= bound;
    this.likely[which] = likely - (likely >> 5);
    if (this.range < LEAST) this.fill();
    return 1;
  }

  /** One more byte. */
  fill() {
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.packed[this.at]) >>> 0;
    this.at += 1;
  }

  /**
   * Bits that are as often 0 as 1, the highest first.
   *
   * @param {number} count
   */
  even(count) {
    let value = 0;
    for (let k = 0; k < count; k += 1) {
      this.range >>>= 1;
      const bit = this.code < this.range ? 0 : 1;
      this.code -= bit * this.range;
      value = (value << 1) | bit;
      if (this.range < LEAST) this.fill();
    }
    return value;
  }

  /**
   * The highest first, each under those above it.
   *
   * @param {number} from
   * @param {number} count
   */
  tree(from, count) {
    let value = 1;
    for (let k = 0; k < count; k += 1) value = (value << 1) | this.one(from + value);
    return value - (1 << count);
  }

  /**
   * Likewise, the lowest first.
   *
   * @param {number} from
   * @param {number} count
   */
  reversed(from, count) {
    let [place, value] = [1, 0];
    for (let k = 0; k < count; k += 1) {
      const bit = this.one(from + place);
      place = (place << 1) | bit;
      value |= bit << k;
    }
    return value;
  }
}
