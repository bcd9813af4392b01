"""Phone numbers, and the countries in which they are dialled.

libphonenumber is imported in the functions that use it, because importing it would slow down every start.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_DASHES = "\\-\u2010-\u2015\u2212\uff0d"
_INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
"""Characters without width. They come along when a number is copied from a web page or an address book."""

_PUNCTUATION = re.compile(f"[\\s.(){_DASHES}{_INVISIBLE}]+")
_FLOAT = re.compile(r"\+?\d{8,}\.0+", re.ASCII)
"""A number as a spreadsheet or a table of floats writes it."""

# Longer than any number with an international prefix. Longer texts would only fill the cache.
_MAX_DIGITS = 24

# Ranges that regulators reserve for film and print. libphonenumber rejects them, although the API's own examples use
# them. The ranges of Australia and the United States need no entry, because the library accepts them.
_FICTION = (range(447700900000, 447700901000),)

_INVALID = 10
# The service runs PHP. Its port of libphonenumber has other codes for two types than Python's: voicemail and unknown.
_PHP_TYPES = {10: 28, 99: _INVALID}


@dataclass(frozen=True)
class Description:
    """A number as libphonenumber describes it, with the type codes of its PHP port.

    `countrycode` is the dialling code, `national` the number without leading zeros, `international` the E.164 digits as
    an integer. `type` is 0 for a landline, 1 for a mobile, 2 if the two look alike, 10 if it is not `valid`.
    """

    countrycode: int
    national: int
    international: int
    type: int
    valid: bool


def find_region(country: str) -> str | None:
    """Return the ISO 3166 code of a country, or None if it is unknown.

    The country is given as two letters or an English name, case-insensitive. `UK` means `GB`.
    """
    name = country.strip()
    return _region(name.casefold()) if len(name) <= 64 else None


def parse_digits(raw: str) -> str | None:
    """Return the ASCII digits of a number; None if it has no digit, or other characters than expected.

    Spaces, dashes, dots, brackets, invisible characters and a leading plus are expected, and the fraction of a float.
    """
    digits = raw if raw.isdigit() else _PUNCTUATION.sub("", _drop_fraction(raw)).removeprefix("+")
    return digits if digits.isascii() and digits.isdigit() else None


def _drop_fraction(raw: str) -> str:
    """Return a number without a fraction of zeros, as in `61491570156.0`."""
    return raw.partition(".")[0] if _FLOAT.fullmatch(raw.strip()) else raw


def assume_australia(digits: str) -> str:
    """Return digits in international form. A leading 0 is taken as Australia's trunk prefix."""
    return f"61{digits[1:]}" if digits.startswith("0") else digits


def to_msisdn(raw: str, region: str | None = None, cached: bool = True) -> str | None:
    """Return a number in international form, without plus; None if it is not valid. Never raises.

    With a `region` (from `find_region`) a number is first read as dialled inside that country, then as an international
    one; the other way round if it begins with the country's own calling code, because `4915123456789` could be a German
    landline as well. With a leading plus, or without a region, it can only be international. Results are cached;
    callers with very many numbers turn that off, because they would push all others out of the cache.
    """
    digits = parse_digits(raw)
    if digits is None or len(digits) > _MAX_DIGITS:
        return None
    convert = _msisdn if cached else _msisdn.__wrapped__
    return convert(digits, None if "+" in raw else region)


def describe(raw: str, region: str) -> Description | None:
    """Describe a number dialled in a region; None if libphonenumber cannot parse it. Never raises.

    Unlike `to_msisdn` this follows the library, so a number reserved for fiction may be invalid here.
    """
    import phonenumbers

    try:
        number = phonenumbers.parse(_drop_fraction(raw).strip(), region)
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


def find_country(msisdn: str) -> str | None:
    """Return the ISO 3166 code of the country of a valid international number; None if it belongs to none."""
    import phonenumbers

    return phonenumbers.region_code_for_number(phonenumbers.parse(f"+{msisdn}", None))


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
    """Map English country names, case-folded, to regions. The names come from a table of the library."""
    import phonenumbers
    from phonenumbers import SUPPORTED_REGIONS

    # Load the file alone. Importing it by name would load its whole package, 100 MB of places by their numbers.
    path = Path(phonenumbers.__file__).parent / "geodata" / "locale.py"
    spec = spec_from_file_location("phonenumbers.geodata.locale", path)
    assert spec is not None
    assert spec.loader is not None
    table = module_from_spec(spec)
    spec.loader.exec_module(table)

    regions = {}
    for region, names in table.LOCALE_DATA.items():
        name = names.get("en", "")
        # "*fr" means that the name is spelled as in the language `fr`.
        while name.startswith("*"):
            name = names[name[1:]]
        if name and region in SUPPORTED_REGIONS:
            regions[name.casefold()] = region
    return regions
