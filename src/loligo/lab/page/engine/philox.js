/**
 * Normal numbers that are the same on every machine: `loligo/stimulus/normals.py`, whose sources
 * are named there, step by step.
 */

const MULTIPLIERS = [0xd2e7470ee14c6c93n, 0xca5a826395121157n];
const WEYL = [0x9e3779b97f4a7c15n, 0xbb67ae8584caa73bn];
const ROUNDS = 10, MASK = 0xffffffffffffffffn;

/**
 * The four numbers of one counter.
 * @param {bigint} low
 * @param {bigint} block
 * @param {bigint} seed
 * @returns {bigint[]}
 */
function philox(low, block, seed) {
  let c0 = low, c1 = block, c2 = 0n, c3 = 0n, k0 = seed, k1 = 0n;
  for (let round = 0; round < ROUNDS; round++) {
    const first = MULTIPLIERS[0] * c0, second = MULTIPLIERS[1] * c2;
    c0 = (second >> 64n) ^ c1 ^ k0;
    c2 = (first >> 64n) ^ c3 ^ k1;
    c1 = second & MASK;
    c3 = first & MASK;
    k0 = (k0 + WEYL[0]) & MASK;
    k1 = (k1 + WEYL[1]) & MASK;
  }
  return [c0, c1, c2, c3];
}

/**
 * The first normal numbers of a block of a seed's sequence.
 * @param {number} seed
 * @param {number} block
 * @param {number} count
 * @returns {Float64Array}
 */
export function normals(seed, block, count) {
  const found = new Float64Array(count), key = BigInt(seed), second = BigInt(block);
  for (let k = 0; k < count; k += 4) {
    const four = philox(BigInt(k / 4 + 1), second, key);
    for (let j = 0; j < 4 && k + j < count; j++) {
      found[k + j] = quantile((Number(four[j] >> 12n) + 0.5) * 2 ** -52);
    }
  }
  return found;
}

const CENTRAL = [
  [3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
    3.3430575583588128105e4, 2.5090809287301226727e3],
  [1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
    2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
    5.2264952788528545610e3],
];
const OUTER = [
  [1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
    3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4],
  [1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
    1.05075007164441684324e-9],
];
const FAR = [
  [6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7],
  [1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
    2.04426310338993978564e-15],
];
const HALF_SPLIT = 0.425, SPLIT = 0.180625, EDGE = 5;
const LN2 = [0.6931471803691238, 1.9082149292705877e-10];
const ROOT_HALF = 0.7071067811865476;
const ATANH = Array.from({ length: 12 }, (_, k) => 1 / (2 * k + 1));

/**
 * Below which a normal number is with probability p.
 * @param {number} p
 * @returns {number}
 */
export function quantile(p) {
  const q = p - 0.5;
  if (!(Math.abs(q) > HALF_SPLIT)) return q * ratio(CENTRAL, SPLIT - q * q);
  const r = Math.sqrt(-log(q < 0 ? p : 1 - p));
  const size = r > EDGE ? ratio(FAR, r - EDGE) : ratio(OUTER, r - 1.6);
  return q < 0 ? -size : size;
}

/** @param {number[][]} coefficients @param {number} x */
function ratio([above, below], x) {
  return polynomial(above, x) / polynomial(below, x);
}

/** @param {number[]} coefficients @param {number} x */
function polynomial(coefficients, x) {
  let total = coefficients[coefficients.length - 1] * x;
  for (let k = coefficients.length - 2; k > 0; k--) total = (total + coefficients[k]) * x;
  return total + coefficients[0];
}

const bits = new DataView(new ArrayBuffer(8));

/** @param {number} x  above 0, with all its digits */
function log(x) {
  bits.setFloat64(0, x);
  const head = bits.getUint32(0);
  let power = (head >>> 20) - 1022;
  bits.setUint32(0, (head & 0xfffff) | 0x3fe00000);
  let fraction = bits.getFloat64(0);
  if (fraction < ROOT_HALF) {
    fraction *= 2;
    power -= 1;
  }
  const f = (fraction - 1) / (fraction + 1);
  return power * LN2[0] + (power * LN2[1] + 2 * f * polynomial(ATANH, f * f));
}

/**
 * exp(-x), x >= 0.
 * @param {number} x
 */
export function decay(x) {
  if (x > 708) return 0;
  const halved = halvings(x);
  let value = 1 - lostSoon(x * 2 ** -halved);
  for (let k = 0; k < halved; k++) value *= value;
  return value;
}

/** How often a number is halved, as its exponent says. @param {number} x */
function halvings(x) {
  if (x === 0) return 1;
  bits.setFloat64(0, x);
  return Math.max(0, (bits.getUint32(0) >>> 20) - 1022 + 1);
}

/**
 * 1 - exp(-x), x >= 0.
 * @param {number} x
 */
export function lost(x) {
  return x < 0.5 ? lostSoon(x) : 1 - decay(x);
}

/** By its series. @param {number} x  below 1/2 */
function lostSoon(x) {
  let total = 0;
  for (let k = 18; k > 0; k--) total = (1 - total) * (x / k);
  return total;
}
