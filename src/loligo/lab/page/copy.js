/**
 * What is shown, to take along: the link, a Python script, a command, the data, the picture.
 *
 * @typedef {import("./main.js").Lab} Lab
 * @typedef {import("./link/limits.js").Limits} Limits
 * @typedef {{name: string, does: () => Promise<string> | string}} Choice  `does` says what it did
 */
import { linkOf } from "./address.js";
import { element, fill, icon } from "./dom.js";
import { drawn } from "./draw/canvas.js";
import { VectorContext } from "./draw/vector.js";
import { command, csv, pythonScript } from "./texts.js";
import { whyOf } from "./words.js";

/**
 * @param {Lab} lab
 * @param {Limits} limits
 */
export function copying(lab, limits) {
  return { button: () => menu(lab, limits), text: copyText };
}

/**
 * A button, and the choices below it.
 *
 * @param {Lab} lab
 * @param {Limits} limits
 */
function menu(lab, limits) {
  const { words } = lab;
  const list = element("div", { role: "menu", class: "menu", hidden: true, "aria-label": words("Share") });
  const button = element("button", {
    type: "button", class: "tool", "aria-haspopup": "menu", "aria-expanded": "false",
    "aria-label": words("Share"), title: words("Share"), onclick: () => turn(list.hidden),
  }, icon("share"));
  const holder = element("div", { class: "share", onkeydown: keys }, button, list);
  /** @param {boolean} open */
  const turn = (open) => {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    fill(list, choices(lab, limits).map((choice) => item(lab, choice, () => turn(false))));
    items()[0]?.focus();
  };
  /** @returns {HTMLElement[]} */
  const items = () => Array.from(list.querySelectorAll("[role=menuitem]"));
  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (list.hidden) return;
    const at = items().indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const last = items().length - 1;
    const to = new Map([["ArrowDown", at + 1], ["ArrowUp", at - 1], ["Home", 0], ["End", last]]).get(event.key);
    if (event.key === "Escape") {
      turn(false);
      button.focus();
    } else if (to !== undefined) {
      items()[(to + last + 1) % (last + 1)].focus();
    } else {
      return;
    }
    event.preventDefault();
  }
  holder.addEventListener("focusout", (event) => {
    if (!holder.contains(/** @type {Node | null} */ (event.relatedTarget))) turn(false);
  });
  return holder;
}

/**
 * @param {Lab} lab
 * @param {Choice} choice
 * @param {() => void} close
 */
function item(lab, choice, close) {
  return element("button", {
    type: "button", role: "menuitem", tabindex: "-1",
    onclick: async () => {
      try {
        const said = await choice.does();
        close();
        lab.notify(said);
      } catch (problem) {
        lab.tell(lab.words("This could not be done: {why}", { why: whyOf(problem, lab.words) }));
        close();
      }
    },
  }, choice.name);
}

/**
 * @param {Lab} lab
 * @param {Limits} limits
 * @returns {Choice[]}
 */
function choices(lab, limits) {
  const { state, words } = lab;
  const { model } = state.get();
  const load = lab.models.find(({ name }) => name === model)?.load ?? null;
  const taken = lab.taken(load) ?? takenOf(lab, state.get(), load, limits);
  const run = taken.command;
  const name = `loligo-${model.replace(/[^\w-]/g, "_")}`;
  /** @param {string} text */
  const copied = async (text) => {
    await copyText(text);
    return words("copied");
  };
  /** @type {(Choice | null)[]} */
  const offered = [
    { name: words("Copy the link"), does: () => copied(addressOf(linkOf(lab, limits))) },
    { name: words("Copy as a Python script"), does: () => copied(taken.script) },
    run === null ? null : { name: words("Copy as a command"), does: () => copied(run) },
    { name: words("Save the data (CSV)"), does: () => saved(lab, `${name}.csv`, taken.data(), "text/csv") },
    { name: words("Save the picture (SVG)"), does: () => saved(lab, `${name}.svg`, vectorOf(lab), "image/svg+xml") },
    { name: words("Save the picture (PNG)"), does: async () => saved(lab, `${name}.png`, await pixelsOf(lab), "image/png") },
  ];
  return offered.filter((each) => each !== null);
}

/**
 * What is taken of one simulation of the membrane: everywhere but where a tab has its own.
 *
 * @param {Lab} lab
 * @param {import("./state.js").Simulation} simulation
 * @param {import("./texts.js").Load} load
 * @param {Limits} limits
 * @returns {import("./tabs.js").Taken}
 */
function takenOf(lab, simulation, load, limits) {
  return {
    script: pythonScript(simulation, load, limits), command: command(simulation, load, limits),
    data: () => dataOf(lab),
  };
}

/** @param {string} link */
function addressOf(link) {
  const address = location.href.split("#")[0];
  return `${address.startsWith("about:") ? "" : address}#${link}`;
}

/** @param {string} text */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // where a page has no clipboard (in a frame, say) a selection still has
    const field = element("textarea", { "aria-hidden": "true", class: "unseen" });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error(text);
  }
}

/**
 * @param {Lab} lab
 * @param {string} name
 * @param {BlobPart} what
 * @param {string} type
 */
function saved(lab, name, what, type) {
  const address = URL.createObjectURL(new Blob([what], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return lab.words("saved {name}", { name });
}

/** @param {Lab} lab */
function dataOf(lab) {
  const model = lab.model();
  const units = Object.fromEntries(
    model.manifest.observables.map((/** @type {any} */ each) => [each.symbol, each.unit]),
  );
  return csv(model.simulate(lab.state.get()), units);
}

/**
 * What is drawn in the tab that is shown, and where.
 *
 * @param {Lab} lab
 */
function pictures(lab) {
  const found = drawn(lab.root).map((canvas) => ({ canvas, box: canvas.element.getBoundingClientRect() }));
  const left = Math.min(...found.map(({ box }) => box.left));
  const top = Math.min(...found.map(({ box }) => box.top));
  const width = Math.max(...found.map(({ box }) => box.right)) - left;
  const height = Math.max(...found.map(({ box }) => box.bottom)) - top;
  if (!found.length) throw new Error(lab.words("nothing is drawn here"));
  return { width, height, parts: found.map(({ canvas, box }) => ({ canvas, x: box.left - left, y: box.top - top })) };
}

/** @param {Lab} lab */
function vectorOf(lab) {
  const { width, height, parts } = pictures(lab);
  const whole = new VectorContext(width, height, parts[0].canvas.context);
  whole.fillStyle = lab.style.theme().background;
  whole.fillRect(0, 0, width, height);
  for (const { canvas, x, y } of parts) {
    const part = new VectorContext(canvas.width, canvas.height, canvas.context);
    canvas.drawOn(/** @type {any} */ (part));
    part.root.setAttribute("x", String(x));
    part.root.setAttribute("y", String(y));
    whole.root.append(part.root);
  }
  return new XMLSerializer().serializeToString(whole.root);
}

/**
 * @param {Lab} lab
 * @returns {Promise<Blob>}
 */
function pixelsOf(lab) {
  const { width, height, parts } = pictures(lab);
  const ratio = Math.max(2, ...parts.map(({ canvas }) => canvas.ratio));
  const whole = element("canvas", { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const context = /** @type {CanvasRenderingContext2D} */ (whole.getContext("2d"));
  context.fillStyle = lab.style.theme().background;
  context.fillRect(0, 0, whole.width, whole.height);
  for (const { canvas, x, y } of parts) {
    context.drawImage(canvas.element, x * ratio, y * ratio, canvas.width * ratio, canvas.height * ratio);
  }
  return new Promise((done, failed) => {
    whole.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/png");
  });
}
