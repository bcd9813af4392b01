"""The addresses that callbacks may be sent to: how the HTTP client applies the rules to hosts."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from sms_sandbox.simulation.callbacks import destinations
from sms_sandbox.simulation.callbacks.destinations import Destinations, RefusedError
from sms_sandbox.simulation.callbacks.http_client import CallbackClient, FetchError
from tests.simulation.callbacks.test_http_client import callback_request

pytestmark = pytest.mark.anyio


@pytest.fixture
def unconnected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses that sockets should connect to; none is connected."""
    asked: list[Any] = []

    async def sock_connect(self: object, sock: socket.socket, address: Any) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", sock_connect)
    return asked


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "169.254.169.254.", "2852039166", "0", "000.0", "127.1", "2130706433", "[fe80::1]",
        "[::ffff:169.254.169.254]", "[::]", "93.184.216.34", "[2606:2800:220:1::1]", "224.0.0.1",
    ],
)  # fmt: skip
async def test_an_address_that_is_refused_is_not_connected_to(
    client: CallbackClient, unconnected: list[Any], host: str
) -> None:
    outcome = await client.send(callback_request(f"http://{host}:8080/"))
    assert outcome.status is None
    assert outcome.error is not None
    assert outcome.error.startswith("refused: ")
    assert unconnected == []


@pytest.mark.parametrize("host", ["0xa9fea9fe", "0x7f.0.0.1x", "metadata.internal"])
async def test_a_name_is_judged_by_what_it_resolves_to(
    client: CallbackClient, unconnected: list[Any], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    resolve(monkeypatch, "169.254.169.254")
    outcome = await client.send(callback_request(f"http://{host}/"))
    assert outcome.error is not None
    assert outcome.error.startswith("refused: 169.254.169.254 is a link-local address")
    assert unconnected == []


async def test_only_the_allowed_ones_of_several_addresses_are_tried(
    client: CallbackClient, unconnected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, "169.254.169.254", "10.1.2.3", "93.184.216.34")
    outcome = await client.send(callback_request("http://app.internal:81/"))
    assert unconnected == [("10.1.2.3", 81)]
    assert outcome.error is not None
    assert not outcome.error.startswith("refused")


async def test_a_public_host_is_called_if_it_is_listed(unconnected: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, "93.184.216.34")
    client = CallbackClient(destinations=Destinations(["hooks.example.com"]))
    await client.send(callback_request("http://other.example.com/"))
    assert unconnected == []
    await client.send(callback_request("http://hooks.example.com/"))
    await client.close()
    assert unconnected == [("93.184.216.34", 80)]


async def test_an_unknown_host_name_is_a_failure(client: CallbackClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    outcome = await client.send(callback_request("http://nowhere.invalid/"))
    assert outcome.error == "no address is known for nowhere.invalid: Name or service not known"


async def fail_to_resolve(*_: object, **__: object) -> None:
    """Stand in for a resolver that knows no name."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("name", ["hooks.example.com", "HOOKS.example.com.", "app.customer.co.uk"])
async def test_a_public_name_is_refused_before_dns_is_asked(
    client: CallbackClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lambda *names, **_: asked.append(names))
    outcome = await client.send(callback_request(f"https://{name}/x"))
    assert (outcome.error or "").lower() == (
        f"refused: {name.lower()} is a public name, and not one of the hosts allowed outside private networks. "
        f"to allow it, start the server with --callback-host {name.lower().rstrip('.')}."
    )
    with pytest.raises(FetchError, match=r"^refused: "):
        await client.fetch(f"https://{name}/x", lambda _: None)
    assert asked == []


@pytest.mark.parametrize("name", ["bücher.de", "BÜCHER.de", "пример.рф"])
async def test_a_public_name_with_other_letters_is_refused(client: CallbackClient, name: str) -> None:
    outcome = await client.send(callback_request(f"http://{name}/x"))
    assert (outcome.error or "").startswith("refused: xn--")
    assert "is a public name" in (outcome.error or "")


async def test_a_name_with_other_letters_is_called_as_dns_spells_it(
    unconnected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve(monkeypatch, "127.0.0.1")
    client = CallbackClient(destinations=Destinations(["bücher.de"]))
    for host in ("bücher.localhost", "１２７.0.0.1", "bücher.de", "xn--bcher-kva.de"):
        await client.send(callback_request(f"http://{host}:81/é?x=ü"))
    await client.close()
    assert unconnected == [("127.0.0.1", 81)] * 4
    assert asked == ["xn--bcher-kva.localhost", "xn--bcher-kva.de", "xn--bcher-kva.de"]


@pytest.mark.parametrize("name", ["a..test", ".test", "a..ü.test", f"{'a' * 64}.test"])
async def test_a_name_that_dns_cannot_have_is_refused(client: CallbackClient, name: str) -> None:
    outcome = await client.send(callback_request(f"http://{name}/x"))
    assert outcome.error == f"refused: {name!r} is not a valid host name."


async def test_a_name_that_does_not_resolve_is_refused_if_it_may_be_public(
    client: CallbackClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail_to_resolve)
    outcome = await client.send(callback_request("http://hooks.example.museum/"))
    assert (outcome.error or "").startswith("refused: hooks.example.museum is a public name")


async def test_a_listed_host_that_does_not_resolve_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail_to_resolve)
    client = CallbackClient(destinations=Destinations(["hooks.example.com"]))
    outcome = await client.send(callback_request("http://hooks.example.com/"))
    await client.close()
    assert (outcome.error or "").startswith("no address is known for hooks.example.com")


@pytest.mark.parametrize("line", ["10.1.2.3 other dev.example.com # mine", "10.1.2.3\tDEV.example.com"])
async def test_a_public_name_in_the_hosts_file_is_judged_by_its_address(
    client: CallbackClient, unconnected: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str
) -> None:
    (hosts := tmp_path / "hosts").write_text(f"# 10.1.2.3 app.example.com\n{line}\n")
    monkeypatch.setattr(destinations, "HOSTS_FILE", hosts)
    resolve(monkeypatch, "10.1.2.3")
    await client.send(callback_request("http://dev.example.com/"))
    assert unconnected == [("10.1.2.3", 80)]
    await client.send(callback_request("http://app.example.com/"))
    assert len(unconnected) == 1


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Resolve every name to these addresses. Returns the names that are asked for."""
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


def test_a_refused_address_has_a_reason() -> None:
    with pytest.raises(RefusedError, match="is a public address"):
        Destinations().check("93.184.216.34", "example.com", 80)
    Destinations().check("127.0.0.1", "localhost", 80)


@pytest.mark.parametrize("own", [("127.0.0.1", 8080), ("0.0.0.0", 8080), ("::", 8080)])  # noqa: S104 (nothing listens)
@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_the_sandbox_does_not_call_itself(own: tuple[str, int], address: str) -> None:
    checked = Destinations(own=[own])
    with pytest.raises(RefusedError, match="which never calls itself"):
        checked.check(address, "localhost", 8080)
    checked.check(address, "localhost", 8081)
    checked.check("10.255.255.254", "app.internal", 8080)


async def test_the_client_does_not_connect_to_the_sandbox_itself(
    unconnected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = CallbackClient(destinations=Destinations(own=[("127.0.0.1", 8080)]))
    resolve(monkeypatch, "127.0.0.1")
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        outcome = await client.send(callback_request(f"http://{host}:8080/send-sms.json"))
        assert (outcome.error or "").endswith("port 8080 is this sandbox itself, which never calls itself.")
    assert unconnected == []
    await client.send(callback_request("http://127.0.0.1:8081/"))
    await client.close()
    assert unconnected == [("127.0.0.1", 8081)]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_the_loopback_of_an_exposed_server_must_be_listed(address: str) -> None:
    with pytest.raises(RefusedError, match="start the server with --callback-host localhost"):
        Destinations(is_exposed=True).check(address, "localhost", 80)
    Destinations(["localhost"], is_exposed=True).check(address, "localhost", 80)
    Destinations(is_exposed=True).check("10.1.2.3", "app.internal", 80)


@pytest.mark.parametrize("is_exposed", [False, True])
def test_only_the_receiver_of_this_server_may_be_called_on_its_loopback(is_exposed: bool) -> None:
    checked = Destinations(own=[("127.0.0.1", 8080)], is_exposed=is_exposed).for_receiver()
    checked.check("127.0.0.1", "localhost", 8080)
    for address, port in (("169.254.169.254", 8080), ("93.184.216.34", 80), *([("127.0.0.1", 8081)] * is_exposed)):
        with pytest.raises(RefusedError):
            checked.check(address, "localhost", port)


async def test_only_the_path_of_the_receiver_is_allowed(
    unconnected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = CallbackClient(destinations=Destinations(own=[("127.0.0.1", 8080)]))
    resolve(monkeypatch, "127.0.0.1")
    for path in ("receiver/a", "receiver/a/b/c", "receiver/a/..", "receiver/./b", "receiver/a/b%2Fc", "v1/clock"):
        outcome = await client.send(callback_request(f"http://localhost:8080/_sandbox/{path}"))
        assert (outcome.error or "").endswith("which never calls itself."), path
    assert unconnected == []
    for host in ("localhost", "127.0.0.1"):
        await client.send(callback_request(f"http://{host}:8080/_sandbox/receiver/a/b?c=d"))
    await client.close()
    assert unconnected == [("127.0.0.1", 8080)] * 2
