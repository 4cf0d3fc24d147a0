"""The commands of `deskpulse`, a module per kind; cli.py puts them together."""
