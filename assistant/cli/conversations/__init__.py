"""The command `assistant conversations`."""
