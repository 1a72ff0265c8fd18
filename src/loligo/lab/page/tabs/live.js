/**
 * Live: an oscilloscope without end.
 */

/** @type {import("../tabs.js").Tab} */
export const live = {
  name: "live",
  title: "Live",
  create: () => ({ show() {}, hide() {} }),
};
