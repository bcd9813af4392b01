"""Settings: each has a default and a sentence, and is a flag and an environment variable of `sms-sandbox serve`."""

from dataclasses import dataclass, field, fields
from typing import Any

PREFIX = "SMS_SANDBOX_"
DEFAULT_ACCOUNT = "sandbox-key:sandbox-secret"
PROFILES = ("seed", "vendor-2020", "legacy-2015", "throttle-2")


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
        (DEFAULT_ACCOUNT,), "An account, each in a world of its own; the first one's is the default. May be repeated.",
        metavar="KEY:SECRET",
    )  # fmt: skip
    throttle: int | None = _setting(
        None, "Calls a second for each account, 0 is off; 15 if not given, or what the profile says.", least=0
    )
    profile: str = _setting("seed", "Which time's behaviour of the real service to show.", choices=PROFILES)
    strict_senders: bool = _setting(False, "Refuse alphanumeric senders, as nobody registered any.")
    delivery_delay: float = _setting(1.0, "Seconds from sending a message to its delivery report.", least=0)
    certs: str = _setting("certs", "Folder of the certificates; made at the first start, kept after.", metavar="DIR")
    cert_host: tuple[str, ...] = _setting(
        (), "One more name to be reached by, in the certificate and at the control API. May be repeated.",
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
            value, least = getattr(self, each.name), each.metadata.get("least")
            choices = each.metadata.get("choices")
            if choices and value not in choices:
                raise SettingsError(f"{flag(each.name)} must be one of {', '.join(choices)}, not {value!r}.")
            if least is not None and value is not None and not least <= value <= each.metadata.get("most", value):
                raise SettingsError(f"{flag(each.name)} can't be {value}.")
        for pair in self.account:
            key, colon, secret = pair.partition(":")
            if not (key and colon and secret):
                raise SettingsError(f"{flag('account')} must look like KEY:SECRET, not {pair!r}.")
        keys = [pair.partition(":")[0] for pair in self.account]
        if not keys or len(set(keys)) != len(keys):
            raise SettingsError(f"{flag('account')} must name at least one key, and each only once.")

    @property
    def accounts(self) -> list[tuple[str, str]]:
        """Keys and secrets."""
        pairs = [pair.partition(":") for pair in self.account]
        return [(key, secret) for key, _, secret in pairs]


def flag(name: str) -> str:
    """The flag of a setting."""
    return f"--{name.replace('_', '-')}"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()
