import os
import subprocess
from pathlib import Path

import pytest

from sms_sandbox.client.environment import SHELLS, render, variables

NASTY = {
    "PLAIN": "value",
    "EMPTY": "",
    "SPACES": "  two  words ",
    "SINGLE": "it's",
    "DOUBLE": 'say "hi"',
    "BOTH": """it's "both" $HOME `id` \\ done""",
    "EXPANSION": "$HOME ${HOME} $(id) `id`",
    "BACKSLASHES": "C:\\new\\temp",
    "LINES": "one\ntwo",
    "LINES_AND_QUOTE": "it's\ntwo",
    "HASH": "a # b",
    "UNICODE": "caf\u00e9 \u2019quoted\u2018",
    "TILDE": "~/x;y&z|!*?",
}


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    return variables(tmp_path / "ca.pem", tmp_path / "ca-bundle.pem", "https://localhost:8443/", "key", "secret", {})


def read_by_bash(script: str, names: list[str]) -> dict[str, str]:
    """Return the environment of a shell after a script. The shell must accept the script without output."""
    script += "\n" + "\n".join(f'printf "%s\\0" "${{{name}}}"' for name in names)
    done = subprocess.run(
        ["bash", "--norc", "-euc", script],
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", "LC_ALL": "C.UTF-8"},
    )
    assert done.stderr == b""
    return dict(zip(names, done.stdout.decode().split("\0")[:-1], strict=True))


def test_programs_that_replace_their_roots_get_the_bundle_and_those_that_add_the_ca(given: dict[str, str]) -> None:
    named = {name: Path(value).name for name, value in given.items() if value.endswith(".pem")}
    assert named == {
        "SMS_SANDBOX_CA": "ca.pem",
        "SSL_CERT_FILE": "ca-bundle.pem",
        "REQUESTS_CA_BUNDLE": "ca-bundle.pem",
        "CURL_CA_BUNDLE": "ca-bundle.pem",
        "NODE_EXTRA_CA_CERTS": "ca.pem",
        "DENO_CERT": "ca.pem",
    }


def test_clients_get_the_base_url_without_a_final_slash(given: dict[str, str]) -> None:
    names = {name for name, value in given.items() if value == "https://localhost:8443"}
    assert names == {"SMS_SANDBOX_URL", "TRANSMITSMS_BASE_URL", "KUDOSITY_V1_BASE_URL", "KUDOSITY_BASE_URL_V1"}
    assert (given["SMS_SANDBOX_KEY"], given["SMS_SANDBOX_SECRET"]) == ("key", "secret")


@pytest.mark.parametrize(
    ("around", "hosts"),
    [
        ({}, "localhost,127.0.0.1,::1"),
        ({"NO_PROXY": ".corp, 10.0.0.1"}, ".corp,10.0.0.1,localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "a", "no_proxy": "b,localhost"}, "a,b,localhost,127.0.0.1,::1"),
        ({"no_proxy": "*"}, "*"),
    ],
)
def test_the_sandbox_is_called_without_a_proxy(tmp_path: Path, around: dict[str, str], hosts: str) -> None:
    def given(around: dict[str, str]) -> dict[str, str]:
        return variables(tmp_path, tmp_path, "https://localhost:8443", "k", "s", around)

    first = given(around)
    assert (first["NO_PROXY"], first["no_proxy"]) == (hosts, hosts)
    assert given(around | first) == first, "a second time adds nothing"


def test_the_name_of_a_sandbox_elsewhere_needs_no_proxy(tmp_path: Path) -> None:
    for url, host in (("https://sandbox.test:8443", "sandbox.test"), ("https://[fd00::1]:8443", "fd00::1")):
        assert variables(tmp_path, tmp_path, url, "k", "s", {})["no_proxy"] == f"localhost,127.0.0.1,::1,{host}"


def test_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    relative = variables(Path("certs/ca.pem"), Path("certs/ca-bundle.pem"), "https://localhost", "k", "s", {})
    assert relative["NODE_EXTRA_CA_CERTS"] == str(tmp_path / "certs/ca.pem")
    assert relative["SSL_CERT_FILE"] == str(tmp_path / "certs/ca-bundle.pem")


@pytest.mark.parametrize("shell", ["bash", "dotenv"])
def test_a_shell_reads_back_every_value(shell: str) -> None:
    assert read_by_bash(render(NASTY, shell), list(NASTY)) == NASTY


def test_bash_gets_every_value_unchanged() -> None:
    script = render(NASTY, "bash") + "env -0"
    environment = subprocess.run(["bash", "--norc", "-euc", script], capture_output=True, check=True).stdout
    assert {f"{name}={value}" for name, value in NASTY.items()} <= set(environment.decode().split("\0"))


def test_dotenv_keeps_plain_values_between_double_quotes_and_literal_ones_between_single_quotes() -> None:
    assert render({"A": "/x y/ca.pem", "B": "C:\\new", "C": "it's $5"}, "dotenv") == (
        'A="/x y/ca.pem"\nB=\'C:\\new\'\nC="it\'s \\$5"\n'
    )


def test_powershell_doubles_each_kind_of_single_quote() -> None:
    text = render({"A": "it's", "B": "\u2018x\u2019\u201a\u201b", "C": "$HOME`n"}, "powershell")
    assert text == (
        "$env:A = 'it''s'\n$env:B = '\u2018\u2018x\u2019\u2019\u201a\u201a\u201b\u201b'\n$env:C = '$HOME`n'\n"
    )


def test_github_lines_are_bare(given: dict[str, str]) -> None:
    assert render(given, "github") == "".join(f"{name}={value}\n" for name, value in given.items())


@pytest.mark.parametrize("value", ["one\ntwo", "one\rtwo"])
def test_github_refuses_line_breaks(value: str) -> None:
    with pytest.raises(ValueError, match="value of A holds a line break"):
        render({"A": value}, "github")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_nul_is_refused(shell: str) -> None:
    with pytest.raises(ValueError, match="value of A holds a NUL"):
        render({"A": "x\0y"}, shell)


def test_an_unknown_shell_is_refused() -> None:
    with pytest.raises(ValueError, match="'fish' is not one of bash, powershell, dotenv, github"):
        render({}, "fish")


@pytest.mark.parametrize("shell", ["bash", "powershell", "dotenv"])
def test_comments_say_what_php_and_java_need(shell: str, given: dict[str, str]) -> None:
    comments = [line for line in render(given, shell).splitlines() if line.startswith("#")]
    text = "\n".join(comments)
    assert f"openssl.cafile={given['SSL_CERT_FILE']}" in text
    assert f"curl.cainfo={given['SSL_CERT_FILE']}" in text
    assert "keytool -importcert" in text
    assert "JAVA_TOOL_OPTIONS" in text
    assert len(render(given, shell).splitlines()) == len(given) + len(comments)


def test_a_line_break_in_a_path_does_not_end_a_comment(tmp_path: Path) -> None:
    folder = tmp_path / "a\necho broken\rout"
    nasty = variables(folder / "ca.pem", folder / "ca-bundle.pem", "https://localhost", "k", "s", {})
    for shell in ("bash", "dotenv"):
        assert read_by_bash(render(nasty, shell), list(nasty)) == nasty


def test_the_commands_in_the_comments_survive_the_shell(tmp_path: Path) -> None:
    folder = tmp_path / "it's a $folder"
    nasty = variables(folder / "ca.pem", folder / "ca-bundle.pem", "https://localhost", "k", "s", {})
    lines = [line.removeprefix("#   ") for line in render(nasty, "bash").splitlines() if line.startswith("#   ")]
    echo = (
        'php() { printf "%s\\n" "$@"; }; cp() { printf "%s\\n" "$@"; }; keytool() { printf "%s\\n" "$@"; }; '
        'java() { echo "    java.home = /java 17"; }'
    )
    script = "\n".join([echo, *lines, 'printf "%s\\n" "$JAVA_TOOL_OPTIONS"'])
    printed = subprocess.run(["bash", "--norc", "-euc", script], capture_output=True, check=True, text=True).stdout
    assert f"openssl.cafile={folder}/ca-bundle.pem\n" in printed
    assert f"\n/java 17/lib/security/cacerts\n{folder}/truststore.p12\n" in printed
    assert f"\n-file\n{folder}/ca.pem\n-keystore\n{folder}/truststore.p12\n" in printed
    assert f'-Djavax.net.ssl.trustStore="{folder}/truststore.p12" ' in printed
