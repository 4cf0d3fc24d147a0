"""Contact volume ahead: series, candidate models, back-test and choice, bands, intraday."""
