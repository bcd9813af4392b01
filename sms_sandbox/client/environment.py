"""Environment variables with which an app finds the sandbox and trusts its certificate.

For most programs such a variable *replaces* the trusted roots, so it names the bundle that holds the public roots as
well. Node and Deno add to their roots, so theirs names the sandbox's CA alone.
"""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

SHELLS = ("bash", "powershell", "dotenv", "github")
"""Forms that `render` can write."""

_REPLACE_ROOTS = (
    "SSL_CERT_FILE",  # OpenSSL and programs that use it (Python, Ruby, .NET on Linux), httpx, Go on Linux
    "REQUESTS_CA_BUNDLE",  # requests, which does not read SSL_CERT_FILE
    "CURL_CA_BUNDLE",  # curl
)
_ADD_ROOTS = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
# Read by the provider's client libraries: the PHP SDK for Laravel (1.x, then 2.x) and the MCP server.
_BASE_URLS = ("TRANSMITSMS_BASE_URL", "KUDOSITY_BASE_URL_V1", "KUDOSITY_V1_BASE_URL")
# Programs read one or the other; curl and wget read the second only.
_WITHOUT_PROXY = ("NO_PROXY", "no_proxy")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

_JAVA_HOME = "java -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.home = //p'"

# PowerShell treats typographic quotes as plain ones.
_POWERSHELL_QUOTES = str.maketrans({quote: quote * 2 for quote in "'\u2018\u2019\u201a\u201b"})
_DOTENV_ESCAPES = str.maketrans({character: "\\" + character for character in '\\"$`'})


def variables(
    ca: Path, ca_bundle: Path, https_url: str, key: str, secret: str, around: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment variables for an app that talks to the sandbox.

    Args:
        ca: the sandbox's CA certificate alone.
        ca_bundle: the public roots and the sandbox's CA.
        https_url: address of the API, for example `https://localhost:8443`.
        key: the API key of the account to use.
        secret: its API secret.
        around: the environment that these variables are added to. Hosts that it takes no proxy for are kept.

    Returns:
        Values by name, in the order to print them. Paths are absolute.
    """
    alone, bundle = str(ca.absolute()), str(ca_bundle.absolute())
    base_url = https_url.rstrip("/")
    return {
        "SMS_SANDBOX_URL": base_url,
        "SMS_SANDBOX_KEY": key,
        "SMS_SANDBOX_SECRET": secret,
        "SMS_SANDBOX_CA": alone,
        **dict.fromkeys(_BASE_URLS, base_url),
        **dict.fromkeys(_REPLACE_ROOTS, bundle),
        **dict.fromkeys(_ADD_ROOTS, alone),
        **dict.fromkeys(_WITHOUT_PROXY, _hosts_without_proxy(around, urlsplit(base_url).hostname or "")),
    }


def _hosts_without_proxy(around: Mapping[str, str], host: str) -> str:
    """Return the value of NO_PROXY, with this machine and the sandbox's host added."""
    hosts = [each.strip() for name in _WITHOUT_PROXY for each in around.get(name, "").split(",")]
    if "*" in hosts:
        return "*"
    return ",".join(dict.fromkeys(each for each in (*hosts, *_THIS_MACHINE, host) if each))


def render(variables: Mapping[str, str], shell: str) -> str:
    """Return variables as text for a shell to evaluate, or for a tool to read.

    Args:
        variables: values by name, as `variables` returns them.
        shell: one of `SHELLS`: commands for `bash` (any POSIX shell) or `powershell`, a `dotenv` file, or lines for
            the file that `$GITHUB_ENV` names.

    Returns:
        A line for each variable. If the form has comments, comments follow that explain what PHP and Java need: no
        variable makes PHP's curl or Java trust a CA.

    Raises:
        ValueError: the shell is not known, or a value has a character that it can't hold: NUL in any of them, a line
            break for GitHub.
    """
    if shell not in SHELLS:
        raise ValueError(f"{shell!r} is not one of {', '.join(SHELLS)}.")
    lines = [_assignment(name, value, shell) for name, value in variables.items()]
    if shell != "github" and {"SMS_SANDBOX_CA", "SSL_CERT_FILE"} <= variables.keys():
        lines.append(_advice(Path(variables["SMS_SANDBOX_CA"]), variables["SSL_CERT_FILE"], shell))
    return "\n".join(lines) + "\n"


def _assignment(name: str, value: str, shell: str) -> str:
    if "\0" in value:
        raise ValueError(f"The value of {name} holds a NUL, which no environment can.")
    match shell:
        case "bash":
            return f"export {name}={shlex.quote(value)}"
        case "powershell":
            return f"$env:{name} = {_powershell(value)}"
        case "dotenv":
            return f"{name}={_dotenv(value)}"
        case _:
            if "\n" in value or "\r" in value:
                raise ValueError(f"The value of {name} holds a line break, which a GITHUB_ENV line cannot.")
            return f"{name}={value}"


def _powershell(value: str) -> str:
    return f"'{value.translate(_POWERSHELL_QUOTES)}'"


def _dotenv(value: str) -> str:
    # All readers of such files take plain text in double quotes, but they disagree on escapes there: some keep the
    # backslash of \$ and \\. In single quotes all of them take the text as it is. So a value with special characters
    # goes in single quotes, unless it has a single quote itself.
    escaped = value.translate(_DOTENV_ESCAPES)
    return f'"{escaped}"' if escaped == value or "'" in value else f"'{value}'"


def _advice(ca: Path, bundle: str, shell: str) -> str:
    """Return comment lines that explain how PHP and Java can trust the sandbox."""
    quote: Callable[[str], str]
    if shell == "powershell":
        quote, copy, assign = (
            _powershell,
            'Copy-Item "$env:JAVA_HOME/lib/security/cacerts"',
            "$env:JAVA_TOOL_OPTIONS = ",
        )
    else:
        # The variable JAVA_HOME is often unset, but Java says where it is.
        quote, copy, assign = shlex.quote, f'cp "$({_JAVA_HOME})/lib/security/cacerts"', "export JAVA_TOOL_OPTIONS="
    store = str(ca.with_name("truststore.p12"))
    php = " ".join(f"-d {quote(f'{setting}={bundle}')}" for setting in ("openssl.cafile", "curl.cainfo"))
    keytool = f"-alias sms-sandbox -file {quote(str(ca))} -keystore {quote(store)} -storepass changeit"
    options = f'-Djavax.net.ssl.trustStore="{store}" -Djavax.net.ssl.trustStorePassword=changeit'
    text = f"""\
PHP's curl reads a setting instead:
  php {php} your-script.php
Java reads a trust store. Make one that holds the public roots and this CA, once:
  {copy} {quote(store)}
  keytool -importcert -noprompt {keytool}
and name it whenever an app starts:
  {assign}{quote(options)}"""
    # Split at every kind of line break, so that none in a path can end the comment.
    return "\n".join(f"# {line}" for line in text.splitlines())
