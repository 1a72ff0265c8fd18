/**
 * Tasks: a teacher's sheet. Each student's numbers are their own; answers are checked by computing
 * them; a sheet ends in a code.
 *
 * @typedef {import("../main.js").Lab} Lab
 * @typedef {import("../tasks/sheet.js").Sheet} Sheet
 * @typedef {import("../tasks/sheet.js").Task} Task
 */
import { linkOf } from "../address.js";
import { readNumber } from "../controls/typed.js";
import { element, fill } from "../dom.js";
import { readLink } from "../link/read.js";
import { measured } from "../tasks/measures.js";
import { codeOf, drawn, filled, fits, forbidden, person } from "../tasks/sheet.js";
import { threeDigits, whyOf } from "../words.js";

/** @type {import("../tabs.js").Tab} */
export const tasks = {
  name: "tasks",
  title: "Tasks",
  offered: (lab) => lab.tasks !== null,
  create(host, lab) {
    const work = workOf(lab);
    const room = element("div", { class: "tasks" });
    host.append(room);
    const show = () => {
      work.keep();
      fill(room, work.name ? sheet(lab, work, show) : [beginning(lab, work, show)]);
    };
    show();
    return { show: () => lab.root.querySelector(".strip")?.remove(), hide() {} };
  },
};

/** What a student has done: it outlives a change of the language, and a page that is loaded again. */
class Work {
  /** @param {Sheet} sheet */
  constructor(sheet) {
    this.sheet = sheet;
    this.name = "";
    /** What was right. @type {string[]} */
    this.answers = [];
    /** What is written in the fields. @type {string[]} */
    this.typed = [];
    /** What was said of an answer. @type {string[]} */
    this.said = [];
    this.begin("");
    this.recall();
  }

  /** @param {string} name */
  begin(name) {
    const { sheet } = this;
    this.name = name;
    [this.answers, this.typed, this.said] = [0, 1, 2].map(() => sheet.tasks.map(() => ""));
  }

  get place() {
    return `loligo-tasks-${this.sheet.mark}`;
  }

  /** As long as the browser's tab is open; some frames keep nothing. */
  keep() {
    const { name, answers, typed, said } = this;
    try {
      sessionStorage.setItem(this.place, JSON.stringify({ name, answers, typed, said }));
    } catch {
      // then it is known until the page is loaded again
    }
  }

  recall() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.place) ?? "null");
      const { length } = this.sheet.tasks;
      const whole = (/** @type {any} */ row) => Array.isArray(row) && row.length === length && row.every((each) => typeof each === "string");
      if (typeof kept?.name !== "string" || ![kept.answers, kept.typed, kept.said].every(whole)) return;
      const { name, answers, typed, said } = kept;
      Object.assign(this, { name, answers, typed, said });
    } catch {
      // nothing was kept
    }
  }
}

/** @type {WeakMap<Lab, Work>} */
const WORKS = new WeakMap();

/**
 * @param {Lab} lab
 * @returns {Work}
 */
function workOf(lab) {
  const work = WORKS.get(lab) ?? new Work(lab.tasks);
  WORKS.set(lab, work);
  return work;
}

/**
 * Who it is.
 *
 * @param {Lab} lab
 * @param {Work} work
 * @param {() => void} show
 */
function beginning(lab, work, show) {
  const { words } = lab;
  const field = element("input", { type: "text", id: "task-name", maxlength: 100, autocomplete: "name", required: true });
  return element("form", {
    class: "task",
    onsubmit: (event) => {
      event.preventDefault();
      work.begin(person(field.value));
      show();
    },
  },
  element("h2", {}, work.sheet.title || words("Tasks")),
  ...paragraphs(work.sheet.text),
  element("label", { for: "task-name" }, words("Your name: the numbers in the tasks follow from it")),
  element("div", { class: "answer" }, field, element("button", { type: "submit", class: "plain" }, words("Begin"))));
}

/**
 * @param {Lab} lab
 * @param {Work} work
 * @param {() => void} show
 */
function sheet(lab, work, show) {
  const { words } = lab;
  const done = work.answers.filter(Boolean).length;
  const all = work.answers.length;
  const head = element("header", {},
    element("h2", {}, work.sheet.title || words("Tasks")),
    element("p", { role: "status" }, words("{name}: {done} of {all} solved", { name: work.name, done, all })),
    element("button", { type: "button", class: "plain", onclick: () => {
      work.begin("");
      show();
    } }, words("Begin again under another name")));
  const parts = work.sheet.tasks.map((task, place) => one(lab, work, task, place, show));
  return [head, ...parts, ending(lab, work)];
}

/**
 * One task, with the student's numbers.
 *
 * @param {Lab} lab
 * @param {Work} work
 * @param {Task} task
 * @param {number} place
 * @param {() => void} show
 */
function one(lab, work, task, place, show) {
  const { words } = lab;
  const numbers = drawn(work.sheet, place, work.name);
  const solved = work.answers[place] !== "";
  const title = words("Task {number}", { number: place + 1 }) + (task.title ? `: ${spelled(lab, task.title, numbers)}` : "");
  const heading = element("h3", { id: `task-${place}` }, title);
  const said = element("p", { class: solved ? "verdict right" : "verdict", role: "status" }, work.said[place]);
  const begin = element("button", {
    type: "button", class: "plain", onclick: () => setUp(lab, work, task, place),
  }, words("Set up in the lab"));
  /** @param {string} answer @param {string} verdict */
  const end = (answer, verdict) => {
    if (answer) work.answers[place] = answer;
    work.said[place] = verdict;
    show();
    /** @type {HTMLElement | null} */ (lab.root.querySelector(`#task-${place}-check`))?.focus();
  };
  const form = element("form", {
    class: "answer",
    onsubmit: async (event) => {
      event.preventDefault();
      try {
        end(...(await verdict(lab, work, task, place, numbers)));
      } catch (problem) {
        end("", whyOf(problem, words));
      }
    },
  },
  begin,
  task.target === null ? field(lab, work, task, place) : null,
  element("button", { type: "submit", class: "plain", id: `task-${place}-check` },
    task.target === null ? words("Check") : words("Check what the lab shows")));
  const hint = task.hint ? element("details", {}, element("summary", {}, words("Hint")), ...paragraphs(spelled(lab, task.hint, numbers))) : null;
  return element("article", { class: solved ? "task solved" : "task", "aria-labelledby": `task-${place}` },
    heading, ...paragraphs(spelled(lab, task.text, numbers)), hint, form, said);
}

/**
 * Where a number is typed.
 *
 * @param {Lab} lab
 * @param {Work} work
 * @param {Task} task
 * @param {number} place
 */
function field(lab, work, task, place) {
  const input = element("input", {
    type: "text", inputmode: "decimal", class: "typed", value: work.typed[place], size: 10,
    "aria-label": lab.words("Your answer"),
  });
  input.addEventListener("input", () => {
    work.typed[place] = input.value;
    work.keep();
  });
  return element("span", {}, input, " ", unitOf(lab, task));
}

/**
 * @param {Lab} lab
 * @param {Task} task
 */
function unitOf(lab, task) {
  const units = new Map([["threshold", "µA/cm²"], ["first spike", "ms"], ["rate", "Hz"], ["peak", "mV"], ["rest", "mV"]]);
  const own = units.get(task.measure);
  if (own || task.measure === "spikes") return own ?? "";
  const about = lab.model().manifest.observables.find((/** @type {any} */ { symbol }) => symbol === task.of);
  return about && about.unit !== "1" ? about.unit.replace("uA/cm2", "µA/cm²").replace("mS/cm2", "mS/cm²") : "";
}

/**
 * The lab as a task begins, and the task above it.
 *
 * @param {Lab} lab
 * @param {Work} work
 * @param {Task} task
 * @param {number} place
 */
function setUp(lab, work, task, place) {
  const numbers = drawn(work.sheet, place, work.name);
  lab.state.set(begun(lab, task, numbers));
  lab.state.look({ tab: "membrane" });
  const back = element("button", {
    type: "button", onclick: () => {
      lab.state.look({ tab: "tasks" });
      lab.root.querySelector(".strip")?.remove();
    },
  }, lab.words("Back to the tasks"));
  const strip = element("aside", { class: "strip", "aria-label": lab.words("Task {number}", { number: place + 1 }) },
    element("p", {}, spelled(lab, task.text, numbers)), back);
  lab.root.querySelector(".strip")?.remove();
  lab.root.querySelector("header")?.after(strip);
  lab.announce(lab.words("The lab is set up"));
}

/**
 * What a task begins with.
 *
 * @param {Lab} lab
 * @param {Task} task
 * @param {Record<string, number>} numbers
 */
function begun(lab, task, numbers) {
  const known = (/** @type {string} */ name) => lab.models.find((each) => each.name === name)?.known ?? null;
  return readLink(filled(task.start, numbers), lab.limits, known).simulation;
}

/**
 * The answer as the code has it, "" if it is not right; and what is said of it.
 *
 * @param {Lab} lab
 * @param {Work} work
 * @param {Task} task
 * @param {number} place
 * @param {Record<string, number>} numbers
 * @returns {Promise<[string, string]>}
 */
async function verdict(lab, work, task, place, numbers) {
  const { words } = lab;
  const start = begun(lab, task, numbers);
  const model = await lab.opened(start.model);
  if (task.target === null) {
    const answer = readNumber(work.typed[place]);
    if (answer === null || !Number.isFinite(answer)) return ["", words("Type a number.")];
    const right = measured(task.measure, model, start, task.of);
    if (fits(task, answer, right)) return [String(answer), words("Right.")];
    return ["", answer < right ? words("Not yet: it is more than that.") : words("Not yet: it is less than that.")];
  }
  const now = lab.state.get();
  const changed = forbidden(task, start, now, model.defaults);
  if (changed) return ["", words("Something else was changed: {name}. Set the task up again.", { name: changed })];
  const goal = Number(filled(task.target, numbers));
  const found = measured(task.measure, model, now, task.of);
  if (fits(task, found, goal)) return [`#${linkOf(lab, lab.limits)}`, words("Right.")];
  return ["", words("Not yet: now it is {found}, and it is to be {goal}.", { found: threeDigits(found), goal: threeDigits(goal) })];
}

/**
 * The code.
 *
 * @param {Lab} lab
 * @param {Work} work
 */
function ending(lab, work) {
  const { words } = lab;
  const code = codeOf(work.sheet, work.name, work.answers);
  const output = element("output", { class: "code", id: "task-code", tabindex: "0", "aria-label": words("Your code") }, code);
  return element("section", { class: "task" },
    element("h3", {}, words("Your code")),
    element("p", {}, words("It holds your name and what you have solved so far. Give it to your teacher.")),
    output,
    element("button", {
      type: "button", class: "plain", onclick: async () => {
        await lab.copy.text(code);
        lab.notify(words("copied"));
      },
    }, words("Copy the code")));
}

/**
 * A text with the student's numbers.
 *
 * @param {Lab} lab
 * @param {string} text
 * @param {Record<string, number>} numbers
 */
function spelled(lab, text, numbers) {
  return lab.words(text, numbers);
}

/** @param {string} text */
function paragraphs(text) {
  return text.split(/\n\s*\n/).filter(Boolean).map((part) => element("p", {}, part));
}
