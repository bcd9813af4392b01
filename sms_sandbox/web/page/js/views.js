// The views in the order of their tabs. Each module exports `mount(root, context)`, which returns how to unmount it.

export const VIEWS = [
  { id: "handsets", title: "Handsets", load: () => import("./views/handsets.js") },
  { id: "messages", title: "Messages", load: () => import("./views/messages.js") },
  { id: "callbacks", title: "Callbacks", load: () => import("./views/callbacks.js") },
  { id: "traffic", title: "Traffic", load: () => import("./views/traffic.js") },
  { id: "time", title: "Time and trouble", load: () => import("./views/time.js") },
  { id: "tenant", title: "Tenant", load: () => import("./views/tenant.js") },
  { id: "start", title: "Start", load: () => import("./views/start.js") },
];
