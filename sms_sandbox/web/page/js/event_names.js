// Names of events, as people read them.

/** Events that callbacks tell of, by the names of control. */
export const EVENT_NAMES = { dlr: "Delivery report", reply: "Reply", inbound: "Text from a handset", "link-hit": "Link hit", "list-action": "List change" };

/** Events that are due, by the names of control. */
export const DUE_NAMES = {
  enlist: "recipients are added", send: "a message is sent", report: "delivery report", inbound: "a handset writes", callback: "callback attempt", import: "file import",
  "list-action": "list change", "forget-members": "members are deleted", "number-renewal": "rent of a number", "keyword-renewal": "rent of a keyword",
};

/** Return an event in the middle of a sentence, as in "delivery report". */
export function eventWords(event) {
  return (EVENT_NAMES[event] ?? event).toLowerCase();
}

/** Return the title of a traffic entry: the method of a call, else what happened in words. */
export function entryTitle({ kind, method }) {
  if (kind === "report") return "Carrier report";
  if (kind === "callback" || kind === "inbound") return EVENT_NAMES[method] ?? method ?? kind;
  if (kind === "control") return sentence(method);
  return method ?? kind;
}

/** Return the name of an operation of control as words, as in "Advance clock". */
function sentence(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
