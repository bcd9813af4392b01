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
from ..params import Choice, Email, Flag, Handset, Id, Pages, Text
from ..schema import SECRET
from ..timestamps import End, Start

_ClientId = Annotated[int, Id("Id of the client.")]
_Name = Annotated[str, Text("Name of the company, unique among the clients.")]
_Login = Annotated[str, Email("E-mail address that the client logs in with, unique among all accounts.")]
_Password = Annotated[
    str, Text("Password for the provider's web interface. The sandbox does not keep it.", secret=True)
]
_Phone = Annotated[str, Handset("Phone number of the client.")]
_ContactName = Annotated[str, Text("Name of a contact person. By default the company's name.")]
_Timezone = Annotated[str, Text("Name of the time zone, such as Australia/Sydney.", max_length=64)]
_ClientPays = Annotated[bool, Flag("Charge the client; if false, charge the reseller.")]
_SmsMargin = Annotated[int, Amount("Cents to add to the price of each SMS.", unit=CENT)]
_NumberMargin = Annotated[int, Amount("Cents to add to the monthly price of each number.", unit=CENT)]
_FixedTopUp = Annotated[int, Amount("Amount to buy when credit runs out, in the account's currency.")]
_PaymentMethod = Annotated[str, Choice("Buy a fixed or a variable amount of credit.", words=("variable", "fixed"))]
_Secret = Annotated[str, Text("Secret of the client's API key.", trimmed=False, secret=True)]


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


@method("Resellers", errors=[Code.KEY_EXISTS], resellers_only=True, adds="accounts")
def add_client(
    call: Call,
    name: _Name,
    email: _Login,
    password: _Password,  # noqa: ARG001 (never kept)
    msisdn: _Phone,
    contact: _ContactName | None = None,
    timezone: _Timezone | None = None,
    client_pays: _ClientPays = True,
    sms_margin: _SmsMargin = 0,
    number_margin: _NumberMargin = 0,
    fixed_top_up_amount: _FixedTopUp = 0,
    payment_method: _PaymentMethod = "variable",
    api_secret: _Secret | None = None,
) -> ClientAccount:
    """Add a client: an account of its own, with an API key and no money.

    It can call every method except those for resellers.
    """
    new = Details(
        name, email, msisdn, contact, timezone, client_pays, sms_margin, number_margin, fixed_top_up_amount,
        payment_method, api_secret,
    )  # fmt: skip
    client_id = clients.add(call.db, call.account, new, call.now)
    if client_id is None:
        raise ApiError(Code.KEY_EXISTS, USER_KNOWN)
    return _describe_client(_find_client(call, client_id))


@method("Resellers", errors=[Code.NOT_FOUND, Code.KEY_EXISTS], resellers_only=True)
def edit_client(
    call: Call,
    client_id: _ClientId,
    name: _Name | None = None,
    email: _Login | None = None,
    password: _Password | None = None,  # noqa: ARG001 (never kept)
    msisdn: _Phone | None = None,
    contact: _ContactName | None = None,
    timezone: _Timezone | None = None,
    client_pays: _ClientPays | None = None,
    sms_margin: _SmsMargin | None = None,
    number_margin: _NumberMargin | None = None,
    fixed_top_up_amount: _FixedTopUp | None = None,
    payment_method: _PaymentMethod | None = None,
    api_secret: _Secret | None = None,
) -> ClientAccount:
    """Change a client. Parameters that are missing or blank leave their setting unchanged."""
    client = _find_client(call, client_id)
    new = Details(
        name, email, msisdn, contact, timezone, client_pays, sms_margin, number_margin, fixed_top_up_amount,
        payment_method, api_secret,
    )  # fmt: skip
    if not clients.change(call.db, call.account, client.id, new):
        raise ApiError(Code.KEY_EXISTS, USER_KNOWN)
    return _describe_client(_find_client(call, client.id))


@method("Resellers", errors=[Code.NOT_FOUND], resellers_only=True)
def get_client(call: Call, client_id: _ClientId) -> ClientAccount:
    """Return a client with its API key and secret, its balance and its totals."""
    return _describe_client(_find_client(call, client_id))


@method("Resellers", resellers_only=True)
def get_clients(call: Call, paging: Pages = FIRST_PAGE) -> ClientAccounts:
    """List the reseller's clients by name, in reverse alphabetical order."""
    page = clients.list_page(call.db, call.account, paging)
    reply: ClientAccounts = {"page": page.info, "clients_total": page.total}
    if page.rows:
        reply["clients"] = [_describe_client(client) for client in page.rows]
    return reply


@method("Resellers", errors=[Code.NOT_FOUND], resellers_only=True)
def get_transactions(
    call: Call,
    client_id: Annotated[int, Id("Id of the client, or of the reseller's own account.")],
    start: Start | None = None,
    end: End | None = None,
    paging: Pages = FIRST_PAGE,
) -> Bookings:
    """List the charges and credits of an account, newest first."""
    account = _check_account(call, client_id)
    page = transactions.list_page(call.db, call.tenant, account, start, end, paging)
    reply: Bookings = {"page": page.info, "transactions_total": page.total}
    if page.rows:
        sign = pricing.currency_sign(call.account.currency)
        reply["transactions"] = [_describe_row(transaction, sign) for transaction in page.rows]
    return reply


@method("Resellers", errors=[Code.NOT_FOUND], resellers_only=True)
def get_transaction(call: Call, id: Annotated[int, Id("Id of the transaction.")]) -> SingleBooking:
    """Return a transaction of the reseller or of a client.

    `message_id` is the message it paid for, if any.
    """
    transaction = transactions.read(call.db, call.tenant, id)
    if transaction is None:
        raise ApiError(Code.NOT_FOUND)
    _check_account(call, transaction.account)
    return {
        **_describe_transaction(transaction),
        "balance_standing": pricing.from_units(transaction.balance),
        "created": transaction.created,
        "message_id": transaction.message,
        "type_description": "",
        "type_id": transaction.type_id,
    }


@method("Resellers", errors=[Code.NOT_IMPLEMENTED])
def add_credit(call: Call) -> Nothing:  # noqa: ARG001
    """Buy credit by card.

    This is not implemented, because the real service's response is unknown. The control API can add credit.
    """
    raise ApiError(Code.NOT_IMPLEMENTED)


@method("Resellers", errors=[Code.NOT_IMPLEMENTED])
def add_card(call: Call) -> Nothing:  # noqa: ARG001
    """Store a credit card.

    This is not implemented: a sandbox must not invite anybody to send a card's number.
    """
    raise ApiError(Code.NOT_IMPLEMENTED)


def _find_client(call: Call, client_id: int) -> Client:
    """Return the reseller's own client with this id."""
    client = clients.read(call.db, call.tenant, client_id)
    if client is None:
        raise ApiError(Code.NOT_FOUND)
    if client.parent != call.account.id:
        raise ApiError(Code.NO_ACCESS)
    return client


def _check_account(call: Call, account: int) -> int:
    """Return the account if it is the reseller's own or a client's. Raises ApiError if not."""
    return account if account == call.account.id else _find_client(call, account).id


def _describe_client(client: Client) -> ClientAccount:
    return {
        "id": client.id,
        "name": client.name,
        "contact": client.contact,
        "email": client.email,
        "msisdn": client.msisdn,
        "currency": client.currency,
        "client_pays": client.client_pays,
        "sms_margin": pricing.from_units(client.sms_margin) / CENT,
        "timezone": client.timezone,
        "created": client.created,
        "apikey": client.key,
        "apisecret": client.secret,
        "recharge_amount": pricing.from_units(client.top_up),
        "total_lists": client.total_lists,
        "total_sms": client.total_sms,
        "total_contacts": client.total_contacts,
        "total_spend": pricing.from_units(client.total_spend),
        "total_revenue": pricing.from_units(client.total_revenue),
        "credit_based": client.credit_based,
        # The service no longer has trials. The recordings show these values for accounts without one.
        "trial": "no",
        "trial_expiry_date": None,
        "balance": pricing.from_units(client.balance),
    }


def _describe_transaction(transaction: Transaction) -> Booking:
    return {
        "id": transaction.id,
        "user_id": transaction.account,
        "description": transaction.description,
        "amount": pricing.from_units(transaction.amount),
    }


def _describe_row(transaction: Transaction, sign: str) -> BookingRow:
    # The recordings show a text with the currency's sign here, and a number in get-transaction.
    return {
        **_describe_transaction(transaction),
        "balance_standing": f"{sign}{pricing.from_units(transaction.balance):.3f}",
        "created": transaction.created,
        "type_description": "",
        "type_id": transaction.type_id,
    }


METHODS: tuple[Any, ...] = (
    add_client, edit_client, get_client, get_clients, get_transactions, get_transaction, add_credit, add_card,
)  # fmt: skip
