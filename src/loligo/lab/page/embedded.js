/**
 * What Python has put into the page besides its scripts: words, colours, what it begins with, and
 * the models.
 *
 * @typedef {import("./main.js").Entry} Entry
 */

/** @returns {any} what the page is told */
export function pageData() {
  return JSON.parse(document.getElementById("loligo-page")?.textContent ?? "{}");
}

/**
 * The models in the page, in their order.
 *
 * @returns {Promise<Entry[]>}
 */
export function modelEntries() {
  /** @type {HTMLElement[]} */
  const holders = Array.from(document.querySelectorAll("script.loligo-model"));
  return Promise.all(holders.map((each) => opened(each.dataset.name ?? "", each.textContent ?? "")));
}

/** @returns {string} the script that a worker of the engine runs */
export function workerSource() {
  return document.getElementById("loligo-engine")?.textContent ?? "";
}

/**
 * @param {string} name
 * @param {string} packed
 * @returns {Promise<Entry>}
 */
async function opened(name, packed) {
  const whole = await inflated(bytes(packed));
  const length = new DataView(whole.buffer).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + length)));
  return { ...told, name, wasm: whole.slice(4 + length) };
}

/** @param {string} text  base64 */
function bytes(text) {
  const plain = atob(text);
  const found = new Uint8Array(plain.length);
  for (let k = 0; k < plain.length; k++) found[k] = plain.charCodeAt(k);
  return found;
}

/** @param {Uint8Array<ArrayBuffer>} deflated */
async function inflated(deflated) {
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
