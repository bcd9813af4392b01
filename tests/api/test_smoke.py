from tests.conftest import Caller


def test_balance(call: Caller) -> None:
    assert call.ok("get-balance")["balance"] == 1000
