"""The tables of our own store for rules: those made in the page or applied from a file, and what
rules must remember.

What a column means lives in alerts/rule_store.py and alerts/memory_store.py.
"""

from __future__ import annotations

import sqlalchemy as sa

from connectors.columns import RowId, Text, instant, metadata

rules = sa.Table(
    "rules",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("settings", Text, nullable=False),  # JSON: the keys of [[rules]] as given
    sa.Column("changed_by", Text, nullable=False),
    instant("changed_at", nullable=False),
)

# Who changed which rule, when, from what to what: never altered. Its newest id is the version of
# all stored rules.
rule_changes = sa.Table(
    "rule_changes",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("name", Text, nullable=False),
    instant("at", nullable=False),
    sa.Column("who", Text, nullable=False),
    sa.Column("old", Text),  # null: it was made
    sa.Column("new", Text),  # null: it was removed
    sa.Index(None, "name", "id"),
)

# What the leader's rules remember of earlier ticks, for the leader after it.
rule_memory = sa.Table(
    "rule_memory",
    metadata,
    sa.Column("kind", Text, primary_key=True),  # onsets, past
    sa.Column("name", Text, primary_key=True),  # the rule, or what was measured
    sa.Column("labels", Text, primary_key=True),  # JSON
    sa.Column("content", Text, nullable=False),  # JSON
    instant("saved_at", nullable=False),
)
