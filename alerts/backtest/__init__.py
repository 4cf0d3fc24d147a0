"""What a rule would have done: stored history through the same life cycle. Writes nothing."""
