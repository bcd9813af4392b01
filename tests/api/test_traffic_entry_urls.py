"""Traffic entries of calls: URLs without secrets, and calls with many numbers."""

import json
import time

import pytest
from msgspec.structs import replace

from sms_sandbox.journal.entries import MAX_NUMBERS
from tests.api.traffic_entries import entry
from tests.conftest import SECRET, FreshTenant


def test_a_secret_sent_as_the_method_is_hidden(fresh: FreshTenant) -> None:
    made = entry(fresh, SECRET)
    assert (made.method, made.url) == ("…", "/….json")
    assert SECRET not in str(made)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("send-sms", "dlr_callback"),
        ("send-sms", "tracked_link_url"),
        ("lease-number", "url"),
        ("edit-number-options", "forward_url"),
        ("set-list-callback", "url"),
        ("add-contacts-bulk", "file_url"),
        ("send-sms", "dlr_calback"),
        ("send-smss", "dlr_callback"),
        ("no-such-thing-at-all", "where"),
    ],
)
def test_a_url_is_kept_without_its_secrets(fresh: FreshTenant, name: str, field: str) -> None:
    made = entry(fresh, name, **{field: f"http://user:pw@h/{SECRET}?access_token=x&order=7"})
    assert json.loads(made.request)[field] == "http://…@h/…?access_token=…&order=7"
    assert json.loads(entry(fresh, name, **{field: "http://h/a?b=%41"}).request)[field] == "http://h/a?b=%41"


@pytest.mark.parametrize("secret", ["own/secret", 'own"secret', "own-sécret"])
def test_a_secret_is_hidden_in_a_reply_in_any_spelling(fresh: FreshTenant, secret: str) -> None:
    fresh = FreshTenant(fresh.store, fresh.tenant, replace(fresh.account, secret=secret))
    made = entry(fresh, "get-sms", {"message": f"it is {secret}!"})
    assert json.loads(made.reply) == {"message": "it is …!"}


def test_urls_in_a_message_are_recorded_unchanged(fresh: FreshTenant) -> None:
    made = entry(fresh, message="http://h/?token=x")
    assert (made.text, json.loads(made.request)["message"]) == ("http://h/?token=x", "http://h/?token=x")


def test_a_url_in_a_reply_is_kept_without_its_secrets(fresh: FreshTenant) -> None:
    reply = {"keywords": [{"keyword": "A", "forward_url": "http://user:pw@h/?token=x"}]}
    kept = {"keywords": [{"keyword": "A", "forward_url": "http://…@h/?token=…"}]}
    assert json.loads(entry(fresh, "get-keywords", reply).reply) == kept


def test_only_as_many_numbers_as_are_recorded_are_read(fresh: FreshTenant) -> None:
    to = ",".join(f"04{each:08}" for each in range(140_000))
    began = time.process_time()
    made = entry(fresh, to=to, countrycode="AU")
    assert time.process_time() - began < 1
    assert len(made.numbers.split()) == MAX_NUMBERS
