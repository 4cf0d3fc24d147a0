"""Numbers about the future: volume, staffing, complaint risk."""
