/**
 * Drugs, a drop at a time: a slider for each channel that one blocks.
 *
 * @typedef {import("../experiments/channels.js").Channel} Channel
 * @typedef {import("../link/limits.js").Known["drugs"]} Drugs
 */
import { left } from "../experiments/channels.js";
import { doseField } from "../fields.js";

/**
 * @param {import("../main.js").Lab} lab
 * @param {readonly Channel[]} channels
 * @param {Drugs} drugs
 * @param {(change: Record<string, number>, moving: boolean) => void} changed
 */
export function doseFields(lab, channels, drugs, changed) {
  const { words } = lab;
  return channels.flatMap((channel) => {
    const drug = drugs[channel.name];
    if (!drug) return [];
    const field = doseField({
      label: drug.drug ? words("{drug} on {channel}", { drug: drug.drug, channel: channel.name })
        : words("Block of {channel}", { channel: channel.name }),
      least: drug.least, most: drug.high, even: !drug.drug,
      text: (dose) => drug.drug ? words("{dose:g} {unit}: {percent:.3g} % blocked", {
        dose, unit: drug.unit, percent: 100 * (1 - left(dose, drug)) })
        : words("{percent:.3g} % blocked", { percent: dose }),
      changed: (dose, moving) => changed({ [channel.name]: dose }, moving),
    });
    return [{ channel, field }];
  });
}
