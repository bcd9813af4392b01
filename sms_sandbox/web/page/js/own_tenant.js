// A tenant for the operator, so that commands have a key and a secret.

import { h, replace } from "./dom.js";
import { button, during } from "./parts.js";

/** Build the block that explains SECRET in the commands, null if the secret is known. */
export function secretHint({ control, notify }, { secret }) {
  if (secret !== null) return null;
  const block = h("div", {});
  show().catch(notify);
  return block;

  async function show() {
    const { operator } = await control.get("/session");
    const create = button("Create a tenant of my own", () => during(create, notify, () => createTenant(control)), { class: "primary" });
    replace(block, h("div", { class: "note" }, h("p", {}, "SECRET stands for the secret of this tenant, which was given to its owner.",
      operator && " With a tenant of your own, the commands work as they are, and nobody else's messages are in the way."), operator && h("div", { class: "row own-tenant" }, create)));
  }
}

/** Create a tenant, and show it. Everything is read again. */
export async function createTenant(control, name = "") {
  const { key, secret } = await control.post("/tenants", name ? { name } : {});
  showTenant(control, { pair: `${key}:${secret}` });
}

/** Show another tenant. It is named by its credentials or, by the operator, by its name. Everything is read again. */
export function showTenant(control, { pair = null, name = null }) {
  [control.credentials, control.actsOn] = [pair, name];
  location.reload();
}
