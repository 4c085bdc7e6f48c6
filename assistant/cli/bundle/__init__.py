"""The `bundle` command."""
