// Buttons for one message: decide its fate, send its report again, let the clock run.

import { h } from "./dom.js";
import { button, during } from "./parts.js";

const FATES = [["delivered", "Deliver"], ["soft-bounce", "Soft bounce"], ["hard-bounce", "Hard bounce"]];

/** Build the buttons that decide the fate of a message that is with the carrier. */
export function fateButtons({ message, recipients }, context, reload) {
  if (message.status !== "sent" || message.recipients !== 1 || recipients[0]?.status !== "pending") return null;
  return h("div", { class: "row reason-actions", role: "group", "aria-label": "Decide its fate now" }, h("span", { class: "tiny-text soft" }, "Decide now:"), FATES.map(([status, words]) =>
    action(words, context, reload, () => context.control.put(`/recipients/${recipients[0].id}/fate`, { status }))));
}

/** Build the buttons that help a delivery report to arrive. */
export function reportButtons({ message, callbacks }, context, reload) {
  const { control, clock } = context;
  const worst = worstReport(callbacks);
  const isWaiting = worst ? worst.state === "waiting" : message.pending > 0 || message.status === "scheduled";
  const buttons = [
    worst && worst.state !== "delivered" && action("Send it again now", context, reload, () => control.post(`/callbacks/${worst.id}/send`)),
    isWaiting && !clock.running && action("Resume the clock", context, reload, async () => clock.set(await control.post("/clock/resume"))),
    !worst && message.status !== "cancelled" && !isWaiting && h("a", { class: "button small", href: "#/tenant/urls" }, "Set a URL for the account"),
  ].filter(Boolean);
  return buttons.length > 0 && h("div", { class: "row reason-actions" }, buttons);
}

/** Return the callback of the delivery report with the worst state. It is undefined if there is none. */
export function worstReport(callbacks) {
  const reports = callbacks.filter(({ event }) => event === "dlr");
  return ["given-up", "waiting", "delivered"].map((state) => reports.find((each) => each.state === state)).find(Boolean);
}

function action(words, { notify }, reload, work) {
  const press = button(words, () => during(press, notify, async () => {
    await work();
    await reload();
  }), { class: "small" });
  return press;
}
