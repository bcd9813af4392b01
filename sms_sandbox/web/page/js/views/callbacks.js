// Callbacks: each event with its attempts, why they failed, and what is tried next; and a receiver to try them.

import { frozenNote } from "../advance.js";
import { curlOfCallback } from "../curl.js";
import { copyButton, h } from "../dom.js";
import { EVENT_NAMES } from "../event_names.js";
import { filterOf, listWithDetail } from "../list_with_detail.js";
import { numberText } from "../numbers.js";
import { badge, button, during, facts, field, filterInput, menu, viewHead } from "../parts.js";
import { receiverCard } from "../receiver_card.js";
import { stateBadge } from "../statuses.js";
import { debounce } from "../stream.js";
import { duration, fullText, rowText, timeElement } from "../time.js";
import { virtualList } from "../virtual_list.js";

const ROW_HEIGHT = 56;
const EVENTS = [["", "All events"], ["dlr", "Delivery reports"], ["reply", "Replies"], ["inbound", "Other texts"], ["link-hit", "Link hits"], ["list-action", "List changes"]];
const STATES = [["", "All states"], ["waiting", "Waiting"], ["delivered", "Received"], ["given-up", "Given up"]];

export function mount(root, context) {
  const { control, stream, clock, notify, navigate } = context;
  const filter = filterOf(context.route, { event: "", state: "", msisdn: "", message: "" });
  const receiver = receiverCard(context);
  const frozen = h("div", {}, frozenNote(context, ["The clock is frozen: reports and further attempts wait for it. ", h("a", { href: "#/time" }, "Advance it"), ", or"]));
  const endClock = clock.onChange(() => { frozen.hidden = clock.running; });
  const count = h("p", { class: "tiny-text soft", role: "status" });
  const event = menu(EVENTS, filter.event, { onchange: () => chosen.set("event", event.value) });
  const state = menu(STATES, filter.state, { onchange: () => chosen.set("state", state.value) });
  const filters = h("form", { class: "filter-bar", "aria-label": "Filter the callbacks", onsubmit: (submit) => submit.preventDefault() },
    field("Event", event), field("State", state),
    filterInput("Handset", (value) => chosen.set("msisdn", value.replace(/[^\d]/g, "").replace(/^0/, "61")), { value: filter.msisdn, placeholder: "0491 570 156" }),
    filterInput("Message id", (value) => chosen.set("message", value.replace(/\D/g, "")), { value: filter.message }));
  const list = virtualList({
    rowHeight: ROW_HEIGHT,
    label: "Callbacks, newest first",
    key: (callback) => callback.id,
    load: async (page, max, signal) => {
      const answer = await control.call("GET", "/callbacks", { query: { ...filter, page, max }, signal });
      return { rows: answer.callbacks, total: answer.page.total };
    },
    render: row,
    onCount: (total) => {
      count.textContent = `${total.toLocaleString()} ${total === 1 ? "callback" : "callbacks"}`;
      empty.hidden = total > 0;
      list.element.hidden = total === 0;
    },
    onError: notify,
  });
  const empty = h("div", { class: "empty", hidden: true }, h("h2", {}, "No callback"),
    h("p", { class: "measure" }, "A callback is made when a message has a callback URL (dlr_callback, reply_callback), or the account has one. Without a URL nothing is called, and that is the most common reason why a report does not arrive."),
    h("p", {}, h("a", { href: "#/tenant/urls" }, "Set the URLs of the account"), ", or use the receiver on this page."));
  const chosen = listWithDetail(context, { view: "callbacks", label: "Callbacks", noun: "callback", filter, list, empty, read, describe });
  root.append(viewHead("Callbacks", "What the sandbox told your app, what it answered, and what is tried next."),
    h("section", { class: "card stack filter-card" }, filters, h("div", { class: "row filter-foot" }, count,
      h("p", { class: "tiny-text soft" }, "Your message is not here? Its ", h("a", { href: "#/messages" }, "story"), " says why: most often no URL was set."))),
    frozen, chosen.element, receiver.element);

  function row(callback) {
    const last = callback.attempts.at(-1);
    const isBad = callback.state === "given-up" || (last && last.error !== null && callback.state === "waiting");
    return h("div", {}, h("button", {
      class: `entry-row callback-row${isBad ? " failed" : ""}`, type: "button", "aria-current": chosen.isOpen(callback.id) ? "true" : null,
      onclick: () => navigate("callbacks", callback.id, { query: filter }),
    },
    h("span", { class: "soft number" }, timeElement(callback.created, rowText(new Date(callback.created), clock))),
    h("span", { class: "what" }, EVENT_NAMES[callback.event] ?? callback.event),
    h("span", { class: "end" }, stateBadge(callback)),
    h("span", { class: "soft tiny-text" }, attemptCount(callback.attempts.length)),
    h("span", { class: "more tiny-text" }, [isBad && reasonOf(last), numberText(callback.msisdn), hostOf(callback.url)].filter(Boolean).join(" · ")),
    h("span", { class: "end took soft tiny-text" }, whenNext(callback) ?? (last ? duration(last.latency_ms ?? 0) : ""))));
  }

  function whenNext({ next_due: due }) {
    if (!due) return null;
    return clock.running ? `next ${clock.distance(new Date(due))}` : "clock is frozen";
  }

  async function read(id) {
    return { callback: await control.get(`/callbacks/${id}`), isFrozen: !clock.running };
  }

  function describe({ callback, isFrozen }) {
    const last = callback.attempts.at(-1);
    const send = button(callback.state === "waiting" ? "Send now" : "Send again now", () => during(send, notify, async () => {
      await control.post(`/callbacks/${callback.id}/send`);
      notify("The callback is on its way.");
      await chosen.show();
    }), { class: "primary" });
    return { title: [EVENT_NAMES[callback.event] ?? callback.event, " ", stateBadge(callback)], elements: [
      last?.error ? h("p", { class: "note bad" }, h("strong", {}, explain(last)), " ", reasonOf(last)) : null,
      callback.state === "waiting" && isFrozen && callback.next_due !== null && frozenNote(context, ["The clock is frozen before the next attempt. ", h("a", { href: "#/time" }, "Advance it"), ", send the callback now, or"], chosen.show),
      h("div", { class: "row" }, send, copyButton(curlOfCallback(callback.url, callback.signature), "Copy this request as a curl command", { class: "button", label: "Copy as curl" })),
      h("div", {}, h("h3", {}, "Request"), h("div", { class: "request-line", tabindex: "0" }, `GET ${callback.url}`)),
      facts([
        ["Signature", callback.signature ? h("code", {}, `x-transmitsms-signature: ${callback.signature}`) : "none: the account has no secret"],
        ["Handset", h("a", { href: `#/handsets/${callback.msisdn}` }, numberText(callback.msisdn))],
        ["Message", callback.message_id ? h("a", { href: `#/messages/${callback.message_id}` }, callback.message_id) : null],
        ["Changed by", callback.rule], ["Created", timeElement(callback.created, fullText(new Date(callback.created)))],
        ["Next attempt", callback.next_due ? [timeElement(callback.next_due, fullText(new Date(callback.next_due))), ` (${clock.distance(new Date(callback.next_due))})`] : "none"],
      ]),
      h("div", {}, h("h3", {}, attemptCount(callback.attempts.length)), callback.attempts.length > 0 && attemptTable(callback.attempts, clock)),
    ] };
  }

  const refresh = debounce(async () => {
    await Promise.all([list.refresh(), receiver.refresh()]).catch(notify);
    await chosen.show();
  });
  const unsubscribe = stream.subscribe(({ kind }) => { if (kind !== "call") refresh(); });
  list.refresh();
  receiver.refresh().catch(notify);
  chosen.show();
  return chosen.unmountWith(() => {
    unsubscribe();
    endClock();
    refresh.cancel();
  });
}

function attemptCount(count) {
  return count === 1 ? "1 attempt" : `${count} attempts`;
}

function hostOf(url) {
  return URL.canParse(url) ? new URL(url).host + new URL(url).pathname : url;
}

/** Return why an attempt failed, as a sentence. */
function reasonOf(attempt) {
  const reason = (attempt?.error ?? "").replace(/^refused: /, "");
  const isWord = /^[a-z]+ /.test(reason); // and no host name
  return reason && `${isWord ? reason.charAt(0).toUpperCase() : reason.charAt(0)}${reason.slice(1).replace(/\.$/, "")}.`;
}

/** Say in a word what kind of failure an attempt had. */
function explain({ error, status }) {
  if (error.includes("is this sandbox itself")) return "Give the URL of your app, or of a receiver below.";
  if (error.startsWith("refused:")) return "The sandbox may not call this address.";
  if (error.startsWith("dropped")) return "A fault dropped it.";
  if (error.startsWith("nothing listens")) return "Your app is not running there.";
  if (error.startsWith("timed out")) return "Your app took too long.";
  if (status >= 300 && status < 400) return "Your app redirected, and redirects are not followed.";
  if (status) return "Your app answered, but not with a status from 200 to 299.";
  return "The request failed.";
}

function attemptTable(attempts, clock) {
  return h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Attempts" }, h("table", { class: "table attempts" },
    h("thead", {}, h("tr", {}, ["", "When", "Result", "Took", "Answer"].map((title, index) => h("th", { scope: "col" }, index === 0 ? h("span", { class: "visually-hidden" }, "Number") : title)))),
    h("tbody", {}, [...attempts].reverse().map((attempt) => h("tr", {},
      h("td", { class: "number" }, attempt.number), h("td", {}, timeElement(attempt.at, rowText(new Date(attempt.at), clock, true))),
      h("td", {}, attempt.latency_ms === null ? badge("Under way", "info") : attempt.error === null ? badge(attempt.status, "good") : badge(attempt.status ?? "Failed", "bad"),
        attempt.error && attempt.error !== `answered ${attempt.status}` && h("div", { class: "tiny-text" }, attempt.error)),
      h("td", { class: "number" }, attempt.latency_ms === null ? "" : duration(attempt.latency_ms)),
      h("td", {}, attempt.answer ? h("div", { class: "attempt-answer" }, attempt.answer) : h("span", { class: "soft" }, "empty")))))));
}
