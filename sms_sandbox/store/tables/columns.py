"""The kinds of columns, chosen so that both databases return the same values.

Times are microseconds since 1970 in UTC, money is thousandths of a cent, several values are a JSON text, and booleans
are 1 or 0.
"""

from sqlalchemy import BigInteger, Column, Integer, MetaData, SmallInteger, String, Text

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pkey"})


def number(name: str, default: int | None = 0, nullable: bool = False) -> "Column[int]":
    return Column(name, BigInteger, nullable=nullable, default=None if nullable else default)


def flag(name: str) -> "Column[int]":
    return Column(name, SmallInteger, nullable=False, default=0)


def text(name: str, nullable: bool = False) -> "Column[str]":
    return Column(name, Text, nullable=nullable, default=None if nullable else "")


def sorted_text(name: str) -> "Column[str]":
    """Return a text column that pages are sorted by.

    Both databases sort it by code points, independent of the server's locale.
    """
    return Column(name, Text().with_variant(Text(collation="C"), "postgresql"), nullable=False, default="")


def short(name: str, length: int, nullable: bool = False, unique: bool = False) -> "Column[str]":
    return Column(name, String(length), nullable=nullable, unique=unique)


def serial() -> "Column[int]":
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
