// Charts over time, drawn as SVG.

import { h, svg } from "./dom.js";
import { timeText } from "./time.js";

const WIDTH = 480;
const HEIGHT = 150;
const LEFT = 44;
const BOTTOM = 20;
const TOP = 8;

/**
 * Build a chart of bars that stand on each other, or of one line.
 *
 * `series` are `{name, tone, values}`; `times` are the beginnings of the spans. The table beneath says the same in words.
 */
export function chart(title, times, series, { line = false, unit = "" } = {}) {
  const totals = times.map((_, index) => line ? Math.max(...series.map(({ values }) => values[index] ?? 0)) : series.reduce((sum, { values }) => sum + values[index], 0));
  const top = roundUp(Math.max(1, ...totals));
  const step = (WIDTH - LEFT) / times.length;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const drawn = line ? series.map((each) => linePaths(each, step, y)) : bars(times, series, step, y);
  const marks = (top > 1 || line ? [0, top / 2, top] : [0, top]).map((value) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
    svg("text", { class: "axis", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, `${short(value, unit)}${unit && ` ${unit}`}`)]);
  const labels = [0, Math.floor(times.length / 2), times.length - 1].map((index, place) =>
    svg("text", { class: "axis", x: LEFT + step * (index + (place === 2 ? 1 : place / 2)), y: HEIGHT - 4, "text-anchor": ["start", "middle", "end"][place] }, spanText(times, index)));
  const sums = series.map(({ name, values }) => line ? `${name} up to ${short(Math.max(0, ...values.map((value) => value ?? 0)), unit)} ${unit}` : `${values.reduce((a, b) => a + b, 0).toLocaleString()} ${name}`);
  return h("figure", { class: "chart" },
    h("figcaption", {}, h("h3", {}, title), h("ul", { class: "legend" }, series.map(({ name, tone }, index) => h("li", {}, svg("svg", { class: "swatch", viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { class: `tone-${tone}`, width: 10, height: 10, rx: 2 })), sums[index] ?? name)))),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${sums.join(", ")}` }, marks, drawn, labels));
}

function bars(times, series, step, y) {
  return times.map((_, index) => {
    let below = 0;
    return series.filter(({ values }) => values[index] > 0).map(({ tone, values, name }) => {
      const from = y(below);
      below += values[index];
      return svg("rect", { class: `tone-${tone}`, x: LEFT + step * index + step * 0.1, width: Math.max(1, step * 0.8), y: y(below), height: from - y(below) },
        svg("title", {}, `${timeText(times[index])}: ${values[index]} ${name}`));
    });
  });
}

function linePaths({ values, tone, name }, step, y) {
  const points = values.map((value, index) => [LEFT + step * (index + 0.5), value]).filter(([, value]) => value !== null);
  const path = points.map(([x, value], index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y(value).toFixed(1)}`).join("");
  return [svg("path", { class: `line tone-${tone}`, d: path || "M0 0" }),
    points.map(([x, value]) => svg("circle", { class: `tone-${tone}`, cx: x, cy: y(value), r: 2.5 }, svg("title", {}, `${name}: ${short(value, "ms")} ms`)))];
}

function roundUp(value) {
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((factor) => factor * size).find((each) => each >= value && (each >= 2 || value <= 1)) ?? 10 * size;
}

function short(value, unit = "") {
  if (unit) return value.toLocaleString(undefined, { maximumFractionDigits: 1 });
  if (value >= 1000) return `${Number((value / 1000).toFixed(1))}k`;
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function spanText(times, index) {
  const isLong = times.at(-1) - times[0] > 86_400_000;
  return isLong ? times[index].toLocaleDateString(undefined, { day: "numeric", month: "short" }) : timeText(times[index]);
}
