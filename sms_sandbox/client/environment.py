"""What an app under test needs in its environment to reach the sandbox and to trust its certificate.

Most programs take a variable that *replaces* their trusted roots, so these get the bundle that holds the public roots
as well; Node and Deno add to theirs, and get the sandbox's CA alone.
"""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

SHELLS = ("bash", "powershell", "dotenv", "github")
"""The spellings that ``render`` knows."""

_REPLACE_ROOTS = (
    "SSL_CERT_FILE",  # OpenSSL and what rests on it (Python, Ruby, .NET on Linux), httpx, Go on Linux
    "REQUESTS_CA_BUNDLE",  # requests, which does not read SSL_CERT_FILE
    "CURL_CA_BUNDLE",  # curl
)
_ADD_ROOTS = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
# Read by the provider's client libraries: the PHP SDK for Laravel (1.x, then 2.x) and the MCP server.
_BASE_URLS = ("TRANSMITSMS_BASE_URL", "KUDOSITY_BASE_URL_V1", "KUDOSITY_V1_BASE_URL")

# PowerShell takes typographic quotes for plain ones.
_POWERSHELL_QUOTES = str.maketrans({quote: quote * 2 for quote in "'\u2018\u2019\u201a\u201b"})
_DOTENV_ESCAPES = str.maketrans({character: "\\" + character for character in '\\"$`'})


def variables(ca: Path, ca_bundle: Path, https_url: str, key: str, secret: str) -> dict[str, str]:
    """The environment of an app that is to talk to the sandbox.

    Args:
        ca: the sandbox's CA certificate alone.
        ca_bundle: the public roots and the sandbox's CA.
        https_url: where the API is served, such as ``https://localhost:8443``.
        key: the API key of the account to use.
        secret: its API secret.

    Returns:
        Values by variable name, in the order to print them; paths are absolute.
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
    }


def render(variables: Mapping[str, str], shell: str) -> str:
    """Variables as text for a shell to evaluate or a tool to read.

    Args:
        variables: values by name, as ``variables`` gives them.
        shell: one of ``SHELLS``: ``bash`` (any POSIX shell) and ``powershell`` commands, a ``dotenv`` file, or
            lines for the file that ``$GITHUB_ENV`` names.

    Returns:
        A line for each variable. Where the form has comments, some follow that say what PHP and Java need, as
        no variable makes these two trust a CA.

    Raises:
        ValueError: the shell is not known, or it cannot take a value: a NUL in any, a line break for GitHub.
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
    # Readers of such files agree on plain text between double quotes, and disagree on escapes there: some keep the
    # backslash of \$ and \\. Between single quotes all of them take the text as it is, so a value with anything
    # special goes there unless it holds a single quote itself.
    escaped = value.translate(_DOTENV_ESCAPES)
    return f'"{escaped}"' if escaped == value or "'" in value else f"'{value}'"


def _advice(ca: Path, bundle: str, shell: str) -> str:
    """Comment lines that say how to make PHP and Java trust the sandbox."""
    quote: Callable[[str], str]
    if shell == "powershell":
        quote, copy, assign = (
            _powershell,
            'Copy-Item "$env:JAVA_HOME/lib/security/cacerts"',
            "$env:JAVA_TOOL_OPTIONS = ",
        )
    else:
        quote, copy, assign = shlex.quote, 'cp "$JAVA_HOME/lib/security/cacerts"', "export JAVA_TOOL_OPTIONS="
    store = str(ca.with_name("truststore.p12"))
    php = " ".join(f"-d {quote(f'{setting}={bundle}')}" for setting in ("openssl.cafile", "curl.cainfo"))
    keytool = f"-alias sms-sandbox -file {quote(str(ca))} -keystore {quote(store)} -storepass changeit"
    options = f'-Djavax.net.ssl.trustStore="{store}" -Djavax.net.ssl.trustStorePassword=changeit'
    text = f"""\
PHP reads its settings instead:
  php {php} your-script.php
Java reads a trust store. Make one that holds the public roots and this CA, once:
  {copy} {quote(store)}
  keytool -importcert -noprompt {keytool}
and name it whenever an app starts:
  {assign}{quote(options)}"""
    # Split at every kind of line break, so that one in a path cannot end the comment.
    return "\n".join(f"# {line}" for line in text.splitlines())
