"""The `feedback` command."""
