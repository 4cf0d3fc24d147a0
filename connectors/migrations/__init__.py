"""Alembic environment and versions of our own store; run by store.py, never by an alembic.ini."""
