// Everything about one message: its text in parts, its reasons, its story, and the call that sent it.

import { codeBlock, copyButton, h, icon } from "./dom.js";
import { fateButtons, reportButtons, worstReport } from "./message_actions.js";
import { numberText } from "./numbers.js";
import { badge } from "./parts.js";
import { countText, messageBadges, moneyText, stateBadge, statusBadge } from "./statuses.js";
import { storyList } from "./story.js";
import { fullText, timeElement } from "./time.js";
import { virtualList } from "./virtual_list.js";

const MAX_ROWS = 100;
const RECIPIENT_HEIGHT = 44;

/** Read all that the detail of a message shows. Throws ControlError. */
export async function readDetail(id, control) {
  const [message, reasons, { recipients }, { callbacks }, { entries }, { events }] = await Promise.all([
    control.get(`/messages/${id}`), control.get(`/messages/${id}/reasons`),
    control.get("/recipients", { message: id, max: MAX_ROWS }), control.get("/callbacks", { message: id, max: MAX_ROWS }),
    control.get("/traffic", { message: id, max: MAX_ROWS * 2 }), control.get("/clock/due", { message: id, max: MAX_ROWS }),
  ]);
  // A campaign has more reports than were read, and the call is older than all of them.
  if (reasons.call_id !== null && !entries.some((entry) => entry.id === reasons.call_id)) entries.push(await control.get(`/traffic/${reasons.call_id}`));
  return { message, reasons, recipients, callbacks, entries, events };
}

/** Build the detail of a message. `back` is where the list is; `reload()` reads it again. Returns `{element, destroy}`. */
export function messageDetail(data, context, back, reload) {
  const { message, reasons, recipients, callbacks, entries } = data;
  const { control, notify } = context;
  const call = entries.find((entry) => entry.id === reasons.call_id) ?? null;
  const handsets = recipientList(message, control, notify);
  const element = h("article", { class: "detail stack", "aria-labelledby": "message-title" },
    h("header", { class: "detail-head" },
      h("a", { class: "button quiet small back", href: back }, icon("back"), "All messages"),
      h("div", { class: "row" }, h("h2", { id: "message-title" }, "Message ", h("span", { class: "number" }, String(message.id))),
        messageBadges(message), copyButton(String(message.id), "Copy the id of the message", { class: "button quiet small", label: "Copy id" })),
      h("p", { class: "soft small-text" }, numberText(message.sender), " to ", receiver(message), " · ",
        timeElement(message.send_at, fullText(new Date(message.send_at))))),
    partsBlock(reasons, recipients),
    h("dl", { class: "reasons" },
      reason("Delivery report to your app", reportBadge(message, callbacks), reasons.delivery_report, { kind: "wide", more: reportButtons(data, context, reload) }),
      reason("Fate", messageBadges(message), reasons.fate, { more: fateButtons(data, context, reload) }),
      reason("Sender", numberText(message.sender), reasons.sender),
      reason("Parts", `${countText(message.parts, "part")}, ${reasons.encoding}`, reasons.parts),
      reason("Price", moneyText(message.cost), reasons.price)),
    h("section", { "aria-label": "Story" }, h("h3", {}, "Story"), storyList({ ...data, entries: [...entries].reverse() }, context, reload),
      message.recipients > MAX_ROWS && h("p", { class: "tiny-text soft" }, `The story tells of the ${MAX_ROWS} newest recipients and callbacks.`)),
    handsets?.element,
    call && callBlock(call, reasons.reply_xml));
  return { element, destroy: () => handsets?.list.destroy() };
}

function receiver(message) {
  if (message.number !== null) return h("a", { href: `#/handsets/${message.number}` }, numberText(message.number));
  return `${countText(message.recipients, "handset")}${message.list_name ? ` of ${message.list_name}` : ""}`;
}

/** Describe the state of the delivery reports. For a campaign it is the worst one. */
function reportBadge(message, callbacks) {
  const reports = callbacks.filter(({ event }) => event === "dlr");
  const worst = worstReport(callbacks);
  if (worst) return h("a", { href: reports.length === 1 ? `#/callbacks/${worst.id}` : `#/callbacks?message=${message.id}&event=dlr` }, stateBadge(worst));
  return badge(message.status === "sent" && message.pending === 0 ? "Not sent" : "Not yet");
}

function reason(term, value, words, { kind = "", more = null } = {}) {
  return h("div", { class: `reason ${kind}` }, h("dt", {}, term), h("dd", {}, h("span", { class: "reason-value" }, value), h("p", {}, withCode(words)), more));
}

/** Return the parts of a sentence; what is in backticks is code. */
function withCode(words) {
  return words.split("`").map((part, place) => (place % 2 ? h("code", {}, part) : part));
}

/** Build the text as the first handset gets it, cut where its parts are. */
function partsBlock({ texts, encoding }, recipients) {
  const first = recipients.at(-1);
  return h("section", { class: "message-text", "aria-label": "Text" },
    h("div", { class: "bubble", dir: "auto" }, texts.map((text, place) => [
      place > 0 && h("span", { class: "part-cut", title: "A new part begins here" }, h("span", {}, `part ${place + 1}`)), text])),
    h("div", { class: "row tiny-text soft" }, h("span", {}, `${countText(texts.length, "part")} in ${encoding}`),
      (first?.codes ?? []).slice(0, 1).map((code) => copyButton(code, `Copy the code ${code}`, { class: "extract code", label: code })),
      (first?.links ?? []).map((link) => copyButton(link, `Copy the link ${link}`, { class: "extract", label: link }))));
}

function recipientList(message, control, notify) {
  if (message.recipients < 2) return null;
  const list = virtualList({
    rowHeight: RECIPIENT_HEIGHT,
    label: "Recipients",
    key: (recipient) => recipient.id,
    load: async (page, max, signal) => {
      const answer = await control.call("GET", "/recipients", { query: { message: message.id, page, max }, signal });
      return { rows: answer.recipients, total: answer.page.total };
    },
    render: (recipient) => h("div", { class: "recipient-row" },
      h("a", { href: `#/handsets/${recipient.msisdn}` }, numberText(recipient.msisdn)),
      h("span", { class: "recipient-text soft", dir: "auto" }, recipient.text),
      recipient.optout && h("span", { class: "badge bad" }, "Opted out"),
      recipient.link_hits > 0 && h("span", { class: "badge info" }, `${recipient.link_hits} taps`),
      message.status === "sent" ? statusBadge(recipient.status) : statusBadge(message.status)),
    onError: notify,
  });
  list.element.style.height = `${Math.min(message.recipients, 8) * RECIPIENT_HEIGHT}px`;
  return { list, element: h("section", { class: "recipients", "aria-label": "Recipients" }, h("h3", {}, "Recipients ", h("span", { class: "soft" }, message.recipients.toLocaleString())), list.element) };
}

function callBlock(call, xml) {
  const request = Object.entries(call.request).map(([name, value]) => `${name}=${value}`).join("\n");
  const reply = typeof call.reply === "string" ? call.reply : JSON.stringify(call.reply, null, 2);
  return h("section", { class: "raw stack", "aria-label": "The call" }, h("h3", {}, "The call ", h("a", { class: "small-text", href: `#/traffic/${call.id}` }, `Traffic entry ${call.id}`)),
    fold("Request", `${call.verb} ${call.url}\n\n${request}`, "Copy the request", true),
    fold("Answer in JSON", reply ?? "", "Copy the answer in JSON"),
    xml !== null && fold("Answer in XML", xml, "Copy the answer in XML"),
    call.cut && h("p", { class: "tiny-text soft" }, "Some of it was too long to be kept whole."));
}

function fold(title, text, what, open = false) {
  return h("details", { open }, h("summary", {}, title), codeBlock(text, what));
}
