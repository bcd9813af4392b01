// The event stream of the page: one connection, which reconnects automatically.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const SILENCE_MS = 40_000; // the server sends a sign of life every 15 seconds
const HIDDEN_MS = 20_000;

export class Stream {
  #control;
  #listeners = new Set();
  #stateListeners = new Set();
  #lastId = null;
  #wait = FIRST_WAIT_MS;
  #abort = null;
  #timer = null;
  #hiddenTimer = null;
  #lost = false;

  /** "connecting", "live", or "lost". */
  state = "connecting";

  constructor(control) {
    this.#control = control;
  }

  /**
   * Call `listener({kind, entry})` for each event. The kind is call, callback, inbound, report or another event of
   * control; "changed" has the clock and means that it or the rules changed; "dropped" and "reconnected" mean that entries may be missing, so read again. Returns how to end it.
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Call `listener(state)` now and whenever the connection changes. Returns how to end it. */
  onState(listener) {
    this.#stateListeners.add(listener);
    listener(this.state);
    return () => this.#stateListeners.delete(listener);
  }

  start() {
    // Browsers allow few connections to one server, so a hidden page gives its own back.
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hiddenTimer);
      if (document.hidden) this.#hiddenTimer = setTimeout(() => this.#abort?.abort(), HIDDEN_MS);
      else if (this.#abort === null && this.#timer === null) this.#connect();
    });
    this.#connect();
  }

  /** Begin again, as for another tenant. */
  restart() {
    this.#lastId = null;
    this.#abort?.abort();
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#connect();
  }

  /** Try to connect now. */
  retry() {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#connect();
  }

  async #connect() {
    const abort = new AbortController();
    this.#abort = abort;
    let reason = null;
    try {
      const headers = this.#lastId === null ? {} : { "Last-Event-ID": String(this.#lastId) };
      const response = await this.#control.fetch("GET", "/events", { query: { changes: true }, headers, signal: abort.signal });
      this.#connected();
      await this.#read(response.body, abort);
    } catch (error) {
      reason = error;
    }
    if (this.#abort !== abort) return; // replaced by another connection
    this.#abort = null;
    if (document.hidden) return; // visibilitychange connects again
    this.#disconnected(reason);
  }

  #connected() {
    this.#wait = FIRST_WAIT_MS;
    const wasLost = this.#lost;
    this.#lost = false;
    this.#setState("live");
    if (wasLost) this.#emit("reconnected", null);
  }

  #disconnected(reason) {
    this.#lost = true;
    this.#setState("lost");
    if (reason?.status === 401) return; // signing in starts it again
    this.#timer = setTimeout(() => { this.#timer = null; this.#connect(); }, this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  async #read(body, abort) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let buffer = "";
    for (;;) {
      const silence = setTimeout(() => abort.abort(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop();
      blocks.forEach((block) => this.#handle(block));
    }
  }

  #handle(block) {
    const fields = Object.fromEntries(block.split("\n").filter((line) => !line.startsWith(":")).map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }));
    if (fields.id !== undefined) this.#lastId = fields.id;
    if (fields.event !== undefined) this.#emit(fields.event, JSON.parse(fields.data));
  }

  #emit(kind, entry) {
    for (const listener of [...this.#listeners]) {
      try {
        listener({ kind, entry });
      } catch (error) {
        reportError(error); // the other listeners still get the event
      }
    }
  }

  #setState(state) {
    this.state = state;
    this.#stateListeners.forEach((listener) => listener(state));
  }
}

/**
 * Return a function that calls `work` once, a moment after the first of several calls. `work` never overlaps itself, and
 * pauses for twice its own time, so that a busy tenant is not read without a rest.
 */
export function debounce(work, wait = 120) {
  let timer = null;
  let running = false;
  let again = false;
  let took = 0;
  async function run() {
    timer = null;
    if (running) {
      again = true;
      return;
    }
    running = true;
    const began = performance.now();
    try {
      await work();
    } finally {
      running = false;
      took = performance.now() - began;
      if (again) {
        schedule();
        again = false;
      }
    }
  }
  function schedule() {
    if (timer === null) timer = setTimeout(run, Math.max(wait, again ? 2 * took : 0));
  }
  schedule.cancel = () => { clearTimeout(timer); timer = null; again = false; };
  return schedule;
}
