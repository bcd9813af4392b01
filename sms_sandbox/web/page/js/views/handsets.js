// The phones of the tenant, side by side.

import { codeBlock, h } from "../dom.js";

export function mount(root, { control, notify }) {
  const head = h("header", { class: "view-head" }, h("h1", {}, "Handsets"));
  root.append(head);
  control.get("/connection").then(({ https, key, secret, ca }) => {
    root.append(h("section", { class: "card empty" }, h("h2", {}, "No message yet"),
      h("p", {}, "Send one, and the phone that gets it appears here by itself."),
      codeBlock(`curl --cacert ${ca} \\\n  -u ${key}:${secret ?? "SECRET"} ${https}/send-sms.json \\\n  -d to=61491570156 -d message='Hello from the sandbox'`)));
  }).catch(notify);
  return () => {};
}
