"""Get the key of a library from a person or from a script."""
