/**
 * What a link may say: the table that Python has too (`lab/limits.py`), and what tabs ask of it.
 *
 * @typedef {{name: string, low: number, high: number, open?: boolean, whole?: boolean, usual?: number | null}} Bounds
 * @typedef {{name: string, words: string[], usual?: string}} Choice
 * @typedef {{name: string, of: "channels" | "states", usual: string}} Named  a choice of what a model has
 * @typedef {{word: string, fields?: (Bounds | Choice | Named)[], each?: "drugs"}} Own  what a tab remembers
 * @typedef {object} Kind  of stimulus
 * @property {string} name  of its class in Python
 * @property {string} word
 * @property {string} kind
 * @property {number} most
 * @property {Bounds[]} values
 * @property {Bounds[]} settings
 * @property {Record<string, any>} fixed
 * @property {[string, string]} [ordered]
 * @typedef {object} Limits
 * @property {number} version
 * @property {number} longest
 * @property {number} samples
 * @property {Kind[]} stimuli
 * @property {{word: string, kind: string, value: Bounds}[]} solvers
 * @property {Record<string, Bounds>} numbers
 * @property {{duration: number, sample: number, solver: [string, number]}} usual
 * @property {Record<string, string>} words
 * @property {Own[]} own
 * @property {{samples: number, apart: number, most: number}} family  how steps are cut
 * @property {import("../experiments/fibre.js").Table} fibre
 * @typedef {Bounds & {drug: string, half: number, unit: string, least: number}} Drug
 * @typedef {object} Known  of a model
 * @property {Record<string, Bounds>} parameters
 * @property {string[]} states
 * @property {string[]} channels
 * @property {Record<string, Drug>} drugs  what blocks its channels
 * @property {string[]} solvers
 * @typedef {[string, string][]} Pairs
 * @typedef {Record<string, any>} View
 */

/**
 * What a tab remembers of a model: name -> its bounds, or its words.
 *
 * @param {Own} group
 * @param {Known} about
 * @returns {Map<string, Bounds | Choice>}
 */
export function fieldsOf({ fields, each }, about) {
  if (each) return new Map(Object.entries(about[each]));
  return new Map((fields ?? []).map((field) =>
    [field.name, "of" in field ? { ...field, words: about[field.of] } : field]));
}

/**
 * What tabs remember, without what says nothing new, or is of another model.
 *
 * @param {Record<string, any>} own
 * @param {Known} about
 * @param {Limits} limits
 * @returns {Record<string, Record<string, any>>}
 */
export function fitting(own, about, limits) {
  /** @type {Record<string, Record<string, any>>} */
  const kept = {};
  for (const group of limits.own) {
    const values = own[group.word] ?? {};
    const said = Array.from(fieldsOf(group, about)).filter(([name, field]) => {
      const value = values[name] ?? null;
      return value !== null && value !== (field.usual ?? 0) && (!("words" in field) || field.words.includes(value));
    });
    if (said.length) kept[group.word] = Object.fromEntries(said.map(([name]) => [name, values[name]]));
  }
  return kept;
}

/**
 * Between what a number of a tab lies, for its field.
 *
 * @param {string} word
 * @param {string} name
 * @param {Limits} limits
 */
export function boundsOf(word, name, limits) {
  const group = limits.own.find((each) => each.word === word);
  const bounds = /** @type {Bounds} */ (group?.fields?.find((field) => field.name === name));
  return { least: bounds.low, most: bounds.high };
}

/**
 * What a tab usually shows.
 *
 * @param {string} word
 * @param {Limits} limits
 * @returns {Record<string, any>}
 */
export function usualOf(word, limits) {
  const fields = limits.own.find((group) => group.word === word)?.fields ?? [];
  return Object.fromEntries(fields.map(({ name, usual }) => [name, usual]));
}
