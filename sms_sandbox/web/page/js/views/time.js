// The tenant's clock, what is due next, trouble to make, and the throttles.

import { advance, moveButton } from "../advance.js";
import { h, redraw, replace } from "../dom.js";
import { DUE_NAMES, eventWords } from "../event_names.js";
import { numberText } from "../numbers.js";
import { badge, button, card, during, field, input, nothing, viewHead } from "../parts.js";
import { debounce } from "../stream.js";
import { dayText, timeElement, timeText, zoneText } from "../time.js";
import { trouble } from "../trouble.js";

const SHOWN_EVENTS = 12;
const STEPS = [["+1 minute", { minutes: 1 }], ["+1 hour", { hours: 1 }], ["+1 day", { days: 1 }]];
const METER_MS = 1000;

export function mount(root, context) {
  const { control, stream, clock, notify } = context;
  const now = h("time", { class: "big-clock" });
  const day = h("span", { class: "soft" });
  const state = h("span", {});
  const freeze = button("Freeze", () => set(freeze, "freeze"));
  const resume = button("Resume", () => set(resume, "resume"));
  const next = button("To the next event", () => move(next, "/clock/next"), { class: "primary" });
  const steps = STEPS.map(([text, span]) => {
    const step = button(text, () => move(step, "/clock/advance", span));
    return step;
  });
  const to = input({ type: "datetime-local", step: "1" });
  const go = button("Go", null, { type: "submit" });
  const toForm = h("form", { class: "row to-form", onsubmit: advanceTo }, field("To a time", to), go);
  const result = h("p", { class: "small-text", role: "status" });
  const due = h("div", { class: "due" });
  const meters = h("div", { class: "stack" });
  const makeTrouble = trouble(context);
  root.append(viewHead("Time and trouble", "See tomorrow's message today, and see what your app does when something fails."),
    h("div", { class: "grid-2" },
      h("div", { class: "stack" },
        card("Clock", h("div", {}, now, h("div", { class: "row small-text" }, day, state)),
          h("div", { class: "row" }, freeze, resume, next, steps), toForm, result),
        card("Due next", due),
        card("Throttle", h("p", { class: "small-text soft" }, "Calls of each account in the last second. Over the limit, calls are refused with 429 OVER_LIMIT."), meters)),
      h("div", { class: "stack" }, makeTrouble.elements)));

  function tick() {
    const time = clock.now();
    now.textContent = timeText(time, true);
    now.dateTime = time.toISOString();
    day.textContent = `${dayText(time)}, ${zoneText(time)}`;
    for (const left of due.querySelectorAll("[data-due]")) left.textContent = clock.distance(new Date(left.dataset.due));
  }

  const endClock = clock.onChange(() => {
    replace(state, clock.running ? badge("Running", "good") : badge("Frozen", "info"));
    freeze.hidden = !clock.running;
    resume.hidden = clock.running;
    tick();
  });
  const ticking = setInterval(tick, 250);

  function set(control_, verb) {
    return during(control_, notify, async () => {
      clock.set(await control.post(`/clock/${verb}`));
      (verb === "freeze" ? resume : freeze).focus();
      await refresh();
    });
  }

  async function move(control_, path, body) {
    result.textContent = "Advancing. Callbacks are sent on the way, so this can take a moment…";
    result.textContent = (await during(control_, notify, () => advance(context, path, body))) ?? "";
    await refresh().catch(notify);
  }

  function advanceTo(event) {
    event.preventDefault();
    if (to.value === "") return to.focus();
    return move(go, "/clock/advance", { to: new Date(to.value).toISOString() });
  }

  async function showDue() {
    const { events, page } = await control.get("/clock/due", { max: SHOWN_EVENTS });
    next.disabled = page.total === 0;
    // The rows stay while nothing changes, so that their buttons can be pressed. Only the remaining time is updated.
    redraw(due, [events, page.total, clock.day(clock.now())], () => {
      if (events.length === 0) return nothing("Nothing is due. Messages that are sent, and callbacks that wait for another attempt, appear here.");
      return [h("ul", { class: "plain-list" }, events.map((event) => dueRow(event, context, refresh))),
        page.total > events.length && h("p", { class: "soft tiny-text" }, `and ${(page.total - events.length).toLocaleString()} more`)];
    });
    tick();
  }

  async function showMeters() {
    const { throttles } = await control.get("/throttles", { max: 20 });
    replace(meters, throttles.map(({ key, limit, used }) => h("div", { class: "meter-line" },
      h("code", {}, key), limit === 0 ? h("span", { class: "soft small-text" }, "no limit") : [
        h("meter", { min: "0", max: String(limit), high: String(limit * 0.8), value: String(used), "aria-label": `Calls of ${key} in the last second` }),
        h("span", { class: "small-text number" }, `${used} of ${limit}`)])));
  }

  // A count is out of date after a second, so it is read once more after a call.
  let fading = null;
  const meterSoon = debounce(async () => {
    await showMeters().catch(notify);
    clearTimeout(fading);
    fading = setTimeout(() => showMeters().catch(notify), METER_MS);
  }, 50);
  const refresh = async () => { await Promise.all([showDue(), makeTrouble.refresh()]); };
  const refreshSoon = debounce(() => refresh().catch(notify), 200);
  const unsubscribe = stream.subscribe(({ kind }) => {
    refreshSoon();
    if (kind === "call") meterSoon();
  });
  refresh().catch(notify);
  showMeters().catch(notify);
  return () => {
    unsubscribe();
    endClock();
    clearInterval(ticking);
    clearTimeout(fading);
    refreshSoon.cancel();
    meterSoon.cancel();
  };
}

function dueRow(event, context, refresh) {
  const day = context.clock.day(new Date(event.at));
  const name = DUE_NAMES[event.kind] ?? event.kind;
  return h("li", {},
    h("span", { class: "due-time number" }, timeElement(event.at, day === "Today" ? undefined : `${day} ${timeText(new Date(event.at))}`),
      h("span", { class: "soft tiny-text", dataset: { due: event.at } })),
    h("span", { class: "grow" }, capital(name), event.says && [": ", h("strong", {}, eventWords(event.says))],
      event.number && h("span", { class: "soft" }, " · ", h("a", { class: "whole", href: `#/handsets/${event.number}` }, numberText(event.number))),
      event.message_id && h("div", {}, h("a", { class: "tiny-text", href: `#/messages/${event.message_id}` }, `Message ${event.message_id}`))),
    moveButton(context, event.at, `${name}${event.message_id ? ` of message ${event.message_id}` : ""}`, refresh));
}

function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
