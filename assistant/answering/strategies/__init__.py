"""How the passages of a search are read: strategies, and the router that picks one."""
