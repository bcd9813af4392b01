// Charts of a tenant: sends with their outcomes, calls, and the latency of callbacks.

import { chart } from "./chart.js";
import { h, replace } from "./dom.js";
import { card, menu } from "./parts.js";

const SPANS = [["900", "the last 15 minutes"], ["3600", "the last hour"], ["86400", "the last day"], ["2592000", "the last 30 days"]];
const BUCKETS = 60;

/** Build the card. Returns `{element, refresh}`. */
export function tenantCharts({ control, clock, notify }) {
  const span = menu(SPANS, "3600", { "aria-label": "Time that the charts show", onchange: () => refresh().catch(notify) });
  const charts = h("div", { class: "charts" });
  const limit = h("p", { class: "tiny-text soft" });
  const element = card(null, h("div", { class: "card-head" }, h("h2", {}, "Over time"), span), charts, limit);

  async function refresh() {
    const until = clock.now();
    const since = new Date(until - Number(span.value) * 1000);
    const [{ buckets }, { dropped, page }] = await Promise.all([
      control.get("/series", { since: since.toISOString(), until: until.toISOString(), buckets: BUCKETS }), control.get("/traffic", { max: 1 })]);
    limit.hidden = dropped === 0;
    limit.textContent = `API calls and latency are counted in the traffic that is kept: the newest ${page.total.toLocaleString()} entries. ${dropped.toLocaleString()} older ones were dropped.`;
    const times = buckets.map(({ at }) => new Date(at));
    const values = (name) => buckets.map((bucket) => bucket[name]);
    const pending = buckets.map((each) => each.sent - each.delivered - each.soft_bounced - each.hard_bounced);
    const good = buckets.map(({ calls, failed_calls }) => calls - failed_calls);
    replace(charts,
      chart("Messages by recipient", times, [
        { name: "delivered", tone: "good", values: values("delivered") }, { name: "soft-bounced", tone: "warn", values: values("soft_bounced") },
        { name: "hard-bounced", tone: "bad", values: values("hard_bounced") }, { name: "pending", tone: "soft", values: pending }]),
      chart("API calls", times, [{ name: "accepted", tone: "good", values: good }, { name: "refused", tone: "bad", values: values("failed_calls") }]),
      chart("Latency of callbacks", times, [{ name: "mean", tone: "accent", values: values("latency_ms") }, { name: "longest", tone: "warn", values: values("max_latency_ms") }], { line: true, unit: "ms" }));
  }

  return { element, refresh };
}
