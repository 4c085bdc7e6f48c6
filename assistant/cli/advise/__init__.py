"""The `advise` command."""
