"""Laws that hold for any number, any text and any junk."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .client import Api
from .grants import NOTHING, SANDBOX, STATE
from .messages import send
from .plugin import about, needs
from .run import Run
from .scene import HANDSETS, Scene
from .target import Control
from .test_lists import new_list
from .wire import as_xml, format_problems

EXTENSION = "^{}[]~|\\€\f"
GSM = "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ABCXYZÄÖÑÜ§¿abcxyzäöñüà" + EXTENSION
WRITABLE = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"], max_codepoint=0x1FAFF) | st.just("\n")


def bounded(examples: int) -> settings:
    """Return hypothesis settings: no database and no deadline, because an endpoint may be slow."""
    return settings(max_examples=examples, deadline=None, database=None,
                    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip


def repeated(run: Run, examples: int) -> int:
    """Return the number of examples. A real account gets only three."""
    return examples if run.grants.is_sandbox else 3


def parts_of(text: str) -> int:
    """Return the number of parts of a text (8.1)."""
    if all(character in GSM for character in text):
        return _divided([2 if character in EXTENSION else 1 for character in text], 160, 153)
    return _divided([len(character.encode("utf-16-be")) // 2 for character in text], 70, 67)


def _divided(units: list[int], alone: int, shared: int) -> int:
    if sum(units) <= alone:
        return 1
    return -(-sum(units) // shared)


@needs(SANDBOX, why="it sends a hundred texts")
@about("send-sms")
def test_any_text_has_the_parts_of_its_alphabet(run: Run, tenant: tuple[Api, Control]) -> None:
    api, _ = tenant
    price = send(api, HANDSETS[0], "x")["cost"]

    @bounded(repeated(run, 60))
    @given(
        st.text(st.sampled_from(GSM.replace("[", "")), min_size=1, max_size=250)
        | st.text(WRITABLE, min_size=1, max_size=120)
    )
    def law(text: str) -> None:
        if not text.strip():
            return
        payload = send(api, HANDSETS[0], text)
        parts = parts_of(text)
        # A character of two units is never split between parts, so one part more may be needed.
        assert payload["sms"] in ([parts] if parts == 1 else [parts, parts + 1])
        assert payload["cost"] == price * payload["sms"]

    law()


@needs(STATE)
@about("add-list", "get-list")
def test_any_name_is_returned_unchanged(run: Run, api: Api) -> None:
    list_ = new_list(api, field_1="Any")
    form = {"list_id": list_["id"], "msisdn": HANDSETS[0]}
    api.ok("add-to-list", **form)

    @bounded(repeated(run, 40))
    @given(st.text(WRITABLE, min_size=1, max_size=60))
    def law(text: str) -> None:
        api.ok("edit-list-member", first_name=f"a{text}b", **form)
        payload = api.ok("get-contact", **form)
        assert payload["first_name"] == f"a{text}b"
        assert api.ok("get-contact", "xml", **form) == as_xml(payload)

    law()


SEPARATORS = st.lists(st.sampled_from(["", " ", "-", ".", "(", ")", "  "]), min_size=10, max_size=10)


@needs(NOTHING)
@about("format-number")
def test_separators_between_digits_make_no_difference(run: Run, api: Api) -> None:
    @bounded(repeated(run, 40))
    @given(st.integers(0, 999_999), SEPARATORS, st.sampled_from(["", "+", "61"]))
    def law(number: int, between: list[str], before: str) -> None:
        digits = f"0491{number:06}" if not before else f"61491{number:06}"[-11:]
        written = "".join(part for pair in zip(digits, [*between, "", ""], strict=False) for part in pair)
        plain = api.ok("format-number", msisdn=digits if not before else f"+{digits}", countrycode="AU")
        assert api.ok("format-number", msisdn=f"+{written}" if before else written, countrycode="AU") == plain
        assert plain["number"]["international"] == int(f"61491{number:06}")

    law()


JUNK = st.dictionaries(
    st.sampled_from(["page", "max", "message_id", "list_id", "msisdn", "start", "end", "mobile", "countrycode",
                     "filter", "number", "keyword", "client_id", "id", "delivery", "response_style", "field_1", "type",
                     "x"]),
    st.text(max_size=20) | st.integers().map(str)
    | st.sampled_from(["", "0", "-1", "1e5", "\x00", "[]", "null", "2020-02-30"]),
    max_size=6,
)  # fmt: skip
READERS = ("get-list", "get-sms", "get-sms-sent", "get-message-report", "get-contact-sms-stats", "get-numbers",
           "get-keywords", "get-clients", "get-transactions", "get-user-sms-sent", "format-number",
           "get-contact")  # fmt: skip


@pytest.mark.parametrize("method", READERS)
@needs(NOTHING)
def test_junk_gets_an_answer_of_the_api(run: Run, scene: Scene, method: str) -> None:
    api = scene.api

    @bounded(repeated(run, 15))
    @given(JUNK, st.sampled_from(["json", "xml"]))
    def law(form: dict[str, str], fmt: str) -> None:
        form = {name: value.encode("utf-8", "ignore").decode() for name, value in form.items()}
        answer = api.call(method, fmt, form)
        assert answer.status in (200, 400), answer.body[:200]
        assert (answer.status == 200) == (answer.code == "SUCCESS")
        api.fail_on_problems(answer, list(format_problems(answer)))

    law()
