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
 * One side of an equation, within it.
 *
 * @param {Tree} tree
 */
function side([, , ...inside]) {
  return mathElement(["mrow", {}, ...inside]);
}

/**
 * Equations under one another, their signs in one column.
 *
 * @param {Block} block
 */
export function blockElement(block) {
  const math = document.createElementNS(MATHML, "math");
  math.setAttribute("aria-label", block.map(({ text }) => text).join("; "));
  const table = document.createElementNS(MATHML, "mtable");
  table.setAttribute("displaystyle", "true");
  table.append(...block.map((line) => {
    const sign = document.createElementNS(MATHML, "mo");
    sign.append(line.sign);
    const row = document.createElementNS(MATHML, "mtr");
    row.append(...[side(line.left), sign, side(line.right)].map((part) => {
      const cell = document.createElementNS(MATHML, "mtd");
      cell.append(part);
      return cell;
    }));
    return row;
  }));
  math.append(table);
  return math;
}
