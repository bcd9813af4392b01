// The first steps: the first call in several languages, the first message as it arrives, and where to read on.

import { codeBlock, h, icon, replace } from "../dom.js";
import { numberText } from "../numbers.js";
import { secretHint } from "../own_tenant.js";
import { badge, card, viewHead } from "../parts.js";
import { downloadCommand, repliesCommand, snippets } from "../snippets.js";
import { debounce } from "../stream.js";
import { timeElement } from "../time.js";

const LINKS = [
  ["docs/", "Documentation", "Guides, recipes, every method; served by this sandbox, without the internet."],
  ["docs/api", "The API", "All methods with parameters, responses and examples, as a page to read."],
  ["docs/control", "The control API", "Everything that this page does, for curl and for tests."],
  ["openapi.json", "OpenAPI of the API", "The document itself, for generators and clients."],
  ["v1/openapi.json", "OpenAPI of control", "The document itself."],
  ["ca.pem", "Certificate", "The certificate of the sandbox's own authority, to be trusted by your app."],
];

export function mount(root, context) {
  const { control, stream, notify } = context;
  const code = h("div", { role: "tabpanel", id: "first-call", tabindex: "0" });
  const tabs = h("div", { class: "languages", role: "tablist", "aria-label": "Language" });
  const arrived = h("div", { role: "status" });
  const answer = h("div", { class: "stack", hidden: true });
  const trust = h("div", { class: "stack" });
  const before = h("div", { class: "stack" });
  root.append(viewHead("First steps", "Point your app at the sandbox, and see its first message here. Nothing that is sent reaches a phone or costs money."),
    card("1. Send a message", h("p", { class: "small-text soft" }, "The address, the key and the certificate are filled in."), before, tabs, code),
    card("2. See it arrive", arrived, answer),
    card("3. Let your app trust the certificate", trust),
    card("Read on", h("ul", { class: "link-cards" }, LINKS.map(([href, title, text]) => h("li", {}, h("a", { href }, h("strong", {}, title), h("span", {}, text)))))));

  function choose(all, index, focus = false) {
    replace(code, codeBlock(all[index][1], `Copy the ${all[index][0]} code`));
    [...tabs.children].forEach((tab, place) => {
      tab.setAttribute("aria-selected", String(place === index));
      tab.tabIndex = place === index ? 0 : -1;
      if (focus && place === index) tab.focus();
    });
    code.setAttribute("aria-labelledby", `language-${index}`);
  }

  control.connection().then((connection) => {
    const all = snippets(connection);
    replace(tabs, all.map(([name], index) => h("button", {
      class: "button small", type: "button", role: "tab", id: `language-${index}`, "aria-controls": "first-call", onclick: () => choose(all, index),
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step) choose(all, (index + step + all.length) % all.length, true);
      },
    }, name)));
    choose(all, 0);
    const words = (...parts) => h("p", { class: "small-text soft" }, parts);
    replace(before, secretHint(context, connection),
      connection.is_remote && [words("First download the certificate of the sandbox's authority, into the folder where you run the code:"), codeBlock(downloadCommand(connection))]);
    replace(answer, words("Answer it on its phone. Your app reads the replies by this call, or gets them as callbacks:"), codeBlock(repliesCommand(connection), "Copy the command that reads replies"));
    before.hidden = connection.secret !== null && !connection.is_remote;
    replace(trust, connection.is_remote
      ? words("Tell your program to trust the file that you downloaded: ", h("a", { href: "docs/shared.md#trust-the-certificate" }, "how, language by language"), ". The system's own store need not change.")
      : [words("Run this in the shell that starts your app. The system's own store is not changed."), codeBlock(`eval "$(${connection.env_command.join(" ")})"`)]);
  }).catch(notify);

  async function show() {
    const { messages, page } = await control.get("/messages", { max: 1 });
    answer.hidden = messages.length === 0;
    if (messages.length === 0) {
      replace(arrived, h("p", { class: "arrival soft" }, icon("clock"), "Waiting for the first message. It appears here automatically."));
      return;
    }
    const [message] = messages;
    const { recipients } = await control.get("/recipients", { message: message.id, max: 1 });
    replace(arrived, h("div", { class: "arrival arrived" }, icon("check"), h("div", {},
      h("p", {}, h("strong", {}, message.text), " ", message.delivered > 0 ? badge("delivered", "good") : badge(message.status, "info")),
      h("p", { class: "soft small-text" }, timeElement(message.send_at), ` from ${numberText(message.sender)}`, recipients.length > 0 && [" to ", h("a", { href: `#/handsets/${recipients[0].msisdn}` }, numberText(recipients[0].msisdn))],
        page.total > 1 && `, and ${(page.total - 1).toLocaleString()} before it`))));
  }

  const refresh = debounce(() => show().catch(notify));
  const unsubscribe = stream.subscribe(refresh);
  show().catch(notify);
  return () => {
    unsubscribe();
    refresh.cancel();
  };
}
