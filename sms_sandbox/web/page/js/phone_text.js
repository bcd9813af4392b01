// One text on a phone: the bubble, its links and codes, and its state.

import { copyButton, h, icon } from "./dom.js";
import { numberText } from "./numbers.js";
import { timeElement, timeText } from "./time.js";

const SHORT_LINK = /^(?:tapth\.is|unsubrep\.ly)\/\w+$/i;

/** Each status of a text: its class, and its words for the owner of the phone. */
const STATUS = {
  pending: ["pending", "On its way"],
  delivered: ["", ""],
  "soft-bounce": ["missed", "Did not arrive: soft bounce"],
  "hard-bounce": ["missed", "Did not arrive: hard bounce"],
  scheduled: ["scheduled", "Scheduled"],
  received: ["", ""],
};

/** Build the list item of a text. `onTap(text, link)` opens a short link; `toItsTime(text)` is the button that moves the clock. */
export function textItem(text, { previous, clock, onTap, toItsTime }) {
  const got = text.direction === "got";
  const [state, words] = STATUS[text.status] ?? ["", text.status];
  const at = new Date(text.at);
  const showsSender = got && !(previous?.direction === "got" && previous.number === text.number);
  const showsTarget = !got && !(previous && previous.number === text.number);
  return h("li", { class: `text ${text.direction} ${state}`, dataset: { id: text.id } },
    showsSender && h("p", { class: "text-from" }, numberText(text.number)),
    showsTarget && h("p", { class: "text-from" }, "To ", numberText(text.number)),
    h("div", { class: "bubble" },
      h("span", { class: "visually-hidden" }, got ? "Got: " : "Sent: "),
      h("span", { class: "bubble-text", dir: "auto" }, ...withLinks(text, onTap))),
    extracts(text),
    h("p", { class: "text-meta" },
      timeElement(text.at, text.status === "scheduled" ? `${clock.day(at)} ${timeText(at)}` : timeText(at)),
      text.status === "scheduled" ? toItsTime(text)
        : text.status === "pending" && !clock.running ? h("a", { class: "text-status", href: "#/time", title: "Resume or advance the clock, and it goes on" }, "Waits: the clock is frozen")
        : words && h("span", { class: "text-status" }, words),
      text.is_optout && h("span", { class: "text-status optout" }, "Opted out"),
      text.keyword && h("span", { class: "text-status" }, `Keyword ${text.keyword}`),
      text.link_hits > 0 && h("span", { class: "text-status" }, text.link_hits === 1 ? "Link tapped" : `Link tapped ${text.link_hits}×`),
      text.message_id > 0 && h("a", { href: `#/messages/${text.message_id}`, "aria-label": `Story of message ${text.message_id}` }, "Story")));
}

/** Return the parts of a text, with its links as things to tap. */
function withLinks(text, onTap) {
  const parts = [];
  let rest = text.text;
  for (const link of text.links) {
    const place = rest.indexOf(link);
    if (place < 0) continue;
    parts.push(rest.slice(0, place), linkElement(text, link, onTap));
    rest = rest.slice(place + link.length);
  }
  return [...parts, rest];
}

function linkElement(text, link, onTap) {
  if (text.direction === "got" && SHORT_LINK.test(link)) {
    return h("button", { class: "text-link", type: "button", title: "Tap the link, as the owner of the phone does",
      disabled: text.status === "scheduled", onclick: () => onTap(text, link) }, link);
  }
  const url = webAddress(link);
  return url === null ? link : h("a", { class: "text-link", href: url, target: "_blank", rel: "noopener noreferrer" }, link);
}

/** Return the address of a link, null if it is not one of the web. */
export function webAddress(link) {
  if (!URL.canParse(withScheme(link))) return null;
  const url = new URL(withScheme(link));
  return ["http:", "https:"].includes(url.protocol) ? url.href : null;
}

function withScheme(link) {
  return /^https?:\/\//i.test(link) ? link : `http://${link}`;
}

/** Build buttons that copy the likely code and the links of a received text. */
function extracts(text) {
  if (text.direction !== "got" || (text.codes.length === 0 && text.links.length === 0)) return null;
  return h("div", { class: "extracts" },
    text.codes.slice(0, 1).map((code) => copyButton(code, `Copy the code ${code}`, { class: "extract code", label: code })),
    text.links.map((link) => copyButton(link, `Copy the link ${link}`, { class: "extract", label: text.links.length > 1 ? shortened(link) : "Copy link" })));
}

/** Return the end of a link, which tells one from the other. */
function shortened(link) {
  const bare = link.replace(/^https?:\/\//i, "");
  return bare.length > 22 ? `…${bare.slice(-20)}` : bare;
}

/** Build the note that a tapped link leads to. */
export function tapNote(target, close) {
  const url = target === null ? null : webAddress(target);
  return h("div", { class: "tap-note arrived", role: "status" }, icon("link"),
    h("p", {}, target === null ? "The opt-out page opened: this phone is unsubscribed." : ["The link leads to ",
      url === null ? h("span", {}, target) : h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, target), "."]),
    h("button", { class: "button quiet small icon-only", type: "button", "aria-label": "Close this note", onclick: close }, icon("close")));
}
