"""The settings of the server.

Each has a default and a help text, and is a flag and an environment variable of `sms-sandbox serve`.
"""

import ipaddress
import math
import re
import secrets
import sys
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlsplit

from .domain.addresses import is_base_url
from .domain.profiles import PROFILES

PREFIX = "SMS_SANDBOX_"
_DEFAULT_ACCOUNT = "sandbox-key:sandbox-secret"
PUBLISHED_SECRET = _DEFAULT_ACCOUNT.partition(":")[2]
"""The default secret, which everybody can read in the documentation."""
# Key and secret must be a valid name and password of HTTP's Basic scheme, and valid text in every database.
_HOST = re.compile(r"[^\s/@?#:]+|\[?[0-9a-fA-F:.]+\]?")
"""A name, an IPv4 address or an IPv6 address."""
_KEY = re.compile(r"[^:\x00-\x1f\x7f\ud800-\udfff]{1,255}")
_SECRET = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,255}")


class SettingsError(ValueError):
    """A setting has a wrong value. The message is one sentence for the person who gave it."""


def _setting(default: Any, sentence: str, **more: Any) -> Any:
    return field(default=default, metadata={"help": sentence, **more})


@dataclass(frozen=True)
class Settings:
    """All settings. A flag overrides the environment variable, which overrides the default."""

    host: str = _setting(
        "127.0.0.1",
        "Address to listen on; ::1 is added if clients reach it as localhost. If it is not a "
        "loopback address, control needs a tenant's key and secret, or the operator's token.",
    )
    https_port: int = _setting(8443, "HTTPS port, for the API. 0 picks a free port.", least=0, most=65535)
    http_port: int = _setting(
        8080, "HTTP port, for the page and the control API. 0 picks a free port.", least=0, most=65535
    )
    database: str = _setting(
        "sqlite://", "Database: sqlite:// (in memory), sqlite:///FILE, or postgresql://USER@HOST/NAME."
    )
    workers: int = _setting(
        1, "Processes that share the ports. More than one need a PostgreSQL as the database.", least=1, most=64,
        metavar="N",
    )  # fmt: skip
    account: tuple[str, ...] = _setting(
        (_DEFAULT_ACCOUNT,), "An account, in a tenant of its own. The first one's tenant is the default tenant. May be "
        "repeated; in the environment, separate several by spaces. If other machines can call, a new secret "
        "replaces the default one.",
        metavar="KEY:SECRET",
    )  # fmt: skip
    accounts: str = _setting(
        "closed", "Who may call. closed: only configured accounts. open: an unknown key creates a new tenant, with the "
        "secret it was sent with.",
        choices=("closed", "open"),
    )  # fmt: skip
    seed_file: str | None = _setting(
        None, "File with initial data, in TOML or JSON (*.json): accounts, lists, numbers, keywords, rules.",
        metavar="PATH",
    )  # fmt: skip
    throttle: int | None = _setting(
        None, "API calls a second for each account; 0 is no limit. If left out, the profile decides (usually 15).",
        kind=int, least=0, most=1_000_000,
    )  # fmt: skip
    profile: str = _setting(
        "seed", "Behaviour of the real service to imitate. It has changed over the years: see docs/differences.md.",
        choices=tuple(PROFILES),
    )  # fmt: skip
    strict_senders: bool = _setting(
        False, "Refuse alphanumeric senders that are not registered, as the real service does."
    )
    delivery_delay: float = _setting(1.0, "Seconds from a message to its delivery report.", least=0,
                                     most=366 * 86400)  # fmt: skip
    traffic: int = _setting(
        10_000, "Traffic entries to keep for each tenant. The oldest are dropped for newer ones.",
        least=1, most=1_000_000, metavar="N",
    )  # fmt: skip
    tenant_ttl: float | None = _setting(
        None, "Hours after which a tenant that nobody uses is deleted. Those made at the start stay.",
        kind=float, least=0.1, most=100_000, metavar="HOURS",
    )  # fmt: skip
    max_tenants: int | None = _setting(
        None, "Most tenants that the sandbox has. If left out, there is no limit.", kind=int, least=1, most=10**9,
        metavar="N",
    )  # fmt: skip
    max_messages: int | None = _setting(
        None, "Most messages that a tenant holds. If left out, there is no limit.", kind=int, least=1, most=10**9,
        metavar="N",
    )  # fmt: skip
    max_accounts: int | None = _setting(
        None, "Most accounts that a tenant has: its own, and the clients of a reseller. If left out, no limit.",
        kind=int, least=1, most=10**9, metavar="N",
    )  # fmt: skip
    certs: str = _setting("certs", "Folder of the certificates. They are created at the first start.", metavar="DIR")
    cert_host: tuple[str, ...] = _setting(
        (), "Another host name of this machine, for the certificate and the control API. May be repeated.",
        metavar="NAME",
    )  # fmt: skip
    base_url: str | None = _setting(
        None, "Address in front of the sandbox, as a reverse proxy has it: https://sms.example.com. The page, the "
        "ready line and error messages then name it.",
        metavar="URL",
    )  # fmt: skip
    trusted_proxy: tuple[str, ...] = _setting(
        (), "Address or network of a reverse proxy, whose X-Forwarded-Proto, -Host and -For are believed. May be "
        "repeated.",
        metavar="ADDRESS",
    )  # fmt: skip
    callback_host: tuple[str, ...] = _setting(
        (),
        "A public host that callbacks may go to. Private addresses are always allowed, and loopback unless --host "
        "lets other machines call; then list localhost. May be repeated.",
        metavar="HOST",
    )
    allow_http: bool = _setting(False, "Serve the API over plain HTTP, too, on the HTTP port.")
    control_token: str | None = _setting(
        None,
        "The operator's token, to control all tenants, sent as X-Sandbox-Token. If needed and left out, one is made.",
    )
    log_format: str = _setting("text", "Format of log lines.", choices=("text", "json"))
    ready_file: str | None = _setting(
        None, "File to write when the server is ready: JSON with addresses, certificates, key and secret.",
        metavar="PATH",
    )  # fmt: skip

    demo: bool = _setting(
        False, "Fill the default tenant with a story to look around in. Its clock begins on a Monday in March 2026."
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            value, choices = getattr(self, each.name), each.metadata.get("choices")
            least, most = each.metadata.get("least"), each.metadata.get("most", math.inf)
            if choices and value not in choices:
                raise SettingsError(f"{flag(each.name)} must be one of {', '.join(choices)}, not {value!r}.")
            if least is not None and value is not None and not least <= value <= most:
                raise SettingsError(f"{flag(each.name)} must be from {least} to {most}, not {value}.")
        if self.workers > 1 and sys.platform == "win32":
            raise SettingsError(f"{flag('workers')} {self.workers} does not work on Windows.")
        if self.workers > 1 and self.database.startswith("sqlite"):
            raise SettingsError(
                f"{flag('workers')} {self.workers} needs a PostgreSQL as the {flag('database')}: only one process can "
                "have an SQLite database open."
            )
        for key, secret in self.pairs:
            if not can_be_account(key, secret):
                raise SettingsError(f"{flag('account')} must look like KEY:SECRET, each up to 255 plain characters.")
        keys = [key for key, _ in self.pairs]
        if not keys or len(set(keys)) != len(keys):
            raise SettingsError(f"{flag('account')} must name at least one key, and each only once.")
        if self.base_url is not None and not is_base_url(self.base_url):
            raise SettingsError(f"{flag('base_url')} must be like https://sms.example.com, without a path.")
        for network in self.trusted_proxy:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise SettingsError(
                    f"{flag('trusted_proxy')} must be an IP address or network, not {network!r}."
                ) from None
        for host in self.callback_host:
            if not _HOST.fullmatch(host):
                raise SettingsError(
                    f"{flag('callback_host')} must be a host such as app.example.com, without scheme, port and path, "
                    f"not {host!r}."
                )
        if self.control_token is not None and not re.fullmatch(r"[!-~]{1,255}", self.control_token):
            raise SettingsError(f"{flag('control_token')} must be up to 255 ASCII characters without blanks.")

    @property
    def own_names(self) -> tuple[str, ...]:
        """Names by which requests may call this server, besides those that always mean this machine."""
        base = urlsplit(self.base_url or "").hostname
        return (*self.cert_host, self.host, *([base] if base else []))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Keys and secrets of the configured accounts."""
        pairs = [pair.partition(":") for pair in self.account]
        return [(key, secret) for key, _, secret in pairs]


def can_be_account(key: str, secret: str) -> bool:
    """Return True if an account can have this key and secret."""
    return bool(_KEY.fullmatch(key) and _SECRET.fullmatch(secret))


def flag(name: str) -> str:
    """Return the flag of a setting."""
    return f"--{name.replace('_', '-')}"


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def reachable_name(host: str) -> str:
    """Return the name by which clients on this machine reach a server on `host`.

    The certificate covers it.
    """
    if host in ("127.0.0.1", "0.0.0.0", "::", "localhost"):  # noqa: S104 (compared, not bound)
        return "localhost"
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Return True if only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def control_token(settings: Settings) -> str | None:
    """Return the token that control asks for: the configured one, or a new one where strangers can reach the server."""
    if settings.control_token is not None or is_loopback(settings.host):
        return settings.control_token
    return secrets.token_urlsafe(24)


def with_private_secret(settings: Settings) -> Settings:
    """Return the settings, with a new secret for the default account of an exposed server.

    Raises SettingsError if configured accounts have the published secret.
    """
    if is_loopback(settings.host):
        return settings
    if settings.account == Settings().account:
        key, _ = settings.pairs[0]
        return replace(settings, account=(f"{key}:{secrets.token_urlsafe(24)}",))
    if any(secret == PUBLISHED_SECRET for _, secret in settings.pairs):
        raise SettingsError(
            f"The secret {PUBLISHED_SECRET} is published, and {flag('host')} {settings.host} lets other machines call; "
            f"{flag('account')} must give another secret."
        )
    return settings
