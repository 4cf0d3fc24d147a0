"""Forecasts that were published, what planners added to them, and how well they did."""
