"""The pytest plugin beside tools that patch the process of the tests."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import PREFIX

ROOT = Path(__file__).parents[1]

LIFE = """
def live(sandbox):
    sandbox.receiver()
    sandbox.call("send-sms", to="61491570156", message="Hello")
    sandbox.handset("61491570156").reply("Yes")
    sandbox.receiver().wait_for(1, "reply")
    sandbox.advance(hours=2)
    assert [dlr["status"] for dlr in sandbox.receiver().wait_for(1, "dlr")] == ["delivered"]
    assert [(callback.event, callback.state) for callback in sandbox.callbacks()] == [
        ("reply", "delivered"), ("dlr", "delivered"),
    ]
    sandbox.verify(messages=1, callbacks=2)
    with sandbox.new_tenant() as other:
        assert other.messages() == []
"""
"""All that a test does with its tenant."""

TOOLS = {
    "freezegun": """
        import asyncio

        from freezegun import freeze_time

        @freeze_time("2020-02-29 12:00")
        def test_frozen(sms_sandbox):
            live(sms_sandbox)
            with pytest.raises(AssertionError, match="Waited 0.1 s"):
                sms_sandbox.receiver().wait_for(5, timeout=0.1)

        def test_on_an_event_loop(sms_sandbox):
            async def run():
                with freeze_time("2035-01-01"):
                    await sms_sandbox.a.call("send-sms", to="61491570156", message="Hello")
                    return await sms_sandbox.a.advance(seconds=5)

            assert asyncio.run(run()).counts["callback"] == 1

        def test_inside(sms_sandbox):
            with freeze_time("2035-01-01", tick=True):
                live(sms_sandbox)
    """,
    "time-machine": """
        import time_machine

        @time_machine.travel("2035-01-01", tick=False)
        def test_travelled(sms_sandbox):
            live(sms_sandbox)
            with pytest.raises(AssertionError, match="Waited 0.1 s"):
                sms_sandbox.receiver().wait_for(5, timeout=0.1)
    """,
    "asyncio.sleep": """
        from unittest.mock import AsyncMock, patch

        def test_asyncio_sleep(sms_sandbox):
            with patch("asyncio.sleep", AsyncMock()):
                live(sms_sandbox)
                sms_sandbox.wait_for(messages=1)
    """,
    "time": """
        import socket
        from unittest.mock import Mock, patch

        def test_time(sms_sandbox):
            names = ("time.sleep", "time.time", "time.monotonic", "time.perf_counter", "threading.Thread.start")
            patches = [patch(name, Mock(side_effect=ValueError(name))) for name in names]
            for each in patches:
                each.start()
            try:
                live(sms_sandbox)
            finally:
                for each in patches:
                    each.stop()
    """,
    "open and sockets": """
        import socket
        from unittest.mock import Mock, patch

        @pytest.fixture
        def hasty():
            socket.setdefaulttimeout(0.001)
            yield
            socket.setdefaulttimeout(None)

        def test_open(hasty, sms_sandbox):
            names = (
                "builtins.open", "socket.socket", "socket.create_connection", "ssl.create_default_context",
                "hmac.digest", "json.dumps", "json.loads", "urllib.parse.urlencode", "threading.Lock", "uuid.uuid4",
                "http.client.HTTPConnection", "http.client.HTTPResponse", "subprocess.Popen", "os.getpid",
            )
            patches = [patch(name, Mock(side_effect=ValueError(name))) for name in names]
            for each in patches:
                each.start()
            try:
                live(sms_sandbox)
            finally:
                for each in patches:
                    each.stop()
    """,
    "aioresponses": """
        from aioresponses import aioresponses

        def test_aiohttp(sms_sandbox):
            with aioresponses():
                live(sms_sandbox)
    """,
    "httpretty": """
        import httpretty

        @httpretty.activate(allow_net_connect=False)
        def test_sockets(sms_sandbox):
            live(sms_sandbox)
    """,
    "pyfakefs": """
        from pathlib import Path

        def test_file_system(sms_sandbox, fs):
            fs.create_file("/only.txt")
            assert [each.name for each in Path("/").glob("*.txt")] == ["only.txt"]
            answer = sms_sandbox.call("format-number", msisdn="0791112345", countrycode="CH")  # reads a file
            assert answer["number"]["isValid"] is True, answer
            live(sms_sandbox)
    """,
    "sys.modules": """
        import sys
        from unittest.mock import patch

        def test_modules(sms_sandbox):
            with patch.dict("sys.modules"):
                ours = ("sms_sandbox", "http", "ssl", "msgspec")
                for name in [each for each in sys.modules if each.startswith(ours)]:
                    del sys.modules[name]
                live(sms_sandbox)

        def test_afterwards(sms_sandbox):
            live(sms_sandbox)

        def test_empty(sms_sandbox):
            with patch.dict("sys.modules", clear=True):
                live(sms_sandbox)

        def test_blocked(sms_sandbox):
            blocked = dict.fromkeys(("phonenumbers", "uvloop", "aiohttp", "sqlalchemy", "email.utils", "http.server"))
            with patch.dict("sys.modules", blocked):
                live(sms_sandbox)
    """,
    "fork": """
        import os

        @pytest.mark.filterwarnings("ignore:.* is multi-threaded:DeprecationWarning")  # of Python 3.12
        def test_fork(sms_sandbox):
            sms_sandbox.call("get-balance")
            pid = os.fork()
            if not pid:
                try:
                    assert sms_sandbox.messages() == []
                    sms_sandbox.call("send-sms", to="61491570157", message="Hello", dlr_callback="no")
                    os._exit(0)
                finally:
                    os._exit(1)
            assert os.waitpid(pid, 0)[1] == 0
            sms_sandbox.reset("messages", "traffic")
            live(sms_sandbox)
    """,
}
"""Tests in which a tool patches what a server in the same process needs. All but fork's fail with one on a thread."""

PLUGINS = {
    "pytest-socket": """
        def test_loopback(sms_sandbox):
            live(sms_sandbox)

        @pytest.mark.disable_socket
        def test_no_socket(sms_sandbox):
            live(sms_sandbox)
    """,
    "randomly": """
        import random

        def test_random(sms_sandbox):
            live(sms_sandbox)
            random.seed(1)
            state = random.getstate()
            live(sms_sandbox.new_tenant(name="more"))
            assert random.getstate() == state
    """,
}

GEVENT = """
    import gevent

    def test_greenlets(sms_sandbox):
        jobs = [gevent.spawn(live, sms_sandbox.new_tenant()) for _ in range(3)]
        gevent.joinall(jobs, raise_error=True)
        live(sms_sandbox)
"""


def run_tests(folder: Path, certificates: Certificates, tests: Mapping[str, str], *options: str) -> None:
    """Run tests with warnings as errors, and check that all of them pass."""
    for name, source in tests.items():
        (folder / f"test_{re.sub('[^a-z]', '_', name)}.py").write_text(f"import pytest\n{LIFE}\n{dedent(source)}")
    clean = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
    clean |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}", "-c", os.devnull]
    command += ["-p", "sms_sandbox.pytest_plugin", "-p", "pytest_timeout", "--timeout=30", *options]
    command += [f"--sms-sandbox-certs={certificates.directory}"]
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=100)
    expected = sum(source.count("def test_") for source in tests.values())
    assert re.search(rf"^{expected} passed in ", done.stdout, re.MULTILINE), done.stdout + done.stderr


def test_tools_that_patch_the_process(tmp_path: Path, certificates: Certificates) -> None:
    run_tests(tmp_path, certificates, TOOLS, "-W", "error", "-p", "pyfakefs.pytest_plugin")


def test_plugins_that_change_the_run(tmp_path: Path, certificates: Certificates) -> None:
    plugins = ("-p", "pytest_socket", "--allow-hosts=127.0.0.1", "-p", "pytest_randomly", "-p", "xdist", "-n2")
    run_tests(tmp_path, certificates, PLUGINS, "-W", "error", *plugins)


def test_tests_under_gevent_pass(tmp_path: Path, certificates: Certificates) -> None:
    (tmp_path / "conftest.py").write_text("from gevent import monkey\n\nmonkey.patch_all()\n")
    run_tests(tmp_path, certificates, {"gevent": GEVENT})
