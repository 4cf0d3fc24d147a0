"""How many agents a volume needs, and what service a number of agents gives."""
