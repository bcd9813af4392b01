"""The reseller level: clients, their transactions, and the payments the sandbox does not take."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

from ...domain import pricing
from ...store import clients, transactions
from ...store.clients import Client, Details
from ...store.paging import FIRST_PAGE, PageInfo
from ...store.transactions import Transaction
from ..declare import Call, Nothing, method
from ..errors import USER_KNOWN, ApiError, Code
from ..money import CENT, Amount
from ..params import Choice, Email, End, Flag, Handset, Id, Pages, Start, Text
from ..schema import SECRET

ClientId = Annotated[int, Id("The client's id.")]
Name = Annotated[str, Text("The company, whose name no other client has.")]
Login = Annotated[str, Email("The e-mail address the client logs in with, which no other account has.")]
Password = Annotated[
    str, Text("For the provider's web interface. The sandbox has none and keeps no password.", secret=True)
]
Phone = Annotated[str, Handset("The client's phone.")]
ContactName = Annotated[str, Text("Whom to ask for; the company's name if not given.")]
Timezone = Annotated[str, Text("A name as Australia/Sydney.", max_length=64)]
ClientPays = Annotated[bool, Flag("Whether the client pays; if not, the reseller does.")]
SmsMargin = Annotated[int, Amount("Cents on top of the price of each SMS.", unit=CENT)]
NumberMargin = Annotated[int, Amount("Cents on top of the monthly price of each number.", unit=CENT)]
FixedTopUp = Annotated[int, Amount("What is bought at a time when credit runs out, in the account's currency.")]
PaymentMethod = Annotated[str, Choice("How much credit is bought at a time.", words=("variable", "fixed"))]
Secret = Annotated[str, Text("The secret of the client's key.", trimmed=False, secret=True)]


# Keys in the order of the wire.
class ClientAccount(TypedDict):
    id: int
    name: str
    contact: str
    email: str
    msisdn: str
    currency: str
    client_pays: bool
    sms_margin: Decimal
    timezone: str
    created: datetime
    apikey: str
    apisecret: Annotated[str | None, SECRET]
    recharge_amount: Decimal
    total_lists: int
    total_sms: int
    total_contacts: int
    total_spend: Decimal
    total_revenue: Decimal
    credit_based: bool
    trial: str
    trial_expiry_date: None
    balance: Decimal


class ClientAccounts(TypedDict):
    page: PageInfo
    clients_total: int
    clients: NotRequired[list[ClientAccount]]


class Booking(TypedDict):
    id: int
    user_id: int
    description: str
    amount: Decimal


class BookingRow(Booking):
    balance_standing: str
    created: datetime
    type_description: str
    type_id: int


class Bookings(TypedDict):
    page: PageInfo
    transactions_total: int
    transactions: NotRequired[list[BookingRow]]


class SingleBooking(Booking):
    balance_standing: Decimal
    created: datetime
    message_id: int
    type_description: str
    type_id: int


@method("Resellers", errors=[Code.KEY_EXISTS], resellers_only=True)
def add_client(
    call: Call,
    name: Name,
    email: Login,
    password: Password,  # noqa: ARG001 (never kept)
    msisdn: Phone,
    contact: ContactName | None = None,
    timezone: Timezone | None = None,
    client_pays: ClientPays = True,
    sms_margin: SmsMargin = 0,
    number_margin: NumberMargin = 0,
    fixed_top_up_amount: FixedTopUp = 0,
    payment_method: PaymentMethod = "variable",
    api_secret: Secret | None = None,
) -> ClientAccount:
    """Make a client: an account with its own key, which begins without money and calls every method of users."""
    new = Details(
        name, email, msisdn, contact, timezone, client_pays, sms_margin, number_margin, fixed_top_up_amount,
        payment_method, api_secret,
    )  # fmt: skip
    made = clients.add(call.db, call.account, new, call.now)
    if made is None:
        raise ApiError(Code.KEY_EXISTS, USER_KNOWN)
    return client_account(find_client(call, made))


@method("Resellers", errors=[Code.NOT_FOUND, Code.KEY_EXISTS], resellers_only=True)
def edit_client(
    call: Call,
    client_id: ClientId,
    name: Name | None = None,
    email: Login | None = None,
    password: Password | None = None,  # noqa: ARG001 (never kept)
    msisdn: Phone | None = None,
    contact: ContactName | None = None,
    timezone: Timezone | None = None,
    client_pays: ClientPays | None = None,
    sms_margin: SmsMargin | None = None,
    number_margin: NumberMargin | None = None,
    fixed_top_up_amount: FixedTopUp | None = None,
    payment_method: PaymentMethod | None = None,
    api_secret: Secret | None = None,
) -> ClientAccount:
    """Change a client; what is not given, or blank, stays as it is."""
    found = find_client(call, client_id)
    new = Details(
        name, email, msisdn, contact, timezone, client_pays, sms_margin, number_margin, fixed_top_up_amount,
        payment_method, api_secret,
    )  # fmt: skip
    if not clients.change(call.db, call.account, found.id, new):
        raise ApiError(Code.KEY_EXISTS, USER_KNOWN)
    return client_account(find_client(call, found.id))


@method("Resellers", errors=[Code.NOT_FOUND], resellers_only=True)
def get_client(call: Call, client_id: ClientId) -> ClientAccount:
    """A client, with its key and secret, its balance, and what it sent and spent."""
    return client_account(find_client(call, client_id))


@method("Resellers", resellers_only=True)
def get_clients(call: Call, paging: Pages = FIRST_PAGE) -> ClientAccounts:
    """Every client of the reseller by name, the last of the alphabet first."""
    found = clients.page(call.db, call.account, paging)
    reply: ClientAccounts = {"page": found.info, "clients_total": found.total}
    if found.rows:
        reply["clients"] = [client_account(each) for each in found.rows]
    return reply


@method("Resellers", errors=[Code.NOT_FOUND], resellers_only=True)
def get_transactions(
    call: Call,
    client_id: Annotated[int, Id("The client's id, or the reseller's own.")],
    start: Start | None = None,
    end: End | None = None,
    paging: Pages = FIRST_PAGE,
) -> Bookings:
    """What was charged to an account and given to it, newest first."""
    account = whose(call, client_id)
    found = transactions.page(call.db, call.tenant, account, start, end, paging)
    reply: Bookings = {"page": found.info, "transactions_total": found.total}
    if found.rows:
        sign = pricing.currency_sign(call.account.currency)
        reply["transactions"] = [booking_row(each, sign) for each in found.rows]
    return reply


@method("Resellers", errors=[Code.NOT_FOUND], resellers_only=True)
def get_transaction(call: Call, id: Annotated[int, Id("The transaction's id.")]) -> SingleBooking:
    """A transaction of the reseller or of a client, with the message it paid for, if any."""
    found = transactions.read(call.db, call.tenant, id)
    if found is None:
        raise ApiError(Code.NOT_FOUND)
    whose(call, found.account)
    return {
        **booking(found),
        "balance_standing": pricing.from_units(found.balance),
        "created": found.created,
        "message_id": found.message,
        "type_description": "",
        "type_id": found.type_id,
    }


@method("Resellers", errors=[Code.NOT_IMPLEMENTED])
def add_credit(call: Call) -> Nothing:  # noqa: ARG001
    """Buy credit by card. What the real service answers is unknown, so it is not offered; the control API tops up."""
    raise ApiError(Code.NOT_IMPLEMENTED)


@method("Resellers", errors=[Code.NOT_IMPLEMENTED])
def add_card(call: Call) -> Nothing:  # noqa: ARG001
    """Keep a card to pay with. It is not offered: a sandbox must not invite anybody to send a card's number."""
    raise ApiError(Code.NOT_IMPLEMENTED)


def find_client(call: Call, client_id: int) -> Client:
    """The reseller's own client of that id."""
    found = clients.read(call.db, call.tenant, client_id)
    if found is None:
        raise ApiError(Code.NOT_FOUND)
    if found.parent != call.account.id:
        raise ApiError(Code.NO_ACCESS)
    return found


def whose(call: Call, account: int) -> int:
    """An account whose transactions the reseller may see: its own, or a client's."""
    return account if account == call.account.id else find_client(call, account).id


def client_account(each: Client) -> ClientAccount:
    return {
        "id": each.id,
        "name": each.name,
        "contact": each.contact,
        "email": each.email,
        "msisdn": each.msisdn,
        "currency": each.currency,
        "client_pays": each.client_pays,
        "sms_margin": pricing.from_units(each.sms_margin) / CENT,
        "timezone": each.timezone,
        "created": each.created,
        "apikey": each.key,
        "apisecret": each.secret,
        "recharge_amount": pricing.from_units(each.top_up),
        "total_lists": each.total_lists,
        "total_sms": each.total_sms,
        "total_contacts": each.total_contacts,
        "total_spend": pricing.from_units(each.total_spend),
        "total_revenue": pricing.from_units(each.total_revenue),
        "credit_based": each.credit_based,
        # Trials are of the past: what is left of them here is what the recordings show of accounts that have none.
        "trial": "no",
        "trial_expiry_date": None,
        "balance": pricing.from_units(each.balance),
    }


def booking(each: Transaction) -> Booking:
    return {
        "id": each.id,
        "user_id": each.account,
        "description": each.description,
        "amount": pricing.from_units(each.amount),
    }


def booking_row(each: Transaction, sign: str) -> BookingRow:
    # A text with the currency's sign here, a number in get-transaction: so the recordings have it.
    return {
        **booking(each),
        "balance_standing": f"{sign}{pricing.from_units(each.balance):.3f}",
        "created": each.created,
        "type_description": "",
        "type_id": each.type_id,
    }


METHODS: tuple[Any, ...] = (
    add_client, edit_client, get_client, get_clients, get_transactions, get_transaction, add_credit, add_card,
)  # fmt: skip
