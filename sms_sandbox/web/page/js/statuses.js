// Statuses of messages and recipients, as badges.

import { h } from "./dom.js";
import { badge } from "./parts.js";

const BADGES = {
  delivered: ["good", "Delivered"],
  pending: ["info", "Pending"],
  "soft-bounce": ["warn", "Soft bounce"],
  "hard-bounce": ["bad", "Hard bounce"],
  scheduled: ["", "Scheduled"],
  cancelled: ["", "Cancelled"],
  sent: ["info", "Sent"],
};

/** Build the badge of a status. */
export function statusBadge(status) {
  const [kind, words] = BADGES[status] ?? ["", status];
  return h("span", { class: `badge ${kind}` }, words);
}

/** Build the badges of a message: the states of its recipients, the largest group first. */
export function messageBadges(message) {
  if (message.status !== "sent") return [statusBadge(message.status)];
  const counts = [
    ["delivered", message.delivered], ["pending", message.pending],
    ["soft-bounce", message.soft_bounced], ["hard-bounce", message.hard_bounced],
  ].filter(([, count]) => count > 0).sort((one, other) => other[1] - one[1]);
  if (message.recipients === 1) return counts.map(([status]) => statusBadge(status));
  return counts.map(([status, count]) => h("span", { class: `badge ${BADGES[status][0]}` }, `${count.toLocaleString()} ${BADGES[status][1].toLowerCase()}`));
}

/** Build the badge of a callback's state. */
export function stateBadge({ state, attempts }) {
  if (state === "delivered") return badge("Received", "good");
  if (state === "given-up") return badge("Given up", "bad");
  return attempts.some(({ error }) => error !== null) ? badge("Retrying", "warn") : badge("Waiting", "info");
}

/** Return money with as many decimals as it has, but at least two. */
export function moneyText(amount) {
  return amount.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 3 });
}

/** Return a count with its noun. */
export function countText(count, noun) {
  return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
}
