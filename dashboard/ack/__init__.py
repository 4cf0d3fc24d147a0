"""The page behind an acknowledge link: it needs no login, no script and no second look."""
