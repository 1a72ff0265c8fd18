/**
 * What Python has put into the page besides its scripts: words, colours, what it begins with, and
 * the models.
 *
 * @typedef {import("./main.js").Entry} Entry
 */
import { unpacked } from "./lzma.js";

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
 * A model: what is told of it, and its code, which is unpacked when it is first asked for.
 *
 * @param {string} name
 * @param {string} packed
 * @returns {Promise<Entry>}
 */
async function opened(name, packed) {
  const [told, code] = packed.split("\n");
  /** @type {Uint8Array<ArrayBuffer> | null} */
  let wasm = null;
  return {
    ...JSON.parse(new TextDecoder().decode(await inflated(bytes(told)))),
    name,
    get wasm() {
      wasm ??= whole(bytes(code));
      return wasm;
    },
  };
}

/** @param {Uint8Array<ArrayBuffer>} packed  before it, in four bytes, how many it becomes */
function whole(packed) {
  return unpacked(packed.subarray(4), new DataView(packed.buffer).getUint32(0, true));
}

/**
 * Bytes as `lab/file.py` writes them: their number, and two letters for every 13 bits.
 *
 * @param {string} text
 */
function bytes(text) {
  const blank = text.indexOf(" ");
  const found = new Uint8Array(Number(text.slice(0, blank)));
  let [bits, count, at] = [0, 0, 0];
  for (let k = blank + 1; k < text.length; k += 2) {
    bits |= (91 * value(text.charCodeAt(k)) + value(text.charCodeAt(k + 1))) << count;
    for (count += 13; count >= 8 && at < found.length; count -= 8) {
      found[at++] = bits & 255;
      bits >>>= 8;
    }
  }
  return found;
}

/**
 * The place of a letter among those that are printed, without & < and >.
 *
 * @param {number} code
 */
function value(code) {
  return code - 0x21 - (code > 0x26 ? 1 : 0) - (code > 0x3c ? 1 : 0) - (code > 0x3e ? 1 : 0);
}

/** @param {Uint8Array<ArrayBuffer>} deflated */
async function inflated(deflated) {
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
