// The phones of the tenant, side by side, and the list of all of them.

import { h, icon, replace } from "../dom.js";
import { firstMessage } from "../first_message.js";
import { numberText, typedNumber } from "../numbers.js";
import { STATE_WORDS, phone } from "../phone.js";
import { SAMPLE_NUMBER } from "../send_message.js";
import { debounce } from "../stream.js";
import { timeElement } from "../time.js";
import { virtualList } from "../virtual_list.js";

const SHOWN_PHONES = 6;
const ROW_HEIGHT = 68;
const FOCUS_MS = 300;

export function mount(root, context) {
  const { control, stream, clock, notify, navigate } = context;
  const phones = new Map();
  let chosen = chosenOf(context.route);
  let numbers = [];
  let search = "";
  let awaited = ""; // the phone that gets the focus as soon as it is shown

  const stage = h("div", { class: "stage" });
  const searchBox = h("input", { class: "input", type: "search", id: "handset-search", placeholder: "Number", autocomplete: "off",
    oninput: () => { search = searchBox.value; debouncedReset(); } });
  const opener = h("form", { class: "row", onsubmit: open },
    h("div", { class: "searchbox" }, icon("search"), h("label", { class: "visually-hidden", for: "handset-search" }, "Find or open a handset by its number"), searchBox),
    h("button", { class: "button", type: "submit", title: "Open the phone of any number" }, icon("plus"), "Open"));
  const list = virtualList({
    rowHeight: ROW_HEIGHT,
    label: "All handsets",
    key: (handset) => handset.number,
    load: async (page, max, signal) => {
      const answer = await control.call("GET", "/handsets", { query: { page, max, number: search }, signal });
      return { rows: answer.handsets, total: answer.page.total };
    },
    render: (handset) => listRow(handset, clock, phones.has(handset.number), () => show(handset.number)),
    onCount: (total) => {
      count.textContent = total === 1 ? "1 handset" : `${total.toLocaleString()} handsets`;
      aside.classList.toggle("none", total === 0);
    },
    onError: notify,
  });
  const count = h("p", { class: "tiny-text soft" });
  const aside = h("aside", { class: "handset-list", "aria-label": "Handsets" }, opener, count, list.element);
  root.append(h("h1", { class: "visually-hidden" }, "Handsets"), h("div", { class: "handsets" }, aside, stage));

  const debouncedReset = debounce(() => list.reset(), 200);
  const refresh = debounce(async () => {
    try {
      await Promise.all([choose(), list.refresh()]);
      await Promise.all([...phones.values()].map((each) => each.refresh()));
    } catch (error) {
      notify(error);
    }
  });

  /** Open the phones of the route, or those with the latest texts. */
  async function choose() {
    let wanted = chosen;
    if (wanted.length === 0) {
      const { handsets } = await control.get("/handsets", { max: SHOWN_PHONES });
      if (chosen.length > 0) return; // meanwhile somebody opened a phone, which is shown already
      // A phone that is open stays where it is, so that nothing moves under the pointer.
      const latest = handsets.map(({ number }) => number);
      const placed = [...stage.children].map(({ dataset }) => dataset.number).filter((number) => phones.has(number));
      const open = placed.filter((number) => latest.includes(number) || phones.get(number).element.contains(document.activeElement));
      wanted = phones.size === 0 ? latest : [...latest.filter((number) => !open.includes(number)), ...open].slice(0, Math.max(SHOWN_PHONES, open.length));
    }
    for (const [number, each] of phones) {
      if (!wanted.includes(number)) close(number, each);
    }
    const fresh = wanted.filter((number) => !phones.has(number));
    for (const number of fresh) {
      phones.set(number, phone(number, { context, numbers: () => numbers, quickReplies, onChange: refresh, onClose: () => closePhone(number) }));
    }
    if (fresh.length > 0 || wanted.length === 0 || chosen.length > 0) {
      if (wanted.length === 0) replace(stage, emptyState());
      else {
        stage.querySelectorAll(":scope > :not(.phone)").forEach((each) => each.remove());
        wanted.forEach((number, place) => {
          const each = phones.get(number);
          if (stage.children[place] === each.element) return;
          stage.insertBefore(each.element, stage.children[place] ?? null);
          each.toEnd(); // a browser forgets how far an element was scrolled when it moves
        });
      }
    }
    stage.classList.toggle("single", wanted.length === 1);
    list.draw();
    focusAwaited();
    await Promise.all(fresh.map((number) => phones.get(number).refresh()));
  }

  function close(number, each) {
    each.destroy();
    each.element.remove();
    phones.delete(number);
  }

  function others(number) {
    return (chosen.length > 0 ? chosen : [...phones.keys()]).filter((each) => each !== number);
  }

  /** Show a phone before all others. On a narrow screen, move to it. */
  function show(number) {
    navigate("handsets", [number, ...others(number)].join("+"));
    if (matchMedia("(max-width: 46rem)").matches) setTimeout(() => stage.scrollIntoView(), 100);
    else scrollTo(0, 0);
  }

  function closePhone(number) {
    const left = others(number);
    navigate("handsets", ...(left.length > 0 ? [left.join("+")] : []));
  }

  function open(event) {
    event.preventDefault();
    const number = typedNumber(searchBox.value);
    if (!number) return notify(new Error("Type a phone number, as 0491 570 156 or +61 491 570 156."));
    searchBox.value = search = "";
    list.reset();
    awaited = number;
    if (phones.has(number)) focusAwaited();
    else show(number);
  }

  /** Give the focus to the phone that somebody opened, after `show` has moved to it. */
  function focusAwaited() {
    if (!phones.has(awaited)) return;
    const number = awaited;
    awaited = "";
    setTimeout(() => phones.get(number)?.focus(), FOCUS_MS);
  }

  function quickReplies(target) {
    const words = numbers.find(({ number }) => number === target)?.keywords ?? [];
    return [...new Set([...words.slice(0, 3), "Yes", "STOP"])];
  }

  async function readNumbers() {
    numbers = await readAddressees(control);
  }

  function emptyState() {
    return h("section", { class: "empty first-message" }, h("div", { class: "ghost-phone", "aria-hidden": "true" }, h("span"), h("span"), h("span")),
      firstMessage(context, "The phone that gets the message appears here automatically.",
        h("a", { href: `#/handsets/${SAMPLE_NUMBER}` }, "open a phone"), " and write from it"));
  }

  const endStream = stream.subscribe(({ kind, entry }) => {
    if (kind === "call" && (entry.code !== "SUCCESS" || /^get-/.test(entry.method ?? ""))) return;
    if (/-(number|keyword)/.test(entry?.method ?? "")) readNumbers().then(refresh).catch(notify);
    else refresh();
  });
  // A phone is drawn once the numbers that it can write to are known.
  const numbersAreKnown = readNumbers().catch(notify);
  numbersAreKnown.then(choose).then(() => list.refresh()).catch(notify);

  function unmount() {
    refresh.cancel();
    debouncedReset.cancel();
    endStream();
    list.destroy();
    phones.forEach((each) => each.destroy());
  }
  unmount.onRoute = (route) => {
    chosen = chosenOf(route);
    numbersAreKnown.then(choose).catch(notify);
    return true;
  };
  return unmount;
}

function chosenOf(route) {
  return (route.parts[0] ?? "").split("+").map(typedNumber).filter((number) => number !== "");
}

/** Return the numbers that phones can write to, each with its keywords. */
async function readAddressees(control) {
  const [{ numbers }, { keywords }] = await Promise.all([control.get("/numbers", { max: 100 }), control.get("/keywords", { max: 100 })]);
  return numbers.map(({ number }) => ({ number, keywords: keywords.filter((each) => each.number === number).map(({ keyword }) => keyword.toUpperCase()) }));
}

function listRow(handset, clock, isOpen, onclick) {
  const { last } = handset;
  const preview = last === null ? "No text yet" : [last.direction === "sent" && h("bdi", {}, "Reply: "), last.text];
  return h("div", { class: "handset-row" }, h("button", { class: "handset-button", type: "button", "aria-current": isOpen ? "true" : null, title: "Show this phone first", onclick },
    h("span", { class: `state-dot ${handset.opted_out_of.length > 0 ? "out" : handset.state}`, "aria-hidden": "true",
      title: handset.opted_out_of.length > 0 ? "Opted out" : STATE_WORDS[handset.state] }),
    h("span", { class: "handset-number" }, numberText(handset.number)),
    last && timeElement(last.at, clock.short(new Date(last.at))),
    h("span", { class: "handset-preview", dir: "auto" },
      handset.opted_out_of.length > 0 && h("bdi", { class: "visually-hidden" }, "Opted out. "),
      handset.state !== "on" && h("bdi", { class: "visually-hidden" }, `${handset.state === "off" ? "Off" : "Not in service"}. `), preview)));
}
