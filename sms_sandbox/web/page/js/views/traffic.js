// Every call, callback attempt, reply and report, as it comes.

import { curlOfCall, curlOfCallback } from "../curl.js";
import { codeBlock, copyButton, h, icon, replace } from "../dom.js";
import { entryTitle } from "../event_names.js";
import { filterOf, listWithDetail } from "../list_with_detail.js";
import { numberText } from "../numbers.js";
import { errorWords } from "../refusals.js";
import { badge, button, facts, field, filterInput, menu, viewHead } from "../parts.js";
import { debounce } from "../stream.js";
import { duration, fullText, rowText, timeElement } from "../time.js";
import { virtualList } from "../virtual_list.js";

const ROW_HEIGHT = 56;
const KINDS = [["", "Everything"], ["call", "API calls"], ["callback", "Callback attempts"], ["inbound", "Texts from handsets"], ["report", "Carrier reports"], ["control", "Control calls"], ["failure", "Failures of the sandbox"]];
const NAMES = { call: "call", callback: "callback", inbound: "handset", report: "report", failure: "failure", control: "control" };
const GOOD = new Set(["SUCCESS", "ok", "received", "delivered", "pending"]);

export function mount(root, context) {
  const { control, stream, clock, notify, navigate } = context;
  const filter = filterOf(context.route, { kind: "", number: "", method: "", code: "", text: "", failed: "" });
  let keys = new Map();
  let connection = null;
  let dropped = 0;
  // Keys and addresses are for the commands to copy; the list does not wait for them.
  const known = Promise.all([control.get("/accounts", { max: 1000 }), control.connection()]).then(([{ accounts }, answer]) => {
    keys = new Map(accounts.map(({ id, key }) => [id, key]));
    connection = answer;
    list.draw();
  }).catch(notify);

  const count = h("p", { class: "tiny-text soft", role: "status" });
  const kind = menu(KINDS, filter.kind, { onchange: () => chosen.set("kind", kind.value) });
  const failed = h("input", { type: "checkbox", checked: filter.failed === "true", onchange: () => chosen.set("failed", failed.checked ? "true" : "") });
  const filters = h("form", { class: "filter-bar", "aria-label": "Filter the traffic", onsubmit: (event) => event.preventDefault() },
    field("Show", kind),
    filterInput("Method or event", (value) => chosen.set("method", value), { value: filter.method, placeholder: "send-sms" }),
    filterInput("Number", (value) => chosen.set("number", value), { value: filter.number, placeholder: "0491 570 156" }),
    filterInput("Result", (value) => chosen.set("code", value), { value: filter.code, placeholder: "LEDGER_ERROR" }),
    filterInput("Text", (value) => chosen.set("text", value), { value: filter.text, placeholder: "Part of the text" }),
    h("label", { class: "check" }, failed, "Problems only"));
  const list = virtualList({
    rowHeight: ROW_HEIGHT,
    label: "Traffic, newest first",
    key: (entry) => entry.id,
    load: async (page, max, signal) => {
      const answer = await control.call("GET", "/traffic", { query: { ...filter, page, max }, signal });
      dropped = answer.dropped;
      return { rows: answer.entries, total: answer.page.total };
    },
    render: row,
    onCount: (total) => {
      count.textContent = `${total.toLocaleString()} ${total === 1 ? "entry" : "entries"}${dropped > 0 ? `; ${dropped.toLocaleString()} older ones were dropped for newer ones` : ""}`;
      empty.hidden = total > 0;
      list.element.hidden = total === 0;
      const isFiltered = Object.values(filter).some((value) => value !== "");
      replace(empty, h("h2", {}, isFiltered ? "Nothing found" : "No traffic yet"),
        h("p", {}, isFiltered ? "Take a filter away to see more." : "Calls of your app appear here automatically, refused ones with the reason."),
        !isFiltered && h("p", {}, h("a", { href: "#/start" }, "How to make the first call")));
    },
    onError: notify,
  });
  const empty = h("div", { class: "empty", hidden: true });
  const chosen = listWithDetail(context, { view: "traffic", label: "Entries", noun: "entry", filter, list, empty, read, describe });
  root.append(viewHead("Traffic", "Every call, callback attempt, reply and report, as it comes. Problems have a red edge."),
    h("section", { class: "card stack filter-card" }, filters, count), chosen.element);

  function row(entry) {
    const isBad = !GOOD.has(entry.code);
    return h("div", {}, h("button", {
      class: `entry-row traffic-row${isBad ? " failed" : ""}`, type: "button", "aria-current": chosen.isOpen(entry.id) ? "true" : null,
      onclick: () => navigate("traffic", entry.id, { query: filter }),
    },
    h("span", { class: "soft number" }, timeElement(entry.at, rowText(new Date(entry.at), clock))),
    h("span", { class: "what" }, entryTitle(entry)),
    h("span", { class: "end" }, entry.hints.length > 0 ? h("span", { class: "hint-mark", title: entry.hints[0] }, icon("alert"), h("span", { class: "visually-hidden" }, "Has a hint. ")) : null,
      badge(entry.code, isBad ? "bad" : "good")),
    h("span", { class: "soft tiny-text" }, NAMES[entry.kind]),
    h("span", { class: "more tiny-text" }, [isBad && reasonOf(entry), entry.number && numberText(entry.number), entry.request.message ?? entry.request.text, entry.rule && `by ${entry.rule}`, keys.size > 1 && keys.get(entry.account_id)].filter(Boolean).join(" · ")),
    h("span", { class: "end took soft tiny-text number" }, entry.took_ms === null ? "" : duration(entry.took_ms))));
  }

  async function read(id) {
    const [entry] = await Promise.all([control.get(`/traffic/${id}`), known]);
    return entry;
  }

  function describe(entry) {
    const key = keys.get(entry.account_id);
    const url = entry.kind === "callback" ? `${entry.url}?${new URLSearchParams(entry.request)}` : null;
    const command = entry.kind === "call" ? curlOfCall(entry, connection, key ?? "KEY") : url && curlOfCallback(url);
    const reply = typeof entry.reply === "string" ? entry.reply : JSON.stringify(entry.reply, null, 2);
    return { title: [entryTitle(entry), " ", badge(entry.code, GOOD.has(entry.code) ? "good" : "bad")], elements: [
      entry.hints.map((hint) => h("p", { class: "note warn" }, hint)),
      !GOOD.has(entry.code) && reasonOf(entry) && h("p", { class: "note bad" }, reasonOf(entry)),
      facts([
        ["When", timeElement(entry.at, fullText(new Date(entry.at)))], ["Account", key && h("code", {}, key)], ["HTTP status", entry.status === 0 ? "none: the connection was ended" : entry.status],
        ["Took", entry.took_ms === null ? null : duration(entry.took_ms)], ["Handset", entry.number && h("a", { href: `#/handsets/${entry.number}` }, numberText(entry.number))],
        ["Message", entry.message_id && h("a", { href: `#/messages/${entry.message_id}` }, entry.message_id)], ["Because of", entry.rule], ["By", entry.by],
        ["Address", entry.url && h("code", {}, [entry.verb, entry.url].filter(Boolean).join(" "))],
      ]),
      Object.keys(entry.request).length > 0 && h("div", {}, h("h3", {}, "Parameters"), facts(Object.entries(entry.request).map(([name, value]) => [name, h("code", {}, value)]))),
      reply && reply !== "null" && h("div", {}, h("h3", {}, entry.kind === "callback" ? "What your app answered" : "Reply"), codeBlock(reply, "Copy the reply")),
      entry.cut && h("p", { class: "tiny-text soft" }, "A part of this was too long to be kept."),
      command && h("div", { class: "row" }, copyButton(command, "Copy this request as a curl command", { class: "button", label: "Copy as curl" }),
        h("span", { class: "tiny-text soft" }, entry.kind === "call" ? "with the secret as $SMS_SECRET" : "")),
      entry.kind === "call" && button("Show only this method", () => chosen.set("method", entry.method ?? ""), { class: "quiet small" }),
    ] };
  }

  const refresh = debounce(() => list.refresh());
  const unsubscribe = stream.subscribe(refresh);
  list.refresh();
  chosen.show();
  return chosen.unmountWith(() => {
    unsubscribe();
    refresh.cancel();
  });
}

/** Return why an entry failed, in the words of the API or of the attempt. */
function reasonOf({ error, reply }) {
  return error ?? (reply?.error ? errorWords(reply.error) : null);
}
