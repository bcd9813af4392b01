"""Settings: each has a default and a sentence, and is a flag and an environment variable of `sms-sandbox serve`."""

import math
import re
from dataclasses import dataclass, field, fields
from typing import Any

from .domain.profiles import PROFILES

PREFIX = "SMS_SANDBOX_"
DEFAULT_ACCOUNT = "sandbox-key:sandbox-secret"
# What can be a name and a password of HTTP's Basic scheme, and a text in every database.
_KEY = re.compile(r"[^:\x00-\x1f\x7f\ud800-\udfff]{1,255}")
_SECRET = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,255}")


class SettingsError(ValueError):
    """A setting that can't be; the message is one sentence for the person who gave it."""


def _setting(default: Any, sentence: str, **more: Any) -> Any:
    return field(default=default, metadata={"help": sentence, **more})


@dataclass(frozen=True)
class Settings:
    """Everything that can be set. Order: flag, environment, default."""

    host: str = _setting("127.0.0.1", "Address to listen on. Off loopback, the control API asks for a token.")
    https_port: int = _setting(8443, "Port of the API, over HTTPS; 0 picks a free one.", least=0, most=65535)
    http_port: int = _setting(
        8080, "Port of the page and the control API, over plain HTTP; 0 picks a free one.", least=0, most=65535
    )
    database: str = _setting(
        "sqlite://", "Where everything is kept: sqlite:// (memory), sqlite:///FILE, or postgresql://USER@HOST/NAME."
    )
    account: tuple[str, ...] = _setting(
        (DEFAULT_ACCOUNT,), "An account, in a world of its own; the first one's is the default. May be repeated; "
        "in the environment, blanks stand between several.",
        metavar="KEY:SECRET",
    )  # fmt: skip
    accounts: str = _setting(
        "closed", "Who else may call: nobody, or (open) any key, which becomes an account in a world of its own, with "
        "the secret it first comes with.",
        choices=("closed", "open"),
    )  # fmt: skip
    seed_file: str | None = _setting(
        None, "What there is from the start, in TOML or JSON (*.json): accounts, lists, numbers, keywords, rules.",
        metavar="PATH",
    )  # fmt: skip
    throttle: int | None = _setting(
        None, "API calls a second for each account, 0 is no limit; if not given, 15 or what the profile says.",
        kind=int, least=0, most=1_000_000,
    )  # fmt: skip
    profile: str = _setting(
        "seed", "Which of the real service's behaviours over the years to show.", choices=tuple(PROFILES)
    )
    strict_senders: bool = _setting(
        False, "Refuse an alphanumeric sender until it is registered, as the real service does."
    )
    delivery_delay: float = _setting(1.0, "Seconds from sending a message to its delivery report.", least=0,
                                     most=366 * 86400)  # fmt: skip
    traffic: int = _setting(
        10_000, "Entries of the traffic kept for each tenant: calls, callbacks and so on. The oldest are dropped.",
        least=1, most=1_000_000, metavar="N",
    )  # fmt: skip
    certs: str = _setting("certs", "Folder of the certificates; made at the first start, kept after.", metavar="DIR")
    cert_host: tuple[str, ...] = _setting(
        (), "One more name by which this machine is reached, for the certificate and the control API. May be repeated.",
        metavar="NAME",
    )  # fmt: skip
    callback_host: tuple[str, ...] = _setting(
        (), "A public host that callbacks may go to; private addresses always may. May be repeated.", metavar="HOST"
    )
    allow_http: bool = _setting(False, "Answer the API over plain HTTP too, on the HTTP port.")
    control_token: str | None = _setting(
        None, "What control calls must carry as X-Sandbox-Token; made up if it is needed and not given."
    )
    log_format: str = _setting("text", "How log lines look.", choices=("text", "json"))
    ready_file: str | None = _setting(
        None, "File to write once connections are accepted: JSON with addresses, certificates, key and secret.",
        metavar="PATH",
    )  # fmt: skip

    def __post_init__(self) -> None:
        for each in fields(self):
            value, choices = getattr(self, each.name), each.metadata.get("choices")
            least, most = each.metadata.get("least"), each.metadata.get("most", math.inf)
            if choices and value not in choices:
                raise SettingsError(f"{flag(each.name)} must be one of {', '.join(choices)}, not {value!r}.")
            if least is not None and value is not None and not least <= value <= most:
                raise SettingsError(f"{flag(each.name)} must be from {least} to {most}, not {value}.")
        for key, secret in self.pairs:
            if not can_be_account(key, secret):
                raise SettingsError(f"{flag('account')} must look like KEY:SECRET, each up to 255 plain characters.")
        keys = [key for key, _ in self.pairs]
        if not keys or len(set(keys)) != len(keys):
            raise SettingsError(f"{flag('account')} must name at least one key, and each only once.")
        if self.control_token is not None and not re.fullmatch(r"[!-~]{1,255}", self.control_token):
            raise SettingsError(f"{flag('control_token')} must be up to 255 ASCII characters without blanks.")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Keys and secrets."""
        pairs = [pair.partition(":") for pair in self.account]
        return [(key, secret) for key, _, secret in pairs]


def can_be_account(key: str, secret: str) -> bool:
    """Whether an account can have this key and secret."""
    return bool(_KEY.fullmatch(key) and _SECRET.fullmatch(secret))


def flag(name: str) -> str:
    """The flag of a setting."""
    return f"--{name.replace('_', '-')}"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def reachable_name(host: str) -> str:
    """The name a client on this machine reaches a server on `host` by, which the certificate covers."""
    if host in ("127.0.0.1", "0.0.0.0", "::", "localhost"):  # noqa: S104 (compared, not bound)
        return "localhost"
    return f"[{host}]" if ":" in host else host
