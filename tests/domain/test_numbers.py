import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.numbers import Description, describe, find_region, parse_digits, to_msisdn

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("au", "AU"),
        ("AU", "AU"),
        (" Nz ", "NZ"),
        ("uk", "GB"),
        ("Australia", "AU"),
        ("AUSTRALIA ", "AU"),
        ("united kingdom", "GB"),
        ("Côte d'Ivoire", "CI"),
        ("", None),
        ("A", None),
        ("XX", None),
        ("61", None),
        ("Atlantis", None),
        ("Antarctica", None),
        ("a" * 1000, None),
    ],
)
def test_countries_are_found_by_code_or_name(country: str, region: str | None) -> None:
    assert find_region(country) == region


@given(st.text())
def test_any_text_can_be_searched_for_a_region(country: str) -> None:
    assert find_region(country) in {None, *REGIONS}


@pytest.mark.parametrize(
    ("raw", "region", "msisdn"),
    [
        ("0491570156", "AU", "61491570156"),
        ("0211234567", "NZ", "64211234567"),
        ("07700900123", "GB", "447700900123"),
        ("2025550143", "US", "12025550143"),
        ("61491570156", "AU", "61491570156"),
        ("+61 491-570-156", "AU", "61491570156"),
        (" 61491570156", None, "61491570156"),
        ("+(61) 491.570.156", None, "61491570156"),
        ("447700900123", None, "447700900123"),
        ("447700900123", "AU", "447700900123"),
        ("0011447700900123", "AU", "447700900123"),
        ("+6591234567", "AU", "6591234567"),
        ("0491570007", None, None),
        ("+0491570007", "AU", None),
        ("0491570156", "XX", None),
        ("447700901000", None, None),
        ("", None, None),
        ("+", "AU", None),
        ("++61491570156", None, None),
        ("614915+70156", None, None),
        ("1800FLOWERS", "US", None),
        ("٦١٤٩١٥٧٠١٥٦", None, None),
        ("12", "AU", None),
        ("9" * 500, "AU", None),
    ],
)
def test_numbers_are_normalised(raw: str, region: str | None, msisdn: str | None) -> None:
    assert to_msisdn(raw, region) == msisdn


@given(st.text(), st.none() | st.sampled_from(REGIONS))
def test_junk_is_not_a_number(raw: str, region: str | None) -> None:
    msisdn = to_msisdn(raw, region)
    assert msisdn is None or (msisdn.isascii() and msisdn.isdigit())


@given(st.from_regex(r"\+?[0-9]{5,17}", fullmatch=True), st.none() | st.sampled_from(["AU", "GB", "US", "IT", "SG"]))
def test_a_normalised_number_stays_the_same(raw: str, region: str | None) -> None:
    msisdn = to_msisdn(raw, region)
    if msisdn is not None:
        assert to_msisdn(msisdn) == msisdn


@pytest.mark.parametrize("region", sorted(set(REGIONS) - {"TA"}))  # Tristan da Cunha has no mobiles
def test_a_mobile_number_can_be_written_in_many_ways(region: str) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    msisdn = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    for style in (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        assert to_msisdn(phonenumbers.format_number(number, style), region) == msisdn
    assert to_msisdn(msisdn) == to_msisdn(msisdn, region) == msisdn


@pytest.mark.parametrize(
    "raw",
    [
        "\u202a0491570156\u202c", "\u200b0491 570 156", "0491\u00a0570\u00a0156", "0491\u2011570\u2011156",
        "\ufeff0491570156", "0491\u2013570\u2013156", "(0491)\u2060570156", "+61491570156.0",
    ],
)  # fmt: skip
def test_numbers_that_format_number_reads_can_be_sent_to(raw: str) -> None:
    described = describe(raw, "AU")
    assert described is not None
    assert to_msisdn(raw, "AU") == str(described.international) == "61491570156"


def test_separators_between_digits_are_removed() -> None:
    assert parse_digits("+61 (491) 570-156") == "61491570156"
    assert parse_digits("\u202a+61\u00a0491\u2011570\u2013156\u202c\ufeff") == "61491570156"
    assert parse_digits("61491570156.0") == parse_digits(" +61491570156.00 ") == "61491570156"
    assert parse_digits("6149157015.60") == "614915701560"
    assert parse_digits("0491.570.156") == "0491570156"
    assert parse_digits("²") is None
    assert parse_digits(" ") is None


@pytest.mark.parametrize(
    ("raw", "region", "description"),
    [
        ("91234567", "SG", Description(65, 91234567, 6591234567, 1, True)),
        ("0491 570 156", "AU", Description(61, 491570156, 61491570156, 1, True)),
        ("+64211234567", "AU", Description(64, 211234567, 64211234567, 1, True)),
        ("(02) 9374 4000", "AU", Description(61, 293744000, 61293744000, 0, True)),
        ("2025550143", "US", Description(1, 2025550143, 12025550143, 2, True)),
        ("06 698 12345", "IT", Description(39, 669812345, 390669812345, 0, True)),
        ("1800 123 456", "AU", Description(61, 1800123456, 611800123456, 3, True)),
        ("04", "AU", Description(61, 4, 6104, 10, False)),
        ("07700900123", "GB", Description(44, 7700900123, 447700900123, 10, False)),
    ],
)
def test_numbers_are_described(raw: str, region: str, description: Description) -> None:
    assert describe(raw, region) == description


def test_voicemail_has_the_code_of_the_php_library() -> None:
    voicemails = [
        phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.VOICEMAIL) for region in REGIONS
    ]
    number = next(number for number in voicemails if number)
    described = describe(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), "AU")
    assert described is not None
    assert described.type == 28


@pytest.mark.parametrize("raw", ["", "abc", "+", "9" * 20, "9" * 100_000, "+999123456789"])
def test_invalid_numbers_have_no_description(raw: str) -> None:
    assert describe(raw, "AU") is None


@given(st.text() | st.from_regex(r"[+0-9 ()\-]{1,40}", fullmatch=True), st.sampled_from(REGIONS))
def test_any_text_can_be_described(raw: str, region: str) -> None:
    described = describe(raw, region)
    assert described is None or described.valid == (described.type != 10)
