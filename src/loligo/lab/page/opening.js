/** Where the page begins: what Python has put into it is handed to the lab. */
import { modelEntries, pageData } from "./embedded.js";
import { start } from "./main.js";

async function begin() {
  const models = await modelEntries();
  await start(document.body, { ...pageData(), models });
}

begin();
