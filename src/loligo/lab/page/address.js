/**
 * The page's address says what it shows, and the page shows what its address says.
 *
 * @typedef {import("./link/limits.js").Limits} Limits
 * @typedef {import("./link/limits.js").Known} Known
 * @typedef {(model: string) => Known | null} KnownOf
 */
import { fitting } from "./link/limits.js";
import { LinkError, readLink } from "./link/read.js";
import { writeLink } from "./link/write.js";
import { LOOK } from "./state.js";

const PAUSE = 300; // ms after the last change

/**
 * What an address says, or what is wrong with it; nothing where it says nothing.
 *
 * @param {string} hash
 * @param {Limits} limits
 * @param {KnownOf} known
 * @returns {{simulation?: any, view?: any, problem?: LinkError}}
 */
export function addressed(hash, limits, known) {
  if (hash.length < 2) return {};
  try {
    return readLink(hash, limits, known);
  } catch (problem) {
    if (!(problem instanceof LinkError)) throw problem;
    return { problem };
  }
}

/**
 * The link of what is shown.
 *
 * @param {import("./main.js").Lab} lab
 * @param {Limits} limits
 */
export function linkOf({ state, models }, limits) {
  const { tab, panels, cursor, own } = state.view;
  const simulation = state.get();
  const about = models.find(({ name }) => name === simulation.model)?.known;
  const usual = panels.join() === LOOK.panels.join();
  return writeLink(simulation, { tab, panels: usual ? [] : panels, cursor,
    own: about ? fitting(own, about, limits) : {} }, limits);
}

/**
 * Let the address follow what is shown, and what is shown a new address.
 *
 * @param {import("./main.js").Lab} lab
 * @param {Limits} limits
 * @param {KnownOf} known
 */
export function follow(lab, limits, known) {
  let waiting = 0;
  lab.state.listen(() => {
    clearTimeout(waiting);
    waiting = setTimeout(() => remember(lab, limits), PAUSE);
  });
  /** @param {string} link */
  const show = (link) => {
    const { simulation, view, problem } = addressed(link, limits, known);
    lab.tell(problem ? lab.words(problem.text, problem.values) : "");
    if (!simulation) return;
    lab.state.set(simulation);
    lab.state.look({ panels: LOOK.panels, cursor: null, own: {}, ...view });
  };
  addEventListener("hashchange", () => show(location.hash));
  // a notebook around this page says what it is to show: as a link, which is checked like any other
  addEventListener("message", ({ source, data }) => {
    if (source === parent && parent !== window && data?.loligo === "show") show(`#${String(data.link)}`);
  });
}

/**
 * @param {import("./main.js").Lab} lab
 * @param {Limits} limits
 */
function remember(lab, limits) {
  const link = linkOf(lab, limits);
  try {
    history.replaceState(null, "", `#${link}`);
  } catch {
    // in a frame that has no address of its own there is nothing to follow
  }
  // a notebook around this page is told what it shows
  if (parent !== window) parent.postMessage({ loligo: "link", link }, "*");
}
