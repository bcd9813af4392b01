"""The lines printed if other machines can reach the server: who may do what, and how to begin."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from ..control.shapes.server_info import ServerInfo
from ..settings import Settings, is_loopback


def describe_exposure(settings: Settings, certs: Path) -> Iterator[str]:
    """Yield what other machines can reach, and who may use it; nothing if no other machine can.

    `certs` is the folder of the certificates.
    """
    if is_loopback(settings.host):
        return
    # Here, because --help needs no server.
    from ..server.certificates import Certificates, list_covered_names
    from ..server.outward_names import can_be_covered, choose_name

    yield f"Other machines can reach this server, because it listens on {settings.host}."
    if settings.accounts == "open":
        yield "The API answers anyone, because --accounts open creates a tenant for every new key."
    else:
        yield "The API answers callers that have the key and secret of an account."
    yield "Control answers a tenant's key and secret for that tenant, and the operator's control token for all."
    yield "The CA's certificate, API descriptions, docs and short links need no credentials."
    names = list_covered_names(Certificates(certs))
    yield f"The certificate covers {', '.join(names)}; --cert-host NAME adds another name or address."
    name = choose_name(settings)
    if not settings.base_url and name not in (*names, *settings.cert_host):
        flag = f"--cert-host {name if can_be_covered(name) else 'NAME'}"
        yield f"The certificate does not cover {name}, by which colleagues reach this server. Restart it with {flag}."
    if not settings.callback_host:
        yield "Callbacks to this machine's loopback are refused; --callback-host localhost allows them."


def invite(settings: Settings, info: ServerInfo) -> str:
    """Return a line to send to colleagues: the addresses, the token, and how to get the CA."""
    from ..server.outward_names import choose_name

    name = choose_name(settings)
    host = f"[{name}]" if ":" in name else name
    https, http = (settings.base_url or _with_host(url, host) for url in (info.https, info.http))
    return (
        f"For colleagues: sign in at {http}/_sandbox/ as the operator with the token {info.control_token}, and create "
        f"a tenant of your own under Start, which has the commands; API {https}; CA: "
        f"curl -o ca.pem {http}/_sandbox/ca.pem; how: {http}/_sandbox/docs/shared.md"
    )


def _with_host(url: str, host: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{host}:{parts.port}"
