"""Where what a file holds lies, what it is called, and how deep it may be nested."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.documents.document_title import clean_title
from assistant.errors import DocumentError
from assistant.types import AS_FOUND, Attachment, Note, ParsedDocument, ParsedFile, ReadOptions

_PAGES_NAMED = 100
MAX_DEPTH = 4
"""Mails in mails whose attachments are still read."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document comes from: a file, or something attached to it.

    `sources` are as in `NewDocument`; `contents` are the hashes of all that it lies in,
    outermost first, and its own.
    """

    path: Path
    index: int
    name: str
    sources: tuple[str, ...]
    contents: tuple[str, ...]
    options: ReadOptions = AS_FOUND

    def below(self, attachment: Attachment) -> Place:
        """Return the place of an attachment: below a file no other file can lie."""
        return Place(
            self.path / attachment.name,
            self.index,
            f"{self.name}: {attachment.name}",
            tuple(f"{source}/{attachment.name}" for source in self.sources),
            (*self.contents, hashlib.sha256(attachment.data).hexdigest()),
            self.options,
        )

    def check(self) -> None:
        """Raise `DocumentError` for a mail that holds itself, or mails in mails without end."""
        if self.contents[-1] in self.contents[:-1] or len(self.contents) - 1 > MAX_DEPTH:
            raise DocumentError(
                f"'{self.name}' lies too deep in other mails.",
                hint="Save it as a file of its own, and add that.",
            )


def reads_again(options: ReadOptions) -> bool:
    """Tell whether what the library has is to be read in another way."""
    return bool(options.encoding) or options.ocr == "always"


def under_subject(parsed: ParsedFile, attachment: Attachment, subject: str) -> ParsedFile:
    """Put the subject of the mail before the title of what came with it."""
    title = parsed.document.title or attachment.name
    words = clean_title(f"{subject}: {title}") if subject else clean_title(title)
    return replace(parsed, document=replace(parsed.document, title=words))


def with_left_out(document: ParsedDocument, names: Sequence[str]) -> ParsedDocument:
    """Note the attachments that could not be read, with those that the reader left out."""
    code = "attachments_left_out"
    before = [note for note in document.notes if note.code == code]
    label = clean_title(", ".join([*(note.label for note in before), *names]))
    number = len(names) + sum(note.number for note in before)
    others = tuple(note for note in document.notes if note.code != code)
    return replace(document, notes=(*others, Note(code, number, label)))


def with_bare_pages(document: ParsedDocument) -> ParsedDocument:
    """Note the pages that have no text: a person would look for their content in vain."""
    bare = [n for n in range(1, document.page_count + 1) if not document.page_text(n).strip()]
    if not bare:
        return document
    note = Note("pages_without_text", len(bare), pages=tuple(bare[:_PAGES_NAMED]))
    return replace(document, notes=(note, *document.notes))
