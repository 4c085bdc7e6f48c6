"""The `eval` command."""
