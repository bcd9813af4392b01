"""The PostgreSQL server of the tests."""

from getpass import getuser
from pathlib import Path
from tempfile import gettempdir

from sqlalchemy import make_url


def test_no_start_of_pytest_closes_the_folder_of_the_server(postgres_url: str) -> None:
    socket_folder = Path(str(make_url(postgres_url).query["host"]))
    assert Path(gettempdir()) / f"pytest-of-{getuser()}" not in socket_folder.parents
