/**
 * Equations as elements, made one by one from trees: no text of a model is ever read as HTML.
 *
 * @typedef {[string, Record<string, string>, ...any[]]} Tree  tag, attributes, what is in it
 * @typedef {{left: Tree, sign: string, right: Tree, text: string}} Line
 * @typedef {Line[]} Block
 */

const MATHML = "http://www.w3.org/1998/Math/MathML";
const TAGS = new Set(["math", "mi", "mn", "mo", "mrow", "msub", "msup", "msubsup", "mfrac", "msqrt",
  "mtable", "mtr", "mtd", "mtext", "mspace"]);
const ATTRIBUTES = new Set(["mathvariant", "stretchy", "width", "displaystyle"]);

/**
 * @param {Tree} tree
 * @returns {Element}
 */
export function mathElement([tag, attributes, ...inside]) {
  if (!TAGS.has(tag)) throw new Error(`${tag} is no element of an equation`);
  const made = document.createElementNS(MATHML, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "name") made.setAttribute("data-name", value);
    else if (ATTRIBUTES.has(name)) made.setAttribute(name, value);
  }
  for (const part of inside) {
    made.append(typeof part === "string" ? part : mathElement(part));
  }
  return made;
}

/**
 * Two sides of an equation, as cells of a row whose sign lines up with others.
 *
 * @param {Line} line
 */
export function equationElement(line) {
  const math = document.createElementNS(MATHML, "math");
  math.setAttribute("display", "block");
  const sign = document.createElementNS(MATHML, "mo");
  sign.append(line.sign);
  math.append(mathElement(line.left), sign, mathElement(line.right));
  return math;
}
