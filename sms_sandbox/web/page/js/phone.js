// A phone: its conversation, its composer, and its switches.

import { moveButton } from "./advance.js";
import { h, icon, redraw, replace, showItems, svg } from "./dom.js";
import { isNumber, numberText } from "./numbers.js";
import { tapNote, textItem } from "./phone_text.js";
import { timeText } from "./time.js";

const PAGE_TEXTS = 50;
const STATES = [["on", "On"], ["off", "Off"], ["disconnected", "Disconnected"]];
export const STATE_WORDS = { on: "In service", off: "Switched off: messages bounce softly", disconnected: "Not in service: messages bounce hard" };

let lastPhone = 0;

/**
 * Build the phone of a number. `numbers()` returns the numbers it can write to; `onClose` closes it.
 * Returns `{element, number, show(handset), refresh(), toEnd(), focus(), destroy()}`.
 */
export function phone(number, { context, numbers, quickReplies, onChange, onClose }) {
  const { control, clock, notify } = context;
  lastPhone += 1;
  const id = `phone-${lastPhone}`;
  let handset = null;
  let shown = "";
  let known = null;
  let pages = 1;
  let stateCount = 0; // numbers reads and changes of the phone's state, so that an older read cannot undo a change
  let shownState = 0;
  let changing = 0; // while a change is under way, a read may show the state before or after it
  let total = 0;
  let chosen = null;
  let wasLost = false; // the last text could not be sent, because the sandbox did not answer

  const time = h("time", { class: "phone-time" });
  const service = h("span", { class: "phone-service" });
  const badges = h("div", { class: "phone-badges" });
  const list = h("ol", { class: "texts", tabindex: "0", "aria-label": `Texts on ${numberText(number)}` },
    h("li", { class: "no-texts" }, "Reading the texts…"));
  const log = h("div", { class: "visually-hidden", role: "log", "aria-live": "polite" });
  const note = h("div", { class: "phone-note" });
  const problem = h("p", { class: "phone-problem", role: "alert", id: `${id}-problem` });
  const box = h("textarea", { class: "input", id: `${id}-text`, rows: "1", maxlength: "2000", placeholder: "Text message", dir: "auto", "aria-describedby": `${id}-problem`, onkeydown: onKey, oninput: grow });
  const to = h("select", { class: "phone-to", id: `${id}-to`, "aria-label": "Number to write to", onchange: () => { chosen = to.value; } });
  // Until the texts are read, it is not known which number wrote last, and the sandbox chooses it.
  const toRow = h("div", { class: "composer-to", hidden: true }, h("label", { for: `${id}-to` }, "To"), to);
  const quick = h("div", { class: "quick", role: "group", "aria-label": "Quick replies" });
  const states = h("div", { class: "segments", role: "group", "aria-label": "The phone is" }, STATES.map(([state, label]) =>
    h("button", { type: "button", "aria-pressed": "false", title: STATE_WORDS[state], dataset: { state }, onclick: () => change({ state }) }, label)));
  const answers = h("input", { type: "checkbox", id: `${id}-answers`, onchange: () => change({ replies: answers.checked ? answer.value || "Yes please" : null }) });
  const answer = h("input", { class: "input", type: "text", maxlength: "2000", "aria-label": "The answer", placeholder: "Yes please",
    onchange: () => { if (answers.checked) change({ replies: answer.value || "Yes please" }); } });
  const settings = h("div", { class: "phone-settings", id: `${id}-settings`, hidden: true }, states,
    h("div", { class: "phone-answers" }, answers, h("label", { for: `${id}-answers` }, "Answers automatically"), answer),
    h("p", { class: "tiny-text soft" }, "For messages that are sent from now on. Off is a soft bounce, disconnected a hard one."));
  const toggle = h("button", { class: "button quiet icon-only small", type: "button", "aria-label": "Settings of the phone", title: "Switch the phone off, or let it answer automatically", "aria-expanded": "false", "aria-controls": `${id}-settings`, onclick: toggleSettings }, icon("settings"));
  const element = h("article", { class: "phone", "aria-labelledby": `${id}-name`, dataset: { number, state: "on" } },
    h("div", { class: "phone-bar" }, time, service, signal()),
    h("header", { class: "phone-head" },
      h("span", { class: "avatar", "aria-hidden": "true" }, icon("phone")),
      h("div", { class: "phone-title" }, h("h2", { id: `${id}-name` }, numberText(number)), badges),
      toggle,
      h("button", { class: "button quiet icon-only small", type: "button", "aria-label": `Close ${numberText(number)}`, title: "Close this phone", onclick: onClose }, icon("close"))),
    settings, list, log, note,
    h("form", { class: "composer", onsubmit: submit },
      quick, problem,
      toRow,
      h("div", { class: "composer-row" },
        h("label", { class: "visually-hidden", for: `${id}-text` }, `Text from ${numberText(number)}`), box,
        h("button", { class: "send", type: "submit", "aria-label": "Send" }, icon("send")))),
    h("div", { class: "phone-home", "aria-hidden": "true" }));

  const endClock = clock.onChange(tick);
  const timer = setInterval(tick, 5000);
  function tick() {
    time.textContent = timeText(clock.now());
    time.dateTime = clock.now().toISOString();
  }

  function show(next) {
    handset = next;
    element.dataset.state = next.state;
    service.textContent = { on: "", off: "Off", disconnected: "No service" }[next.state];
    for (const button of states.children) button.setAttribute("aria-pressed", String(button.dataset.state === next.state));
    answers.checked = next.replies !== null;
    if (next.replies !== null && document.activeElement !== answer) answer.value = next.replies;
    replace(badges,
      next.opted_out_of.length > 0 && h("span", { class: "badge bad" }, "Opted out"),
      next.state === "off" && h("span", { class: "badge warn" }, "Off"),
      next.state === "disconnected" && h("span", { class: "badge bad" }, "Not in service"),
      next.replies !== null && h("span", { class: "badge info" }, "Answers"),
      next.state === "on" && next.replies === null && !["delivered"].includes(next.scenario) && h("span", { class: "badge info" }, next.scenario),
      next.rule_id !== null && h("a", { class: "badge", href: "#/time", title: "A carrier rule decides on messages to this phone" }, `Rule ${next.rule_id}`));
  }

  async function refresh() {
    const mine = ++stateCount;
    const [next, ...read] = await Promise.all([
      control.get(`/handsets/${number}`),
      ...Array.from({ length: pages }, (_, page) => control.get(`/handsets/${number}/texts`, { page: page + 1, max: PAGE_TEXTS })),
    ]);
    if (mine > shownState && changing === 0) {
      shownState = mine;
      show(next);
    }
    if (wasLost) problem.textContent = ""; // the sandbox answers again
    wasLost = false;
    total = read[0].page.total;
    const texts = read.flatMap((page) => page.texts).reverse();
    drawTargets(texts); // first, because it changes the height that is left for the texts
    drawTexts(texts);
  }

  function drawTexts(texts) {
    const key = (text) => `${text.direction}${text.id}`;
    const isNew = (text) => known !== null && !known.has(key(text));
    const looks = JSON.stringify([texts, clock.running]);
    if (looks === shown) return;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    const fromEnd = list.scrollHeight - list.scrollTop;
    const focus = list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.id : null;
    const items = [];
    const arriving = [];
    if (total > texts.length) items.push(h("li", { class: "earlier" }, h("button", { class: "button quiet small", type: "button", onclick: earlier }, "Earlier texts")));
    if (texts.length === 0) items.push(h("li", { class: "no-texts" }, h("p", {}, "No text yet."), h("p", {}, "Send a message to this number, or write from it to one of yours.")));
    let day = "";
    let previous = null;
    for (const text of texts) {
      const heading = text.status === "scheduled" ? "Scheduled" : clock.day(new Date(text.at));
      if (heading !== day) {
        items.push(h("li", { class: "day" }, heading));
        previous = null;
      }
      day = heading;
      if (isNew(text)) arriving.push(items.length);
      items.push(textItem(text, { previous, clock, onTap: tap, toItsTime }));
      previous = text;
    }
    const fresh = texts.filter((text) => isNew(text) && text.direction === "got" && ["pending", "delivered"].includes(text.status));
    if (fresh.length > 0) replace(log, fresh.map((text) => h("p", {}, `New text from ${numberText(text.number)}: ${text.text}`)));
    const first = known === null;
    const drawn = showItems(list, items);
    arriving.forEach((place) => drawn[place].classList.add("arrived"));
    if (first || atEnd) list.scrollTop = list.scrollHeight;
    else list.scrollTop = list.scrollHeight - fromEnd;
    if (focus && !list.contains(document.activeElement)) list.querySelector(`li[data-id="${focus}"] :is(a, button)`)?.focus({ preventScroll: true });
    known = new Set(texts.map(key));
    shown = looks;
  }

  function earlier() {
    pages += 1;
    refresh().catch(notify);
  }

  /** The numbers this phone can write to: those that wrote to it, the latest first, then all others. */
  function drawTargets(texts) {
    const wrote = texts.filter((text) => isNumber(text.number)).map((text) => text.number).reverse();
    const all = [...new Set([...wrote, ...numbers().map((each) => each.number)])];
    if (document.activeElement === to) return;
    toRow.hidden = false;
    redraw(to, all, () => all.map((each) => h("option", { value: each }, numberText(each))));
    if (chosen !== null && all.includes(chosen)) to.value = chosen;
    to.disabled = all.length === 0;
    const replies = quickReplies(to.value);
    redraw(quick, replies, () => replies.map((words) => h("button", { class: "quick-reply", type: "button", onclick: () => write(words) }, words)));
  }

  function toItsTime(text) {
    return moveButton(context, text.at, `message ${text.message_id}`, onChange);
  }

  async function tap(text, link) {
    try {
      const { target } = await control.post(`/recipients/${text.id}/tap`, { link });
      replace(note, tapNote(target, () => replace(note)));
      await refresh();
    } catch (error) {
      notify(error);
    }
  }

  async function change(body) {
    shownState = ++stateCount;
    changing += 1;
    try {
      const changed = await control.patch(`/handsets/${number}`, body);
      shownState = ++stateCount;
      show(changed);
      onChange();
    } catch (error) {
      if (handset) show(handset);
      notify(error);
    } finally {
      changing -= 1;
    }
  }

  async function write(words) {
    if (!words.trim()) return false;
    problem.textContent = "";
    try {
      await control.post("/inbound", { from: number, text: words, ...(to.value ? { to: to.value } : {}) });
      list.scrollTop = list.scrollHeight;
      await refresh();
      onChange();
      return true;
    } catch (error) {
      problem.textContent = error.message;
      wasLost = error.status === 0;
      return false;
    }
  }

  async function submit(event) {
    event.preventDefault();
    if (await write(box.value)) {
      box.value = "";
      grow();
    }
  }

  function onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  }

  function grow() {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, 96)}px`;
  }

  function toggleSettings() {
    settings.hidden = !settings.hidden;
    toggle.setAttribute("aria-expanded", String(!settings.hidden));
  }

  return { element, number, show, refresh, toEnd: () => { list.scrollTop = list.scrollHeight; }, focus: () => box.focus(), destroy() { clearInterval(timer); endClock(); } };
}

function signal() {
  return svg("svg", { class: "phone-signal", viewBox: "0 0 40 12", "aria-hidden": "true" },
    [0, 1, 2, 3].map((bar) => svg("rect", { class: "bar", x: bar * 4, y: 8 - bar * 2.5, width: 3, height: 4 + bar * 2.5, rx: 0.75 })),
    svg("rect", { class: "battery", x: 21.5, y: 1, width: 15, height: 10, rx: 2.5 }),
    svg("rect", { class: "charge", x: 23, y: 2.5, width: 10, height: 7, rx: 1.2 }),
    svg("rect", { class: "charge", x: 37.5, y: 4, width: 1.5, height: 4, rx: 0.75 }));
}
