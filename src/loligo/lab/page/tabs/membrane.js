/**
 * Membrane: a patch of it, its parameters, what is injected, and all that follows on one time axis.
 */
import { element } from "../dom.js";
import { parameterPanel } from "../controls/parameters.js";
import { Panels } from "../draw/panels.js";
import { Plot } from "../draw/plot.js";

/** @type {import("../tabs.js").Tab} */
export const membrane = {
  name: "membrane",
  title: "Membrane",
  create(host, lab) {
    const stage = element("div", { class: "stage" });
    const controls = element("div", { class: "controls" });
    host.append(element("div", { class: "bench" }, stage, controls));
    const plot = new Plot(stage, lab.style);
    const panels = new Panels(lab);
    const parameters = parameterPanel(controls, lab);
    return {
      show(simulation, view) {
        parameters.show(simulation);
        const keys = [...view.panels, "stimulus"];
        const record = panels.variables(keys).map(({ name }) => name);
        const run = lab.model().simulate(simulation, { record });
        const across = { low: 0, high: simulation.duration, heading: lab.words("Time (ms)") };
        plot.show(panels.of(keys, run), across, { cursor: view.cursor });
      },
      hide() {},
    };
  },
};
