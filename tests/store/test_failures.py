"""The distinction between failures of the database and errors of a statement."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from sms_sandbox.store.database import Store
from sms_sandbox.store.failures import explain_failure, is_database_failure
from sms_sandbox.store.schema import open_store
from sms_sandbox.store.statement import Statement


def failure(store: Store, statement: str, by_driver: bool) -> Exception:
    """Return the error of a statement, run by SQLAlchemy or by the driver itself."""
    try:
        with store.begin() as db:
            if by_driver:
                Statement(statement).run(db)
            else:
                db.execute(text(statement))
    except Exception as error:  # noqa: BLE001 (returned)
        return error
    raise AssertionError(f"{statement} did not fail")


@pytest.mark.parametrize("by_driver", [True, False])
def test_a_wrong_statement_is_no_database_failure(store: Store, by_driver: bool) -> None:
    wrong = failure(store, "INSERT INTO tenants (id, name) VALUES (1, NULL)", by_driver)
    assert not is_database_failure(wrong)
    assert not is_database_failure(RuntimeError("no"))


@pytest.mark.parametrize("by_driver", [True, False])
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    ["SELECT pg_terminate_backend(pg_backend_pid())", "SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)"],
)
def test_temporary_errors_of_postgresql_are_database_failures(store: Store, statement: str, by_driver: bool) -> None:
    assert is_database_failure(failure(store, statement, by_driver))


BY_OPERATORS = {
    "SET TRANSACTION READ ONLY; UPDATE tenants SET version = 0": "read-only, as a standby is",
    "SET LOCAL ROLE pg_monitor; UPDATE tenants SET version = 0": "does not let its user write",
    "SELECT 1 FROM tables_of_a_copy_that_is_being_restored": "has lost its tables",
}


@pytest.mark.parametrize("by_driver", [True, False])
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("statement", BY_OPERATORS)
def test_an_error_that_an_operator_causes_is_a_database_failure_with_a_sentence(
    store: Store, statement: str, by_driver: bool
) -> None:
    """Calls and events that met it succeed when the operator has mended it."""
    error = failure(store, statement, by_driver)
    assert is_database_failure(error)
    assert BY_OPERATORS[statement] in explain_failure(error)


def test_a_full_disk_is_a_database_failure_on_sqlite(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/full.db")
    with store.begin() as db:
        db.execute(text("CREATE TABLE large (v TEXT)"))
        db.execute(text("PRAGMA max_page_count = 1"))
    assert is_database_failure(failure(store, "INSERT INTO large VALUES (zeroblob(10000000))", by_driver=True))
    store.close()


@pytest.mark.parametrize("kind", [psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ConnectionTimeout])
def test_errors_of_a_lost_connection_are_database_failures(kind: type[psycopg.Error]) -> None:
    assert is_database_failure(kind("no answer"))
    assert not is_database_failure(psycopg.ProgrammingError("no such thing"))
