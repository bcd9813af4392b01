"""Removal of the secrets in a document: of accounts, and in URLs wherever they are stored."""

import json
from collections.abc import Collection
from typing import Any

from ..domain.redaction import HIDDEN, redact, redact_url
from ..store.tenant_rows import Row, Tables

_SCHEMES = ("http://", "https://")


def hide_secrets(rows: Tables) -> Tables:
    """Return the rows with all secrets replaced. No tenant can be made of them."""
    secrets = {str(row["secret"]) for row in rows["accounts"] if row["secret"]}
    hidden: Tables = {table: [_hide_in_row(row, secrets) for row in each] for table, each in rows.items()}
    accounts: list[Row] = [{**row, "secret": row["secret"] and HIDDEN} for row in hidden["accounts"]]
    return {**hidden, "accounts": accounts}


def _hide_in_row(row: Row, secrets: Collection[str]) -> Row:
    return {name: _hide(value, secrets) for name, value in row.items()}


def _hide(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {_hide(name, secrets): _hide(inner, secrets) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hide(inner, secrets) for inner in value]
    return _hide_in_text(value, secrets) if isinstance(value, str) else value


def _hide_in_text(text: str, secrets: Collection[str]) -> str:
    if text.startswith(("{", "[")):  # columns of several values are JSON, which may hold URLs
        try:
            values = json.loads(text)
            hidden = _hide(values, secrets)
            return text if hidden == values else json.dumps(hidden, ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            pass  # a message may begin like JSON
    is_url = text.lower().lstrip().startswith(_SCHEMES)
    for secret in secrets or ("",):
        text = redact_url(text, secret) if is_url else redact(text, secret)
    return text
