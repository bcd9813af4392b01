// Counts problems on the tabs of traffic and callbacks, while another view is shown.

import { h } from "./dom.js";

const MAX_SHOWN = 99;
const counts = new Map();

/** Begin to count. `shown()` returns the id of the view that is shown. */
export function markProblems(stream, shown) {
  stream.subscribe(({ kind, entry }) => {
    const view = viewOf(kind, entry);
    if (view === null || view === shown()) return;
    counts.set(view, (counts.get(view) ?? 0) + 1);
    draw(view);
  });
}

/** Forget the problems of a view, which is shown now. */
export function clearMark(view) {
  if (counts.delete(view)) draw(view);
}

/** Return the view that shows why something failed, null if it did not. */
function viewOf(kind, entry) {
  if (kind === "call" && entry.code !== "SUCCESS") return "traffic";
  if (kind === "callback" && entry.error !== null) return "callbacks";
  return null;
}

function draw(view) {
  const tab = document.querySelector(`#tabs [data-view="${view}"]`);
  const count = counts.get(view) ?? 0;
  tab?.querySelector(".tab-mark")?.remove();
  if (count > 0) tab?.append(h("span", { class: "tab-mark" }, count > MAX_SHOWN ? `${MAX_SHOWN}+` : count, h("span", { class: "visually-hidden" }, count === 1 ? " new problem" : " new problems")));
}
