"""What was known about an order at a moment, as numbers. Nothing here may look past the moment."""
