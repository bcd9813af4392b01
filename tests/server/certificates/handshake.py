"""TLS handshakes with a directory's certificates, and the files in it."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

from sms_sandbox.server.certificates import Certificates, server_context


def handshake(certificates: Certificates, name: str, trusted: Path | None = None) -> dict[str, Any]:
    """Return the certificate that a client gets and accepts; it trusts the CA, or the roots in `trusted`."""
    client = ssl.create_default_context(cafile=trusted or certificates.ca)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    client.set_alpn_protocols(["h2", "http/1.1"])
    server = server_context(certificates)

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                with server.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(1)
            except OSError:  # the client did not like what it saw
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname()[:2], timeout=10) as plain,
                client.wrap_socket(plain, server_hostname=name) as secure,
            ):
                assert secure.version() in {"TLSv1.2", "TLSv1.3"}
                assert secure.selected_alpn_protocol() == "http/1.1"
                certificate = secure.getpeercert()
                assert certificate
                return certificate
        finally:
            thread.join()


def read_files(certificates: Certificates) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in certificates.directory.iterdir()}
