"""`assistant table`."""
