"""Documents without secrets."""

import json

from tests.sandbox import HANDSET, Account


def test_a_document_shows_secrets_only_if_asked_for(frozen: Account) -> None:
    url = f"http://user:pass-word@127.0.0.1:9/x?token=hush-hush&plain=1&own={frozen.secret}"
    frozen.send(dlr_callback=url, reply_callback=url)
    frozen.ok("POST", "/clock/advance", {"seconds": 2})
    frozen.ok("POST", "/inbound", {"from": HANDSET, "text": f"is it {frozen.secret}?"})
    shown = frozen.control("GET", "/export").body.decode()
    assert frozen.key in shown
    assert "plain=1" in shown
    for secret in (frozen.secret, "pass-word", "hush-hush"):
        assert secret not in shown
        assert secret in frozen.control("GET", "/export", with_secrets="true").body.decode()
    assert all(row["secret"] == "…" for row in json.loads(shown)["tables"]["accounts"])


def test_a_document_without_secrets_is_the_same_otherwise(frozen: Account) -> None:
    frozen.send('{"looks": "like JSON"} but is none')
    hidden, whole = frozen.ok("GET", "/export"), frozen.ok("GET", "/export", with_secrets="true")
    assert (hidden.pop("has_secrets"), whole.pop("has_secrets")) == (False, True)
    for document in (hidden, whole):
        del document["tables"]["accounts"][0]["secret"]
    assert hidden == whole


def test_a_document_without_secrets_makes_no_tenant(frozen: Account) -> None:
    document = frozen.ok("GET", "/export")
    for path in ("/import", "/replay"):
        answer = frozen.control("POST", path, {"document": document})
        assert (answer.status, answer.code) == (422, "invalid")
        assert "export it again with `with_secrets`" in answer.json["error"]["message"]
