"""The mutations: each is one error of an endpoint that would mislead its users."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sms_sandbox.api.parity.evidence import EVIDENCE
from tests.contract.exchanges import Mutator, Relay, Request, forward_unchanged, unchanged
from tests.contract.mutators import access, callbacks, pages, refusals, request_forms, statuses, values
from tests.contract.mutators.combinators import (
    change_answers,
    change_bytes,
    change_keys,
    change_refusals,
    change_requests,
    change_scalars,
    change_successes,
    change_trees,
    except_method,
    for_methods,
    ignore_parameters,
    rewrite_parameter,
)


@dataclass(frozen=True)
class Mutation:
    """One error of an endpoint: a change of API calls, of callbacks, or of control requests."""

    description: str
    mutate: Mutator = forward_unchanged
    relay: Relay | None = None
    mutate_control: Callable[[Request], Request] = unchanged


MONEY = ("cost", "balance", "price", "amount")
PHONES = ("msisdn", "mobile", "number", "longcode", "international")

MUTATIONS: Mapping[str, Mutation] = {
    # The envelope and the spelling of JSON
    "error-first": Mutation("the error block comes first", change_successes(values.move_error_first)),
    "no-error-block": Mutation("a success has no error block", change_successes(lambda tree: {
        key: value for key, value in tree.items() if key != "error"})),
    "ok-lower-case": Mutation("the code of a success is `success`", change_successes(
        lambda tree: {**tree, "error": {"code": "success", "description": "OK"}})),
    "extra-key": Mutation(
        "every answer has an undocumented key", change_successes(lambda tree: {"request_id": 1, **tree})),
    "dropped-key": Mutation("`send_at` is missing from send-sms", for_methods("send-sms", values.drop_keys("send_at"))),
    "dropped-inner-key": Mutation("`created_at` is missing from contacts", values.drop_keys("created_at")),
    "renamed-key": Mutation("`balance` is called `credit`", for_methods("get-balance", change_successes(
        lambda tree: {("credit" if key == "balance" else key): value for key, value in tree.items()}))),
    "reordered-keys": Mutation("the keys of objects are in reverse order", change_successes(values.reverse_keys)),
    "number-as-string": Mutation("ids are strings", change_keys("id", "message_id", "list_id", into=values.quote)),
    "phone-as-string": Mutation("phone numbers are strings", change_keys(*PHONES, into=values.quote)),
    "string-as-number": Mutation("`status` is a number", change_keys("status", into=lambda _: 1)),
    "money-as-string": Mutation("money is a string", change_keys(*MONEY, into=values.quote)),
    "money-with-4-decimals": Mutation(
        "money has four decimals, in quotes", change_keys(*MONEY, into=values.four_decimals)),
    "bool-as-word": Mutation(
        "booleans are `yes` and `no`", change_scalars(lambda _, value: values.as_yes_or_no(value))),
    "null-as-blank": Mutation(
        "null is an empty string", change_scalars(lambda _, value: "" if value is None else value)),
    "null-left-out": Mutation("a key that is null is left out", change_successes(values.drop_nulls)),
    "iso-dates": Mutation("times are written as 2030-01-31T12:00:00Z", change_scalars(values.as_iso)),
    "local-dates": Mutation("times are in Sydney's time zone, not in UTC", change_scalars(values.in_local_time)),
    "slash-not-escaped": Mutation("`/` is not escaped", change_bytes(lambda body: body.replace(b"\\/", b"/"), "json")),
    "pretty-json": Mutation("JSON has spaces after commas", change_bytes(
        lambda body: body.replace(b'","', b'", "').replace(b',"', b', "'), "json")),
    "raw-unicode": Mutation("characters beyond ASCII are not escaped in JSON", change_bytes(values.unescape, "json")),
    "cut-off": Mutation("the last byte of an answer is missing", change_bytes(lambda body: body[:-1])),
    "empty-body": Mutation("refusals have no body", change_answers(
        lambda answer: answer if answer.status == 200 else replace(answer, body=b""))),
    # XML
    "xml-root": Mutation("the root element is `result`", change_bytes(
        lambda body: re.sub(rb"<response>(.*)</response>", rb"<result>\1</result>", body, flags=re.DOTALL), "xml")),
    "xml-without-prolog": Mutation("XML has no prolog", change_bytes(lambda body: body.partition(b"\n")[2], "xml")),
    "xml-row": Mutation("items in XML are called `row`, not `item`", change_bytes(
        lambda body: body.replace(b"<item>", b"<row>").replace(b"</item>", b"</row>"), "xml")),
    "xml-null": Mutation("an empty element in XML contains `null`", change_bytes(
        lambda body: re.sub(rb"<(\w+)/>", rb"<\1>null</\1>", body), "xml")),
    "xml-bool": Mutation("booleans in XML are 1 and 0", change_bytes(
        lambda body: body.replace(b">true<", b">1<").replace(b">false<", b">0<"), "xml")),
    "xml-drops-key": Mutation("`currency` is missing from XML", change_bytes(
        lambda body: re.sub(rb"<currency>\w+</currency>", b"", body), "xml")),
    # Status, type, format
    "status-200": Mutation("refusals have status 200", statuses.replace_status(200)),
    "auth-400": Mutation("AUTH_FAILED has status 400", statuses.replace_status(400, "AUTH_FAILED")),
    "no-data-403": Mutation("AUTH_FAILED_NO_DATA has status 403", statuses.replace_status(403, "AUTH_FAILED_NO_DATA")),
    "limit-503": Mutation("OVER_LIMIT has status 503", statuses.replace_status(503, "OVER_LIMIT")),
    "unknown-400": Mutation("NOT_IMPLEMENTED has status 400", statuses.replace_status(400, "NOT_IMPLEMENTED")),
    "created-201": Mutation("an accepted message has status 201", for_methods("send-sms", change_answers(
        lambda answer: replace(answer, status=201) if answer.status == 200 else answer))),
    "json-for-xml": Mutation("a call for XML is answered in JSON", statuses.replace_format("xml", "json")),
    # Without get-balance in JSON the suite does not start.
    "xml-for-json": Mutation("a call for JSON is answered in XML", except_method(
        "get-balance", statuses.replace_format("json", "xml"))),
    "html-type": Mutation(
        "JSON has the content type text/html", statuses.replace_content_type("text/html; charset=utf-8", "json")),
    "no-charset": Mutation("the content type of XML has no charset", statuses.replace_content_type("text/xml", "xml")),
    "small-headers": Mutation("the names of headers have no capitals", change_answers(
        lambda answer: replace(answer, headers=[(name.lower(), value) for name, value in answer.headers]))),
    # Reading of calls
    "post-only": Mutation("GET is refused", request_forms.refuse_get),
    "no-multipart": Mutation("multipart bodies are ignored", request_forms.ignore_bodies("multipart/")),
    "no-query-of-post": Mutation("the query of a POST is ignored", change_requests(request_forms.ignore_query)),
    "plain-paths": Mutation(
        "paths with `/2/` or double slashes are not found", change_requests(request_forms.refuse_other_paths)),
    "no-last-slash": Mutation(
        "paths with a slash after the extension are not found", change_requests(request_forms.refuse_last_slash)),
    "no-dotted-names": Mutation("`field.1` is not `field_1`", change_requests(request_forms.ignore_dotted_names)),
    "blanks-count": Mutation("a blank parameter counts as a value", change_requests(request_forms.fill_blanks)),
    "first-counts": Mutation(
        "the first value of a repeated parameter wins", change_requests(request_forms.first_value_wins)),
    "strict-names": Mutation("unknown parameters are refused", refusals.refuse_unknown_parameters),
    # Authentication
    "wrong-secret": Mutation("wrong credentials are accepted", access.accept_refused("AUTH_FAILED")),
    "no-credentials": Mutation("no credentials are needed", access.accept_refused("AUTH_FAILED_NO_DATA")),
    "credentials-in-form": Mutation("key and secret are accepted in the form", access.accept_credentials_in_form),
    "auth-codes-swapped": Mutation("missing credentials are AUTH_FAILED", refusals.replace_code(
        "AUTH_FAILED_NO_DATA", "AUTH_FAILED")),
    "no-throttle": Mutation("there is no throttle", access.wait_instead_of_refusing),
    "throttle-for-good": Mutation("an account over the limit stays refused", access.throttle_forever),
    "leaks-by-id": Mutation("things of another account can be read by their id", access.leak("NO_ACCESS", "NOT_FOUND")),
    "leaks-lists": Mutation(
        "get-lists includes lists of other accounts", access.list_rows_of_others("get-lists", "lists")),
    "leaks-clients": Mutation("an account that is not a reseller can read clients", for_methods(
        "get-balance get-client get-clients get-transactions", access.leak("NO_ACCESS"))),
    # Pages
    "page-count": Mutation("the number of pages is one too high", pages.change_pages(pages.add_page)),
    "page-total": Mutation("the total is one too high", pages.change_pages(pages.increase_total)),
    "page-number": Mutation("every page has the number 1", pages.change_pages(pages.claim_first_page)),
    "page-short": Mutation("the last item of a page is missing", pages.change_pages(pages.drop_last_item)),
    "page-order": Mutation("items are in reverse order", pages.change_pages(pages.reverse_items)),
    **{
        f"order-{method}-{ending}": Mutation(
            f"items of {method} are in reverse order in {ending.upper()}", pages.reverse_order(method, ending))
        for method in pages.KNOWN_ORDER for ending in ("json", "xml")
    },
    "page-ignored": Mutation("`page` is ignored", ignore_parameters("page")),
    "max-ignored": Mutation("`max` is ignored", ignore_parameters("max")),
    "page-beyond": Mutation("a page beyond the end repeats the last page", pages.repeat_last_page),
    "empty-array": Mutation("an empty page has an empty array", pages.set_items_of_empty_pages([])),
    "empty-null": Mutation("an empty page has null instead of items", pages.set_items_of_empty_pages(None)),
    "words-strict": Mutation(
        "`members`, `delivery`, `optouts` and `keywords` refuse `true` and `false`",
        request_forms.refuse_booleans("members", "delivery", "optouts", "keywords")),
    "filter-case": Mutation("`filter=OWNED` lists available numbers", rewrite_parameter(
        "filter", lambda word: "available" if word == "OWNED" else word)),
    "senders-flat": Mutation("get-sender-ids answers without `result`", for_methods("get-sender-ids", change_successes(
        lambda tree: {**tree["result"], "error": tree["error"]}))),
    # Refusals
    "other-words": Mutation("refusals have other descriptions", change_refusals(refusals.replace_description)),
    "no-description": Mutation("refusals have no description", change_refusals(
        lambda tree: {"error": {"code": tree["error"]["code"]}})),
    "error-header": Mutation("refusals repeat the status in the error block", change_refusals(
        lambda tree: {"error": {**tree["error"], "header": 400}})),
    "empty-is-invalid": Mutation("FIELD_EMPTY is FIELD_INVALID", refusals.replace_code("FIELD_EMPTY", "FIELD_INVALID")),
    "not-found-no-access": Mutation("NOT_FOUND is NO_ACCESS", refusals.replace_code("NOT_FOUND", "NO_ACCESS")),
    "exists-is-invalid": Mutation("KEY_EXISTS is FIELD_INVALID", refusals.replace_code("KEY_EXISTS", "FIELD_INVALID")),
    "recipients-sentence": Mutation("RECIPIENTS_ERROR has a sentence instead of the numbers", change_refusals(
        refusals.describe_in_a_sentence)),
    "recipients-strings": Mutation(
        "the numbers of RECIPIENTS_ERROR are strings", refusals.change_recipients(values.quote)),
    "recipients-apart": Mutation("`fails` of RECIPIENTS_ERROR leaves out who opted out", change_refusals(
        refusals.list_recipients_as_before)),
    "recipients-no-reason": Mutation("RECIPIENTS_ERROR gives no reason", change_refusals(refusals.drop_reason)),
    "recipients-zero": Mutation("the numbers of RECIPIENTS_ERROR lose a leading zero", refusals.change_recipients(
        lambda number: int(number) if str(number).isdigit() else number)),
    # Sending
    "balance-off": Mutation("the balance is doubled", for_methods("get-balance", change_keys(
        "balance", into=values.double))),
    "cost-off": Mutation("the cost is doubled", for_methods("send-sms", change_keys("cost", into=values.double))),
    "parts-off": Mutation(
        "the number of parts is one too high", for_methods("send-sms", change_keys("sms", into=values.increase))),
    "recipients-off": Mutation("the number of recipients is one too high", for_methods("send-sms", change_keys(
        "recipients", into=values.increase))),
    "gsm-extension": Mutation(
        "`€` counts as one character", rewrite_parameter("message", lambda text: text.replace("€", "e"))),
    "no-unicode": Mutation("texts are converted to ASCII", rewrite_parameter(
        "message", lambda text: text.encode("ascii", "replace").decode())),
    "text-cut": Mutation("texts are cut to 160 characters", rewrite_parameter("message", lambda text: text[:160])),
    "no-countrycode": Mutation("`countrycode` is ignored", ignore_parameters("countrycode")),
    "from-ignored": Mutation("`from` is ignored", ignore_parameters("from")),
    "send-at-ignored": Mutation("`send_at` is ignored", ignore_parameters("send_at")),
    "cancel-does-nothing": Mutation("cancel-sms answers OK and cancels nothing", refusals.cancel_nothing),
    "cancel-true": Mutation("cancel-sms answers `true`, not `OK`", for_methods("cancel-sms", change_keys(
        "success", into=lambda _: True))),
    "always-delivered": Mutation("every recipient is delivered", change_keys(
        "delivery_status", into=lambda _: "delivered")),
    "never-delivered": Mutation("no recipient is ever delivered", change_keys(
        "delivery_status", "status", into=lambda value: "pending" if value == "delivered" else value)),
    "all-valid": Mutation("format-number calls every number valid", for_methods("format-number", change_keys(
        "isValid", into=lambda value: "true" if isinstance(value, str) else True))),
    # Replies and opt-outs
    "stop-ignored": Mutation("STOP does not opt out", for_methods("message-reply", rewrite_parameter(
        "message", lambda text: f"so {text}")), mutate_control=request_forms.disarm_stop),
    "replies-lost": Mutation("injected replies are lost", for_methods("message-reply", refusals.pretend(
        "message-reply", lambda _: {"result": "SYSTEM: Message response handled\n"}))),
    "result-trimmed": Mutation("the result of message-reply has no line feed", for_methods("message-reply", change_keys(
        "result", into=lambda value: value.strip()))),
    "reply-unlinked": Mutation("replies have the message id 0", for_methods(
        "get-sms-responses get-user-sms-responses", change_keys("message_id", into=lambda _: 0))),
    "no-original": Mutation("`include_original` is ignored", ignore_parameters("include_original")),
    "optout-forgotten": Mutation("optout-list-member does nothing", refusals.pretend(
        "optout-list-member", lambda form: {"list_ids": [int(form.get("list_id") or 0)]})),
    # Lists
    "removed-stays": Mutation("remove-list does nothing", refusals.pretend("remove-list", lambda _: {})),
    "deleted-stays": Mutation("delete-from-list does nothing", refusals.pretend(
        "delete-from-list", lambda form: {"list_ids": [int(form.get("list_id") or 0)]})),
    "names-twice": Mutation(
        "two lists may have the same name", refusals.accept_instead("add-list", "KEY_EXISTS", lambda form: {
        "id": 4299999, "name": form["name"], "created": "2030-01-31 12:00:00", "members_active": 0, "fields": []})),
    "fields-null": Mutation("an empty array is null", change_successes(values.null_for_empty_arrays)),
    "style-ignored": Mutation("`response_style` is ignored", ignore_parameters("response_style")),
    "names-not-kept": Mutation("names of contacts are lost", ignore_parameters("first_name", "last_name")),
    "firstname-read": Mutation("`firstname` is read as `first_name`", change_requests(lambda request: request.with_form(
        lambda pairs: [({"firstname": "first_name"}.get(name, name), value) for name, value in pairs]))),
    "members-counted": Mutation(
        "the number of active members is one too high", change_keys("members_active", into=values.increase)),
    "list-callback-ignored": Mutation("set-list-callback does nothing", refusals.pretend(
        "set-list-callback", lambda _: {})),
    # Numbers, keywords, e-mail, clients
    "filter-ignored": Mutation(
        "`filter` of get-numbers is ignored", for_methods("get-numbers", ignore_parameters("filter"))),
    "keyword-lower-case": Mutation("keywords are in lower case", change_keys(
        "keyword", into=lambda value: value.lower() if isinstance(value, str) else value)),
    "keyword-members-message": Mutation("`member_message` is called `members_message`", change_trees(lambda tree: {
        ("members_message" if key == "member_message" else key): value for key, value in tree.items()})),
    "email-ok": Mutation(
        "add-email and delete-email answer `OK`, not `true`", for_methods("add-email delete-email", change_keys(
        "success", into=lambda _: "OK"))),
    "client-secret-lost": Mutation("the `api_secret` of a client is ignored", ignore_parameters("api_secret")),
    "margin-ignored": Mutation("`sms_margin` is ignored", ignore_parameters("sms_margin")),
    "standing-number": Mutation("`balance_standing` of a list is a number", for_methods("get-transactions", change_keys(
        "balance_standing", into=lambda value: float(value.lstrip("$-")) if value else value))),
    # Callbacks
    "dlr-lost": Mutation("callbacks of delivery reports are lost", relay=callbacks.drop("status")),
    "dlr-twice": Mutation("callbacks are sent twice", relay=callbacks.send_twice),
    "dlr-renamed": Mutation("`message_id` of callbacks is `messageId`", relay=callbacks.rename_parameter(
        "message_id", "messageId")),
    "dlr-mobile": Mutation("`mobile` of callbacks is `msisdn`", relay=callbacks.rename_parameter("mobile", "msisdn")),
    "dlr-delivered": Mutation(
        "every delivery report says `delivered`", relay=callbacks.set_parameter("status", "delivered")),
    "callback-order": Mutation("the parameters of callbacks are in reverse order", relay=callbacks.change_callback(
        callbacks.with_reversed_parameters)),
    "callback-own-lost": Mutation("parameters of the callback URL are lost", relay=callbacks.change_callback(
        callbacks.without_own_parameters)),
    "reply-lost": Mutation("callbacks of replies are lost", relay=callbacks.drop("response")),
    "hits-lost": Mutation("callbacks of link hits are lost", relay=callbacks.drop("link_hits")),
    "list-actions-lost": Mutation("callbacks of joining and leaving a list are lost", relay=callbacks.drop(
        "list_id", "type")),
    "optout-flag": Mutation("`is_optout` of callbacks is always `no`", relay=callbacks.set_parameter(
        "is_optout", "no")),
    "forged": Mutation(
        "callbacks have a wrong signature", relay=callbacks.change_callback(callbacks.with_wrong_signature)),
    "unsigned": Mutation("callbacks have no signature", relay=callbacks.change_callback(callbacks.without_signature)),
    "never-again": Mutation("a failed callback is not retried", relay=callbacks.claim_success),
}  # fmt: skip

EACH_METHOD: Mapping[str, Mutation] = {
    f"extra-key-{method}": Mutation(
        f"answers of {method} have an undocumented key",
        for_methods(method, change_successes(lambda tree: {"request_id": 1, **tree})),
    )
    for method in EVIDENCE
    if method not in ("add-credit", "add-card")
}
"""An undocumented key in each method that can succeed: it shows that the answers of all methods are checked."""
