"""Kinds of rules: what each compares, and how. Pure but for the readers of the store."""
