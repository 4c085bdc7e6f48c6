"""A group of commands in which the name of one may be left out."""

from __future__ import annotations

import click


class DefaultGroup(click.Group):
    """What does not begin with the name of a command is given to the command `default`."""

    default = "run"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        return super().parse_args(ctx, args)
