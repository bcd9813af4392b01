// The tenant at a glance: keys, balance, numbers, lists, keywords, mails; forms to change it; charts.

import { copyButton, h, redraw } from "../dom.js";
import { numberText } from "../numbers.js";
import { badge, button, card, facts, nothing, viewHead } from "../parts.js";
import { debounce } from "../stream.js";
import { dayText, timeElement } from "../time.js";
import { tenantCharts } from "../tenant_charts.js";
import { accountForm, resetForm, sendForm, tenantsForm } from "../tenant_forms.js";

const SHOWN = 8;

export function mount(root, context) {
  const { control, stream, notify } = context;
  const keys = h("div", { class: "stack keys" });
  const numbers = h("div", {});
  const lists = h("div", {});
  const keywords = h("div", {});
  const mails = h("div", {});
  const charts = tenantCharts(context);
  const account = accountForm(context, () => refresh());
  const tenants = tenantsForm(context);
  const name = h("span", {});
  root.append(viewHead(h("span", {}, "Tenant ", name), "The keys that your app uses, and what this tenant holds.",
    button("New tenant", () => tenants.focusName())),
    h("div", { class: "grid-2" }, card("Keys and balance", keys), sendForm(context)),
    charts.element,
    h("div", { class: "grid-4" }, card("Numbers", numbers), card("Keywords", keywords), card("Contact lists", lists), card("E-mail outbox", mails)),
    h("div", { class: "grid-2" }, account.element, resetForm(context, () => refresh())), ...tenants.elements);

  // Each part is shown as soon as it has been read.
  const parts = [
    async () => {
      const [connection, own, all] = await Promise.all([control.connection(), control.get("/account"), control.get("/accounts", { max: SHOWN })]);
      name.textContent = context.tenant?.name ?? "";
      account.show(own);
      redraw(keys, [connection, own, all], () => showKeys(connection, own, all));
    },
    async () => {
      const answer = await control.get("/numbers", { max: SHOWN });
      redraw(numbers, answer, () => some(answer.numbers, answer.page.total, "No number. Lease one with lease-number.", (each) => [
        h("span", { class: "grow" }, h("strong", {}, numberText(each.number)), h("div", { class: "soft tiny-text" }, each.shared ? "shared by all accounts" : ["leased", each.next_charge && " until ", each.next_charge && timeElement(each.next_charge, dayText(new Date(each.next_charge))), each.forward_url && ` · to ${each.forward_url}`])),
        badge(each.status, each.status === "active" ? "good" : "")]));
    },
    async () => {
      const answer = await control.get("/keywords", { max: SHOWN });
      redraw(keywords, answer, () => some(answer.keywords, answer.page.total, "No keyword. Add one with add-keyword; handsets that text it then join a list or get an answer.", (each) => [
        h("span", { class: "grow" }, h("strong", {}, each.keyword), h("div", { class: "soft tiny-text" }, `on ${numberText(each.number)}`)), badge(each.status, each.status === "open" ? "good" : "")]));
    },
    async () => {
      const answer = await control.get("/lists", { max: SHOWN });
      redraw(lists, answer, () => some(answer.lists, answer.page.total, "No list. Add one with add-list.", (each) => [
        h("span", { class: "grow" }, h("strong", {}, each.name), h("div", { class: "soft tiny-text" }, `list ${each.id}`)), h("span", { class: "soft" }, `${each.members_active.toLocaleString()} of ${each.members_total.toLocaleString()} active`)]));
    },
    async () => {
      const answer = await control.get("/mails", { max: SHOWN });
      redraw(mails, answer, () => some(answer.mails, answer.page.total, "Empty. Replies and inbound texts that are forwarded by e-mail appear here; the sandbox sends none.", (each) => [
        h("details", { class: "grow" }, h("summary", {}, h("strong", {}, each.subject || "(no subject)"), h("span", { class: "soft" }, ` to ${each.to} `), timeElement(each.created)), h("p", {}, each.text))]));
    },
    charts.refresh,
    tenants.refresh,
  ];

  async function refresh() {
    await Promise.all(parts.map((part) => part()));
  }

  const refreshSoon = debounce(() => refresh().catch(notify), 400);
  const unsubscribe = stream.subscribe(refreshSoon);
  const first = refresh().catch(notify);
  if (context.route.parts[0] === "urls") first.then(account.focusUrls);
  return () => {
    unsubscribe();
    refreshSoon.cancel();
  };
}

function showKeys({ https, key, secret, ca }, own, { accounts, page }) {
  const line = (text, what) => h("div", { class: "copy-line" }, h("code", { title: text }, text), copyButton(text, `Copy ${what}`));
  return [
    h("p", { class: "balance" }, h("span", { class: "number" }, own.balance.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 4 })), h("span", { class: "soft" }, ` ${own.currency}`),
      own.suspended && badge("suspended", "bad")),
    facts([["Base URL", line(https, "the base URL")], ["Key", line(key, "the key")], ["Secret", secret === null ? "as it was given to you" : hidden(secret)], ["CA file", line(ca, "the path of the CA file")],
      ["Price of a part", own.price], ["Throttle", own.throttle === 0 ? "no limit" : `${own.throttle} calls a second`]]),
    page.total > 1 && h("details", {}, h("summary", { class: "small-text" }, `${page.total} accounts, clients of resellers included`),
      h("ul", { class: "plain-list" }, accounts.map((each) => h("li", {}, h("span", { class: "grow" }, each.name, " ", h("code", {}, each.key)), h("span", { class: "soft" }, `${each.balance} ${each.currency}`))))),
  ];
}

/** Show a secret only when asked for, as screens are shared. */
function hidden(secret) {
  const text = h("code", {}, "••••••••");
  const show = h("button", { class: "button small", type: "button", "aria-pressed": "false", onclick: turn }, "Show");
  function turn() {
    const isShown = show.getAttribute("aria-pressed") === "true";
    show.setAttribute("aria-pressed", String(!isShown));
    text.textContent = isShown ? "••••••••" : secret;
    show.textContent = isShown ? "Show" : "Hide";
  }
  return h("div", { class: "copy-line" }, text, show, copyButton(secret, "Copy the secret"));
}

function some(rows, total, empty, item) {
  if (rows.length === 0) return nothing(empty);
  return [h("ul", { class: "plain-list" }, rows.map((row) => h("li", {}, item(row)))), total > rows.length && h("p", { class: "soft tiny-text" }, `and ${(total - rows.length).toLocaleString()} more`)];
}
