"""Settings: their defaults and their limits."""

import math
from dataclasses import fields

import pytest

from sms_sandbox.domain.profiles import PROFILES
from sms_sandbox.settings import Settings, SettingsError, flag, reachable_name, variable


def test_defaults_are_good_and_have_a_sentence_each() -> None:
    settings = Settings()
    assert settings.pairs == [("sandbox-key", "sandbox-secret")]
    for each in fields(Settings):
        sentence = each.metadata["help"]
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_flags_and_variables_are_named_alike() -> None:
    assert (flag("https_port"), variable("https_port")) == ("--https-port", "SMS_SANDBOX_HTTPS_PORT")


def test_the_profile_setting_offers_every_profile() -> None:
    (profile,) = (each for each in fields(Settings) if each.name == "profile")
    assert profile.metadata["choices"] == tuple(PROFILES)
    assert profile.default in PROFILES


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("https_port", -1),
        ("https_port", 65536),
        ("http_port", 10**30),
        ("throttle", -1),
        ("throttle", 10**30),
        ("delivery_delay", -0.5),
        ("delivery_delay", math.nan),
        ("delivery_delay", math.inf),
        ("delivery_delay", 1e300),
        ("profile", "2035"),
        ("log_format", "yaml"),
        ("account", ()),
        ("account", ("key",)),
        ("account", ("key:",)),
        ("account", (":secret",)),
        ("account", ("a:b", "a:c")),
        ("account", ("a\n:b",)),
        ("account", ("a:b\x00",)),
        ("account", ("a:b\udcff",)),
        ("account", ("k" * 256 + ":s",)),
        ("control_token", ""),
        ("control_token", "two words"),
        ("control_token", "caf\u00e9"),
    ],
)
def test_an_invalid_setting_is_refused_with_the_name_of_its_flag(name: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(**{name: value})  # type: ignore[arg-type]
    assert flag(name) in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_refused_account_does_not_tell_its_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(account=("key:open sesame\x00",))
    assert "sesame" not in str(caught.value)


def test_a_secret_may_hold_colons() -> None:
    assert Settings(account=("key:a:b", "other:c")).pairs == [("key", "a:b"), ("other", "c")]


@pytest.mark.parametrize("value", [0, 15, 1_000_000, None])
def test_a_throttle_may_be_zero_or_more(value: int | None) -> None:
    assert Settings(throttle=value).throttle == value


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1", "localhost"),
        ("0.0.0.0", "localhost"),  # noqa: S104 (a name, nothing listens)
        ("::", "localhost"),
        ("localhost", "localhost"),
        ("::1", "[::1]"),
        ("192.168.1.5", "192.168.1.5"),
        ("box.test", "box.test"),
    ],
)
def test_a_server_is_reached_by_a_name_its_certificate_covers(host: str, name: str) -> None:
    assert reachable_name(host) == name


@pytest.mark.parametrize("host", ["https://app.example.com", "app.example.com:443", "app.example.com/hook", "a b", ""])
def test_a_callback_host_is_a_host_alone(host: str) -> None:
    with pytest.raises(SettingsError, match=r"^--callback-host must be a host such as app\.example\.com, without"):
        Settings(callback_host=(host,))
    Settings(callback_host=("app.example.com", "*.example.com", "192.0.2.7", "::1", "[::1]", "localhost"))
