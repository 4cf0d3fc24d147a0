"""One page per file: load, derive, draw. A page is a function without arguments, put into the
navigation by app.py; no SQL and no HTML here."""
