/**
 * Equations: the model as its paper writes it.
 */
import { element, fill } from "../dom.js";
import { equationElement } from "../mathml.js";

/** @type {import("../tabs.js").Tab} */
export const equations = {
  name: "equations",
  title: "Equations",
  create(host, lab) {
    const sheet = element("div", { class: "sheet" });
    host.append(sheet);
    return {
      show() {
        fill(sheet, lab.description().equations.map((block) =>
          element("div", { class: "block" }, ...block.map(equationElement))));
      },
      hide() {},
    };
  },
};
