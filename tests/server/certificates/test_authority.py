"""Limits of the certificate authority, and clients of other languages that accept it."""

import json
import logging
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from sms_sandbox.server import authority
from sms_sandbox.server.certificates import Certificates, ensure, server_context
from tests.server.certificates.handshake import handshake


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_ca_lasts_ten_years_and_may_only_sign(certificates: Certificates) -> None:
    ca = load(certificates.ca)
    lasts = ca.not_valid_after_utc - ca.not_valid_before_utc
    assert timedelta(days=3650) < lasts < timedelta(days=3660)
    usage = ca.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    constraints = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    permitted = {str(each.value) for each in constraints.value.permitted_subtrees or ()}
    assert permitted == {"localhost", "host.docker.internal", "api.transmitsms.com", "127.0.0.0/8", "::1/128"}


def test_the_server_certificate_is_for_servers_alone(certificates: Certificates) -> None:
    leaf = load(certificates.certificate)
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize("name", ["bank.example", "localhost.example", "10.0.0.1", "fd00::1"])
def test_a_leaked_ca_key_is_of_no_use_for_other_names(certificates: Certificates, name: str) -> None:
    leaf = load(certificates.certificate)
    pair = certificates.ca.read_bytes(), certificates.ca_key.read_bytes()
    times = (int(leaf.not_valid_before_utc.timestamp()), int(leaf.not_valid_after_utc.timestamp()))
    forged, key = authority.issue(pair, [name], *times)
    certificates.certificate.write_bytes(forged)
    certificates.key.write_bytes(key)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(certificates, name)


def test_a_ca_without_constraints_is_replaced(certificates: Certificates, caplog: pytest.LogCaptureFixture) -> None:
    old = trustme.CA()
    certificates.ca.write_bytes(old.cert_pem.bytes())
    certificates.ca_key.write_bytes(old.private_key_pem.bytes())
    record = json.loads(certificates.record.read_bytes())
    certificates.record.write_text(json.dumps({name: value for name, value in record.items() if name != "version"}))
    with caplog.at_level(logging.WARNING):
        ensure(certificates.directory)
    assert "it may not vouch for localhost" in caplog.text
    assert "programs that trust the old CA" in caplog.text
    handshake(certificates, "localhost")


# Clients as people have them. Each trusts the CA alone, checks names, and prints the answer.

_NODE = """
for (const url of process.argv.slice(1))
    require("https").get(url, response => response.on("data", data => process.stdout.write(data)))
"""
_PYTHON = "import sys, urllib.request; [print(urllib.request.urlopen(url).read().decode()) for url in sys.argv[1:]]"
_RUBY = 'require "net/http"; ARGV.each { |url| print Net::HTTP.get(URI(url)) }'
_PHP = (
    '$c = stream_context_create(["ssl" => ["cafile" => getenv("SSL_CERT_FILE")]]);'
    " foreach (array_slice($argv, 1) as $url) echo file_get_contents($url, false, $c);"
)
_JAVA = """
import java.net.URI;
import java.net.http.*;
public class Fetch {
    public static void main(String[] given) throws Exception {
        for (var url : given) {
            var request = HttpRequest.newBuilder(URI.create(url)).build();
            System.out.print(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
        }
    }
}
"""
_URLS = ("https://localhost:PORT/", "https://127.0.0.1:PORT/")
_COMMANDS = {
    "curl": ("-sS", "--cacert", "CA", *_URLS),
    "wget": ("-qO-", "--ca-certificate", "CA", *_URLS),
    "python": ("-c", _PYTHON, *_URLS),
    "node": ("-e", _NODE, *_URLS),
    "ruby": ("-e", _RUBY, *_URLS),
    "php": ("-r", _PHP, *_URLS),
    "java": ("-Djavax.net.ssl.trustStore=STORE", "-Djavax.net.ssl.trustStorePassword=changeit", "SOURCE", *_URLS),
}


@contextmanager
def https_server(certificates: Certificates) -> Iterator[int]:
    """Answer every HTTPS request with `hello`, and give the port."""
    context = server_context(certificates)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):  # the listener is closed at the end
            while True:
                connection, _ = listener.accept()
                with suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener], daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


@pytest.mark.parametrize("client", list(_COMMANDS))
def test_clients_accept_the_ca_and_the_certificate(certificates: Certificates, tmp_path: Path, client: str) -> None:
    """One process calls both hosts, because Java takes seconds to start."""
    program = sys.executable if client == "python" else shutil.which(client)
    if program is None:
        pytest.skip(f"there is no {client} here")
    ca, source, store = str(certificates.ca), tmp_path / "Fetch.java", tmp_path / "store"
    if client == "java":
        if shutil.which("javac") is None or (keytool := shutil.which("keytool")) is None:
            pytest.skip("there is no Java compiler here")
        source.write_text(_JAVA)
        flags = ("-importcert", "-noprompt", "-alias", "ca", "-file", ca, "-storepass", "changeit")
        subprocess.run([keytool, *flags, "-keystore", str(store)], check=True, capture_output=True)
    with https_server(certificates) as port:
        places = {"CA": ca, "SOURCE": str(source), **{url: url.replace("PORT", str(port)) for url in _URLS}}
        command = [places.get(part, part).replace("STORE", str(store)) for part in _COMMANDS[client]]
        result = subprocess.run(
            [program, *command], capture_output=True, text=True, timeout=60,
            env={"PATH": "/usr/bin:/bin", "SSL_CERT_FILE": ca, "NODE_EXTRA_CA_CERTS": ca},
        )  # fmt: skip
    assert (result.returncode, "".join(result.stdout.split())) == (0, "hellohello"), result.stderr
