// The story of a message: everything that happened to it, in order.

import { moveButton } from "./advance.js";
import { h, icon } from "./dom.js";
import { eventWords } from "./event_names.js";
import { numberText } from "./numbers.js";
import { duration, timeElement, timeText } from "./time.js";

/** Build the story from a message, its recipients, callbacks, traffic entries, and what is due. `reload()` reads them again. */
export function storyList({ message, recipients, callbacks, entries, events }, context, reload) {
  const { clock } = context;
  const moments = [
    ...ofMessage(message, entries), ...ofRecipients(message, recipients, entries),
    ...callbacks.flatMap((callback) => ofCallback(callback, message.recipients > 1)), ...ofEntries(entries, message), ...ofDue(events, message),
  ];
  moments.sort((one, other) => Date.parse(one.at) - Date.parse(other.at) || one.order - other.order);
  let day = "";
  return h("ol", { class: "story" }, moments.map((moment) => {
    const heading = clock.day(new Date(moment.at));
    const isNewDay = heading !== day;
    day = heading;
    return [isNewDay && h("li", { class: "story-day" }, heading), momentItem(moment, context, reload)];
  }));
}

function momentItem({ at, kind, title, detail = [], ahead }, context, reload) {
  return h("li", { class: `moment ${kind}${ahead ? " ahead" : ""}` },
    h("span", { class: "moment-mark", "aria-hidden": "true" }),
    timeElement(at, timeText(new Date(at), true)),
    h("div", { class: "moment-words" }, h("p", {}, title, ahead && h("span", { class: "soft" }, ` ${context.clock.distance(new Date(at))}`)),
      ahead && moveButton(context, at, title, reload),
      detail.filter(Boolean).map((line) => h("p", { class: "moment-detail" }, line))));
}

function ofMessage(message, entries) {
  const moments = [];
  if (!entries.some(({ kind }) => kind === "call")) moments.push({ at: message.created, order: 0, kind: "", title: "Accepted" });
  if (message.status === "sent") moments.push({ at: message.send_at, order: 1, kind: "", title: "Handed to the carrier" });
  if (message.status === "scheduled") moments.push({ at: message.send_at, order: 1, kind: "", ahead: true, title: "Is handed to the carrier" });
  if (message.status === "cancelled") moments.push({ at: message.created, order: 2, kind: "bad", title: "Cancelled" });
  return moments;
}

function ofRecipients(message, recipients, entries) {
  const reported = new Set(entries.filter(({ kind }) => kind === "report").map(({ number }) => number));
  return recipients.filter((each) => each.reported_at !== null && !reported.has(each.msisdn)).map((each) => ({
    at: each.reported_at, order: 2, kind: each.status === "delivered" ? "good" : "bad",
    title: `The carrier reports ${each.status}${message.recipients > 1 ? ` for ${numberText(each.msisdn)}` : ""}`,
  }));
}

function ofCallback(callback, namesHandset) {
  const what = `callback of the ${eventWords(callback.event)}${namesHandset ? ` for ${numberText(callback.msisdn)}` : ""}`;
  const link = () => h("a", { href: `#/callbacks/${callback.id}` }, `Callback ${callback.id}`);
  const moments = callback.attempts.map((attempt) => {
    const isOk = attempt.error === null;
    const title = attempt.latency_ms === null ? `Attempt ${attempt.number} at the ${what} is under way`
      : `${isOk ? "The app got the" : "Failed:"} ${what}${callback.attempts.length > 1 ? `, attempt ${attempt.number}` : ""}`;
    return { at: attempt.at, order: 3, kind: attempt.latency_ms === null ? "" : isOk ? "good" : "bad", title, detail: [
      [link(), " · ", h("code", {}, callback.url.split("?")[0])],
      attempt.error ?? (attempt.status !== null && `Status ${attempt.status} after ${duration(attempt.latency_ms)}`),
      attempt.answer && h("code", { class: "answer" }, attempt.answer.slice(0, 300)),
      callback.rule && `By ${callback.rule}`,
    ] };
  });
  if (callback.next_due !== null) {
    moments.push({ at: callback.next_due, order: 4, kind: "", ahead: true, title: `Next attempt at the ${what}`, detail: [link()] });
  } else if (callback.state === "given-up" && callback.attempts.length > 0) {
    moments.push({ at: callback.attempts.at(-1).at, order: 4, kind: "bad", title: `Gave up the ${what}`, detail: [link()] });
  }
  return moments;
}

/** Return the moments that are still to come at the carrier and the handset. Sends and callbacks have moments of their own. */
function ofDue(events, message) {
  return events.filter(({ kind }) => kind === "report" || kind === "inbound").map(({ at, kind, says, number }) => ({
    at, order: 2, kind: "", ahead: true,
    title: kind === "report" ? `The carrier reports ${says}${message.recipients > 1 ? ` for ${numberText(number)}` : ""}` : `${numberText(number)} replies “${says}”`,
  }));
}

function ofEntries(entries, message) {
  return entries.map((entry) => {
    const rule = entry.rule && `By ${entry.rule}`;
    if (entry.kind === "call") {
      const isOk = entry.code === "SUCCESS";
      return { at: entry.at, order: 0, kind: isOk ? "good" : "bad", title: isOk && entry.method === "send-sms" ? "Accepted" : `${entry.method}: ${entry.code}`,
        detail: [`${entry.verb} ${entry.url}${entry.took_ms === null ? "" : `, answered in ${duration(entry.took_ms)}`}`, rule, ...entry.hints] };
    }
    if (entry.kind === "report") {
      return { at: entry.at, order: 2, kind: { delivered: "good", pending: "" }[entry.code] ?? "bad",
        title: `The carrier reports ${entry.code}${message.recipients > 1 ? ` for ${numberText(entry.number)}` : ""}`, detail: [rule] };
    }
    if (entry.kind === "inbound") {
      return { at: entry.at, order: 2, kind: "info", title: [`${numberText(entry.number)} replies `, h("bdi", {}, `“${entry.request.text ?? ""}”`)], detail: [rule, entry.error] };
    }
    return null;
  }).filter((moment) => moment !== null);
}

/** Build a heading with an icon. */
export function sectionHead(name, words, ...more) {
  return h("div", { class: "section-head" }, icon(name), h("h3", {}, words), more);
}
