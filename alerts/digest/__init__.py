"""Scheduled digests: when one is due, what changed and why it matters, in mail and chat."""
