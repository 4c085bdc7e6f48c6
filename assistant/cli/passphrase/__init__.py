"""The `passphrase` command."""
