/**
 * The cursor: a slider that lies over the plots, moved by a pointer or by keys.
 */
import { describe, element } from "../dom.js";
import { niceStep, stepped } from "../controls/slider.js";
import { written } from "../controls/typed.js";

/**
 * @param {HTMLElement} stage
 * @param {import("./plot.js").Plot} plot
 * @param {import("../main.js").Lab} lab
 * @param {(cursor: number) => string} values  what there is at a time, in words
 */
export function cursorOver(stage, plot, lab, values) {
  const over = element("div", { class: "cursor", role: "slider", tabindex: 0, "aria-label": lab.words("Cursor"),
    "aria-valuemin": 0 });
  stage.append(over);
  let pinned = false;
  /** @type {number | null | undefined} where it was before it was led elsewhere */
  let before;

  /** @param {PointerEvent} event */
  function follow(event) {
    const left = event.clientX - stage.getBoundingClientRect().left;
    lab.state.look({ cursor: plot.value(left) });
  }

  over.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" ? !pinned : event.buttons) follow(event);
  });
  over.addEventListener("pointerdown", (event) => {
    pinned = event.pointerType === "mouse" ? !pinned : true;
    follow(event);
  });
  over.addEventListener("pointerleave", () => {
    if (!pinned && document.activeElement !== over) lab.state.look({ cursor: null });
  });
  over.addEventListener("keydown", (event) => {
    const high = plot.across.high;
    if (event.key === "Escape") {
      pinned = false;
      lab.state.look({ cursor: null });
      return;
    }
    const to = stepped(event, lab.state.view.cursor ?? 0, niceStep(high / 500), { low: 0, high });
    if (to === null) return;
    event.preventDefault();
    pinned = true;
    lab.state.look({ cursor: to });
  });

  /** @param {import("../state.js").View} view */
  function show({ cursor }) {
    const at = cursor ?? 0;
    const time = `${written(Number(at.toPrecision(4)), lab.style.decimal())} ${lab.unit("ms")}`.trim();
    describe(over, { "aria-valuemax": plot.across.high, "aria-valuenow": at,
      "aria-valuetext": document.activeElement === over ? `${time}: ${values(at)}` : time });
  }

  /**
   * Lead it to a time for as long as something else points there.
   *
   * @param {number | null} time
   */
  function lead(time) {
    if (time !== null && before === undefined) before = lab.state.view.cursor;
    lab.state.look({ cursor: time ?? before ?? null });
    if (time === null) before = undefined;
  }

  return { show, lead };
}
