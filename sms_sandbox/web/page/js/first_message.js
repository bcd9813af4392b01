// The block that views show until there is a message: the command that sends the first one.

import { codeBlock, h, replace } from "./dom.js";
import { secretHint } from "./own_tenant.js";
import { button, during } from "./parts.js";
import { SAMPLE_NUMBER, sendMessage } from "./send_message.js";
import { downloadCommand, snippets } from "./snippets.js";

/** Build the block. `promise` says what happens when the message is there. */
export function firstMessage({ control, notify }, promise, ...more) {
  const command = h("div", { class: "stack" });
  control.connection().then((connection) => {
    const download = connection.is_remote ? `${downloadCommand(connection)}\n` : "";
    replace(command, codeBlock(download + snippets(connection)[0][1]), secretHint({ control, notify }, connection));
  }).catch(notify);
  const send = button("Send a test message", () => during(send, notify, () => sendMessage({ control, notify }, { to: SAMPLE_NUMBER, message: "Hello from the sandbox" })), { class: "primary" });
  return h("div", { class: "stack first-call" }, h("h2", {}, "No message yet"), h("p", {}, "Run this in a terminal. ", promise), command,
    h("p", { class: "small-text" }, h("a", { href: "#/start" }, "The same in Python, PHP, Node, Ruby, Java, C# and Go")),
    h("div", { class: "row" }, send, h("span", { class: "small-text" }, "without a terminal", more.length > 0 && ", or ", more)));
}
