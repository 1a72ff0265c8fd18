/**
 * The document's elements, made one by one: a text is text, never HTML.
 *
 * @typedef {string | Node | null | undefined | false} Child
 * @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Attribute
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with its attributes and what is in it; `on…` are listeners, true and false say
 * whether an attribute is there at all.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, Attribute>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  describe(made, attributes);
  fill(made, children);
  return made;
}

/**
 * @param {Element} at
 * @param {Record<string, Attribute>} attributes
 */
export function describe(at, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      at.addEventListener(name.slice(2), value);
    } else if (value === false || value === null || value === undefined) {
      at.removeAttribute(name);
    } else {
      const said = value === true ? "" : String(value);
      if (at.getAttribute(name) !== said) at.setAttribute(name, said);
    }
  }
}

/**
 * Put things in the place of all that is in an element.
 *
 * @param {Element} at
 * @param {Child[]} children
 */
export function fill(at, children) {
  const kept = children.filter((child) => child !== null && child !== undefined && child !== false);
  at.replaceChildren(.../** @type {(string | Node)[]} */ (kept));
}

/**
 * Say a text in an element, if it does not say so already.
 *
 * @param {Element} at
 * @param {string} text
 */
export function say(at, text) {
  if (at.textContent !== text) at.textContent = text;
}

/**
 * A drawn sign of 24 by 24, of paths that are stroked.
 *
 * @param {keyof typeof SIGNS} name
 */
export function icon(name) {
  const drawn = document.createElementNS(SVG, "svg");
  describe(drawn, { viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" });
  for (const path of SIGNS[name]) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    drawn.append(line);
  }
  return drawn;
}

const SIGNS = {
  share: ["M12 15 V4", "M8 7.5 L12 3.5 L16 7.5", "M8 10.5 H5.5 V20.5 H18.5 V10.5 H16"],
  undo: ["M8 5 L4 9 L8 13", "M4.5 9 H14 a5.5 5.5 0 0 1 0 11 H9"],
  redo: ["M16 5 L20 9 L16 13", "M19.5 9 H10 a5.5 5.5 0 0 0 0 11 H15"],
  reset: ["M5 12 a7 7 0 1 0 2.2 -5.1", "M7.6 3 L7 7 L11 7.6"],
  play: ["M8 5 L19 12 L8 19 Z"],
  pause: ["M8.5 5 V19", "M15.5 5 V19"],
  add: ["M12 5 V19", "M5 12 H19"],
  remove: ["M6.5 6.5 L17.5 17.5", "M17.5 6.5 L6.5 17.5"],
  sun: ["M12 8 a4 4 0 1 0 0.01 0", "M12 2.5 V4.5 M12 19.5 V21.5 M2.5 12 H4.5 M19.5 12 H21.5",
    "M5.3 5.3 L6.7 6.7 M17.3 17.3 L18.7 18.7 M5.3 18.7 L6.7 17.3 M17.3 6.7 L18.7 5.3"],
  moon: ["M19.5 14 A8 8 0 1 1 10 4.5 A6.5 6.5 0 0 0 19.5 14 Z"],
  sound: ["M4 9.5 V14.5 H7.5 L12 18.5 V5.5 L7.5 9.5 Z", "M15.5 9 a4.2 4.2 0 0 1 0 6",
    "M18 6.5 a8 8 0 0 1 0 11"],
  silent: ["M4 9.5 V14.5 H7.5 L12 18.5 V5.5 L7.5 9.5 Z", "M16 9.5 L21 14.5 M21 9.5 L16 14.5"],
  ghost: ["M5 20 V11 a7 7 0 0 1 14 0 V20 L16.7 18 L14.3 20 L12 18 L9.7 20 L7.3 18 Z",
    "M9.5 10.5 V11.5 M14.5 10.5 V11.5"],
};
