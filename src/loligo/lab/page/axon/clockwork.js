/**
 * The time at which a wave is looked at: chosen by hand, or going on by itself, much slower than it
 * is.
 */
import { element, fill, icon, say } from "../dom.js";

const SLOW = 700; // times slower than it is
const STRIDE = 0.5; // ms at once, twice a second, for who wants no motion

export class Clockwork {
  /**
   * @param {import("../main.js").Lab} lab
   * @param {() => void} turned  another time is to be drawn
   */
  constructor(lab, turned) {
    this.lab = lab;
    this.turned = turned;
    this.time = NaN;
    this.lasts = 0;
    this.touched = false; // the time was chosen by hand
    this.playing = 0;
    this.play = element("button", { type: "button", class: "tool", onclick: () => this.toggle() });
    this.track = element("input", { type: "range", min: 0, max: 1, step: "any", "aria-label": lab.words("Time"),
      oninput: () => this.at(Number(this.track.value)) });
    this.now = element("output", {});
    this.element = element("div", { class: "clockwork" }, this.play, this.track, this.now);
  }

  /**
   * Another wave: it lasts so long, and is looked at when most is seen, unless a hand chose a time.
   *
   * @param {number} lasts  ms
   * @param {number} best  ms
   */
  begin(lasts, best) {
    this.lasts = lasts;
    if (!this.touched || !(this.time <= lasts)) this.time = best;
  }

  /** @param {number} time  ms */
  at(time) {
    this.touched = true;
    this.time = Math.min(Math.max(time, 0), this.lasts);
    this.turned();
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
  }

  /** Slow motion, or none of it. */
  toggle() {
    if (this.playing) {
      this.stop();
      this.turned();
      return;
    }
    this.touched = true;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let [before, waited] = [performance.now(), 0];
    if (this.time >= this.lasts - 0.01) this.time = 0;
    /** @param {number} now */
    const go = (now) => {
      const passed = Math.max(0, now - before);
      before = now;
      waited += passed;
      if (!still) this.time += passed / SLOW;
      else if (waited > 500) [this.time, waited] = [this.time + STRIDE, 0];
      if (this.time >= this.lasts) {
        this.time = this.lasts;
        this.playing = 0;
      } else {
        this.playing = requestAnimationFrame(go);
      }
      this.turned();
    };
    this.playing = requestAnimationFrame(go);
  }

  show() {
    const { words } = this.lab;
    const does = this.playing ? words("Stop") : words("Play in slow motion");
    if (this.play.getAttribute("aria-label") !== does) {
      fill(this.play, [icon(this.playing ? "pause" : "play")]);
      this.play.setAttribute("aria-label", does);
      this.play.title = does;
    }
    if (!this.lasts) return;
    this.track.max = String(this.lasts);
    this.track.value = String(this.time);
    this.track.style.setProperty("--part", String(this.time / this.lasts));
    const told = words("{t:.2f} ms", { t: this.time });
    this.track.setAttribute("aria-valuetext", told);
    say(this.now, told);
  }
}
