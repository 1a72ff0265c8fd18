/** Where the page begins: what Python has put into it is handed to the lab. */
import { addressed, follow } from "./address.js";
import { modelEntries, pageData } from "./embedded.js";
import { start } from "./main.js";

async function begin() {
  const models = await modelEntries();
  const given = pageData();
  /** @param {string} name */
  const known = (name) => models.find((each) => each.name === name)?.known ?? null;
  const { simulation, view, problem } = addressed(location.hash, given.limits, known);
  const lab = await start(document.body, {
    ...given, models, simulation: simulation ?? given.simulation, view: { ...given.view, ...view },
  });
  if (problem) lab.tell(lab.words(problem.text, problem.values));
  follow(lab, given.limits, known);
}

begin();
