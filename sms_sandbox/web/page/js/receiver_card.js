// The built-in receiver: a URL for an app that is not there yet, what it got, and how it answers.

import { copyButton, h, redraw } from "./dom.js";
import { badge, button, card, during, field, input, menu, nothing } from "./parts.js";
import { timeElement } from "./time.js";

const USUAL_NAME = "inbox";
const STATUSES = [["200", "200, as an app that works"], ["204", "204, without a body"], ["302", "302, a redirect"], ["404", "404, a wrong URL"], ["500", "500, an app that fails"], ["503", "503, an app that is down"]];

/** Build the card. Returns `{element, refresh}`. */
export function receiverCard({ control, notify }) {
  const name = menu([[USUAL_NAME, USUAL_NAME]], USUAL_NAME, { onchange: () => { isFirst = true; refresh().catch(notify); } });
  const url = h("code", {}, "…");
  const copy = h("span", {});
  const status = menu(STATUSES, "200");
  const delay = input({ type: "number", min: "0", max: "15", step: "any", value: "0" });
  const body = input({ value: "ok" });
  const requests = h("div", { class: "receiver-requests", tabindex: "0", role: "group", "aria-label": "What the receiver got" });
  const save = button("Set the answer", null, { type: "submit" });
  const form = h("form", { class: "form-grid", onsubmit: change },
    field("It answers", status), field("After (seconds)", delay), field("With the text", body), save);
  const use = button("Send all callbacks of the account here", useForAll);
  const clear = button("Forget what it got", forget, { class: "quiet small" });
  const element = card("Built-in receiver",
    h("p", { class: "small-text soft" }, "No app yet? Give this URL as a callback URL (dlr_callback, reply_callback, link_hits_callback). It keeps the last 200 requests."),
    h("div", { class: "receiver-url" }, field("Receiver", name), h("div", { class: "copy-line" }, url, copy)), h("div", { class: "row" }, use), form, requests, h("div", { class: "row" }, clear));

  async function change(event) {
    event.preventDefault();
    await during(save, notify, async () => {
      await control.put(`/receivers/${name.value}`, { status: Number(status.value), delay_seconds: Number(delay.value), body: body.value });
      notify(`The receiver answers ${status.value} from now on.`);
    });
  }

  function useForAll() {
    return during(use, notify, async () => {
      const { url: address } = await control.get(`/receivers/${name.value}`);
      await control.patch("/account", { dlr_url: address, reply_url: address, link_hits_url: address });
      notify("Messages without callback URLs of their own call the receiver now.");
    });
  }

  function forget() {
    return during(clear, notify, async () => {
      await control.delete(`/receivers/${name.value}`);
      await refresh();
    });
  }

  let isFirst = true;
  async function refresh() {
    const { receivers } = await control.get("/receivers");
    const chosen = name.value;
    const names = [...new Set([USUAL_NAME, ...receivers.map((each) => each.name)])];
    redraw(name, names, () => names.map((each) => h("option", { value: each }, each)));
    name.value = receivers.some((each) => each.name === chosen) ? chosen : USUAL_NAME;
    const [receiver, { requests: got, page }] = await Promise.all([control.get(`/receivers/${name.value}`), control.get(`/receivers/${name.value}/requests`, { max: 20 })]);
    url.textContent = receiver.url;
    redraw(copy, receiver.url, () => copyButton(receiver.url, "Copy the receiver's URL"));
    if (isFirst) {
      if (![...status.options].some(({ value }) => value === String(receiver.status))) status.append(h("option", { value: String(receiver.status) }, receiver.status));
      [status.value, delay.value, body.value] = [String(receiver.status), String(receiver.delay_seconds), receiver.body];
      isFirst = false;
    }
    clear.hidden = page.total === 0;
    redraw(requests, got, () => (got.length === 0 ? nothing("Nothing has arrived yet.") : h("ul", { class: "plain-list" }, got.map(requestItem))));
  }

  return { element, refresh };
}

function requestItem({ at, verb, params, is_signed, status, body }) {
  const signed = { true: badge("Signed", "good"), false: badge("Wrong signature", "bad"), null: badge("Not signed") }[is_signed];
  return h("li", {}, h("details", { class: "grow" },
    h("summary", {}, timeElement(at), " ", h("strong", {}, verb), " ", summary(params), " ", signed, " ", badge(`Answered ${status}`, status < 300 ? "good" : "bad")),
    h("dl", { class: "facts" }, Object.entries(params).map(([name, value]) => [h("dt", {}, name), h("dd", {}, h("code", {}, value))])),
    body && h("pre", { class: "attempt-answer" }, body)));
}

function summary(params) {
  return [params.status, params.response, params.mobile].filter(Boolean).join(" · ") || "without parameters";
}
