// Starts the page: the connection, the router, the tabs, and what the top bar shows.

import { Control } from "./control.js";
import { h, icon, replace } from "./dom.js";
import { leadToSignIn, signOutButton } from "./session.js";
import { Stream, debounce } from "./stream.js";
import { clearMark, markProblems } from "./tab_marks.js";
import { Clock, timeText, zoneText } from "./time.js";
import { VIEWS } from "./views.js";

const TOAST_MS = 6000;

const control = new Control();
const stream = new Stream(control);
const clock = new Clock(control);
const main = document.getElementById("main");

/** The arguments of every view. `tenant` is the tenant as control describes it; `route` is `{view, parts, query}`. */
const context = { control, stream, clock, tenant: null, route: null, notify, navigate, refreshTenant };

/** Show a notice for a few seconds. An Error is shown as a problem. */
function notify(what) {
  const isError = what instanceof Error;
  const toast = h("div", { class: `toast arrived${isError ? " bad" : ""}` }, h("p", {}, isError ? what.message : what),
    h("button", { class: "button quiet small icon-only", type: "button", "aria-label": "Close this notice", onclick: () => toast.remove() }, icon("close")));
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), TOAST_MS);
}

/** Go to a view: `navigate("messages", 5)` or `navigate("messages", {query: {sender: "Shop"}})`. */
function navigate(view, ...parts) {
  const query = typeof parts.at(-1) === "object" ? parts.pop().query : {};
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(pairs).toString();
  location.hash = `/${[view, ...parts].map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

/** Read the tenant again, and show it. */
async function refreshTenant() {
  context.tenant = await control.get("/tenants/current");
  clock.set(context.tenant.clock);
}

function readRoute() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...parts] = path.split("/").map(decodePart);
  return { view: VIEWS.some(({ id }) => id === view) ? view : VIEWS[0].id, parts, query: Object.fromEntries(new URLSearchParams(search)) };
}

function decodePart(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand
  }
}

let mounted = null;
let mounting = 0;

async function show() {
  if (location.hash === "#main") return; // the skip link
  const route = readRoute();
  context.route = route;
  const view = VIEWS.find(({ id }) => id === route.view);
  for (const link of document.querySelectorAll("#tabs a")) {
    if (link.dataset.view === view.id) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "center" }); // a phone has no room for all of them
    } else link.removeAttribute("aria-current");
  }
  document.title = `${view.title} · sms-sandbox`;
  clearMark(view.id);
  // A view that can show another of its parts is not built again.
  if (mounted?.id === view.id && mounted.unmount.onRoute?.(route)) return;
  mounting += 1;
  const mine = mounting;
  const { mount } = await view.load();
  if (mine !== mounting) return;
  const changed = mounted !== null && mounted.id !== view.id;
  mounted?.unmount();
  mounted = null;
  const root = h("div", { class: `view view-${view.id}` });
  replace(main, root);
  mounted = { id: view.id, unmount: mount(root, context) };
  if (changed) main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function showTabs() {
  replace(document.getElementById("tabs"), VIEWS.map(({ id, title }) =>
    h("li", {}, h("a", { href: `#/${id}`, dataset: { view: id } }, title))));
}

function showTopbar() {
  const dot = h("span", { class: "dot" });
  const stateText = h("span", { class: "visually-hidden" });
  const name = h("span", { class: "tenant" });
  const tenantChip = h(VIEWS.some(({ id }) => id === "tenant") ? "a" : "span",
    { class: "chip", href: VIEWS.some(({ id }) => id === "tenant") ? "#/tenant" : null, title: "The tenant that this page shows" }, dot, stateText, name);
  const shown = h("time", {});
  const zone = h("span", { class: "zone soft tiny-text" });
  const hasTime = VIEWS.some(({ id }) => id === "time");
  const clockIcon = h("span", { class: "chip-icon" });
  const clockText = h("span", {});
  const clockChip = h(hasTime ? "a" : "span", { class: "chip", href: hasTime ? "#/time" : null, title: "The tenant's clock" },
    clockIcon, clockText, shown, zone);
  replace(document.getElementById("topbar-side"), tenantChip, clockChip, themeButton(),
    h("a", { class: "button quiet icon-only", href: "docs/", "aria-label": "Documentation", title: "Documentation" }, icon("help")));

  function tick() {
    const now = clock.now();
    const day = clock.running && Math.abs(now - Date.now()) < 43_200_000 ? "" : `${now.toLocaleDateString(undefined, { day: "numeric", month: "short" })} `;
    shown.textContent = `${day}${timeText(now, true)}`;
    shown.dateTime = now.toISOString();
    zone.textContent = zoneText(now);
  }
  clock.onChange(() => {
    clockChip.classList.toggle("frozen", !clock.running);
    replace(clockIcon, icon(clock.running ? "clock" : "snow"));
    clockText.className = clock.running ? "visually-hidden" : "clock-state";
    clockText.textContent = clock.running ? "Clock: " : "Frozen";
    name.textContent = context.tenant?.name ?? "";
    tick();
  });
  setInterval(tick, 1000);
  stream.onState((state) => {
    dot.className = `dot ${state}`;
    stateText.textContent = { connecting: "Connecting to", live: "Connected to", lost: "Not connected to" }[state];
    showConnection(state);
  });
}

function showConnection(state) {
  const banner = document.getElementById("connection");
  if (state !== "lost") return replace(banner);
  return replace(banner, h("span", {}, "The connection to the sandbox is lost. Trying again…"),
    h("button", { class: "button small", type: "button", onclick: () => stream.retry() }, "Try now"));
}

const THEMES = { auto: ["contrast", "Theme: as the system"], light: ["sun", "Theme: light"], dark: ["moon", "Theme: dark"] };

function themeButton() {
  const button = h("button", { class: "button quiet icon-only theme-button", type: "button", onclick: turn });
  const root = document.documentElement;
  function draw() {
    const [name, text] = THEMES[root.dataset.theme ?? "auto"];
    replace(button, icon(name));
    button.setAttribute("aria-label", `${text}. Change`);
    button.title = text;
  }
  function turn() {
    const names = Object.keys(THEMES);
    const theme = names[(names.indexOf(root.dataset.theme ?? "auto") + 1) % names.length];
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    try {
      localStorage.setItem("sms-sandbox.theme", theme);
    } catch {
      // Storage is blocked: the choice lasts as long as the page.
    }
    draw();
  }
  draw();
  return button;
}

async function start() {
  leadToSignIn(control);
  showTabs();
  showTopbar();
  const reread = debounce(() => refreshTenant().catch(() => {}), 300); // the banner says that the server is away
  markProblems(stream, () => mounted?.id);
  stream.subscribe(({ kind, entry }) => {
    if (kind === "changed") clock.set(entry.clock);
    if (kind === "reconnected") {
      reread();
      notify("Connected to the sandbox again.");
    }
  });
  await refreshTenant().catch(notify);
  signOutButton(control).then((button) => button && document.getElementById("topbar-side").append(button), notify);
  addEventListener("hashchange", show);
  await show();
  stream.start();
  VIEWS.forEach((view) => view.load().catch(notify)); // so that a tab opens at once
}

addEventListener("unhandledrejection", ({ reason }) => notify(reason instanceof Error ? reason : new Error(String(reason))));
start();
