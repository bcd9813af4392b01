// Trouble to make: what the next message or call meets, and the faults and carrier rules with their switches.

import { h, icon, replace } from "./dom.js";
import { eventWords } from "./event_names.js";
import { numberText } from "./numbers.js";
import { badge, button, card, during, field, input, menu, nothing, toggle } from "./parts.js";

const CALL_FAULTS = [
  ["status=503", "Answer 503 Service Unavailable"], ["status=500", "Answer 500"], ["status=502", "Answer 502"], ["status=504", "Answer 504 after nothing"],
  ["gateway=throttled", "Answer 429, as the gateway throttles"], ["gateway=maintenance", "Show the maintenance page"], ["connection=stall", "Never answer"],
  ["connection=reset", "Reset the connection before the call"], ["connection=lost", "Carry it out, then lose the connection"],
  ["body=malformed", "Answer broken JSON"], ["body=truncated", "Cut the answer short"], ["body=html", "Answer an HTML page"],
  ["error=LEDGER_ERROR", "Refuse: out of credit"], ["error=OVER_LIMIT", "Refuse: over the limit"], ["error=RECIPIENTS_ERROR", "Refuse: bad recipients"],
  ["error=BAD_CALLER_ID", "Refuse: bad sender"], ["error=ACCOUNT_EXPIRED", "Refuse: account expired"], ["error=FAILED", "Refuse: failed"], ["delay=5", "Answer 5 seconds late"],
];
const CALLBACK_FAULTS = [
  ["callback=drop", "Drop it"], ["callback=duplicate", "Send it twice"], ["callback=reorder", "Let the next one overtake it"],
  ["callback=wrong-signature", "Sign it wrongly"], ["callback=corrupt", "Corrupt its text"], ["delay=30", "Send it 30 seconds late"],
];
const HOW_OFTEN = [["1", "once"], ["3", "3 times"], ["10", "10 times"], ["", "until switched off"]];

/** Build the cards. Returns `{elements, refresh}`. */
export function trouble({ control, notify }) {
  const scenario = menu([]);
  const to = input({ placeholder: "any handset", inputmode: "tel" });
  const messageTimes = menu(HOW_OFTEN, "1");
  const addRule = button("Set", null, { type: "submit", class: "primary", disabled: true }); // until there are scenarios to choose from
  const forMessage = h("form", { class: "form-grid", onsubmit: (event) => { event.preventDefault(); submit(addRule, newRule); } },
    field("The next message gets the scenario", scenario, { class: "full" }), field("To", to), field("How often", messageTimes), addRule);

  const callFault = menu(CALL_FAULTS);
  const method = menu([["send-sms", "send-sms"], ["", "any method"], ["get-sms", "get-sms"], ["get-balance", "get-balance"], ["add-to-list", "add-to-list"], ["format-number", "format-number"]], "send-sms");
  const callTimes = menu(HOW_OFTEN, "1");
  const addCall = button("Set", null, { type: "submit", class: "primary" });
  const forCall = h("form", { class: "form-grid", onsubmit: (event) => { event.preventDefault(); submit(addCall, newCallFault); } },
    field("The next API call", callFault, { class: "full" }), field("Of the method", method), field("How often", callTimes), addCall);

  const callbackFault = menu(CALLBACK_FAULTS);
  const event = menu([["", "any event"], ["dlr", "a delivery report"], ["reply", "a reply"], ["inbound", "another text"], ["link-hit", "a link hit"]]);
  const callbackTimes = menu(HOW_OFTEN, "1");
  const addCallback = button("Set", null, { type: "submit", class: "primary" });
  const forCallback = h("form", { class: "form-grid", onsubmit: (submitEvent) => { submitEvent.preventDefault(); submit(addCallback, newCallbackFault); } },
    field("The next callback", callbackFault, { class: "full" }), field("About", event), field("How often", callbackTimes), addCallback);

  const rules = h("div", {});
  const faults = h("div", {});
  const elements = [
    card("Make trouble", h("p", { class: "small-text soft" }, "What happens to the next message, call or callback. It comes before everything that is set below."), forMessage, h("hr", {}), forCall, h("hr", {}), forCallback),
    card("Faults and carrier rules", h("h3", {}, "Faults on calls and callbacks"), faults, h("h3", {}, "Carrier rules for messages"), rules),
  ];

  function submit(control_, work) {
    return during(control_, notify, async () => {
      await work();
      await refresh();
    });
  }

  async function newRule() {
    const match = to.value.trim() === "" ? {} : { to: to.value.trim() };
    await control.post("/rules", { scenario: scenario.value, match, first: true, ...times(messageTimes) });
    notify("Set. Send a message to see it.");
  }

  async function newCallFault() {
    await control.post("/faults", { on: "api", ...effect(callFault.value), ...(method.value ? { method: method.value } : {}), first: true, ...times(callTimes) });
    notify("Set. Make a call to see it.");
  }

  async function newCallbackFault() {
    await control.post("/faults", { on: "callback", ...effect(callbackFault.value), ...(event.value ? { event: event.value } : {}), first: true, ...times(callbackTimes) });
    notify("Set for the next callback.");
  }

  // An item stays as long as its rule. If it were drawn again with each call, its switch could not be pressed.
  const items = new Map();
  function item(path, rule, title, details) {
    const address = `${path}/${rule.id}`;
    const known = items.get(address);
    if (known?.title === title) return known.show(rule);
    const remove = h("button", { class: "button quiet icon-only small", type: "button", "aria-label": `Remove: ${title}`, onclick: () => submit(remove, () => control.delete(address)) }, icon("close"));
    const turn = toggle(`${title}: on`, rule.enabled, async (enabled) => {
      await control.patch(address, { enabled });
      await refresh();
    });
    const state = h("span", {});
    const element = h("li", {}, turn, h("div", { class: "grow" }, h("div", {}, title), h("div", { class: "soft tiny-text" }, details)), state, remove);
    items.set(address, { title, show });
    return show(rule);

    function show({ remaining, count, seen, used, enabled }) {
      const left = remaining === null ? (count === null && seen === 0 ? "Always" : (used === 1 ? "Used once" : `Used ${used} times`)) : remaining === 0 ? "Used up" : `${remaining} left`;
      turn.setAttribute("aria-checked", String(enabled));
      replace(state, badge(enabled ? left : "Off", !enabled || remaining === 0 ? "" : "warn"));
      return element;
    }
  }

  /** Show items in a block, and touch only what changed. */
  function showItems(block, elements, empty) {
    const list = block.querySelector("ul") ?? h("ul", { class: "plain-list" });
    if (elements.length === 0) replace(block, nothing(empty));
    else if (!block.contains(list)) replace(block, list);
    if (elements.some((each, place) => list.children[place] !== each) || list.children.length !== elements.length) replace(list, elements);
  }

  let hasScenarios = false;
  async function refresh() {
    if (!hasScenarios) {
      const { scenarios } = await control.get("/scenarios");
      replace(scenario, scenarios.map(({ name, summary }) => h("option", { value: name }, `${name}: ${summary}`)));
      scenario.value = "soft-bounce";
      hasScenarios = true;
      addRule.disabled = false;
    }
    const [{ faults: listed }, { rules: carrier }] = await Promise.all([control.get("/faults"), control.get("/rules")]);
    showItems(faults, listed.map((fault) => item("/faults", fault, faultTitle(fault), faultDetails(fault))), "None: calls and callbacks work.");
    showItems(rules, carrier.map((rule) => item("/rules", rule, `${rule.scenario} for ${matchText(rule.match) ? `messages ${matchText(rule.match)}` : "every message"}`, optionText(rule))),
      "None: the number of a handset decides, and an ordinary number gets its messages.");
  }

  return { elements, refresh };
}

function times(select) {
  return select.value === "" ? {} : { count: Number(select.value) };
}

function effect(choice) {
  const [name, value] = choice.split("=");
  if (name === "delay") return { delay: { seconds: Number(value) } };
  return { [name]: name === "status" ? Number(value) : value };
}

function faultTitle(fault) {
  const what = fault.error ?? fault.status ?? fault.body ?? fault.connection ?? fault.gateway ?? fault.callback;
  const all = [...CALL_FAULTS, ...CALLBACK_FAULTS];
  const name = ["error", "status", "body", "connection", "gateway", "callback"].find((each) => fault[each] !== null && fault[each] !== undefined);
  const known = all.find(([choice]) => choice === `${name}=${what}`)?.[1];
  return known ?? (what === undefined || what === null ? (fault.on === "callback" ? "Send it late" : "Answer late") : String(what));
}

function faultDetails(fault) {
  const delay = fault.delay ? `${fault.on === "callback" ? "late by" : "after"} ${fault.delay.seconds ?? fault.delay.from ?? fault.delay.median} s` : "";
  return [fault.on === "api" ? `calls of ${fault.method ?? "any method"}` : `callbacks: ${fault.event ? eventWords(fault.event) : "any event"}`, delay, matchText(fault.match), share(fault)].filter(Boolean).join(" · ");
}

function matchText(match) {
  return [match.to && `to ${numberText(match.to)}`, match.sender && `from ${match.sender}`, match.text && `with “${match.text}”`, match.key && `of ${match.key}`].filter(Boolean).join(", ");
}

function optionText(rule) {
  return [...Object.entries(rule.options ?? {}).filter(([, value]) => value !== null).map(([name, value]) => `${name.replace("_", " ")}: ${typeof value === "object" ? JSON.stringify(value) : value}`), share(rule)].filter(Boolean).join(" · ") || "checked when a message is sent";
}

function share({ share: part, nth }) {
  return [part < 1 && `${Math.round(part * 100)} % of them`, nth > 1 && `from number ${nth} on`].filter(Boolean).join(", ");
}
