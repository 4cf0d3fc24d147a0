"""Everything that touches a database: sources, sync, our own store, the simulator."""
