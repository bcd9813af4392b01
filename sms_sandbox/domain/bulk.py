"""What becomes of the rows of a file that is imported into a list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ImportRow:
    """A row of the file; blanks are what it does not give, and no `msisdn` is a number that is none."""

    msisdn: str | None
    first_name: str = ""
    last_name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KnownMember:
    """Someone who was on the list before: an active member, one that opted out, or neither, which is a deleted one.
    `written` says that this import has written it already."""

    first_name: str | None
    last_name: str | None
    fields: Mapping[str, str]
    active: bool
    opted_out: bool
    written: bool


@dataclass(frozen=True)
class Counts:
    """Rows by what became of them; `completed` is their sum."""

    completed: int = 0
    duplicates: int = 0
    skipped: int = 0
    optout: int = 0
    imported: int = 0


@dataclass(frozen=True)
class MemberValues:
    """A member as it shall be on the list."""

    msisdn: str
    first_name: str | None
    last_name: str | None
    fields: Mapping[str, str]


@dataclass(frozen=True)
class ImportPlan:
    """What the rows come to: members to add, members to change, and the counts."""

    new: Sequence[MemberValues]
    changed: Sequence[MemberValues]
    counts: Counts


def plan_import(rows: Sequence[ImportRow], known: Mapping[str, KnownMember], barred: Collection[str]) -> ImportPlan:
    """Decide over rows, by who was on the list before and who may never join it (`barred`).

    A repeated number counts as a duplicate, and its first row stands. Who was on the list before is a duplicate too:
    an active member takes what the row gives, a deleted one stays as it is.
    """
    new: dict[str, MemberValues] = {}
    changed: dict[str, MemberValues] = {}
    duplicates = skipped = optout = 0
    for row in rows:
        if row.msisdn is None:
            skipped += 1
            continue
        before = known.get(row.msisdn)
        if row.msisdn in barred or (before and before.opted_out):
            optout += 1
        elif before is None and row.msisdn not in new:
            new[row.msisdn] = MemberValues(row.msisdn, row.first_name or None, row.last_name or None, row.fields)
        else:
            duplicates += 1
            if before and before.active and not before.written and row.msisdn not in changed:
                changed[row.msisdn] = _merged(before, row)
    counts = Counts(len(rows), duplicates, skipped, optout, len(new))
    return ImportPlan(list(new.values()), list(changed.values()), counts)


def _merged(before: KnownMember, row: ImportRow) -> MemberValues:
    """A member with what a row gives; what it leaves blank stays, as an empty parameter changes nothing either."""
    assert row.msisdn is not None
    return MemberValues(
        row.msisdn,
        row.first_name or before.first_name,
        row.last_name or before.last_name,
        {**before.fields, **row.fields},
    )
