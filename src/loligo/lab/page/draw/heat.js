/**
 * Numbers as colours: matplotlib's viridis (S. van der Walt & N. Smith, CC0), which the figures use
 * too, and which reads in grey and without red or green.
 */

const STOPS = ["#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70",
  "#7ad151", "#bddf26", "#fde725"];
const TABLE = Uint8ClampedArray.from({ length: 256 * 3 }, (_, k) => {
  const place = (Math.floor(k / 3) / 255) * (STOPS.length - 1);
  const first = Math.min(Math.floor(place), STOPS.length - 2);
  const at = 1 + 2 * (k % 3);
  const [low, high] = [STOPS[first], STOPS[first + 1]].map((each) => parseInt(each.slice(at, at + 2), 16));
  return low + (place - first) * (high - low);
});

/**
 * Rows of numbers as a picture, the first at the bottom.
 *
 * @param {HTMLCanvasElement} canvas  what it is drawn on
 * @param {readonly ArrayLike<number>[]} rows
 * @param {Int32Array} columns  which number of a row stands in each column
 * @param {number} low
 * @param {number} high
 */
export function picture(canvas, rows, columns, low, high) {
  const [width, height] = [columns.length, Math.max(rows.length, 1)];
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  const scale = 255 / (high - low);
  rows.forEach((row, k) => {
    let at = 4 * width * (height - 1 - k);
    for (let i = 0; i < width; i++, at += 4) {
      const from = 3 * Math.min(Math.max(Math.round((row[columns[i]] - low) * scale), 0), 255);
      image.data[at] = TABLE[from];
      image.data[at + 1] = TABLE[from + 1];
      image.data[at + 2] = TABLE[from + 2];
      image.data[at + 3] = 255;
    }
  });
  context.putImageData(image, 0, 0);
}
