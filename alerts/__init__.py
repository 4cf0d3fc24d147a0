"""Deciding, telling, remembering; and the background worker."""
