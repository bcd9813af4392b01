"""One-time codes in the text of a message."""

import re
from collections.abc import Iterator

_KEYWORD = re.compile(
    r"\b(?:codes?|otp|pin|passcode|password|tan|token|2fa|one[- ]time|verif(?:y|ication)|authenticat(?:e|ion)"
    r"|log(?:in| in|ging in)|sign(?:ing)?[- ]?in|c[oó]digo|codice|kode|kod)\b"
    r"|код|验证码|驗證碼|コード|認証番号|인증번호",
    re.IGNORECASE,
)
"""Words that announce a code."""

_OTHER_CODE = re.compile(
    r"\b(?:promo|promotion|promotional|discount|voucher|coupon|gift|referral|zip|post|area|country|error|dress|qr)"
    r"[- ]codes?\b",
    re.IGNORECASE,
)
"""Codes that have nothing to do with signing in."""

_CODE = re.compile(
    r"(?<![a-zA-Z0-9_$€£¥+#@/.-])(?<![0-9][:,])(?:[A-Z]{1,3}-)?"
    r"([0-9]{3}[ -][0-9]{3}|[0-9]{4}[ -][0-9]{4}|[0-9]{4,8}|(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[A-Z0-9]{4,10})"
    r"(?![a-zA-Z0-9_%/@]|[.,:-][0-9]|-[A-Z0-9])"
)
"""Four to eight digits, in two groups or not, after a prefix as in `G-123456`; or capital letters with digits."""

_BOUND_TO_HOST = re.compile(r"^@\S+ #([^\s#]+)", re.MULTILINE)
"""The last line of a message whose code browsers fill in automatically: `@example.com #123456`."""

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_NO_CODES = re.compile(
    r"\b[a-z][a-z0-9+.-]*://\S+|(?<![\w.-])[\w-]+(?:\.[\w-]+)+/\S*|[^\s@]+@[^\s@]+"  # addresses
    r"|\+?[0-9](?:[ ()-]{0,2}[0-9]){8,}"  # phone numbers
    r"|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b|\b[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}\b"  # dates
    rf"|\b{_MONTH} (?:[0-9]{{1,2}},? )?[0-9]{{4}}\b"
    r"|[$€£¥] ?[0-9][0-9.,]*|\b[0-9][0-9.,]* ?(?:%|aud|usd|eur|gbp|nzd|dollars?|points?|km|kg)\b",  # amounts
    re.IGNORECASE,
)
"""Parts of a text in which digits are no code."""


def find_codes(text: str) -> tuple[str, ...]:
    """Return the one-time codes in a text, the most likely first.

    Only a text that speaks of a code has any, or one that is nothing but a code. Blanks and hyphens between two groups
    of digits are left out, and so is a prefix, as a person types the code.
    """
    bound = [match[1] for match in _BOUND_TO_HOST.finditer(text)]
    plain = _NO_CODES.sub(lambda match: "/" * len(match[0]), _BOUND_TO_HOST.sub("", text))
    if (alone := _CODE.fullmatch(plain.strip())) and alone[1][0].isdigit():
        return (_typed(alone[1]),)
    keywords = list(_find_keywords(plain))
    if not keywords:
        return tuple(dict.fromkeys(bound))
    candidates = [
        (_distance(keywords, match.start(1), match.end(1)), _typed(match[1]))
        for match in _CODE.finditer(plain)
        if not _KEYWORD.fullmatch(match[1])
    ]
    return tuple(dict.fromkeys([*bound, *(code for _, code in sorted(candidates, key=lambda each: each[0]))]))


def _find_keywords(text: str) -> Iterator[tuple[int, int]]:
    others = [match.span() for match in _OTHER_CODE.finditer(text)]
    for match in _KEYWORD.finditer(text):
        if not any(start <= match.start() < end for start, end in others):
            yield match.span()


def _distance(keywords: list[tuple[int, int]], start: int, end: int) -> int:
    """Return how far a candidate is from the nearest keyword. One in front of the keyword is twice as far."""
    return min(start - last if start >= last else 2 * max(0, first - end) for first, last in keywords)


def _typed(code: str) -> str:
    return code.replace(" ", "").replace("-", "")
