/**
 * How all looks: the figures' own colours, dashes and letters, light or dark.
 *
 * @typedef {object} Theme
 * @property {string} background
 * @property {string} text
 * @property {string} muted
 * @property {string} rule
 * @property {string} band
 * @property {string} voltage
 * @property {string} stimulus
 * @property {Record<string, string>} channels
 * @property {string[]} others
 * @property {string[]} graded
 * @property {string[]} places
 * @property {string[]} recordings
 * @property {string} sheath
 *
 * @typedef {object} Given  as Python tells it
 * @property {string[]} [fonts]
 * @property {number} line_width
 * @property {number[][]} dashes
 * @property {{light: Theme, dark: Theme}} themes
 */

export class Style {
  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    this.lineWidth = given.line_width;
    /** @type {"light" | "dark"} */
    this.name = "light";
    this.mark = ".";
    this.family = [...(given.fonts ?? []).map((name) => JSON.stringify(name)), "system-ui", "sans-serif"].join();
    /** @type {Map<string, string>} */
    this.fonts = new Map();
  }

  /** @returns {Theme} */
  theme() {
    return this.given.themes[this.name];
  }

  /** Between whole numbers and their parts. */
  decimal() {
    return this.mark;
  }

  /**
   * @param {number} size  pixels
   * @param {{bold?: boolean, italic?: boolean}} [how]
   */
  font(size, { bold, italic } = {}) {
    return `${italic ? "italic " : ""}${bold ? "600 " : ""}${size}px ${this.family}`;
  }

  /**
   * A colour by its name: of a channel, of the theme, a number of those that stand for nothing
   * else, or itself.
   *
   * @param {string} name
   * @returns {string}
   */
  ink(name) {
    const theme = this.theme();
    if (name.startsWith("#")) return name;
    if (/^\d+$/.test(name)) return theme.others[(Number(name) - 1) % theme.others.length];
    return theme.channels[name] ?? String(/** @type {Record<string, any>} */ (theme)[name]);
  }

  /**
   * Give the page the colours of a theme.
   *
   * @param {HTMLElement} root
   * @param {"light" | "dark"} name
   */
  dress(root, name) {
    this.name = name;
    const theme = this.theme();
    root.dataset.theme = name;
    for (const key of /** @type {const} */ (["background", "text", "muted", "rule", "band", "stimulus"])) {
      root.style.setProperty(`--${key}`, theme[key]);
    }
    for (const [key, colour] of Object.entries(theme.channels)) {
      root.style.setProperty(`--${key}`, colour);
    }
    root.style.setProperty("--font", this.family);
  }
}
