/**
 * A curve whose points are found in a few rounds, each with the newest numbers: so it is never more
 * than those rounds behind the hand.
 */
export class Rolling {
  /**
   * @param {number} rounds
   */
  constructor(rounds) {
    this.rounds = rounds;
    /** @type {Float64Array} */
    this.x = new Float64Array(0);
    /** @type {Float64Array} */
    this.y = new Float64Array(0);
    /** @type {string[]} for what each round was found */
    this.found = [];
    this.turn = 0;
  }

  /**
   * Other places: nothing is known there yet.
   *
   * @param {Float64Array} x
   */
  along(x) {
    if (x.length === this.x.length && x.every((each, k) => each === this.x[k])) return;
    this.x = x;
    this.y = x.map(() => NaN);
    this.found = Array(this.rounds).fill("");
  }

  /** @param {string} key  of the newest numbers */
  fresh(key) {
    return this.found.every((each) => each === key);
  }

  /**
   * The points of the next round, every so-and-so-manieth of them; null if all are known.
   *
   * @param {string} key
   * @returns {null | {round: number, which: number[]}}
   */
  next(key) {
    for (let k = 0; k < this.rounds; k++) {
      const round = (this.turn + k) % this.rounds;
      if (this.found[round] === key) continue;
      this.turn = round + 1;
      const which = Array.from(this.x.keys()).filter((each) => each % this.rounds === round);
      if (which.length) return { round, which };
      this.found[round] = key;
    }
    return null;
  }

  /**
   * @param {{round: number, which: number[]}} part
   * @param {string} key
   * @param {ArrayLike<number>} values
   */
  put({ round, which }, key, values) {
    if (which.some((k) => k >= this.y.length)) return;
    this.y = this.y.slice();
    which.forEach((k, n) => (this.y[k] = values[n]));
    this.found[round] = key;
  }
}
