"""The options that narrow a search to some documents."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import click

from assistant.errors import UsageError
from assistant.types import DocumentFilter

_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


def day_or_span(said: str, *, whole: bool = False) -> str:
    """Return a day, month or year as it is compared. Raises `UsageError` for anything else.

    With `whole` it must be a day.
    """
    found = _DAY.fullmatch(said)
    if found is None or (whole and found[3] is None) or not _exists(found):
        forms = "2025-03-31" if whole else "2025, 2025-03 or 2025-03-31"
        raise UsageError(f"'{said[:40]}' is no date.", hint=f"Write {forms}.")
    return said


def _exists(found: re.Match[str]) -> bool:
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return False
    return True


def filter_options(*, documents: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a filter; it is called with `within`.

    `documents`: with `--in`, which `ask` has itself.
    """

    def decorated(function: Callable[..., None]) -> Callable[..., None]:
        @click.option("--tag", "tags", multiple=True, help="Documents with this tag only.")
        @click.option("--since", default="", metavar="DATE", help="Of that day, month, year on.")
        @click.option("--until", default="", metavar="DATE", help="Up to that day, month, year.")
        @click.option("--type", "types", multiple=True, metavar="ENDING", help="Such as pdf.")
        @functools.wraps(function)
        def wrapped(
            *args: Any,
            tags: tuple[str, ...],
            since: str,
            until: str,
            types: tuple[str, ...],
            within_documents: tuple[str, ...] = (),
            **kwargs: Any,
        ) -> None:
            since, until = (day_or_span(said) if said else "" for said in (since, until))
            tags = tuple(map(clean_tag, tags))
            within = DocumentFilter(within_documents, tags, since, until, types)
            function(*args, within=within, **kwargs)

        if not documents:
            return wrapped
        return click.option(
            "--in",
            "within_documents",
            multiple=True,
            metavar="DOCUMENT",
            help="Only these: names, folders, patterns as '*.pdf'; may be repeated.",
        )(wrapped)

    return decorated


def clean_tag(said: str) -> str:
    """Return a tag as it is kept: in small letters. Raises `UsageError` for what is none."""
    tag = " ".join(said.split()).casefold()
    if not tag or len(tag) > 60 or not tag.isprintable():
        raise UsageError(
            f"'{said[:60]}' can't be a tag.", hint="A tag is a word or a few, up to 60 characters."
        )
    return tag
