"""Volume forecasting: series, models, choice, bands, today."""
