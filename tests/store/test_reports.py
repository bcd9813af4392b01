"""Reports: pages over messages and recipients."""

from sms_sandbox.domain.carrier import DELIVERED, HARD_BOUNCE, SOFT_BOUNCE
from sms_sandbox.store import contacts, messages, recipients, reports
from sms_sandbox.store.messages import Message
from sms_sandbox.store.paging import FIRST_PAGE, Paging
from sms_sandbox.store.recipients import NewRecipient
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON, seconds, send


def read(fresh: FreshTenant, message: int) -> Message:
    with fresh.store.begin() as db:
        kept = messages.read(db, fresh.tenant, message)
    assert kept is not None
    return kept


def test_recipients_have_the_names_and_fields_of_a_list(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        sent, first = send(db, fresh, [HANDSETS[1], NewRecipient(HANDSETS[0], "You")])
        contact_list = contacts.add_list(db, fresh.tenant, fresh.account.id, "People", {"1": "Size"}, NOON)
        contacts.add_member(db, fresh.tenant, contact_list.id, HANDSETS[0], ("F", None), {"1": "9"}, NOON)
    message = read(fresh, sent)
    with fresh.store.begin() as db:
        page = reports.list_sent_to(db, fresh.tenant, message, contact_list.id, "all", "include", FIRST_PAGE)
        unknown, known = page.rows
        assert (page.total, unknown.recipient.id, known.recipient.id) == (2, first, first + 1)
        assert (unknown.first_name, unknown.fields, unknown.recipient.text) == (None, None, "Hello")
        assert (known.first_name, known.last_name, known.fields, known.recipient.text) == ("F", None, {"1": "9"}, "You")
        of_none = reports.list_sent_to(db, fresh.tenant, message, 0, "all", "include", Paging(2, 1))
    assert ([each.recipient.id for each in of_none.rows], of_none.rows[0].fields) == ([first + 1], None)


def test_recipients_of_a_message_are_filtered_by_status(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        sent, first = send(db, fresh, HANDSETS[:4])
        send(db, fresh, HANDSETS[:4])
        for index, status in enumerate((DELIVERED, SOFT_BOUNCE, HARD_BOUNCE)):
            recipients.set_reported(db, fresh.tenant, {first + index: (status, NOON)})
        recipients.mark_opted_out(db, fresh.tenant, first + 1)
        messages.add_report_counts(db, fresh.tenant, {sent: [DELIVERED, SOFT_BOUNCE, HARD_BOUNCE]})
        messages.add_counts(db, fresh.tenant, sent, optouts=1)
    message = read(fresh, sent)
    for delivery, optouts, expected in (
        ("all", "include", [0, 1, 2, 3]),
        ("delivered", "include", [0]),
        ("failed", "include", [1, 2]),
        ("pending", "include", [3]),
        ("all", "only", [1]),
        ("all", "omit", [0, 2, 3]),
        ("failed", "omit", [2]),
        ("pending", "only", []),
    ):
        with fresh.store.begin() as db:
            page = reports.list_sent_to(db, fresh.tenant, message, 0, delivery, optouts, FIRST_PAGE)
        assert [each.recipient.id - first for each in page.rows] == expected, (delivery, optouts)
        assert page.total == len(expected)


def test_messages_of_an_account_are_filtered_by_time(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        _, early = send(db, fresh, HANDSETS[:2])
        _, late = send(db, fresh, HANDSETS[:1], at=NOON + seconds(60))
        called_off, _ = send(db, fresh, HANDSETS[:1], at=NOON + seconds(30))
        messages.cancel(db, fresh.tenant, called_off)

        def find_ids(start: float, end: float, msisdn: str | None = None) -> list[int]:
            span = (NOON + seconds(start), NOON + seconds(end))
            page = reports.list_sent_by(db, fresh.tenant, fresh.account.id, *span, msisdn, FIRST_PAGE)
            assert page.total == len(page.rows)
            return [each.id for each in page.rows]

        assert find_ids(0, 60) == [late, early + 1, early]
        assert find_ids(0, 59) == [early + 1, early]
        assert find_ids(1, 60) == [late]
        assert find_ids(0, 60, HANDSETS[1]) == [early + 1]
        assert find_ids(0, 60, HANDSETS[5]) == []
        nobodys = reports.list_sent_by(
            db, fresh.tenant, fresh.account.id + 1, NOON, NOON + seconds(60), None, FIRST_PAGE
        )
        assert nobodys.rows == []


def test_messages_of_a_tenant_are_filtered(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        one, _ = send(db, fresh, HANDSETS[:1], text="100% off, é")
        two, _ = send(db, fresh, HANDSETS[:1], sender="MyShop")
        messages.set_status(db, fresh.tenant, two, messages.SENT)

        def find_ids(sender: str | None = None, status: str | None = None, text: str | None = None) -> list[int]:
            page = reports.list_messages(db, fresh.tenant, FIRST_PAGE, reports.MessageFilter(sender, status, text))
            assert page.total == len(page.rows)
            return [each.id for each in page.rows]

        assert find_ids() == [two, one]
        assert find_ids(sender="MyShop") == [two]
        assert find_ids(status=messages.SCHEDULED) == [one]
        assert find_ids(text="0% o") == [one]
        assert find_ids(text="%") == [one]
        assert find_ids(text="_") == []
        assert find_ids(text="Hello", status=messages.SCHEDULED) == []


def test_recipients_of_a_tenant_are_filtered(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        one, first = send(db, fresh, HANDSETS[:2])
        _, second = send(db, fresh, HANDSETS[:1])
        recipients.set_reported(db, fresh.tenant, {first: (DELIVERED, NOON)})

        def find_ids(message: int | None = None, msisdn: str | None = None, status: str | None = None) -> list[int]:
            page = reports.list_recipients(db, fresh.tenant, FIRST_PAGE, message, msisdn, status)
            assert page.total == len(page.rows)
            return [each.id for each in page.rows]

        assert find_ids() == [second, first + 1, first]
        assert find_ids(message=one) == [first + 1, first]
        assert find_ids(msisdn=HANDSETS[0]) == [second, first]
        assert find_ids(status=DELIVERED) == [first]
        assert find_ids(one, HANDSETS[1], DELIVERED) == []
