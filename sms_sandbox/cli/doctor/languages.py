"""A real handshake by each language found here, with the variables of this shell."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .findings import Finding, note, ok, wrong

TIMEOUT_SECONDS = 30.0

_TRUST = re.compile("cert|PKIX", re.IGNORECASE)
"""Pattern of a reason that is about certificates, in the words of each language."""

_NO_PROXY = (
    "It keeps calls to the sandbox away from proxies. If there is no proxy, look at the firewall of this machine."
)

ENV_GUIDE = "`sms-sandbox env` prints"

_NODE = """
require("https").get(process.argv[1], () => process.exit(0))
  .on("error", (error) => { console.error(error.message); process.exit(1); });
"""

_RUBY = """
begin
  Net::HTTP.get_response(URI(ARGV[0]))
rescue SystemCallError, IOError, Timeout::Error, OpenSSL::SSL::SSLError => error
  abort error.message
end
"""

# PHP's own functions read SSL_CERT_FILE, its curl does not. Each must trust the sandbox, because apps use both.
_PHP = """
$reason = null;
set_error_handler(function ($level, $message) use (&$reason) {
    $reason ??= trim(strrchr("\\n$message", "\\n"));
});
$options = stream_context_create(["http" => ["ignore_errors" => true]]);
if (file_get_contents($argv[1], false, $options) === false) {
    fwrite(STDERR, $reason);
    exit(1);
}
if (function_exists("curl_init")) {
    $call = curl_init($argv[1]);
    curl_setopt($call, CURLOPT_RETURNTRANSFER, true);
    if (curl_exec($call) === false) {
        fwrite(STDERR, "its curl: " . curl_error($call));
        exit(1);
    }
}
"""

_JAVA = """
import java.io.IOException;
import java.net.*;
import javax.net.ssl.SSLException;

class Handshake {
    public static void main(String[] args) throws Exception {
        try {
            ((HttpURLConnection) new URI(args[0]).toURL().openConnection()).getResponseCode();
        } catch (SSLException error) {
            System.err.println(error.getMessage());
            System.exit(1);
        } catch (IOException error) {
            System.err.println(error);
            System.exit(1);
        }
    }
}
"""


@dataclass(frozen=True)
class Language:
    """A language: its program, the arguments before the URL, and what makes it trust a certificate."""

    program: str
    arguments: tuple[str, ...]
    advice: str
    source: str = ""
    """The program to put into a file, whose path comes before the URL."""

    has_variable: bool = True
    """True if a variable that `sms-sandbox env` prints tells it what to trust."""


LANGUAGES = (
    Language("curl", ("-sS", "-o", os.devnull), "Or call curl with --cacert."),
    Language(
        "python3", ("-c", "import sys, urllib.request as u; u.urlopen(sys.argv[1])"),
        "A context of your own needs `cafile`, requests and httpx need `verify`.",
    ),
    Language("node", ("-e", _NODE), "Node reads the variable at its start."),
    Language("ruby", ("-rnet/http", "-e", _RUBY), ""),
    Language(
        "php", ("-r", _PHP), "Start PHP with -d openssl.cafile and -d curl.cainfo, as {guide}.",
        has_variable=False,
    ),
    Language(
        "java", (), "Make a trust store and name it in JAVA_TOOL_OPTIONS, as {guide}.", _JAVA,
        has_variable=False,
    ),
)  # fmt: skip


def check_languages(url: str, mend: str, guide: str = ENV_GUIDE, *, are_told: bool) -> Iterator[Finding]:
    """Yield whether each language found here trusts a URL.

    If no variable tells the shell's programs what to trust (`are_told`), a language without trust is only noted.
    `mend` says how to set the variables, and `guide` what tells more.
    """
    languages = [each for each in LANGUAGES if shutil.which(each.program)]
    with ThreadPoolExecutor(max(1, len(languages))) as pool:
        for language, problem in zip(languages, pool.map(lambda each: _try(each, url), languages), strict=True):
            advice = "\n".join(
                filter(None, [mend if language.has_variable else "", language.advice.format(guide=guide)])
            )
            if problem is None:
                yield ok(language.program, "It trusts the sandbox.")
            elif not _TRUST.search(problem):
                yield wrong(language.program, f"It can't connect: {problem}", f"{mend}\n{_NO_PROXY}".strip())
            elif are_told and language.has_variable:
                yield wrong(language.program, f"It does not trust the sandbox: {problem}", advice)
            else:
                yield note(language.program, f"It does not trust the sandbox yet: {problem}", advice)
    missing = [each.program for each in LANGUAGES if each not in languages]
    if missing:
        yield note("languages", f"Not installed here: {', '.join(missing)}.")


def _try(language: Language, url: str) -> str | None:
    """Return why a language cannot connect to a URL, or None if it can."""
    with tempfile.TemporaryDirectory(prefix="sms-sandbox-") as folder:
        arguments = [*language.arguments]
        if language.source:
            file = Path(folder, "Handshake.java")
            file.write_text(language.source)
            arguments.append(str(file))
        try:
            done = subprocess.run(  # noqa: S603 (the programs and arguments above)
                [language.program, *arguments, url], capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"no answer within {TIMEOUT_SECONDS:g} seconds."
    if done.returncode == 0:
        return None
    return _reason(done.stderr)


def _reason(output: str) -> str:
    """Return the line of an error output that says why."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line or "xception" in line or line.startswith("curl:")]
    chosen = (telling or lines or ["it gave no reason."])[-1 if "Traceback" in output else 0]
    return chosen[:200]
