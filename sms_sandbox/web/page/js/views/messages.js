// The messages of the tenant, newest first, with filters; and one of them in detail.

import { h, icon, replace } from "../dom.js";
import { firstMessage } from "../first_message.js";
import { messageDetail, readDetail } from "../message_detail.js";
import { numberText } from "../numbers.js";
import { countText, messageBadges } from "../statuses.js";
import { debounce } from "../stream.js";
import { timeElement } from "../time.js";
import { virtualList } from "../virtual_list.js";

const ROW_HEIGHT = 76;
const STATUSES = [["", "Any status"], ["delivered", "Delivered"], ["pending", "Pending"], ["soft-bounce", "Soft bounce"], ["hard-bounce", "Hard bounce"],
  ["sent", "Sent"], ["scheduled", "Scheduled"], ["cancelled", "Cancelled"]];
const FILTERS = ["text", "number", "sender", "status", "account", "list", "since", "until"];

export function mount(root, context) {
  const { control, stream, clock, notify, navigate } = context;
  let { id, filters } = readRoute(context.route);
  let detail = null;
  let reading = 0;
  let newest = "";
  let drawn = ""; // the data of the detail that is shown
  let automatic = ""; // the message that is shown until one is chosen
  const wide = matchMedia("(min-width: 60.01rem)"); // where messages.css puts both side by side
  const current = () => id || automatic;

  const count = h("p", { class: "soft small-text", role: "status" });
  const pane = h("div", { class: "message-pane", tabindex: "-1" });
  const list = virtualList({
    rowHeight: ROW_HEIGHT,
    label: "Messages",
    key: (message) => message.id,
    load: async (page, max, signal) => {
      const answer = await control.call("GET", "/messages", { query: { ...inUtc(filters), page, max }, signal });
      if (page === 1) newest = String(answer.messages[0]?.id ?? "");
      return { rows: answer.messages, total: answer.page.total };
    },
    render: (message) => messageRow(message, clock, String(message.id) === current(), address(message.id)),
    onCount: showCount,
    onError: notify,
  });
  const form = filterForm(filters, control, notify, (next) => {
    filters = next;
    navigate("messages", ...(id ? [id] : []), { query: filters });
  });
  const layout = h("div", { class: "messages" },
    h("section", { class: "message-list", "aria-label": "Messages" }, form, count, list.element), pane);
  root.append(h("h1", { class: "visually-hidden" }, "Messages"), layout);

  /** Return the name of an element that can have the focus in the detail. */
  const nameOf = (element) => element.getAttribute("aria-label") ?? element.textContent;
  const controls = () => [...pane.querySelectorAll("a, button, summary, pre, .virtual-list")];

  function address(message) {
    const search = new URLSearchParams(Object.entries(filters).filter(([, value]) => value)).toString();
    return `#/messages${message ? `/${message}` : ""}${search ? `?${search}` : ""}`;
  }

  function showCount(total) {
    const isFiltered = FILTERS.some((name) => filters[name]);
    count.textContent = total === 0 ? (isFiltered ? "No message fits these filters." : "No message was sent yet.") : countText(total, "message");
    layout.classList.toggle("none", total === 0);
    if (id || (automatic && total > 0)) return;
    automatic = wide.matches ? newest : "";
    if (automatic) showDetail();
    else showHint(total, isFiltered);
  }

  function showHint(total, isFiltered) {
    delete pane.dataset.id;
    if (total === 0 && !isFiltered) replace(pane, h("div", { class: "empty" }, firstMessage(context, "The message and its story appear here automatically.")));
    else replace(pane, h("div", { class: "empty" }, icon("search"), h("h2", {}, total > 0 ? "Choose a message" : "Nothing found"),
      h("p", {}, total > 0 ? "Its story appears here: from the call to the phone, with each callback." : "Take a filter away to see more.")));
  }

  async function showDetail() {
    layout.classList.toggle("has-detail", Boolean(id));
    const shown = current();
    if (!shown) return;
    reading += 1;
    const mine = reading;
    try {
      const data = await readDetail(shown, control);
      if (mine !== reading) return;
      const wasSame = pane.dataset.id === shown;
      const looks = JSON.stringify([data, clock.running]);
      if (wasSame && looks === drawn) return; // what somebody has focused or half pressed stays
      drawn = looks;
      const next = messageDetail(data, context, address(null), showDetail);
      const top = pane.scrollTop;
      const focused = pane.contains(document.activeElement) ? nameOf(document.activeElement) : null;
      const open = wasSame ? [...pane.querySelectorAll("details")].map((each) => each.open) : null;
      detail?.destroy();
      detail = next;
      pane.dataset.id = shown;
      replace(pane, next.element);
      pane.scrollTop = wasSame ? top : 0;
      if (wasSame && focused !== null) (controls().find((each) => nameOf(each) === focused) ?? pane).focus({ preventScroll: true });
      open?.forEach((isOpen, place) => { const fold = pane.querySelectorAll("details")[place]; if (fold) fold.open = isOpen; });
    } catch (error) {
      if (mine !== reading) return;
      replace(pane, h("div", { class: "empty" }, icon("alert"), h("h2", {}, "This message can't be shown"), h("p", {}, error.message)));
    }
  }

  const refresh = debounce(() => Promise.all([list.refresh(), showDetail()]), 150);
  const endStream = stream.subscribe(({ kind, entry }) => {
    if (kind === "call" && /^get-/.test(entry.method ?? "")) return;
    refresh();
  });
  list.refresh();
  showDetail();

  function unmount() {
    reading += 1;
    refresh.cancel();
    endStream();
    list.destroy();
    detail?.destroy();
  }
  unmount.onRoute = (route) => {
    const next = readRoute(route);
    const changed = JSON.stringify(next.filters) !== JSON.stringify(filters) || next.id === id;
    ({ id, filters } = next);
    automatic = "";
    reading += 1;
    if (!id) {
      detail?.destroy();
      detail = null;
      delete pane.dataset.id;
      replace(pane);
    }
    form.show(filters);
    if (changed) list.reset();
    else {
      list.draw();
      if (!id) list.refresh();
    }
    showDetail();
    return true;
  };
  return unmount;
}

function readRoute({ parts, query }) {
  return { id: parts[0] ?? "", filters: Object.fromEntries(FILTERS.map((name) => [name, query[name] ?? ""])) };
}

/** Return the filters as control reads them: times typed in the browser's time zone become UTC. */
function inUtc(filters) {
  const utc = (time) => (time && !Number.isNaN(Date.parse(time)) ? new Date(time).toISOString() : "");
  return { ...filters, since: utc(filters.since), until: utc(filters.until) };
}

function messageRow(message, clock, isCurrent, href) {
  const to = message.number !== null ? numberText(message.number) : `${countText(message.recipients, "handset")}${message.list_name ? ` · ${message.list_name}` : ""}`;
  return h("div", { class: "message-row" }, h("a", { class: "message-link", href, "aria-current": isCurrent ? "true" : null },
    h("span", { class: "message-to" }, to),
    timeElement(message.send_at, clock.short(new Date(message.send_at))),
    h("span", { class: "message-preview", dir: "auto" }, message.text),
    h("span", { class: "message-foot" }, h("span", { class: "soft" }, "from ", numberText(message.sender)), messageBadges(message).slice(0, 2))));
}

/** Build the form of filters. `onChange(filters)` is called after a change; `form.show(filters)` sets them. */
function filterForm(filters, control, notify, onChange) {
  const inputs = {
    text: h("input", { class: "input", type: "search", id: "filter-text", placeholder: "Text", autocomplete: "off" }),
    number: h("input", { class: "input", type: "search", id: "filter-number", placeholder: "0491 570 156", autocomplete: "off", inputmode: "tel" }),
    sender: h("input", { class: "input", type: "search", id: "filter-sender", placeholder: "Number or word", autocomplete: "off" }),
    status: h("select", { class: "input", id: "filter-status" }, STATUSES.map(([value, words]) => h("option", { value }, words))),
    account: h("select", { class: "input", id: "filter-account" }, h("option", { value: "" }, "Any account")),
    list: h("select", { class: "input", id: "filter-list" }, h("option", { value: "" }, "Any list")),
    since: h("input", { class: "input", type: "datetime-local", id: "filter-since", step: "1" }),
    until: h("input", { class: "input", type: "datetime-local", id: "filter-until", step: "1" }),
  };
  const field = (name, label, kind = "") => h("div", { class: `field ${kind}` }, h("label", { for: `filter-${name}` }, label), inputs[name]);
  const more = h("div", { class: "filter-more", id: "filter-more", hidden: true },
    field("number", "Handset"), field("sender", "Sender"), field("account", "Account"), field("list", "List"), field("since", "From", "time"), field("until", "To", "time"),
    h("button", { class: "button small", type: "reset" }, "Clear all"));
  const toggle = h("button", { class: "button icon-only", type: "button", "aria-expanded": "false", "aria-controls": "filter-more", "aria-label": "More filters", title: "More filters",
    onclick: () => open(more.hidden) }, icon("settings"));
  const read = () => Object.fromEntries(FILTERS.map((name) => [name, inputs[name].value.trim()]));
  const change = debounce(() => onChange(read()), 250);
  const form = h("form", { class: "filters", role: "search", oninput: change, onsubmit: (event) => { event.preventDefault(); onChange(read()); },
    onreset: () => setTimeout(() => onChange(read())) },
    h("div", { class: "filter-main" }, h("div", { class: "searchbox" }, icon("search"), h("label", { class: "visually-hidden", for: "filter-text" }, "Text of the message"), inputs.text),
      h("label", { class: "visually-hidden", for: "filter-status" }, "Status"), inputs.status, toggle), more);

  function open(isOpen) {
    more.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
  }
  form.show = (values) => {
    for (const name of FILTERS) {
      if (inputs[name].value.trim() !== values[name] && document.activeElement !== inputs[name]) inputs[name].value = values[name];
    }
  };
  Promise.all([control.get("/accounts", { max: 200 }), control.get("/lists", { max: 200 })]).then(([{ accounts }, { lists }]) => {
    inputs.account.append(...accounts.map((account) => h("option", { value: String(account.id) }, account.name || account.key)));
    inputs.list.append(...lists.map((list) => h("option", { value: String(list.id) }, list.name)));
    form.show(filters);
  }).catch(notify);
  form.show(filters);
  if (FILTERS.some((name) => !["text", "status"].includes(name) && filters[name])) open(true);
  return form;
}
