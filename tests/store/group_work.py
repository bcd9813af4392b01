"""Runs pieces of work in groups, as the thread of a store on PostgreSQL does."""

from collections.abc import Sequence

from sms_sandbox.store.database import Store
from sms_sandbox.store.group_runner import GroupRunner
from sms_sandbox.store.pieces import Piece


def run_pieces(store: Store, *groups: Sequence[Piece]) -> None:
    """Run groups of work. Each group but the first begins while the one before is committed."""
    runner = GroupRunner(store._begin_group, lambda *_: None, lambda: None)
    for group in groups:
        runner.waiting.extend(group)
        runner.run()
    while runner.waiting or runner.is_committing:
        runner.run()
        runner.finish_commit()
