"""One-time codes in texts."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.codes import find_codes


@pytest.mark.parametrize(("text", "codes"), [
    ("Your code is 481516.", ["481516"]),
    ("481516 is your Acme verification code", ["481516"]),
    ("Use 4815 to log in", ["4815"]),
    ("G-123456 is your login code", ["123456"]),
    ("Your PIN: 12345678", ["12345678"]),
    ("Code:481516", ["481516"]),
    ("Your code: 481-516", ["481516"]),
    ("Your OTP is 481 516, valid for 10 minutes", ["481516"]),
    ("One-time password 1234 5678", ["12345678"]),
    ("Your code is X7K9Q2", ["X7K9Q2"]),
    ("<#> Your code is 481516 FA+9qCX9VSu", ["481516"]),
    ("Sign in with 481516\n\n@example.com #481516", ["481516"]),
    ("@example.com #a1b2", ["a1b2"]),
    ("481516", ["481516"]),
    (" 481516\n", ["481516"]),
    ("Su código es 481516", ["481516"]),
    ("您的验证码是481516。", ["481516"]),
    ("Ваш код: 481516", ["481516"]),
    ("Order 88231: your code is 481516. Questions? Call 1300 123 456", ["481516", "88231"]),
    ("Your code is 481516. It ends on 2026-11-28 or 28/11/2026 or 28 Nov 2026.", ["481516"]),
    ("Pay $1,250 or 1250 AUD with the code 481516", ["481516"]),
    ("Your code: 481516, or open https://example.com/verify/99887766", ["481516"]),
    ("Your code: 481516, or open example.com/9988", ["481516"]),
    ("Two codes: 1111 and 2222", ["1111", "2222"]),
])  # fmt: skip
def test_codes_are_found(text: str, codes: list[str]) -> None:
    assert list(find_codes(text)) == codes


@pytest.mark.parametrize("text", [
    "", "Hello", "Your order 88231 is on its way", "Parcel 12345678 arrives at 10:30",
    "Call 0491 570 156 about your password", "Save 20% with promo code SAVE20 until 2026",
    "The postcode is 3000", "Your verification costs $1234.50", "Your code", "Log in at https://example.com/1234",
    "Your code is 123456789012", "Sign in by 2026-11-28", "AB12",
])  # fmt: skip
def test_other_numbers_are_not_codes(text: str) -> None:
    assert find_codes(text) == ()


@given(
    st.from_regex(r"[0-9]{4,8}", fullmatch=True), st.sampled_from(["Your code is {}", "{} is your PIN.", "OTP: {}!"])
)
def test_a_code_of_any_length_is_found_as_it_is_typed(code: str, frame: str) -> None:
    assert find_codes(frame.format(code)) == (code,)


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text: str) -> None:
    for code in find_codes(f"code {text}"):
        assert code
        assert " " not in code


@pytest.mark.parametrize("part", ["@", "a-", "1 ", "a.", "code ", "A1", "12-", "/", "$1"])
def test_a_long_text_takes_no_longer_than_its_length_allows(part: str) -> None:
    began = time.process_time()
    find_codes("code " + part * 2000)
    assert time.process_time() - began < 1
