// The views in the order of their tabs. Each module exports `mount(root, context)`, which returns how to unmount it.

export const VIEWS = [
  { id: "handsets", title: "Handsets", load: () => import("./views/handsets.js") },
  { id: "messages", title: "Messages", load: () => import("./views/messages.js") },
];
