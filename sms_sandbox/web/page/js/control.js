// Calls the control API. Everything the page does goes through here, so curl can do it as well.

const PREFIX = "v1";
const TENANT_KEY = "sms-sandbox.tenant";
const ACTS_ON_KEY = "sms-sandbox.acts-on";

/** A refusal, or a server that does not answer. The message is a sentence for people. */
export class ControlError extends Error {
  constructor(message, code, status) {
    super(message);
    this.name = "ControlError";
    this.code = code;
    this.status = status;
  }
}

export class Control {
  #refused = () => {};

  /** The credentials of the tenant that calls act on, `key:secret`; null is the session, or the default tenant. */
  get credentials() {
    return sessionStorage.getItem(TENANT_KEY);
  }

  set credentials(pair) {
    if (pair === null) sessionStorage.removeItem(TENANT_KEY);
    else sessionStorage.setItem(TENANT_KEY, pair);
  }

  /** The tenant that the operator's calls act on, by name; null is the default one. */
  get actsOn() {
    return sessionStorage.getItem(ACTS_ON_KEY);
  }

  set actsOn(name) {
    if (name === null) sessionStorage.removeItem(ACTS_ON_KEY);
    else sessionStorage.setItem(ACTS_ON_KEY, name);
  }

  /** Set the function to call when credentials are missing or wrong. */
  onUnauthorised(listener) {
    this.#refused = listener;
  }

  get(path, query = {}) { return this.call("GET", path, { query }); }
  post(path, body = {}, query = {}) { return this.call("POST", path, { body, query }); }
  put(path, body = {}) { return this.call("PUT", path, { body }); }
  patch(path, body = {}) { return this.call("PATCH", path, { body }); }
  delete(path, query = {}) { return this.call("DELETE", path, { query }); }

  /**
   * Return what an app needs. On another machine than the sandbox's, files are those that its person downloads. The
   * secret is null where control does not show it and it was not used on this page.
   */
  async connection() {
    const facts = await this.get("/connection");
    const [key, ...secret] = (this.credentials ?? "").split(":");
    if (facts.secret === null && key === facts.key) facts.secret = secret.join(":");
    return facts.is_remote ? { ...facts, ca: "ca.pem", ca_bundle: "bundle.pem" } : facts;
  }

  /** Call an operation and return its JSON. Throws ControlError. */
  async call(verb, path, { query = {}, body, signal } = {}) {
    const response = await this.fetch(verb, path, { query, body, signal });
    return response.json();
  }

  /** Call an operation and return its response, which succeeded. Throws ControlError. */
  async fetch(verb, path, { query = {}, body, headers = {}, signal } = {}) {
    let response;
    try {
      response = await fetch(this.url(path, query), {
        method: verb,
        headers: { ...this.#headers(), ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
        signal,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ControlError("The sandbox does not answer. Is it still running?", "unreachable", 0);
    }
    if (response.ok) return response;
    const refusal = await explain(response);
    if (refusal.status === 401) this.#refused(refusal);
    if ([403, 404].includes(refusal.status) && path === "/tenants/current" && this.actsOn !== null) {
      this.actsOn = null; // the tenant was deleted, or the operator has signed out
      location.reload();
    }
    throw refusal;
  }

  /** Return the address of an operation. Query values that are null, undefined or blank are left out. */
  url(path, query = {}) {
    const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
    const search = new URLSearchParams(pairs).toString();
    return `${PREFIX}${path}${search ? `?${search}` : ""}`;
  }

  #headers() {
    const pair = this.credentials;
    if (this.actsOn !== null) return { "X-Sandbox-Tenant": this.actsOn };
    return pair === null ? {} : { Authorization: `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(pair)))}` };
  }
}

async function explain(response) {
  try {
    const { error } = await response.json();
    return new ControlError(error.message, error.code, response.status);
  } catch {
    return new ControlError(`The sandbox answered with the status ${response.status}.`, "unknown", response.status);
  }
}
