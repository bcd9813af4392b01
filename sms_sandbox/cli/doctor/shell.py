"""Checks of the variables in this shell: certificates, addresses and proxies."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

from .findings import Finding, note, ok, wrong

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "DENO_CERT")

_REPLACING = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that replace all that a program trusts."""

URL_VARIABLES = ("SMS_SANDBOX_URL", "TRANSMITSMS_BASE_URL", "KUDOSITY_BASE_URL_V1", "KUDOSITY_V1_BASE_URL")


def check_ca_variables(environment: Mapping[str, str], ca: str, mend: str) -> Iterator[Finding]:
    """Yield whether each variable that names trusted authorities names a file with the sandbox's.

    `mend` says what sets them.
    """
    given = {name: environment[name] for name in CA_VARIABLES if environment.get(name)}
    if not given:
        yield note("variables", "No variable of this shell names the sandbox's CA, so apps must be told.", mend)
        return
    problems: dict[str, list[str]] = {}
    for name, path in given.items():
        problems.setdefault(_problem(path, ca), []).append(name)
    for problem, names in problems.items():
        if problem:
            yield wrong("variables", f"{', '.join(names)}: {problem}.", mend)
    alone = [name for name, path in given.items() if name in _REPLACING and _holds_only(path, ca)]
    if alone:
        listed = ", ".join(alone)
        yield note(
            "variables", f"{listed}: the file holds the sandbox's CA alone, so programs trust no other server.", mend
        )
    if problems.keys() == {""}:
        yield ok("variables", f"{', '.join(given)}: the sandbox's CA is in each file.")
        missing = [name for name in CA_VARIABLES if name not in given]
        if missing:
            yield note("variables", f"{', '.join(missing)}: not set, so some programs do not trust the sandbox.", mend)


def _holds_only(path: str, ca: str) -> bool:
    """True if a file holds the sandbox's CA and no other authority."""
    with suppress(OSError):
        return Path(path).read_text(encoding="ascii", errors="replace").strip() == ca.strip()
    return False


def _problem(path: str, ca: str) -> str:
    """Return what is wrong with a file of trusted authorities; empty if nothing is."""
    try:
        text = Path(path).read_text(encoding="ascii", errors="replace")
    except OSError as why:
        return f"{path} can't be read: {why.strerror or why}"
    return "" if ca.strip() in text else f"{path} does not hold the sandbox's CA"


def check_url_variables(environment: Mapping[str, str], https: str, mend: str) -> Iterator[Finding]:
    """Yield the variables that lead an app to another address than the sandbox's."""
    port = urlsplit(https).port
    for name in URL_VARIABLES:
        url = environment.get(name)
        if url and _port(url) != port:
            yield wrong("variables", f"{name}={url} leads elsewhere: this sandbox is at {https}.", mend)


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def check_proxies(urls: Mapping[str, str], mend: str) -> Iterator[Finding]:
    """Yield whether a proxy of this process's environment catches calls to the sandbox. `urls` are by scheme."""
    proxies = getproxies_environment()
    caught: set[tuple[str, str]] = set()
    for scheme, url in urls.items():
        host = urlsplit(url).hostname or ""
        proxy = proxies.get(scheme) or proxies.get("all")
        name = f"{scheme}_proxy" if scheme in proxies else "all_proxy"
        if proxy and (name, host) not in caught and not proxy_bypass_environment(host, proxies):
            caught.add((name, host))
            yield wrong(
                "proxy", f"{name} (or {name.upper()}) is {proxy}, and it catches calls to {host}.",
                f"{mend}\nOr add {host} to no_proxy and NO_PROXY.",
            )  # fmt: skip
    if not caught:
        yield ok("proxy", "No proxy of this shell catches calls to the sandbox.")
