"""The command line: thin commands over a `Workspace`, and the wiring of the real one."""
