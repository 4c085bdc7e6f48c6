"""The `prove` command."""
