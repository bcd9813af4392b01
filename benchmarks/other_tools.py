"""Tools that a user might pick instead: general mock servers, which give every send-sms the same answer.

They come from the npm registry, into `build/other-tools`.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sms_sandbox.server import certificates as tls

from .baseline import SENT
from .processes import TIMEOUT_SECONDS, ServerProcess, end

FOLDER = Path("build/other-tools")

PACKAGES = ("wiremock@3.13.2", "mountebank@2.9.1", "@mockoon/cli@9.9.0", "@stoplight/prism-cli@5.14.2")

_JSON = {"Content-Type": "application/json"}
_PASSWORD = "benchmark"


class Tool(NamedTuple):
    """A tool: its name, whether it speaks TLS, and what starts it on a port with files in a folder."""

    name: str
    has_tls: bool
    command: Callable[[tls.Certificates, Path, int], list[str]]


def install() -> str | None:
    """Install the tools. Returns why that is not possible, or None."""
    missing = [program for program in ("npm", "node", "java") if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} is missing"
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(FOLDER), *PACKAGES]
    return None if subprocess.run(command, check=False).returncode == 0 else "npm could not install the tools"


def _wiremock(certificates: tls.Certificates, folder: Path, port: int) -> list[str]:
    store = folder / "keystore.p12"
    subprocess.run(
        ["openssl", "pkcs12", "-export", "-in", certificates.certificate, "-inkey", certificates.key, "-out", store,
         "-passout", f"pass:{_PASSWORD}"],
        check=True,
    )  # fmt: skip
    response = {"status": 200, "jsonBody": SENT, "headers": _JSON}
    mapping = {"request": {"method": "POST", "urlPath": "/send-sms.json"}, "response": response}
    (folder / "mappings").mkdir()
    (folder / "mappings" / "send.json").write_text(json.dumps(mapping))
    (jar,) = (FOLDER / "node_modules/wiremock/build").glob("*.jar")
    return [
        "java", "-jar", str(jar), "--port", str(free_port()), "--https-port", str(port), "--https-keystore", str(store),
        "--keystore-type", "PKCS12", "--keystore-password", _PASSWORD, "--key-manager-password", _PASSWORD,
        "--root-dir", str(folder), "--no-request-journal", "--disable-banner",
    ]  # fmt: skip


def _mountebank(certificates: tls.Certificates, folder: Path, port: int) -> list[str]:
    headers = {**_JSON, "Connection": "keep-alive"}
    imposter = {
        "port": port, "protocol": "https", "key": certificates.key.read_text(),
        "cert": certificates.certificate.read_text(),
        "stubs": [{"responses": [{"is": {"statusCode": 200, "headers": headers, "body": json.dumps(SENT)}}]}],
    }  # fmt: skip
    (folder / "imposters.json").write_text(json.dumps({"imposters": [imposter]}))
    own = ["--port", str(free_port()), "--pidfile", str(folder / "pid"), "--nologfile", "--loglevel", "error"]
    return [str(FOLDER / "node_modules/.bin/mb"), "start", "--configfile", str(folder / "imposters.json"), *own]


def _mockoon(certificates: tls.Certificates, folder: Path, port: int) -> list[str]:
    response = {
        "uuid": "r", "body": json.dumps(SENT), "statusCode": 200, "label": "", "latency": 0, "default": True,
        "headers": [{"key": name, "value": value} for name, value in _JSON.items()], "bodyType": "INLINE",
        "filePath": "", "databucketID": "", "sendFileAsBody": False, "rules": [], "rulesOperator": "OR",
        "disableTemplating": True, "fallbackTo404": False, "crudKey": "id", "callbacks": [],
    }  # fmt: skip
    route = {
        "uuid": "s", "type": "http", "method": "post", "endpoint": "send-sms.json", "documentation": "",
        "responses": [response], "responseMode": None, "streamingMode": None, "streamingInterval": 0,
    }  # fmt: skip
    secure = {
        "enabled": True, "type": "CERT", "pfxPath": "", "certPath": str(certificates.certificate),
        "keyPath": str(certificates.key), "caPath": "", "passphrase": "",
    }  # fmt: skip
    environment = {
        "uuid": "e", "lastMigration": 33, "name": "sends", "port": port, "hostname": "", "endpointPrefix": "",
        "latency": 0, "folders": [], "routes": [route], "rootChildren": [{"type": "route", "uuid": "s"}],
        "proxyMode": False, "proxyHost": "", "proxyRemovePrefix": False, "proxyReqHeaders": [],
        "proxyResHeaders": [], "tlsOptions": secure, "cors": False, "headers": [], "data": [], "callbacks": [],
    }  # fmt: skip
    (folder / "environment.json").write_text(json.dumps(environment))
    program = str(FOLDER / "node_modules/.bin/mockoon-cli")
    return [program, "start", "--data", str(folder / "environment.json"), "--disable-log-to-file"]


def _prism(_: tls.Certificates, folder: Path, port: int) -> list[str]:
    content = {"application/json": {"schema": {"type": "object"}, "example": SENT}}
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    operation = {
        "requestBody": {"content": form}, "responses": {"200": {"description": "Sent.", "content": content}}
    }  # fmt: skip
    document = {
        "openapi": "3.0.3", "info": {"title": "sends", "version": "1"}, "paths": {"/send-sms.json": {"post": operation}}
    }  # fmt: skip
    (folder / "openapi.json").write_text(json.dumps(document))
    program = str(FOLDER / "node_modules/.bin/prism")
    where = ["--host", "127.0.0.1", "--port", str(port), "--verboseLevel", "silent"]
    return [program, "mock", *where, str(folder / "openapi.json")]


TOOLS = (
    Tool("WireMock", True, _wiremock),
    Tool("Mockoon", True, _mockoon),
    Tool("mountebank", True, _mountebank),
    Tool("Prism", False, _prism),
)


@contextmanager
def running(tool: Tool, certificates: tls.Certificates, folder: Path) -> Iterator[ServerProcess]:
    """Start a tool, wait until it accepts connections, and end it after the block."""
    folder.mkdir()
    port = free_port()
    environment: Mapping[str, Any] = {**os.environ, "NODE_ENV": "production"}
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(
            tool.command(certificates, folder, port), stdout=output, stderr=output, text=True, env=environment
        )
        try:
            wait_for(port, process)
            yield ServerProcess(process, port)
        finally:
            end(process)


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until a port accepts connections. Raises RuntimeError if the process ends first, or takes too long."""
    until = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("localhost", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not listen.")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port
