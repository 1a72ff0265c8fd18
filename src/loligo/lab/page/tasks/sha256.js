/**
 * SHA-256 (FIPS 180-4) of a text: at once, and also where a page is no secure context.
 */

// the first 32 bits of the fractions of the cube roots of the first 64 primes, and of the square
// roots of the first 8
const PRIMES = primes(64);
const ROUNDS = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const FIRST = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/**
 * @param {Uint8Array} bytes
 * @returns {Uint8Array}  32 of them
 */
export function sha256(bytes) {
  const padded = new Uint8Array(((bytes.length + 72) >> 6) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length << 3);
  const state = FIRST.slice();
  for (let at = 0; at < padded.length; at += 64) block(state, view, at);
  const made = new DataView(new ArrayBuffer(32));
  state.forEach((word, k) => made.setUint32(4 * k, word));
  return new Uint8Array(made.buffer);
}

/**
 * @param {Uint32Array} state
 * @param {DataView} view
 * @param {number} at
 */
function block(state, view, at) {
  const words = new Uint32Array(64);
  for (let k = 0; k < 16; k++) words[k] = view.getUint32(at + 4 * k);
  for (let k = 16; k < 64; k++) {
    const [x, y] = [words[k - 15], words[k - 2]];
    const one = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
    const two = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
    words[k] = words[k - 16] + one + words[k - 7] + two;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let k = 0; k < 64; k++) {
    const chosen = (e & f) ^ (~e & g);
    const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + chosen + ROUNDS[k] + words[k]) | 0;
    const most = (a & b) ^ (a & c) ^ (b & c);
    const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + most) | 0;
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  [a, b, c, d, e, f, g, h].forEach((word, k) => {
    state[k] += word;
  });
}

/**
 * @param {number} word
 * @param {number} by
 */
function turned(word, by) {
  return (word >>> by) | (word << (32 - by));
}

/** @param {number} root */
function fraction(root) {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

/** @param {number} count */
function primes(count) {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; found.length < count; n++) {
    if (found.every((prime) => n % prime)) found.push(n);
  }
  return found;
}
