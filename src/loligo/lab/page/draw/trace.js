/**
 * Lines of many points: what falls into one column of pixels is drawn as its lowest and its highest.
 *
 * @typedef {{left: number, top: number, width: number, height: number, low: number, high: number}} Box
 */

const MOST = 8; // points in a pixel's width: more are drawn column by column

/**
 * @param {CanvasRenderingContext2D} context
 * @param {ArrayLike<number>} x  rising
 * @param {ArrayLike<number>} y
 * @param {Box} box
 * @param {[number, number]} axis  of x
 * @param {number} ratio  pixels of the screen in one of the page's
 * @param {number} [upto]  of x: nothing is drawn beyond
 */
export function trace(context, x, y, box, axis, ratio, upto = Infinity) {
  const across = box.width / (axis[1] - axis[0]);
  const up = box.height / (box.high - box.low);
  const bottom = box.top + box.height + box.low * up;
  const start = box.left - axis[0] * across;
  const [first, last] = seen(x, axis[0], Math.min(axis[1], upto));
  context.beginPath();
  if (last - first > MOST * box.width * ratio) {
    columns(context, x, y, first, last, (value) => start + value * across, up, bottom, ratio);
  } else {
    let pen = false;
    for (let k = first; k < last; k++) {
      const value = y[k];
      if (value !== value) {
        pen = false;
      } else if (pen) {
        context.lineTo(start + x[k] * across, bottom - value * up);
      } else {
        context.moveTo(start + x[k] * across, bottom - value * up);
        pen = true;
      }
    }
  }
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @param {number} first
 * @param {number} last
 * @param {(value: number) => number} place
 * @param {number} up
 * @param {number} bottom
 * @param {number} ratio
 */
function columns(context, x, y, first, last, place, up, bottom, ratio) {
  let k = first;
  let pen = false;
  while (k < last) {
    const column = Math.floor(place(x[k]) * ratio);
    const entry = y[k];
    let low = entry;
    let high = entry;
    let exit = entry;
    for (k++; k < last && Math.floor(place(x[k]) * ratio) === column; k++) {
      exit = y[k];
      if (exit < low) low = exit;
      if (exit > high) high = exit;
    }
    if (entry !== entry || exit !== exit) {
      pen = false;
      continue;
    }
    const at = (column + 0.5) / ratio;
    const rising = exit >= entry;
    for (const value of rising ? [entry, low, high, exit] : [entry, high, low, exit]) {
      if (pen) context.lineTo(at, bottom - value * up);
      else context.moveTo(at, bottom - value * up);
      pen = true;
    }
  }
}

/**
 * The points from one before `low` to one after `high`.
 *
 * @param {ArrayLike<number>} x
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
function seen(x, low, high) {
  const first = Math.max(0, after(x, low) - 1);
  return [first, Math.min(x.length, after(x, high) + 1)];
}

/**
 * The first point at or beyond a value.
 *
 * @param {ArrayLike<number>} x
 * @param {number} value
 */
export function after(x, value) {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What a line is at a place between its points.
 *
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @param {number} value
 */
export function between(x, y, value) {
  const k = Math.min(Math.max(after(x, value), 1), x.length - 1);
  const span = x[k] - x[k - 1];
  const part = span > 0 ? Math.min(Math.max((value - x[k - 1]) / span, 0), 1) : 0;
  return y[k - 1] + part * (y[k] - y[k - 1]);
}
