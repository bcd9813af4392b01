"""The table of mutations: each one way to be wrong that would mislead who tests against the endpoint."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sms_sandbox.api.parity.evidence import EVIDENCE
from tests.contract.exchanges import Relay, Request, Spoil, faithfully, unchanged
from tests.contract.mutators import access, callbacks, pages, request_forms, statuses, values
from tests.contract.mutators import refusals as refusing
from tests.contract.mutators.combinators import (  # fmt: skip
    answers,
    asked,
    but,
    bytes_,
    named,
    of,
    refusals,
    rewritten,
    scalars,
    successes,
    trees,
    without,
)


@dataclass(frozen=True)
class Mutation:
    """One way to be wrong: how calls are spoiled, callbacks are, or what control is told."""

    does: str
    spoil: Spoil = faithfully
    relay: Relay | None = None
    told: Callable[[Request], Request] = unchanged


MONEY = ("cost", "balance", "price", "amount")
PHONES = ("msisdn", "mobile", "number", "longcode", "international")

MUTATIONS: Mapping[str, Mutation] = {
    # The envelope and the spelling of JSON
    "error-first": Mutation("the error block stands before everything else", successes(values.error_first)),
    "no-error-block": Mutation("a success has no error block", successes(lambda tree: {
        key: value for key, value in tree.items() if key != "error"})),
    "ok-lower-case": Mutation("the code of a success is `success`", successes(
        lambda tree: {**tree, "error": {"code": "success", "description": "OK"}})),
    "extra-key": Mutation("a key that is documented nowhere", successes(lambda tree: {"request_id": 1, **tree})),
    "dropped-key": Mutation("`send_at` is missing from send-sms", of("send-sms", values.without_key("send_at"))),
    "dropped-inner-key": Mutation("`created_at` is missing from contacts", values.without_key("created_at")),
    "renamed-key": Mutation("`balance` is called `credit`", of("get-balance", successes(
        lambda tree: {("credit" if key == "balance" else key): value for key, value in tree.items()}))),
    "reordered-keys": Mutation("the keys of objects stand in the opposite order", successes(values.backwards)),
    "number-as-string": Mutation("ids are strings", named("id", "message_id", "list_id", into=values.quoted)),
    "phone-as-string": Mutation("phone numbers are strings", named(*PHONES, into=values.quoted)),
    "string-as-number": Mutation("`status` is a number", named("status", into=lambda _: 1)),
    "money-as-string": Mutation("money is a string", named(*MONEY, into=values.quoted)),
    "money-with-4-decimals": Mutation("money has four decimals, in quotes", named(*MONEY, into=values.four_decimals)),
    "bool-as-word": Mutation("booleans are `yes` and `no`", scalars(lambda _, value: values.as_word(value))),
    "null-as-blank": Mutation("null is a blank", scalars(lambda _, value: "" if value is None else value)),
    "null-left-out": Mutation("a key that is null is left out", successes(values.without_nulls)),
    "iso-dates": Mutation("times are written as 2030-01-31T12:00:00Z", scalars(values.iso)),
    "local-dates": Mutation("times are those of Sydney, not UTC", scalars(values.in_local_time)),
    "slash-not-escaped": Mutation("`/` is not escaped", bytes_(lambda body: body.replace(b"\\/", b"/"), "json")),
    "pretty-json": Mutation("JSON has blanks behind its commas", bytes_(
        lambda body: body.replace(b'","', b'", "').replace(b',"', b', "'), "json")),
    "raw-unicode": Mutation("characters beyond ASCII are not escaped in JSON", bytes_(values.unescaped, "json")),
    "cut-off": Mutation("the last byte of an answer is missing", bytes_(lambda body: body[:-1])),
    "empty-body": Mutation("refusals have no body", answers(
        lambda answer: answer if answer.status == 200 else replace(answer, body=b""))),
    # XML
    "xml-root": Mutation("the root element is `result`", bytes_(
        lambda body: re.sub(rb"<response>(.*)</response>", rb"<result>\1</result>", body, flags=re.DOTALL), "xml")),
    "xml-without-prolog": Mutation("XML has no first line", bytes_(lambda body: body.partition(b"\n")[2], "xml")),
    "xml-row": Mutation("rows of XML are called `row`", bytes_(
        lambda body: body.replace(b"<item>", b"<row>").replace(b"</item>", b"</row>"), "xml")),
    "xml-null": Mutation("an empty element of XML says `null`", bytes_(
        lambda body: re.sub(rb"<(\w+)/>", rb"<\1>null</\1>", body), "xml")),
    "xml-bool": Mutation("booleans of XML are 1 and 0", bytes_(
        lambda body: body.replace(b">true<", b">1<").replace(b">false<", b">0<"), "xml")),
    "xml-drops-key": Mutation("XML lacks `currency`", bytes_(
        lambda body: re.sub(rb"<currency>\w+</currency>", b"", body), "xml")),
    # Status, type, format
    "status-200": Mutation("refusals come with 200", statuses.with_status(200)),
    "auth-400": Mutation("AUTH_FAILED comes with 400", statuses.with_status(400, "AUTH_FAILED")),
    "no-data-403": Mutation("AUTH_FAILED_NO_DATA comes with 403", statuses.with_status(403, "AUTH_FAILED_NO_DATA")),
    "limit-503": Mutation("OVER_LIMIT comes with 503", statuses.with_status(503, "OVER_LIMIT")),
    "unknown-400": Mutation("NOT_IMPLEMENTED comes with 400", statuses.with_status(400, "NOT_IMPLEMENTED")),
    "created-201": Mutation("a message that is taken comes with 201", of("send-sms", answers(
        lambda answer: replace(answer, status=201) if answer.status == 200 else answer))),
    "json-for-xml": Mutation("a call for XML is answered in JSON", statuses.in_format("xml", "json")),
    # The suite does not even begin where the balance is not told in JSON.
    "xml-for-json": Mutation("a call for JSON is answered in XML", but(
        "get-balance", statuses.in_format("json", "xml"))),
    "html-type": Mutation("JSON is called text/html", statuses.with_content_type("text/html; charset=utf-8", "json")),
    "no-charset": Mutation("XML's type does not name its charset", statuses.with_content_type("text/xml", "xml")),
    # How calls are read
    "post-only": Mutation("GET is refused", request_forms.only_post),
    "no-multipart": Mutation("multipart bodies are not read", request_forms.without_bodies("multipart/")),
    "no-query-of-post": Mutation("the query of a POST is not read", asked(request_forms.without_query)),
    "plain-paths": Mutation("`/2/` and doubled slashes lead nowhere", asked(request_forms.plain_paths)),
    "no-dotted-names": Mutation("`field.1` is not `field_1`", asked(request_forms.without_dotted)),
    "blanks-count": Mutation("a blank parameter is taken for a value", asked(request_forms.blanks_count)),
    "first-counts": Mutation("of a parameter that stands twice the first counts", asked(request_forms.first_counts)),
    "strict-names": Mutation("a parameter that is not known is refused", refusing.strict),
    # Who is let in
    "wrong-secret": Mutation("wrong credentials are taken", access.let_in("AUTH_FAILED")),
    "no-credentials": Mutation("no credentials are needed", access.let_in("AUTH_FAILED_NO_DATA")),
    "credentials-in-form": Mutation("key and secret are taken from the form", access.by_form),
    "auth-codes-swapped": Mutation("no credentials are AUTH_FAILED", refusing.with_code(
        "AUTH_FAILED_NO_DATA", "AUTH_FAILED")),
    "no-throttle": Mutation("the throttle is forgotten", access.unthrottled),
    "throttle-for-good": Mutation("who was over the limit stays over it", access.throttled_for_good),
    "leaks-by-id": Mutation("another account's things are told by their id", access.leaking("NO_ACCESS", "NOT_FOUND")),
    "leaks-lists": Mutation("other accounts' lists are among one's own", access.everybodys("get-lists", "lists")),
    "leaks-clients": Mutation("a client that is no reseller is told of clients", of(
        "get-balance get-client get-clients get-transactions", access.leaking("NO_ACCESS"))),
    # Pages
    "page-count": Mutation("there is one page more than there are", pages.on_pages(pages.one_page_more)),
    "page-total": Mutation("the total is one too many", pages.on_pages(pages.one_more_in_total)),
    "page-number": Mutation("every page calls itself the first", pages.on_pages(pages.called_first)),
    "page-short": Mutation("the last item of a page is missing", pages.on_pages(pages.without_last)),
    "page-order": Mutation("items stand in the opposite order", pages.on_pages(pages.turned_round)),
    "page-ignored": Mutation("`page` is not read", without("page")),
    "max-ignored": Mutation("`max` is not read", without("max")),
    "page-beyond": Mutation("a page beyond the end is the last one again", pages.last_page_again),
    "empty-array": Mutation("an empty page has an empty array", pages.on_empty_pages([])),
    "empty-null": Mutation("an empty page has a null", pages.on_empty_pages(None)),
    # Refusals
    "other-words": Mutation("refusals have other descriptions", refusals(refusing.in_other_words)),
    "no-description": Mutation("refusals have no description", refusals(
        lambda tree: {"error": {"code": tree["error"]["code"]}})),
    "error-header": Mutation("refusals repeat the status in the error block", refusals(
        lambda tree: {"error": {**tree["error"], "header": 400}})),
    "empty-is-invalid": Mutation("FIELD_EMPTY is FIELD_INVALID", refusing.with_code("FIELD_EMPTY", "FIELD_INVALID")),
    "not-found-no-access": Mutation("NOT_FOUND is NO_ACCESS", refusing.with_code("NOT_FOUND", "NO_ACCESS")),
    "exists-is-invalid": Mutation("KEY_EXISTS is FIELD_INVALID", refusing.with_code("KEY_EXISTS", "FIELD_INVALID")),
    "recipients-sentence": Mutation("RECIPIENTS_ERROR says a sentence, not which numbers", refusals(
        refusing.in_a_sentence)),
    # Sending
    "balance-off": Mutation("the balance told is twice what it is", of("get-balance", named(
        "balance", into=values.doubled))),
    "cost-off": Mutation("the cost told is twice what was paid", of("send-sms", named("cost", into=values.doubled))),
    "parts-off": Mutation("one part too many is counted", of("send-sms", named("sms", into=values.one_more))),
    "recipients-off": Mutation("one recipient too many is counted", of("send-sms", named(
        "recipients", into=values.one_more))),
    "gsm-extension": Mutation("`€` counts as one character", rewritten("message", lambda text: text.replace("€", "e"))),
    "no-unicode": Mutation("texts are made ASCII", rewritten(
        "message", lambda text: text.encode("ascii", "replace").decode())),
    "text-cut": Mutation("texts are cut to 160 characters", rewritten("message", lambda text: text[:160])),
    "no-countrycode": Mutation("`countrycode` is not read", without("countrycode")),
    "from-ignored": Mutation("`from` is not read", without("from")),
    "send-at-ignored": Mutation("`send_at` is not read", without("send_at")),
    "cancel-does-nothing": Mutation("cancel-sms says OK and cancels nothing", refusing.noting_what_is_later),
    "cancel-true": Mutation("cancel-sms says `true`, not `OK`", of("cancel-sms", named(
        "success", into=lambda _: True))),
    "always-delivered": Mutation("every handset is said to have got it", named(
        "delivery_status", into=lambda _: "delivered")),
    "never-delivered": Mutation("no handset is ever said to have got it", named(
        "delivery_status", "status", into=lambda value: "pending" if value == "delivered" else value)),
    "all-valid": Mutation("format-number calls every number valid", of("format-number", named(
        "isValid", into=lambda value: "true" if isinstance(value, str) else True))),
    # Replies and opt-outs
    "stop-ignored": Mutation("STOP is a word as any other", of("message-reply", rewritten(
        "message", lambda text: f"so {text}")), told=request_forms.without_stop),
    "replies-lost": Mutation("replies never show up", of("message-reply", refusing.pretended(
        "message-reply", lambda _: {"result": "SYSTEM: Message response handled\n"}))),
    "result-trimmed": Mutation("message-reply's result lacks its line feed", of("message-reply", named(
        "result", into=lambda value: value.strip()))),
    "reply-unlinked": Mutation("replies say they answer no message", of(
        "get-sms-responses get-user-sms-responses", named("message_id", into=lambda _: 0))),
    "no-original": Mutation("`include_original` is not read", without("include_original")),
    "optout-forgotten": Mutation("optout-list-member does nothing", refusing.pretended(
        "optout-list-member", lambda form: {"list_ids": [int(form.get("list_id") or 0)]})),
    # Lists
    "removed-stays": Mutation("remove-list does nothing", refusing.pretended("remove-list", lambda _: {})),
    "deleted-stays": Mutation("delete-from-list does nothing", refusing.pretended(
        "delete-from-list", lambda form: {"list_ids": [int(form.get("list_id") or 0)]})),
    "names-twice": Mutation("two lists may have one name", refusing.lenient("add-list", "KEY_EXISTS", lambda form: {
        "id": 4299999, "name": form["name"], "created": "2030-01-31 12:00:00", "members_active": 0, "fields": []})),
    "fields-null": Mutation("no custom fields are null, not an empty array", successes(values.without_arrays)),
    "style-ignored": Mutation("`response_style` is not read", without("response_style")),
    "names-not-kept": Mutation("contacts' names are not kept", without("first_name", "last_name")),
    "firstname-read": Mutation("`firstname` is read as `first_name`", asked(lambda request: request.with_form(
        lambda pairs: [({"firstname": "first_name"}.get(name, name), value) for name, value in pairs]))),
    "members-counted": Mutation("members are miscounted", named("members_active", into=values.one_more)),
    "list-callback-ignored": Mutation("set-list-callback does nothing", refusing.pretended(
        "set-list-callback", lambda _: {})),
    # Numbers, keywords, e-mail, clients
    "filter-ignored": Mutation("`filter` of get-numbers is not read", of("get-numbers", without("filter"))),
    "keyword-lower-case": Mutation("keywords are told in small letters", named(
        "keyword", into=lambda value: value.lower() if isinstance(value, str) else value)),
    "keyword-members-message": Mutation("`member_message` is called `members_message`", trees(lambda tree: {
        ("members_message" if key == "member_message" else key): value for key, value in tree.items()})),
    "email-ok": Mutation("add-email says `OK`, not `true`", of("add-email delete-email", named(
        "success", into=lambda _: "OK"))),
    "client-secret-lost": Mutation("a client's `api_secret` is not kept", without("api_secret")),
    "margin-ignored": Mutation("`sms_margin` is not read", without("sms_margin")),
    "standing-number": Mutation("`balance_standing` of a list is a number", of("get-transactions", named(
        "balance_standing", into=lambda value: float(value.lstrip("$-")) if value else value))),
    # Callbacks
    "dlr-lost": Mutation("delivery reports are never called back", relay=callbacks.swallowed("status")),
    "dlr-twice": Mutation("delivery reports are called back twice", relay=callbacks.twice),
    "dlr-renamed": Mutation("`message_id` of callbacks is `messageId`", relay=callbacks.renamed(
        "message_id", "messageId")),
    "dlr-mobile": Mutation("callbacks say `msisdn`, not `mobile`", relay=callbacks.renamed("mobile", "msisdn")),
    "dlr-delivered": Mutation("every delivery report says `delivered`", relay=callbacks.saying("status", "delivered")),
    "callback-order": Mutation("parameters of callbacks stand in the opposite order", relay=callbacks.changed(
        callbacks.in_other_order)),
    "callback-own-lost": Mutation("a callback URL's own parameters are dropped", relay=callbacks.changed(
        callbacks.without_own)),
    "reply-lost": Mutation("replies are never called back", relay=callbacks.swallowed("response")),
    "hits-lost": Mutation("link hits are never called back", relay=callbacks.swallowed("link_hits")),
    "list-actions-lost": Mutation("joining and leaving a list is never called back", relay=callbacks.swallowed(
        "list_id", "type")),
    "optout-flag": Mutation("callbacks of replies never say that one was an opt-out", relay=callbacks.saying(
        "is_optout", "no")),
    "forged": Mutation("callbacks have a wrong signature", relay=callbacks.changed(callbacks.forged)),
    "unsigned": Mutation("callbacks have no signature", relay=callbacks.changed(callbacks.unsigned)),
    "never-again": Mutation("a callback that failed is not tried again", relay=callbacks.received),
}  # fmt: skip

EACH_METHOD: Mapping[str, Mutation] = {
    f"extra-key-{method}": Mutation(
        f"a key that is documented nowhere in {method}", of(method, successes(lambda tree: {"request_id": 1, **tree}))
    )
    for method in EVIDENCE
    if method not in ("add-credit", "add-card")
}
"""The same of each method that ever succeeds: whether its answers are looked at at all."""
