"""`python fresh_store.py URL`: an empty database for a store, for each case of the harness.

A SQLite store lies in the case's own folder and is new by itself.
"""

from __future__ import annotations

import sys

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url


def main(text: str) -> None:
    url = make_url(text)
    if url.get_backend_name() != "postgresql":
        return
    plain = url.set(drivername="postgresql", database="postgres").render_as_string(False)
    name = sql.Identifier(url.database or "deskpulse")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))


if __name__ == "__main__":
    main(sys.argv[1])
