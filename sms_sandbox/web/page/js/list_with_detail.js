// A filtered list beside the entry that was chosen from it. The address has the entry's id and the filter.

import { h, icon, redraw } from "./dom.js";

/** Return a filter with the values that the address has. */
export function filterOf(route, filter) {
  return Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, route.query[name] ?? value]));
}

/**
 * Return the list and the pane of the chosen entry. `label` names the list, `noun` one entry, and `empty` takes the
 * place of an empty list. `read` resolves to the data of the entry with an id; `describe` makes its title and elements.
 */
export function listWithDetail({ navigate, route }, { view, label, noun, filter, list, empty, read, describe }) {
  let open = route.parts[0] ?? null;
  const detail = h("section", { class: "card entry-detail", hidden: true, "aria-label": `The chosen ${noun}` });
  const element = h("div", { class: "split" },
    h("section", { class: "card list-card", "aria-label": label }, empty, list.element), detail);

  function fill({ title, elements }) {
    const closer = h("button", { class: "button quiet icon-only", type: "button", "aria-label": `Close the ${noun}`, title: `Close the ${noun}`, onclick: () => navigate(view, { query: filter }) }, icon("close"));
    return [h("div", { class: "entry-head" }, h("h2", {}, title), closer), elements];
  }

  async function show() {
    element.classList.toggle("open", open !== null);
    detail.hidden = open === null;
    list.draw();
    if (open === null) return;
    try {
      const data = await read(open);
      redraw(detail, [open, data], () => fill(describe(data)));
    } catch (error) {
      redraw(detail, error.message, () => fill({ title: `No such ${noun}`, elements: h("p", {}, error.message) }));
    }
  }

  function set(name, value) {
    filter[name] = value;
    navigate(view, ...(open === null ? [] : [open]), { query: filter });
    list.reset();
  }

  /** Return the functions that unmount the view and show another entry. `end` is called first. */
  function unmountWith(end) {
    function unmount() {
      end();
      list.destroy();
    }
    unmount.onRoute = (next) => {
      if (Object.keys(filter).some((name) => (next.query[name] ?? "") !== filter[name])) return false; // another link
      open = next.parts[0] ?? null;
      show();
      return true;
    };
    return unmount;
  }

  return { element, isOpen: (id) => String(id) === open, show, set, unmountWith };
}
