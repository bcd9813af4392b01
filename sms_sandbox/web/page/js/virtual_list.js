// A list of any length: only the rows in sight are in the page, and only their pages are read from the API.

import { h, showItems } from "./dom.js";

const PAGE_ROWS = 100;
const MAX_PAGES = 30;
const MARGIN_ROWS = 8;

/**
 * Make a list of rows of one height.
 *
 * `load(page, max, signal)` returns `{rows, total}`; `render(row, index)` returns an element; `key(row)` identifies a row.
 * `onCount(total)` gets the number of rows. Returns `{element, refresh, reset, rows, destroy}`: `refresh` reads what
 * is in sight again, `reset` begins at the top.
 */
export function virtualList({ rowHeight, load, render, key, label, onCount = () => {}, onError = () => {} }) {
  const pages = new Map();
  let total = 0;
  let generation = 0;
  let abort = new AbortController();
  let seen = new Set();
  const body = h("div", { class: "virtual-rows", role: "list", "aria-label": label });
  const element = h("div", { class: "virtual-list", tabindex: "-1" }, body);

  function range() {
    const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - MARGIN_ROWS);
    const last = Math.min(total, Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + MARGIN_ROWS);
    return [first, Math.max(first, last)];
  }

  function draw() {
    const [first, last] = range();
    body.style.height = `${total * rowHeight}px`;
    const focused = document.activeElement?.closest?.("[data-key]")?.dataset.key;
    const items = [];
    const places = [];
    for (let index = first; index < last; index += 1) {
      const row = pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
      if (row === undefined) continue;
      const item = render(row, index);
      item.dataset.key = String(key(row));
      item.setAttribute("role", "listitem");
      item.classList.add("virtual-row");
      items.push(item);
      places.push(index);
    }
    const shown = showItems(body, items);
    shown.forEach((item, number) => {
      const index = places[number];
      item.setAttribute("aria-setsize", String(total));
      item.setAttribute("aria-posinset", String(index + 1));
      item.style.transform = `translateY(${index * rowHeight}px)`;
      item.style.height = `${rowHeight}px`;
      item.classList.toggle("arrived-row", seen.size > 0 && !seen.has(item.dataset.key) && index === 0);
    });
    if (focused !== undefined && !body.contains(document.activeElement)) {
      const again = shown.find((item) => item.dataset.key === focused);
      (again?.querySelector("a, button") ?? again)?.focus({ preventScroll: true });
    }
    seen = new Set(shown.map((item) => item.dataset.key));
  }

  async function read(number, signal) {
    const { rows, total: count } = await load(number + 1, PAGE_ROWS, signal);
    pages.delete(number);
    pages.set(number, rows);
    while (pages.size > MAX_PAGES) pages.delete(pages.keys().next().value);
    return count;
  }

  async function fetchVisible(again) {
    const mine = generation;
    const [first, last] = range();
    const numbers = [];
    for (let number = Math.floor(first / PAGE_ROWS); number * PAGE_ROWS < Math.max(last, first + 1); number += 1) {
      if (again || !pages.has(number)) numbers.push(number);
    }
    if (numbers.length === 0) return;
    if (again) [...pages.keys()].filter((number) => !numbers.includes(number)).forEach((number) => pages.delete(number));
    try {
      const counts = await Promise.all(numbers.map((number) => read(number, abort.signal)));
      if (mine !== generation) return;
      const changed = counts[0] !== total;
      total = counts[0];
      if (changed || again) onCount(total);
      draw();
    } catch (error) {
      if (error.name !== "AbortError") onError(error);
    }
  }

  let frame = 0;
  function onScroll() {
    if (frame) return;
    frame = requestAnimationFrame(() => { frame = 0; draw(); fetchVisible(false); });
  }
  element.addEventListener("scroll", onScroll, { passive: true });
  const resizes = new ResizeObserver(onScroll);
  resizes.observe(element);

  return {
    element,
    refresh: () => fetchVisible(true),
    reset() {
      generation += 1;
      abort.abort();
      abort = new AbortController();
      pages.clear();
      seen = new Set();
      element.scrollTop = 0;
      return fetchVisible(true);
    },
    /** Draw the rows again without reading them, as when another one is selected. */
    draw,
    destroy() {
      generation += 1;
      abort.abort();
      resizes.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}
