// The session of the page: leads to the sign-in where one is needed, and offers to sign out.

import { h } from "./dom.js";

/** Lead to the sign-in if credentials are missing or wrong, and back here afterwards. */
export function leadToSignIn(control) {
  control.onUnauthorised(() => {
    if (control.credentials !== null) {
      control.credentials = null; // those of another tenant, which are wrong now
      location.reload();
    } else {
      const here = location.pathname + location.search + location.hash;
      location.assign(`sign-in?next=${encodeURIComponent(here)}`);
    }
  });
}

/** Return a button that signs out, or null if no browser's session says who calls. */
export async function signOutButton(control) {
  // By the cookie alone: the page may act on another tenant meanwhile.
  const response = await fetch(control.url("/session"), { cache: "no-store" });
  const session = response.ok ? await response.json() : { signed_in: false };
  if (!session.signed_in) return null;
  const who = session.operator ? "operator" : session.key;
  return h("button", { class: "button small sign-out", type: "button", title: `Signed in as ${who}`, onclick: signOut }, "Sign out");

  async function signOut() {
    await fetch("sign-out", { method: "POST", redirect: "manual" });
    control.credentials = null;
    control.actsOn = null;
    location.assign("sign-in");
  }
}
