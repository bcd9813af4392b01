"""Pages of handsets, in the order of their latest texts."""

from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from sms_sandbox.store import handsets, recipients, responses, tables
from sms_sandbox.store.paging import Paging
from sms_sandbox.store.recipients import NewRecipient
from sms_sandbox.store.responses import NewResponse
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON, seconds

LATER = NOON + seconds(100)

Text = tuple[int, int, bool]
"""A text: the number of its handset, its time in seconds, and if the handset sent it."""

_TEXTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.booleans()), max_size=12)
_LOUD = [(0, 9, False)] * 150
"""One handset has more of the latest texts than are read at first."""


@settings(max_examples=40)
@example([*_LOUD, (1, 1, False), (2, 2, True)], 1, "")
@example([*_LOUD, (1, 1, False), (2, 2, True)], 2, "")
@given(_TEXTS, st.integers(1, 4), st.sampled_from(["", "2", "20"]))
def test_pages_of_handsets_are_those_of_a_plain_sort(
    fresh: FreshTenant, texts: Sequence[Text], size: int, part: str
) -> None:
    _replace_texts(fresh, texts)
    latest = {HANDSETS[number]: 0 for number, _, _ in texts}
    for number, second, _ in texts:
        latest[HANDSETS[number]] = max(latest[HANDSETS[number]], second)
    numbers = sorted((each for each in latest if part in each), key=lambda each: (-latest[each], each))
    with fresh.store.begin() as db:
        for page in range(1, len(numbers) // size + 3):
            read = handsets.list_numbers(db, fresh.tenant, LATER, Paging(page, size), [part] if part else [])
            assert (read.rows, read.total) == (numbers[(page - 1) * size : page * size], len(numbers))


def _replace_texts(fresh: FreshTenant, texts: Sequence[Text]) -> None:
    tenant, account = fresh.tenant, fresh.account.id
    with fresh.store.begin() as db:
        for table in (tables.recipients, tables.responses):
            db.execute(delete(table).where(table.c.tenant == tenant))
        for number, second, is_sent_by_handset in texts:
            msisdn, at = HANDSETS[number], NOON + seconds(second)
            if is_sent_by_handset:
                responses.add(db, tenant, NewResponse(account, 0, None, 0, msisdn, "Yes", "61491570112", at, False))
            else:
                first = recipients.new_ids(db, tenant, 1)
                recipients.add(db, tenant, account, 340_000_001, at, first, [NewRecipient(msisdn)])
