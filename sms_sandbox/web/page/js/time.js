// Times by the tenant's clock, in the time zone of this browser.

import { h } from "./dom.js";

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const FULL_DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const ROW_DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const ZONE = new Intl.DateTimeFormat("en", { timeZoneName: "short" });

/** The tenant's clock, as control last showed it. It runs on while it is not frozen. */
export class Clock {
  #control;
  #listeners = new Set();
  #shown = Date.now();
  #readAt = Date.now();
  running = true;

  constructor(control) {
    this.#control = control;
  }

  /** Read the clock from control. */
  async refresh() {
    this.set(await this.#control.get("/clock"));
  }

  /** Take over what an operation of the clock answered: `{now, running}`. */
  set({ now, running }) {
    this.#shown = Date.parse(now);
    this.#readAt = Date.now();
    this.running = running;
    this.#listeners.forEach((listener) => listener(this));
  }

  /** Call `listener(clock)` now and whenever the clock is set. Returns how to end it. */
  onChange(listener) {
    this.#listeners.add(listener);
    listener(this);
    return () => this.#listeners.delete(listener);
  }

  /** Return the time that the clock shows. */
  now() {
    return new Date(this.running ? this.#shown + (Date.now() - this.#readAt) : this.#shown);
  }

  /** Return the day as a heading: "Today", "Yesterday", "Tomorrow" or its date. */
  day(time) {
    const days = Math.round((startOfDay(time) - startOfDay(this.now())) / 86_400_000);
    if (days === 0) return "Today";
    if (days === -1) return "Yesterday";
    if (days === 1) return "Tomorrow";
    return (time.getFullYear() === this.now().getFullYear() ? DAY : FULL_DAY).format(time);
  }

  /** Return the distance of a time from now, as in "2 min ago". Later times are "in 3 h". */
  distance(time) {
    const seconds = Math.round((time - this.now()) / 1000);
    const size = duration(Math.abs(seconds) * 1000);
    if (Math.abs(seconds) < 1) return "now";
    return seconds < 0 ? `${size} ago` : `in ${size}`;
  }

  /** Return a short text for a list: the time today, the date otherwise. */
  short(time) {
    return this.day(time) === "Today" ? TIME.format(time) : this.day(time);
  }
}

/** Return a span of milliseconds in words. For example: "12 s", "3 h 5 min". */
export function duration(ms) {
  if (ms < 1000) return `${ms < 10 && ms % 1 ? ms.toFixed(1) : Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 && minutes < 5 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

/** Return the hour and minute, with seconds if asked for. */
export function timeText(time, seconds = false) {
  return (seconds ? SECONDS : TIME).format(time);
}

/** Return the date with its year. */
export function dayText(time) {
  return FULL_DAY.format(time);
}

/** Return the date with its year and the time with seconds. */
export function fullText(time) {
  return `${dayText(time)}, ${timeText(time, true)}`;
}

/** Return the name of the browser's time zone, as in "GMT+11". */
export function zoneText(time) {
  return ZONE.formatToParts(time).find((part) => part.type === "timeZoneName").value;
}

/** Return a short text for a row: the time today, else the date and the time, with `seconds` if asked for. */
export function rowText(time, clock, seconds = false) {
  return clock.day(time) === "Today" ? timeText(time, true) : `${ROW_DAY.format(time)} ${timeText(time, seconds)}`;
}

/** Build a `<time>` of an ISO text. Its tooltip is the whole time in UTC, as the API gives it. */
export function timeElement(iso, text) {
  const time = new Date(iso);
  return h("time", { datetime: iso, title: `${iso.replace("T", " ").replace(/(\.\d+)?Z$/, "")} UTC` }, text ?? timeText(time, true));
}

function startOfDay(time) {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate());
}
