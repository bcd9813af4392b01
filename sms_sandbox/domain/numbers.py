"""Phone numbers and the countries they are written for.

libphonenumber is imported where it is used, since a server that has not seen a number yet should not wait for it.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_PUNCTUATION = re.compile(r"[\s\-.()]+")
# Longer than any number with an international prefix in front; keeps junk out of the cache.
_LONGEST = 24

# Ranges that regulators keep for film and print and that libphonenumber rejects although the API's own examples use
# them. The ranges of Australia and the United States need no entry: the library takes them for real.
_FICTION = (range(447700900000, 447700901000),)

_INVALID = 10
# The service runs PHP, whose port of libphonenumber numbers two types otherwise than Python's: voicemail and unknown.
_PHP_TYPES = {10: 28, 99: _INVALID}


@dataclass(frozen=True)
class Description:
    """What libphonenumber makes of a number, with the type codes of its PHP port.

    `countrycode` is the dialling code, `national` the number without leading zeros, `international` the E.164 digits as
    an integer. `type` is 0 for a landline, 1 for a mobile, 2 where the two look alike, 10 for anything not `valid`.
    """

    countrycode: int
    national: int
    international: int
    type: int
    valid: bool


def find_region(country: str) -> str | None:
    """The ISO 3166 code in capitals for two letters or an English country name of any case; None if there is no such
    country. `UK` means `GB`.
    """
    name = country.strip()
    return _region(name.casefold()) if len(name) <= 64 else None


def parse_digits(raw: str) -> str | None:
    """The ASCII digits of a number written with blanks, hyphens, dots, brackets and a leading plus; None if it holds
    anything else, or no digit.
    """
    digits = raw if raw.isdigit() else _PUNCTUATION.sub("", raw).removeprefix("+")
    return digits if digits.isascii() and digits.isdigit() else None


def assume_australia(digits: str) -> str:
    """Return digits in international form; a leading 0 is taken for Australia's trunk prefix."""
    return f"61{digits[1:]}" if digits.startswith("0") else digits


def to_msisdn(raw: str, region: str | None = None, cached: bool = True) -> str | None:
    """The international digits, without plus, that `raw` stands for; None if that is no valid number.

    With a `region` (as `region_of` gives it) a number is first read as one dialled inside that country, then as an
    international one; the other way round if it begins with the country's own calling code, because `4915123456789`
    would do for a German landline as well. With a leading plus, or without a region, it can only be international.
    What was found is remembered, unless a caller has so many that it would only drive out the rest. Never raises.
    """
    digits = parse_digits(raw)
    if digits is None or len(digits) > _LONGEST:
        return None
    find = _msisdn if cached else _msisdn.__wrapped__
    return find(digits, None if "+" in raw else region)


def describe(raw: str, region: str) -> Description | None:
    """What libphonenumber makes of `raw` dialled in `region`; None if it cannot be parsed at all. Never raises.

    Unlike `to_msisdn` this keeps to the library's opinion, so a number reserved for fiction may be invalid here.
    """
    import phonenumbers

    try:
        number = phonenumbers.parse(raw.strip(), region)
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    kind = phonenumbers.number_type(number)
    return Description(
        countrycode=number.country_code or 0,
        national=number.national_number or 0,
        international=int(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)),
        type=_PHP_TYPES.get(kind, kind) if valid else _INVALID,
        valid=valid,
    )


@lru_cache(65536)
def _msisdn(digits: str, region: str | None) -> str | None:
    international = _valid(f"+{digits}", None)
    if region is None or (international and digits.startswith(_calling_code(region))):
        return international
    return _valid(digits, region) or international


def _calling_code(region: str) -> str:
    import phonenumbers

    return str(phonenumbers.country_code_for_region(region))


def _valid(text: str, region: str | None) -> str | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    msisdn = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    fiction = any(int(msisdn) in reserved for reserved in _FICTION)
    return msisdn if fiction or phonenumbers.is_valid_number(number) else None


@lru_cache(1024)
def _region(name: str) -> str | None:
    if len(name) != 2:
        return _regions_by_name().get(name)
    from phonenumbers import SUPPORTED_REGIONS

    region = "GB" if name == "uk" else name.upper()
    return region if region in SUPPORTED_REGIONS else None


@cache
def _regions_by_name() -> dict[str, str]:
    """English names in folded case, from the library's own table of them."""
    import phonenumbers
    from phonenumbers import SUPPORTED_REGIONS

    # The file alone: to import it by name would load the package around it, 100 MB of places by their numbers.
    path = Path(phonenumbers.__file__).parent / "geodata" / "locale.py"
    spec = spec_from_file_location("phonenumbers.geodata.locale", path)
    assert spec is not None
    assert spec.loader is not None
    table = module_from_spec(spec)
    spec.loader.exec_module(table)

    regions = {}
    for region, names in table.LOCALE_DATA.items():
        name = names.get("en", "")
        # "*fr" says that the name is spelt as in the language `fr`.
        while name.startswith("*"):
            name = names[name[1:]]
        if name and region in SUPPORTED_REGIONS:
            regions[name.casefold()] = region
    return regions
