// Builds elements. Every string becomes a text node, so no text of a phone or an app can become markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Build an HTML element: `h("p", {class: "soft", onclick: f}, "text", child)`.
 * Attributes that are null, undefined or false are left out; functions named on… are listeners.
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Build an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) {
      if (typeof value !== "function") throw new TypeError(`${name} takes a function`);
      element.addEventListener(name.slice(2), value);
    } else if (name === "value" || name === "checked" || name === "disabled" || name === "selected") {
      element[name] = value;
    } else if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

/** Replace everything in an element. */
export function replace(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

const drawn = new WeakMap();

/**
 * Draw an element again with the result of `build`, if `data` has changed since. So what somebody has opened, focused or
 * half pressed stays, unless it changed; then the focus goes to the control of that name.
 */
export function redraw(element, data, build) {
  const text = JSON.stringify(data);
  if (drawn.get(element) === text) return;
  drawn.set(element, text);
  const name = element.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  replace(element, build());
  if (name !== null) [...element.querySelectorAll("[aria-label]")].find((each) => each.getAttribute("aria-label") === name)?.focus({ preventScroll: true });
}

const looks = new WeakMap();
const serializer = new XMLSerializer();

/**
 * Show these elements in a list, and return those that are shown. One that looks as before stays, so that what somebody
 * has focused or half pressed does.
 */
export function showItems(list, items) {
  const before = new Map([...list.children].map((each) => [looks.get(each), each]));
  const shown = items.map((item) => {
    const text = serializer.serializeToString(item);
    const kept = before.get(text);
    before.delete(text);
    if (kept === undefined) looks.set(item, text);
    return kept ?? item;
  });
  const staying = new Set(shown);
  [...list.children].filter((each) => !staying.has(each)).forEach((each) => each.remove());
  shown.forEach((each, place) => {
    if (list.children[place] !== each) list.insertBefore(each, list.children[place] ?? null);
  });
  return shown;
}

const ICONS = {
  send: ["M5 12 19 5l-5.500 14-2.600-5.900z", "M11 13 19 5"],
  copy: ["M9 9h10v11H9z", "M5 15V4h10"],
  check: ["m5 12.500 4.500 4.500L19 7.500"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  clock: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 7v5l3 2"],
  snow: ["M12 3v18", "M4.200 7.500l15.600 9", "M4.200 16.500l15.600-9"],
  sun: ["M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M12 2v2", "M12 20v2", "M4 12H2", "M22 12h-2", "m5 5 1.400 1.400", "m17.600 17.600 1.400 1.400", "m5 19 1.400-1.400", "m17.600 6.400 1.400-1.400"],
  moon: ["M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z"],
  contrast: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 3v18", "M12 8h6", "M12 12h9", "M12 16h7"],
  search: ["M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14z", "m16 16 5 5"],
  phone: ["M8 3h8a1.500 1.500 0 0 1 1.500 1.500v15A1.500 1.500 0 0 1 16 21H8a1.500 1.500 0 0 1-1.500-1.500v-15A1.500 1.500 0 0 1 8 3z", "M11 18h2"],
  plus: ["M12 5v14", "M5 12h14"],
  back: ["M15 5l-7 7 7 7"],
  next: ["m9 5 7 7-7 7"],
  link: ["M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700L12 7", "M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700L12 17"],
  settings: ["M4 7h10", "M18 7h2", "M4 17h2", "M10 17h10", "M16 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4z", "M8 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"],
  help: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M9.500 9.500a2.500 2.500 0 1 1 3.800 2.100c-.9.600-1.300 1.100-1.300 2", "M12 17v.01"],
  alert: ["M12 4 2.500 20h19z", "M12 10v4", "M12 17v.01"],
};

/** Build an icon that is hidden from screen readers; a control with an icon alone needs an `aria-label`. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    ICONS[name].map((d) => svg("path", { d })));
}

/** Build a button that copies a text. `what` names it for screen readers, as in "Copy the code". */
export function copyButton(text, what, attributes = {}) {
  const label = h("span", {}, attributes.label ?? "Copy");
  const button = h("button", { class: attributes.class ?? "button small copy", type: "button", "aria-label": what, onclick: copy },
    icon("copy"), label);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      label.textContent = "Copied";
    } catch {
      label.textContent = selectText(text) ? "Copied" : "Not allowed";
    }
    setTimeout(() => { label.textContent = attributes.label ?? "Copy"; }, 1500);
  }
  return button;
}

/** Copy without the clipboard API, which browsers keep from plain HTTP off loopback. */
function selectText(text) {
  const area = h("textarea", { class: "visually-hidden", value: text, "aria-hidden": "true", tabindex: "-1" });
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

/** Build a block of code with a copy button. */
export function codeBlock(text, what = "Copy the command") {
  return h("div", { class: "code-block" }, h("pre", { tabindex: "0" }, h("code", {}, text)), copyButton(text, what));
}
