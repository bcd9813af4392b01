// Parts that several views are made of.

import { h } from "./dom.js";

let lastId = 0;

/** Build a labelled control. The label is tied to it, so screen readers and clicks find it. */
export function field(label, control, attributes = {}) {
  if (!control.id) {
    lastId += 1;
    control.id = `field-${lastId}`;
  }
  return h("div", { class: `field ${attributes.class ?? ""}` }, h("label", { for: control.id }, label), control);
}

/** Build a menu of `[value, text]` pairs. */
export function menu(options, value = options[0]?.[0], attributes = {}) {
  const element = h("select", { class: "input", ...attributes }, options.map(([each, text]) => h("option", { value: each, selected: each === value }, text)));
  if (value !== undefined) element.value = value;
  return element;
}

/** Build a text input. */
export function input(attributes = {}) {
  return h("input", { class: "input", type: "text", autocomplete: "off", ...attributes });
}

/** Build a button. */
export function button(text, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes, class: `button ${attributes.class ?? ""}` }, text);
}

/** Build a switch. `change(on)` may return a promise; a failure puts the switch back. */
export function toggle(label, isOn, change) {
  const element = h("button", { class: "switch", type: "button", role: "switch", "aria-checked": String(isOn), "aria-label": label, onclick: turn },
    h("span", { class: "switch-knob" }));
  async function turn() {
    const on = element.getAttribute("aria-checked") !== "true";
    element.setAttribute("aria-checked", String(on));
    try {
      await change(on);
    } catch (error) {
      element.setAttribute("aria-checked", String(!on));
      throw error;
    }
  }
  return element;
}

/** Build a list of facts from `[name, value]` pairs; those without a value are left out. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Build a card with a heading. */
export function card(title, ...children) {
  return h("section", { class: "card stack" }, title === null ? null : h("h2", {}, title), children);
}

/** Build a badge of a kind: good, warn, bad, info, or none. */
export function badge(text, kind = "") {
  return h("span", { class: `badge ${kind}` }, text);
}

/** Build a text for an empty place. */
export function nothing(...children) {
  return h("p", { class: "soft small-text" }, children);
}

/** Run work that a button started, with the button disabled meanwhile. Failures are shown. */
export async function during(control, notify, work) {
  control.disabled = true;
  try {
    return await work();
  } catch (error) {
    notify(error);
    return null;
  } finally {
    control.disabled = false;
  }
}

/** Build the header of a view. */
export function viewHead(title, text, ...actions) {
  return h("header", { class: "view-head" }, h("div", {}, h("h1", {}, title), h("p", {}, text)), h("div", { class: "row" }, actions));
}

/** Return a debounced text input for a filter: `change(value)` is called a moment after typing. */
export function filterInput(label, change, attributes = {}) {
  let timer = null;
  const element = input({ type: "search", oninput: () => { clearTimeout(timer); timer = setTimeout(() => change(element.value.trim()), 250); }, ...attributes });
  return field(label, element);
}
