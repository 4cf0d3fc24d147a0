"""From the settings of a source to a Source that can be read."""

from __future__ import annotations

from pathlib import Path

from connectors.errors import StatementError
from connectors.generic import generic_statements
from connectors.settings import SourceSettings
from connectors.source import Source
from connectors.statement_files import load_file, load_preset
from connectors.statements import StatementSet


def connect(settings: SourceSettings, folder: Path) -> Source:
    """Make the source; `folder` is the configuration's, relative paths start there.

    Raises StatementError for a bad mapping, and SourceError when `generic` must look at the tables
    and cannot.
    """
    if settings.preset == "generic":
        bare = Source(settings, StatementSet(()))
        try:
            with bare.connection() as connection:
                statements = generic_statements(connection, settings.name)
        finally:
            bare.close()
        return Source(settings, statements)
    source = Source(settings, _statements(settings, folder))
    unknown = [
        (statement.name, sorted(missing)[0])
        for statement in source.statements.statements
        if (missing := statement.binds() - source.params.keys())
    ]
    if unknown:
        statement, parameter = unknown[0]
        raise StatementError(
            f"source '{settings.name}': statement '{statement}' needs the parameter "
            f"'{parameter}'; set params = {{ {parameter} = … }}"
        )
    return source


def _statements(settings: SourceSettings, folder: Path) -> StatementSet:
    if settings.preset is not None:
        return load_preset(settings.preset)
    return load_file(folder / (settings.statements or Path()))
