"""Errors of this package. Every message is one sentence: what happened, to which thing, what to do.

ConnectorError
├── SourceError               something about a connected database
│   ├── SourceUnavailable     it cannot be reached, refused us, or took too long
│   └── SchemaMismatch        it lacks a table or column, or one has the wrong type
├── StatementError            a statements file cannot be used
└── StoreError                something about our own store
    ├── StoreUnavailable      it cannot be opened or written (down, full disk, locked)
    └── StoreNotReady         it is there, but empty or of another version
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Anything this package can say about a database."""


class SourceError(ConnectorError):
    """Something about a connected database."""


class SourceUnavailable(SourceError):
    """The source cannot be reached, refused us, or took too long."""


class SchemaMismatch(SourceError):
    """The source lacks a table or column, or one has the wrong type."""


class StatementError(ConnectorError):
    """A statements file cannot be used."""


class StoreError(ConnectorError):
    """Something about our own store."""


class StoreUnavailable(StoreError):
    """The store cannot be opened or written."""


class StoreNotReady(StoreError):
    """The store is there, but empty or of another version."""
