// The tenants of the server, for the operator: who made them, when they were used, and how much they hold.

import { h, redraw } from "./dom.js";
import { badge, button, card, during } from "./parts.js";
import { fullText, timeElement } from "./time.js";

const SHOWN = 100;

/** Build the card. Returns `{element, refresh}`. Only the operator sees it. */
export function tenantList({ control, notify }, choose) {
  const rows = h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "All tenants" });
  const element = card("All tenants", rows);
  element.hidden = true;

  async function refresh() {
    const { operator, tenant: current } = await control.get("/session");
    element.hidden = !operator;
    if (!operator) return;
    const { tenants, page } = await control.get("/tenants", { max: SHOWN });
    redraw(rows, [tenants.map(({ clock, ...rest }) => rest), current, page], () => [h("table", { class: "table wide" },
      h("thead", {}, h("tr", {}, ["Name", "Key", "Made by", "Last used", "Messages", "Size", ""].map((title) => h("th", { scope: "col" }, title || h("span", { class: "visually-hidden" }, "Actions"))))),
      h("tbody", {}, tenants.map((each, index) => row(each, each.name === current, index === 0)))),
    page.total > tenants.length && h("p", { class: "soft tiny-text" }, `and ${(page.total - tenants.length).toLocaleString()} more`)]);
  }

  function row(each, isCurrent, isDefault) {
    const remove = button("Delete", () => confirm(`Delete the tenant ${each.name} with all its data?`) && during(remove, notify, async () => {
      await control.delete(`/tenants/${each.name}`);
      if (isCurrent) choose({});
      else await refresh();
    }), { class: "small danger", "aria-label": `Delete the tenant ${each.name}` });
    return h("tr", {}, h("th", { scope: "row" }, each.name, " ", isCurrent && badge("Shown here", "good")), h("td", {}, h("code", {}, each.key)), h("td", {}, each.made_by),
      h("td", {}, timeElement(each.last_used, fullText(new Date(each.last_used)))), h("td", { class: "number" }, each.messages.toLocaleString()), h("td", { class: "number", title: `${each.rows.toLocaleString()} rows in the database` }, sizeText(each.approximate_bytes)),
      h("td", {}, h("div", { class: "row" }, !isCurrent && button("Show", () => choose({ name: each.name }), { class: "small", "aria-label": `Show the tenant ${each.name}` }), !isDefault && remove)));
  }

  return { element, refresh };
}

/** Return an estimated size in words, as in "about 3 MB". */
function sizeText(bytes) {
  const kilobytes = Math.max(1, Math.round(bytes / 1000));
  return kilobytes < 1000 ? `about ${kilobytes} KB` : `about ${Math.round(kilobytes / 1000).toLocaleString()} MB`;
}
