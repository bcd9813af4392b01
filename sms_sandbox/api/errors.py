"""Every error the API can answer. The docs and the OpenAPI document list this enumeration."""

from collections.abc import Mapping, Sequence
from enum import Enum, unique

Description = str | Mapping[str, str | Sequence[str]]
"""Description of an error: a sentence, or for RECIPIENTS_ERROR lists of numbers with the reason."""


@unique
class Code(Enum):
    """A code of the error block, with its HTTP status and usual description (reference 3.1)."""

    SUCCESS = 200, "OK"
    AUTH_FAILED_NO_DATA = 401, "You have not provided auth data."
    AUTH_FAILED = 401, "The auth data you have provided is invalid."
    NOT_IMPLEMENTED = 404, "The method you are requesting is unsupported."
    OVER_LIMIT = 429, "You have exceeded the request limit."
    FIELD_EMPTY = 400, "Required field is empty."
    FIELD_INVALID = 400, "Field has invalid format (see proper format in the description)."
    FIELD_UNSAFE = 400, "Field contains unsafe content."
    NO_ACCESS = 400, "You do not have access to this resource."
    KEY_EXISTS = 400, "The resource with this key already exists."
    NOT_FOUND = 400, "The resource with this key is not found."
    LEDGER_ERROR = 400, "Insufficient funds to carry out debit"
    BAD_CALLER_ID = 400, "The sender ID you have set is not valid or number is inactive or expired"
    LIST_EMPTY = 400, "The list you provided doesn't have active recipients."
    RECIPIENTS_ERROR = 400, "No valid recipients left after validation."
    ALREADY_SENT = 400, "This message is already sent or can not be cancelled"
    MISSING_PARAM = 400, "Field parameter is missing (eg. field_n)"
    BAD_MOBILE = 400, "The mobile provided is invalid"
    BAD_MOBILE_COUNTRY = 400, "The country of the mobile provided is unavailable"
    OPTOUT = 400, "The recipient provided was previously opted out"
    DUPLICATE_DELETED = 400, "The recipient provided was previously deleted"
    ACCOUNT_EXPIRED = 400, "Your account has expired."
    FAILED = 500, "The request could not be carried out."

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def text(self) -> str:
        return self.value[1]


MESSAGE_UNKNOWN = "Message with this ID does not exist"
MESSAGE_FOREIGN = "You do not have access to this 'message'"
CONTACT_KNOWN = "Contact with such mobile already exists"
CONTACT_UNKNOWN = "Contact with such mobile does not exist in this list."
USER_KNOWN = "User already exists"
NUMBER_TAKEN = "This number is not available for lease."
NUMBER_FOREIGN = "This number is not leased to you."
FEATURE_CLOSED = "You don't have access to this feature"


class ApiError(Exception):
    """An error for the caller: `code` goes into the body, its status onto the response."""

    def __init__(self, code: Code, description: Description = "") -> None:
        self.code = code
        self.description = description or code.text
        super().__init__(f"{code.name}: {self.description}")
