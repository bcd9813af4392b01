"""Options that commands share."""

import click
import pytest

from sms_sandbox.cli.options import seconds


@pytest.mark.parametrize(
    ("span", "value"),
    [("30s", 30), ("5m", 300), ("24h", 86400), ("3d", 259200), ("300ms", 0.3), ("1.5h", 5400), ("90", 90), ("0s", 0)],
)
def test_spans_are_read(span: str, value: float) -> None:
    assert seconds(span) == pytest.approx(value)


@pytest.mark.parametrize("span", ["", "s", "-1s", "nan", "inf", "1w", "1 h x", "1hs", "9" * 400, "1e400", "5e9s"])
def test_an_invalid_span_is_a_usage_error(span: str) -> None:
    with pytest.raises(click.UsageError):
        seconds(span)
