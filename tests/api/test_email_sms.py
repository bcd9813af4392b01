"""add-email and delete-email."""

from typing import Any

import pytest

from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL
from sms_sandbox.store import email_senders
from sms_sandbox.store.email_senders import EmailSender
from tests.api.tenant_setup import add_other_caller
from tests.conftest import Caller, FreshTenant

WRONG = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")
UNKNOWN = ("NOT_FOUND", "The resource with this key is not found.")


def permit(fresh: FreshTenant, email: str) -> EmailSender | None:
    with fresh.store.begin() as db:
        return email_senders.find(db, fresh.tenant, fresh.account.id, email)


def test_an_address_may_send(call: Caller, fresh: FreshTenant) -> None:
    reply = call.ok("add-email", email="email@example.com", max_sms="2")
    assert list(reply) == ["success", "error"]
    assert reply["success"] is True
    assert permit(fresh, "EMAIL@Example.com") == EmailSender("email@example.com", 2, None)
    assert permit(fresh, "other@example.com") is None
    assert "<success>true</success>" in call.http.post("/add-email.xml", data={"email": "b@example.com"}).text


def test_adding_an_address_again_replaces_its_settings(call: Caller, fresh: FreshTenant) -> None:
    call.ok("add-email", email="email@example.com", max_sms=2)
    call.ok("add-email", email="Email@example.com", number=f"+{OWN_NUMBER}")
    assert permit(fresh, "email@example.com") == EmailSender("email@example.com", 1, OWN_NUMBER)


def test_a_domain_may_send_and_settings_of_an_address_override_it(call: Caller, fresh: FreshTenant) -> None:
    call.ok("add-email", email="*@example.com", max_sms=4)
    call.ok("add-email", email="z@example.com", max_sms=3)
    assert permit(fresh, "a@example.com") == EmailSender("*@example.com", 4, None)
    assert permit(fresh, "z@example.com") == EmailSender("z@example.com", 3, None)
    assert permit(fresh, "a@sub.example.com") is None


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({}, ("FIELD_EMPTY", "Required field 'email' is empty")),
        ({"email": "nobody"}, WRONG),
        ({"email": "*"}, WRONG),
        ({"email": "a@b", "max_sms": "5"}, WRONG),
        (
            {"email": "a@b", "max_sms": "x"},
            ("FIELD_INVALID", 'Field "max_sms" has wrong type, expected type - numeric'),
        ),
        ({"email": "a@b", "number": POOL[0]}, ("FIELD_INVALID", "This number is not leased to you.")),
        ({"email": "İ" * 125 + "@b"}, None),
        ({"email": "İ" * 252 + "@b"}, WRONG),
    ],
    ids=str,
)
def test_invalid_addresses_are_refused(call: Caller, params: dict[str, Any], refusal: tuple[str, str] | None) -> None:
    if refusal is None:
        call.ok("add-email", **params)
    else:
        assert call.refused("add-email", **params) == refusal


def test_empty_parameters_that_clients_add_are_ignored(call: Caller, fresh: FreshTenant) -> None:
    call.ok("add-email", email="email@example.com", max_sms="0", number="")
    assert permit(fresh, "email@example.com") == EmailSender("email@example.com", 1, None)


def test_an_address_is_deleted(call: Caller, fresh: FreshTenant) -> None:
    for email in ("a@example.com", "b@example.com"):
        call.ok("add-email", email=email)
    assert call.ok("delete-email", email="A@example.com")["success"] is True
    assert permit(fresh, "a@example.com") is None
    assert permit(fresh, "b@example.com") is not None
    assert call.refused("delete-email", email="a@example.com") == UNKNOWN


def test_a_domain_is_deleted_with_all_its_addresses(call: Caller, fresh: FreshTenant) -> None:
    other = add_other_caller(fresh)
    for email in ("a@x_y.com", "*@x_y.com", "b@xzy.com", "c@sub.x_y.com"):
        call.ok("add-email", email=email)
        other.ok("add-email", email=email)
    call.ok("delete-email", email="*@X_Y.com")
    assert [permit(fresh, email) is None for email in ("a@x_y.com", "q@x_y.com", "b@xzy.com", "c@sub.x_y.com")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert call.refused("delete-email", email="*@x_y.com") == UNKNOWN
    other.ok("delete-email", email="a@x_y.com")
