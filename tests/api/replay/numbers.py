"""Preparation of recorded exchanges on numbers, keywords and e-mail."""

from sms_sandbox.store import numbers
from sms_sandbox.store.numbers import Number
from tests.api.replay.preparation import Line, Params, Prepare, add_list, keep_params
from tests.conftest import Caller, FreshTenant


def before_number(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    """Lease the named number for the account, inactive if the recording shows it so."""
    params = dict(line["params"])
    wanted = params["number"].removeprefix("+")
    with fresh.store.begin() as db:
        if numbers.read(db, fresh.tenant, wanted) is None:
            new = Number(
                wanted, fresh.account.id, False, 1_700_000, True, fresh.account.clock.frozen_at, numbers.ACTIVE
            )
            numbers.add(db, fresh.tenant, [new])
        if isinstance(line["body"], dict) and line["body"].get("status") == numbers.INACTIVE:
            numbers.lapse(db, fresh.tenant, wanted)
    if "list_id" in params:
        params["list_id"] = add_list(call)
    return params


def before_edit_keyword(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    params = before_number(call, fresh, line)
    call.ok("add-keyword", **{**params, "welcome_message": "Welcome to the gym's news"})
    return params


def before_get_keywords(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    params = before_number(call, fresh, line)
    options = {
        "reference": "Gym news", "welcome_message": "Welcome", "members_message": "Thanks",
        "forward_url": "http://example.com/gym-promo", "forward_sms": "61491570157,61491570158",
        "forward_email": "news@example.com,desk@example.com",
    }  # fmt: skip
    if line["source"] == "vendor-example":
        for word in ("GYM", "NEWS"):
            call.ok("add-keyword", keyword=word, number=params["number"], **options)
    return params


def before_delete_email(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    call.ok("add-email", email=line["params"]["email"])
    return dict(line["params"])


PREPARE: dict[str, Prepare] = {
    "lease-number": keep_params,
    "get-numbers": keep_params,
    "get-number": before_number,
    "edit-number-options": before_number,
    "add-keyword": before_number,
    "edit-keyword": before_edit_keyword,
    "get-keywords": before_get_keywords,
    "add-email": keep_params,
    "delete-email": before_delete_email,
}
