// Moves the tenant's clock, and says what happened on the way.

import { h } from "./dom.js";
import { DUE_NAMES } from "./event_names.js";
import { button, during } from "./parts.js";

/** Move the clock by an operation of control, as in `advance(context, "/clock/next")`. Resolves to a sentence. */
export async function advance({ control, clock, refreshTenant }, path, body = {}) {
  const advanced = await control.post(path, body);
  clock.set({ now: advanced.end, running: advanced.running });
  await refreshTenant();
  const happened = Object.entries(advanced.counts).map(([kind, count]) => `${count} × ${DUE_NAMES[kind] ?? kind}`);
  return happened.length === 0 ? "The clock moved, and nothing was due." : `Happened on the way: ${happened.join(", ")}.`;
}

/** Build a button that moves the clock to a time. `what` names for screen readers what is due then. */
export function moveButton(context, at, what, onMoved = () => {}) {
  const move = button("Go to this time", () => during(move, context.notify, async () => {
    const isPast = Date.parse(at) <= context.clock.now(); // it came while somebody looked
    context.notify(isPast ? "The clock is there already." : await advance(context, "/clock/advance", { to: at }));
    await onMoved();
  }), { class: "small", "aria-label": `Go to this time: ${what}`, title: "Move the clock to this time. Everything that is due until then happens at once." });
  return move;
}

/** Build the sentence that the clock is frozen, with a button that lets it run. */
export function frozenNote({ control, clock, notify }, words, onResumed = () => {}) {
  const resume = button("Resume the clock", () => during(resume, notify, async () => {
    clock.set(await control.post("/clock/resume"));
    await onResumed();
  }), { class: "small" });
  return h("div", { class: "note row frozen-note" }, h("p", {}, words), resume);
}
