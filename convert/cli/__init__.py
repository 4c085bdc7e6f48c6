"""The command line of the workstation: `assistant-convert`, one command for each step."""

from convert.cli.main import main

__all__ = ["main"]
