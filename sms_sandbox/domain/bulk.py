"""The plan of a contact import: which rows of a file add, change or skip members of a list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ImportRow:
    """A row of the file. A blank is a value that the row does not give; no `msisdn` is an invalid number."""

    msisdn: str | None
    first_name: str = ""
    last_name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KnownMember:
    """A member that is on the list already: active, opted out, or neither, which means deleted.

    `written` is True if this import wrote the member in an earlier batch.
    """

    first_name: str | None
    last_name: str | None
    fields: Mapping[str, str]
    active: bool
    opted_out: bool
    written: bool


@dataclass(frozen=True)
class Counts:
    """Numbers of rows by result; `completed` is their sum."""

    completed: int = 0
    duplicates: int = 0
    skipped: int = 0
    optout: int = 0
    imported: int = 0


@dataclass(frozen=True)
class MemberValues:
    """The values that a member of the list will have."""

    msisdn: str
    first_name: str | None
    last_name: str | None
    fields: Mapping[str, str]


@dataclass(frozen=True)
class ImportPlan:
    """The result of planning: members to add, members to change, and the counts."""

    new: Sequence[MemberValues]
    changed: Sequence[MemberValues]
    counts: Counts


def plan_import(rows: Sequence[ImportRow], known: Mapping[str, KnownMember], barred: Collection[str]) -> ImportPlan:
    """Plan the import of rows into a list with these known members.

    `barred` are the numbers that may never join the list. A repeated number counts as a duplicate, and its first row
    wins. A known member is a duplicate too: an active one takes the values of the row, a deleted one stays unchanged.
    """
    new: dict[str, MemberValues] = {}
    changed: dict[str, MemberValues] = {}
    duplicates = skipped = optout = 0
    for row in rows:
        if row.msisdn is None:
            skipped += 1
            continue
        member = known.get(row.msisdn)
        if row.msisdn in barred or (member and member.opted_out):
            optout += 1
        elif member is None and row.msisdn not in new:
            new[row.msisdn] = MemberValues(row.msisdn, row.first_name or None, row.last_name or None, row.fields)
        else:
            duplicates += 1
            if member and member.active and not member.written and row.msisdn not in changed:
                changed[row.msisdn] = _merged(member, row)
    counts = Counts(len(rows), duplicates, skipped, optout, len(new))
    return ImportPlan(list(new.values()), list(changed.values()), counts)


def _merged(member: KnownMember, row: ImportRow) -> MemberValues:
    """Return a member's values with those of a row. Blanks change nothing, just like empty parameters of the API."""
    assert row.msisdn is not None
    return MemberValues(
        row.msisdn,
        row.first_name or member.first_name,
        row.last_name or member.last_name,
        {**member.fields, **row.fields},
    )
