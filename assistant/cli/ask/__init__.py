"""The `ask` command."""
