"""Into whose tables the simulated shop is written."""
