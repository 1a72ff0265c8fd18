/** Eigenvalues of small matrices: as much of them as tells whether something is stable. */

const TINY = 2 ** -52;

/**
 * The largest real part of a real matrix's eigenvalues; NaN where they are not found.
 *
 * By the QR algorithm with double shifts (Francis 1961, doi:10.1093/comjnl/4.3.265) on the
 * Hessenberg form.
 * @param {number[][]} matrix
 * @returns {number}
 */
export function largestRealPart(matrix) {
  return eigenvalues(matrix).reduce((most, { re }) => (re > most ? re : most), -Infinity);
}

/**
 * @param {number[][]} matrix
 * @returns {{re: number, im: number}[]}
 */
export function eigenvalues(matrix) {
  const h = hessenberg(balanced(matrix));
  /** @type {{re: number, im: number}[]} */
  const found = [];
  let high = h.length - 1, tries = 0;
  while (high >= 0) {
    const low = split(h, high);
    if (low === high) {
      found.push({ re: h[high][high], im: 0 });
      high -= 1;
      tries = 0;
    } else if (low === high - 1) {
      found.push(...ofTwo(h[low][low], h[low][high], h[high][low], h[high][high]));
      high -= 2;
      tries = 0;
    } else {
      if (++tries > 200) return [{ re: NaN, im: NaN }];
      step(h, low, high, tries % 10 === 0);
    }
  }
  return found;
}

/**
 * Rows and columns scaled by powers of 2 until they are of one size (Osborne 1960).
 * @param {number[][]} matrix
 */
function balanced(matrix) {
  const a = matrix.map((row) => row.slice()), n = a.length;
  for (let again = true, round = 0; again && round < 50; round++) {
    again = false;
    for (let i = 0; i < n; i++) {
      let column = 0, row = 0;
      for (let j = 0; j < n; j++) {
        if (j !== i) {
          column += Math.abs(a[j][i]);
          row += Math.abs(a[i][j]);
        }
      }
      if (!(column > 0 && row > 0)) continue;
      const f = 2 ** Math.round(Math.log2(row / column) / 2);
      if (column * f + row / f >= 0.95 * (column + row)) continue;
      again = true;
      for (let j = 0; j < n; j++) {
        a[i][j] /= f;
      }
      for (let j = 0; j < n; j++) {
        a[j][i] *= f;
      }
    }
  }
  return a;
}

/**
 * By eliminations with pivots.
 * @param {number[][]} a
 */
function hessenberg(a) {
  const n = a.length;
  for (let m = 1; m < n - 1; m++) {
    let pivot = m;
    for (let i = m; i < n; i++) if (Math.abs(a[i][m - 1]) > Math.abs(a[pivot][m - 1])) pivot = i;
    if (a[pivot][m - 1] === 0) continue;
    [a[pivot], a[m]] = [a[m], a[pivot]];
    for (const row of a) [row[pivot], row[m]] = [row[m], row[pivot]];
    for (let i = m + 1; i < n; i++) {
      const factor = a[i][m - 1] / a[m][m - 1];
      if (factor === 0) continue;
      for (let j = m - 1; j < n; j++) a[i][j] -= factor * a[m][j];
      for (const row of a) row[m] += factor * row[i];
    }
  }
  for (let i = 2; i < n; i++) a[i].fill(0, 0, i - 1);
  return a;
}

/** Where the last block begins that ends at `high`. @param {number[][]} h @param {number} high */
function split(h, high) {
  for (let low = high; low > 0; low--) {
    const size = Math.abs(h[low - 1][low - 1]) + Math.abs(h[low][low]);
    if (Math.abs(h[low][low - 1]) <= TINY * (size || 1)) {
      h[low][low - 1] = 0;
      return low;
    }
  }
  return 0;
}

/** Of [[a, b], [c, d]]. @param {number} a @param {number} b @param {number} c @param {number} d */
function ofTwo(a, b, c, d) {
  const half = (a + d) / 2, p = (a - d) / 2;
  const square = p * p + b * c;
  if (square < 0) {
    const im = Math.sqrt(-square);
    return [{ re: half, im }, { re: half, im: -im }];
  }
  const root = half + (half < 0 ? -1 : 1) * Math.sqrt(square);
  return [{ re: root, im: 0 }, { re: root ? (a * d - b * c) / root : 0, im: 0 }];
}

/**
 * One double step of Francis within a block.
 * @param {number[][]} h
 * @param {number} low
 * @param {number} high
 * @param {boolean} unusual  another shift, where the usual ones go in a circle
 */
function step(h, low, high, unusual) {
  let sum = h[high - 1][high - 1] + h[high][high];
  let product = h[high - 1][high - 1] * h[high][high] - h[high - 1][high] * h[high][high - 1];
  if (unusual) {
    const size = Math.abs(h[high][high - 1]) + Math.abs(h[high - 1][high - 2]);
    sum = 1.5 * size;
    product = size * size;
  }
  let x = h[low][low] * h[low][low] + h[low][low + 1] * h[low + 1][low] - sum * h[low][low] + product;
  let y = h[low + 1][low] * (h[low][low] + h[low + 1][low + 1] - sum);
  let z = h[low + 1][low] * h[low + 2][low + 1];
  for (let k = low; k < high; k++) {
    const three = k < high - 1;
    if (!three) z = 0;
    const size = Math.hypot(x, y, z);
    if (size > 0) {
      const alpha = x > 0 ? -size : size;
      const v = [x - alpha, y, z];
      const norm = v[0] * v[0] + y * y + z * z;
      reflect(h, v, 2 / norm, k, three ? 3 : 2);
    }
    x = h[k + 1][k];
    y = k + 2 <= high ? h[k + 2][k] : 0;
    z = k + 3 <= high ? h[k + 3][k] : 0;
  }
  for (let i = low + 2; i <= high; i++) h[i].fill(0, low, i - 1);
}

/** @param {number[][]} h @param {number[]} v @param {number} factor @param {number} at @param {number} size */
function reflect(h, v, factor, at, size) {
  const n = h.length;
  for (let j = 0; j < n; j++) {
    let dot = 0;
    for (let i = 0; i < size; i++) dot += v[i] * h[at + i][j];
    for (let i = 0; i < size; i++) h[at + i][j] -= factor * dot * v[i];
  }
  for (const row of h) {
    let dot = 0;
    for (let i = 0; i < size; i++) dot += v[i] * row[at + i];
    for (let i = 0; i < size; i++) row[at + i] -= factor * dot * v[i];
  }
}
