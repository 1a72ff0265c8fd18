/**
 * A click at each spike, as from the loudspeaker beside an amplifier.
 */
const LASTS = 0.012; // s
const PITCH = 900; // Hz

export class Clicks {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    this.on = false;
  }

  /** @returns {boolean} whether it is heard now */
  turn() {
    this.on = !this.on;
    if (this.on) {
      this.context ??= new AudioContext();
      this.context.resume();
    }
    return this.on;
  }

  /** @param {number} after  s */
  click(after) {
    if (!this.on || !this.context) return;
    const { context } = this;
    const length = Math.ceil(LASTS * context.sampleRate);
    const buffer = context.createBuffer(1, length, context.sampleRate);
    const wave = buffer.getChannelData(0);
    for (let k = 0; k < length; k++) {
      const t = k / context.sampleRate;
      wave[k] = 0.5 * Math.exp(-t / 0.0018) * Math.sin(2 * Math.PI * PITCH * t);
    }
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.start(context.currentTime + Math.max(0, after));
  }
}
