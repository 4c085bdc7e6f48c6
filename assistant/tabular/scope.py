"""Which documents a person names: numbers, names, paths, folders, and patterns with `*`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from assistant.errors import UsageError
from assistant.types import DocumentFilter, DocumentRecord

_LEAST = 3
"""Letters of a name's beginning, as `forget` wants them."""


def in_scope(
    records: Sequence[DocumentRecord], references: Sequence[str], *, strict: bool = True
) -> list[DocumentRecord]:
    """Return the documents that `references` name, each once, in the order of the references.

    No reference stands for all of them. A name that is whole comes before beginnings. Raises
    `UsageError` for a reference that names none; without `strict` it is passed over.
    """
    if not references:
        return list(records)
    found: dict[int, DocumentRecord] = {}
    for reference in references:
        named = _named(records, reference)
        if strict and not named:
            raise UsageError(
                f"No document of the library is called '{reference[:80]}'.",
                hint="List them with: assistant docs. Patterns such as '*.pdf' are taken too; "
                "what is not in the library yet is added with: assistant add PATH",
            )
        found |= {record.id: record for record in named}
    return list(found.values())


def fitting(records: Sequence[DocumentRecord], within: DocumentFilter) -> list[DocumentRecord]:
    """Return the documents that fit a filter. Raises `UsageError` if none does."""
    tags, kinds = set(within.tags), {kind.lower().lstrip(".") for kind in within.types}
    found = [
        record
        for record in in_scope(records, within.documents)
        if tags <= set(record.tags)
        and (not kinds or kinds & {_ending(record.name), record.media_type.rpartition("/")[2]})
        and (not within.since or record.dated[: len(within.since)] >= within.since)
        and (not within.until or "" < record.dated[: len(within.until)] <= within.until)
    ]
    if not found:
        undated = any(not record.dated for record in records)
        lacks = " Some have no date: assistant tag date DATE DOCUMENT." if undated else ""
        raise UsageError(
            "No document fits what the search was narrowed to.",
            hint=f"See dates and tags with: assistant docs.{lacks if _dates(within) else ''}",
        )
    return found


def _dates(within: DocumentFilter) -> bool:
    return bool(within.since or within.until)


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _named(records: Sequence[DocumentRecord], reference: str) -> list[DocumentRecord]:
    if not reference:  # its path would be the current folder
        return []
    wanted = reference.casefold()
    path = os.path.abspath(reference)  # noqa: PTH100 - of names: links stay as they are
    pattern = any(sign in reference for sign in "*?[")
    rules: tuple[Callable[[DocumentRecord], bool], ...] = (
        lambda r: reference in (str(r.id), r.name),
        lambda r: bool(r.source) and r.source == path,
        lambda r: bool(r.source) and r.source.startswith(path.rstrip(os.sep) + os.sep),
        lambda r: pattern and (fnmatchcase(r.name.casefold(), wanted) or _at(r, path)),
        lambda r: len(wanted) >= _LEAST and r.name.casefold().startswith(wanted),
    )
    return next((named for rule in rules if (named := [r for r in records if rule(r)])), [])


def _at(record: DocumentRecord, pattern: str) -> bool:
    return bool(record.source) and fnmatchcase(record.source, pattern)
