/**
 * The engine in a worker: what takes longer than a frame is computed there.
 */
import { briefly } from "./brief.js";
import { openModel } from "./model.js";

/** @typedef {{name: string, manifest: any, wasm: Uint8Array}} Entry */
/** @typedef {import("./model.js").Run} Run */
/** @typedef {import("./model.js").Simulation} Simulation */
/**
 * @typedef {{topic?: string, record?: string[], spikesOnly?: boolean, brief?: boolean}} Options
 *   topic: of several requests of one topic that wait, only the newest is answered; brief: spikes
 *   alone, and no more of them than say how it goes on
 */
/** @typedef {{topic: string, message: any, done: (runs: Run[] | null) => void, failed: (why: Error) => void}} Request */

/**
 * @param {Entry[]} entries
 * @param {string} source  the script that it runs
 */
export function openWorker(entries, source) {
  return new Engine(entries, source);
}

/** The page's side of a worker. */
class Engine {
  /**
   * @param {Entry[]} entries
   * @param {string} source
   */
  constructor(entries, source) {
    this.entries = entries;
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.worker = new Worker(address);
    /** @type {Set<string>} */
    this.known = new Set();
    /** @type {Request[]} */
    this.waiting = [];
    /** @type {Request | null} */
    this.running = null;
    this.worker.onmessage = ({ data }) => this.answered(data);
    this.worker.onerror = (event) => this.answered({ problem: event.message });
  }

  /**
   * As a model's own; null where a newer request of the same topic came before it was begun.
   *
   * @param {Simulation & {model: string}} simulation
   * @param {Record<string, ArrayLike<number>>} changes
   * @param {Options} [options]
   * @returns {Promise<Run[] | null>}
   */
  lanes(simulation, changes, { topic = "", ...options } = {}) {
    return new Promise((done, failed) => {
      const message = { simulation, changes, options };
      for (const old of this.waiting.filter((each) => topic && each.topic === topic)) old.done(null);
      this.waiting = this.waiting.filter((each) => !topic || each.topic !== topic);
      this.waiting.push({ topic, message, done, failed });
      this.go();
    });
  }

  go() {
    if (this.running) return;
    this.running = this.waiting.shift() ?? null;
    if (!this.running) return;
    const { message } = this.running;
    const name = message.simulation.model;
    const entry = this.entries.find((each) => each.name === name);
    if (entry && !this.known.has(name)) {
      const { manifest, wasm } = entry;
      message.entry = { name, manifest, wasm };
      this.known.add(name);
    }
    this.worker.postMessage(message);
  }

  /** @param {{runs?: Run[], problem?: string}} data */
  answered({ runs, problem }) {
    const request = this.running;
    this.running = null;
    if (problem === undefined) request?.done(runs ?? []);
    else request?.failed(new Error(problem));
    this.go();
  }
}

/** The worker's own side: called there, where there is no document. */
export function serve() {
  /** @type {Map<string, Promise<import("./model.js").Model>>} */
  const models = new Map();
  const here = /** @type {any} */ (globalThis);
  /** @param {{data: any}} event */
  here.onmessage = async ({ data: { entry, simulation, changes, options } }) => {
    try {
      if (entry) models.set(entry.name, openModel(entry));
      const model = await models.get(simulation.model);
      if (!model) throw new Error(`there is no model ${simulation.model}`);
      const runs = options.brief ? briefly(model, simulation, changes) : model.lanes(simulation, changes, options);
      here.postMessage({ runs });
    } catch (problem) {
      here.postMessage({ problem: problem instanceof Error ? problem.message : String(problem) });
    }
  };
}
