// Forms of the tenant view: send a message, callback URLs, reset, export and import, another tenant.

import { h } from "./dom.js";
import { typedNumber } from "./numbers.js";
import { createTenant, showTenant } from "./own_tenant.js";
import { button, card, during, field, input } from "./parts.js";
import { SAMPLE_NUMBER, sendMessage } from "./send_message.js";
import { tenantList } from "./tenant_list.js";

const KINDS = ["messages", "contacts", "numbers", "keywords", "rules", "faults", "clock", "mails", "traffic", "clients"];

/** Build the form that sends a message as an app does. */
export function sendForm({ control, notify }) {
  const to = input({ value: SAMPLE_NUMBER, inputmode: "tel", required: true });
  const from = input({ placeholder: "the account's number" });
  const text = h("textarea", { class: "input", rows: "3", required: true });
  text.value = "Your code is 482913. Reply STOP to opt out.";
  const send = button("Send", null, { type: "submit", class: "primary" });
  return card("Send a test message", h("form", { class: "form-grid pair", onsubmit: submit },
    field("To", to), field("From", from), field("Text", text, { class: "full" }), send));

  function submit(event) {
    event.preventDefault();
    const numbers = to.value.split(",").map((each) => typedNumber(each) || each.trim()).join(",");
    const params = { to: numbers, message: text.value, ...(from.value ? { from: from.value } : {}) };
    return during(send, notify, () => sendMessage({ control, notify }, params));
  }
}

/** Build the form of the account's callback URLs and throttle. Returns `{element, show, focusUrls}`. */
export function accountForm({ control, notify }, onChange) {
  const urls = { dlr_url: input({ type: "url", placeholder: "none" }), reply_url: input({ type: "url", placeholder: "none" }), link_hits_url: input({ type: "url", placeholder: "none" }) };
  const balance = input({ type: "number", step: "any" }); // a part may cost less than a cent
  const throttle = input({ type: "number", min: "0", step: "1" });
  const save = button("Save", null, { type: "submit" });
  let shown = {}; // the account as the form was filled from it
  const form = h("form", { class: "form-grid pair", onsubmit: submit },
    field("Delivery reports to", urls.dlr_url, { class: "full" }), field("Replies to", urls.reply_url, { class: "full" }), field("Link hits to", urls.link_hits_url, { class: "full" }),
    field("Balance", balance), field("Calls a second (0: no limit)", throttle), save);

  function submit(event) {
    event.preventDefault();
    return during(save, notify, async () => {
      const typed = { ...Object.fromEntries(Object.entries(urls).map(([name, each]) => [name, each.value.trim() || null])), balance: Number(balance.value), throttle: Number(throttle.value) };
      // Unchanged fields are left out, because a send may have changed the balance since it was read.
      const changed = Object.fromEntries(Object.entries(typed).filter(([name, value]) => value !== shown[name]));
      await control.patch("/account", changed);
      Object.assign(shown, changed);
      notify("Saved.");
      await onChange();
    });
  }

  /** Scroll to the URLs, and give them the focus. */
  function focusUrls() {
    form.scrollIntoView({ block: "center" });
    urls.dlr_url.focus({ preventScroll: true });
  }

  function show(account) {
    if (form.contains(document.activeElement)) return; // somebody is typing
    shown = { ...account };
    Object.entries(urls).forEach(([name, each]) => { each.value = account[name] ?? ""; });
    balance.value = String(account.balance);
    throttle.value = String(account.throttle);
  }

  return { element: card("Settings of the account", form), show, focusUrls };
}

/** Build the card of resets. */
export function resetForm({ control, notify, refreshTenant }, onChange) {
  const boxes = KINDS.map((kind) => h("input", { type: "checkbox", value: kind }));
  const some = button("Reset the chosen kinds", null, { type: "submit" });
  const all = button("Reset everything", () => reset(all, null), { class: "danger" });
  const form = h("form", { class: "stack", onsubmit: (event) => { event.preventDefault(); reset(some, boxes.filter((box) => box.checked).map((box) => box.value)); } },
    h("fieldset", { class: "checks" }, h("legend", { class: "label" }, "Kinds"), KINDS.map((kind, index) => h("label", { class: "check" }, boxes[index], kind))),
    h("div", { class: "row" }, some, all));
  return card("Reset", h("p", { class: "small-text soft" }, "Deletes data of this tenant, and nothing of others. The key stays."), form);

  async function reset(control_, kinds) {
    if (kinds !== null && kinds.length === 0) return notify("Choose at least one kind.");
    if (kinds === null && !confirm("Delete everything in this tenant?")) return undefined;
    return during(control_, notify, async () => {
      await control.post("/tenants/current/reset", kinds === null ? {} : { kinds });
      boxes.forEach((box) => { box.checked = false; });
      notify(kinds === null ? "The tenant is as new." : `Reset: ${kinds.join(", ")}.`);
      await Promise.all([refreshTenant(), onChange()]);
    });
  }
}

/** Build the cards of other tenants, and of export and import. `focusName()` leads to a new tenant. Returns `{elements, focusName, refresh}`. */
export function tenantsForm({ control, notify }) {
  const key = input({ autocomplete: "username" });
  const secret = input({ type: "password", autocomplete: "current-password" });
  const use = button("Switch", null, { type: "submit" });
  const name = input({ placeholder: "a name, or leave it to the sandbox", maxlength: "64", pattern: "[A-Za-z0-9._~\\-]*" });
  const create = button("Create and switch", null, { type: "submit", class: "primary" });
  const download = button("Export this tenant", () => during(download, notify, exportTenant));
  const file = input({ type: "file", accept: "application/json,.json", onchange: () => importFile() });
  const back = button("Back to the default tenant", () => choose({}), { class: "quiet" });
  const story = button("Save the story as one HTML file", () => during(story, notify, saveStory));
  const choose = (other) => showTenant(control, other);
  const all = tenantList({ control, notify }, choose);
  const others = card("Tenants",
    h("p", { class: "small-text soft" }, "Each tenant is a sandbox of its own, with its own key, clock and data."),
    h("form", { class: "form-grid", onsubmit: (event) => { event.preventDefault(); during(create, notify, makeTenant); } }, field("New tenant", name, { class: "wide" }), create),
    h("form", { class: "form-grid", onsubmit: (event) => { event.preventDefault(); during(use, notify, switchTenant); } }, field("Key of another tenant", key), field("Its secret", secret), use, back));
  const files = card("Files",
    h("p", { class: "small-text soft" }, "An export holds all of this tenant, and can be imported here or into another sandbox. The story is for people: a page to attach to a bug."),
    h("div", { class: "row" }, download, story), field("Import a tenant from a file", file));
  const element = h("div", { class: "grid-2" }, others, files);

  async function makeTenant() {
    await createTenant(control, name.value.trim());
    name.value = "";
  }

  async function switchTenant() {
    const before = [control.credentials, control.actsOn];
    [control.credentials, control.actsOn] = [`${key.value.trim()}:${secret.value}`, null];
    try {
      await control.get("/tenants/current");
    } catch (error) {
      [control.credentials, control.actsOn] = before;
      throw error;
    }
    choose({ pair: control.credentials });
  }

  async function saveStory() {
    const response = await control.fetch("GET", "/report");
    save(await response.blob(), "sms-sandbox-story.html");
  }

  function save(blob, name_) {
    const link = h("a", { href: URL.createObjectURL(blob), download: name_ });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  async function exportTenant() {
    const document_ = await control.get("/export", { with_secrets: "true" });
    save(new Blob([JSON.stringify(document_)], { type: "application/json" }), `${document_.tenant.name}.json`);
    notify("Exported. The file holds the secret of the account, so that it can be imported.");
  }

  async function importFile() {
    const [chosen] = file.files;
    if (!chosen) return;
    await during(file, notify, async () => {
      const raw = await chosen.text();
      const document_ = JSON.parse(raw);
      const suffix = Math.random().toString(36).slice(2, 8);
      const made = await control.post("/import", { document: document_, name: `${String(document_.tenant?.name ?? "tenant").slice(0, 50)}-${suffix}`, key: `copy-${suffix}` });
      choose({ pair: `${made.key}:${made.secret}` });
    });
    file.value = "";
  }

  async function refresh() {
    back.hidden = control.credentials === null && control.actsOn === null;
    await all.refresh();
  }

  return { elements: [element, all.element], refresh, focusName: () => name.focus() };
}
