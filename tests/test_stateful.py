"""Random calls of the API, compared with a small model, on both databases."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from sms_sandbox.store import tenants
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from tests.api_machine import ApiMachine

HANDSETS = [f"614915701{n:02}" for n in range(56, 60)]
PRICE = Decimal("0.087")
OWN = "61491570112"

handsets = st.sampled_from(HANDSETS)
several = st.lists(handsets, min_size=1, max_size=6)


class Machine(ApiMachine):
    """Lists, contacts, sends, cancels, opt-outs, numbers, keywords, clients and the clock."""

    lists = Bundle("lists")
    scheduled = Bundle("scheduled")
    clients = Bundle("clients")

    def __init__(self) -> None:
        super().__init__()
        self.balance = Decimal(1000)
        self.members: dict[int, dict[str, bool]] = {}
        self.names: set[str] = set()
        self.stopped: set[str] = set()
        self.sent = 0
        self.owned = 1
        self.words: set[str] = set()
        self.client_ids: set[int] = set()

    # Lists and contacts

    @rule(target=lists, number=st.integers(0, 5), field=st.booleans())
    def add_list(self, number: int, field: bool) -> Any:
        name = f"List {number}"
        code, reply = self.call("add-list", name=name, field_1="City" if field else "")
        if name in self.names:
            assert code == "KEY_EXISTS"
            return multiple()
        assert code == "SUCCESS"
        self.names.add(name)
        self.members[reply["id"]] = {}
        return reply["id"]

    @rule(list_id=consumes(lists))
    def remove_list(self, list_id: int) -> None:
        reply = self.ok("get-list", list_id=list_id, members="none")
        self.ok("remove-list", list_id=list_id)
        self.names.remove(reply["name"])
        del self.members[list_id]
        assert self.call("get-list", list_id=list_id)[0] == "NOT_FOUND"

    @rule(list_id=lists, handset=handsets)
    def add_member(self, list_id: int, handset: str) -> None:
        code, _ = self.call("add-to-list", list_id=list_id, msisdn=handset)
        if handset not in self.members[list_id]:
            assert code == "SUCCESS"
            self.members[list_id][handset] = True
        elif self.members[list_id][handset]:
            assert code in ("KEY_EXISTS", "OPTOUT")
        else:
            assert code in ("OPTOUT", "DUPLICATE_DELETED")

    @rule(list_id=lists, handset=handsets, name=st.sampled_from(["Alpha", "2024", "", "Olé & Co <x>"]))
    def edit_member(self, list_id: int, handset: str, name: str) -> None:
        code, reply = self.call("edit-list-member", list_id=list_id, msisdn=handset, first_name=name)
        if handset not in self.members[list_id]:
            assert code == "NOT_FOUND"
        elif code == "SUCCESS":
            assert str(reply["first_name"] or "") == name

    @rule(list_id=lists, handset=handsets, everywhere=st.booleans())
    def delete_member(self, list_id: int, handset: str, everywhere: bool) -> None:
        before = {each for each, members in self.members.items() if members.get(handset)}
        code, reply = self.call("delete-from-list", list_id=0 if everywhere else list_id, msisdn=handset)
        list_ids = set(reply.get("list_ids", []))
        assert list_ids <= (before if everywhere else {list_id})
        assert code == ("SUCCESS" if list_ids else "NOT_FOUND")
        for each in list_ids:
            self.members[each][handset] = False

    @rule(list_id=lists, handset=handsets)
    def opt_out_member(self, list_id: int, handset: str) -> None:
        code, reply = self.call("optout-list-member", list_id=list_id, msisdn=handset)
        assert (
            code == ("SUCCESS" if handset in self.members[list_id] else "NOT_FOUND")
            or not self.members[list_id][handset]
        )
        if code == "SUCCESS":
            self.stopped.add(handset)
            for each in reply["list_ids"]:
                self.members[each][handset] = False

    # Messages

    def charged(self, reply: Any, at_least: int, at_most: int) -> None:
        assert at_least <= reply["recipients"] == reply["sms"] <= at_most
        cost = PRICE * reply["sms"]
        assert Decimal(str(reply["cost"])) == cost
        self.balance -= cost
        self.sent += 1

    @rule(to=several)
    def send(self, to: list[str]) -> None:
        code, reply = self.call("send-sms", message="Hello", to=",".join(to))
        sure = [each for each in to if each not in self.stopped]
        if code == "RECIPIENTS_ERROR":
            assert not sure
            assert set(map(str, reply["error"]["description"]["optouts"])) == set(to)
        else:
            self.charged(reply, len(sure), len(to))

    @rule(list_id=lists)
    def send_to_list(self, list_id: int) -> None:
        active = self.ok("get-list", list_id=list_id, members="none")["members_active"]
        code, reply = self.call("send-sms", message="Hello [firstname]", list_id=list_id)
        if active:
            self.charged(reply, active, active)
        else:
            assert code == "LIST_EMPTY"

    @rule(target=scheduled, handset=handsets, number=st.integers(1, 40))
    def schedule(self, handset: str, number: int) -> Any:
        now = self.clock()
        later = (now + timedelta(hours=number)).strftime("%Y-%m-%d %H:%M:%S")
        code, reply = self.call("send-sms", message="Later", to=handset, send_at=later)
        if code != "SUCCESS":
            assert handset in self.stopped
            return multiple()
        self.charged(reply, 1, 1)
        return reply["message_id"]

    @rule(message=consumes(scheduled))
    def cancel(self, message: int) -> None:
        due = self.ok("get-sms", message_id=message)["send_at"] > f"{self.clock():%Y-%m-%d %H:%M:%S}"
        code, _ = self.call("cancel-sms", id=message)
        assert code == ("SUCCESS" if due else "ALREADY_SENT")
        if due:
            self.balance += PRICE
        assert self.call("cancel-sms", id=message)[0] == "ALREADY_SENT"

    @rule(handset=handsets, words=st.sampled_from(["stop", " STOP ", "Unsubscribe"]))
    def stop(self, handset: str, words: str) -> None:
        self.ok("message-reply", message=words, from_=handset, to=OWN)
        self.let_time_pass(seconds=1)
        self.stopped.add(handset)
        code, reply = self.call("send-sms", message="Still there?", to=handset)
        assert (code, reply["error"]["description"]["fails"]) == ("RECIPIENTS_ERROR", [int(handset)])

    @rule(hours=st.integers(0, 12))
    def wait(self, hours: int) -> None:
        self.let_time_pass(hours=hours, seconds=2)

    def clock(self) -> Any:
        with self.store.begin() as db:
            tenant = tenants.read(db, self.tenant)
        assert tenant is not None
        return tenant.clock.now(real_now())

    # Numbers, keywords, clients

    @rule()
    def lease(self) -> None:
        reply = self.ok("lease-number")
        self.balance -= Decimal(str(reply["price"]))
        self.owned += 1
        again = self.call("lease-number", number=reply["number"])
        assert again[1]["error"]["description"] == "This number is not available for lease."

    @rule(word=st.sampled_from(["NEWS", "Gym", "news", "win big"]))
    def add_keyword(self, word: str) -> None:
        before = self.told_balance()
        code, _ = self.call("add-keyword", keyword=word, number=OWN)
        assert code == ("KEY_EXISTS" if word.upper() in self.words else "SUCCESS")
        self.words.add(word.upper())
        self.balance -= before - self.told_balance()

    @rule(target=clients, number=st.integers(0, 2))
    def add_client(self, number: int) -> Any:
        code, reply = self.call(
            "add-client", name=f"Client {number}", email=f"{number}@example.com", password="x", msisdn=HANDSETS[0]
        )
        if code == "KEY_EXISTS":
            return multiple()
        assert code == "SUCCESS"
        self.client_ids.add(reply["id"])
        return (reply["apikey"], reply["apisecret"])

    @rule(client=clients, list_id=lists)
    def clients_see_nothing_of_their_reseller(self, client: tuple[str, str], list_id: int) -> None:
        assert self.call("get-lists", client)[1]["lists_total"] == 0
        assert self.call("get-list", client, list_id=list_id)[0] == "NO_ACCESS"
        assert self.call("get-clients", client)[0] == "NO_ACCESS"
        assert self.call("send-sms", client, message="Hi", to=HANDSETS[0])[0] == "LEDGER_ERROR"

    # Checks after every step

    def told_balance(self) -> Decimal:
        return Decimal(str(self.ok("get-balance")["balance"]))

    @invariant()
    def the_books_balance(self) -> None:
        assert self.told_balance() == self.balance
        account = 54911
        rows = self.ok("get-transactions", client_id=account, max=100)
        if rows["transactions_total"] <= 100:
            amounts = [Decimal(str(each["amount"])) for each in rows["transactions"]]
            assert sum(amounts) == self.balance
            assert rows["transactions"][0]["balance_standing"] == f"${self.balance:.3f}"

    @invariant()
    def totals_are_what_paging_tells(self) -> None:
        rows = self.read_pages("get-lists", "lists")
        assert {each["id"] for each in rows} == set(self.members)
        for each in rows:
            known = self.members[each["id"]]
            assert each["members_total"] == len(known)
            members = {str(member["msisdn"]) for member in self.read_pages("get-list", "members", list_id=each["id"])}
            assert each["members_active"] == len(members)
            active = {handset for handset, is_active in known.items() if is_active}
            assert members <= active
            assert active - members <= self.stopped

    @invariant()
    def everything_sent_is_reported(self) -> None:
        start = "2020-01-01"
        sent = self.ok("get-user-sms-sent", start=start, end="2100-01-01")
        report = self.ok("get-message-report")
        assert report["messages_total"] <= self.sent
        for each in report.get("messages", []):
            total = sum(each[state] for state in ("pending", "delivered", "soft_bounced", "hard_bounced"))
            assert total == (0 if each["status"] == "user cancelled" else each["sms"])
        assert sent["total"] >= len(sent.get("messages", []))

    @invariant()
    def numbers_and_clients_are_counted(self) -> None:
        assert self.ok("get-numbers")["numbers_total"] == self.owned
        assert self.ok("get-keywords")["keywords_total"] == len(self.words)
        assert {each["id"] for each in self.read_pages("get-clients", "clients")} == self.client_ids


def test_the_api_and_the_model_agree(store: Store) -> None:
    examples = 20 if store.embedded else 5
    bound = type("Bound", (Machine,), {"store": store})
    run_machine(bound, settings=settings(max_examples=examples, stateful_step_count=30, deadline=None))
