"""Which embedder a library has: the one it was filled with, or one that suits its documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.config import Settings
from assistant.errors import AssistantError
from assistant.models.catalogue import load_catalogue
from assistant.models.embedder_folder import has_embedder
from assistant.text.language import ENGLISH, NAMES, language_of
from assistant.types import (
    CancelToken,
    EmbedderIdentity,
    FilesFound,
    IngestEvent,
    Parser,
    ReadOptions,
    ReEmbedProgress,
    Store,
)

if TYPE_CHECKING:
    from assistant.store import SqliteStore

_SAMPLED = 6
_FOREIGN_SHARE = 1 / 3


def of_library(settings: Settings, recorded: EmbedderIdentity | None) -> Settings:
    """Return the settings with the embedder that filled a library, if the person named none."""
    known = recorded is not None and load_catalogue().find_embedder(recorded.name) is not None
    if settings.embedder or recorded is None or not known:
        return settings
    return settings.with_changes(embedder=recorded.name)


def when_opened(
    settings: Settings,
) -> Callable[[EmbedderIdentity | None], EmbedderIdentity]:
    """Return what names the embedder that a library is opened with, given the recorded one."""
    from assistant.engine.engine_loader import embedder_identity

    return lambda recorded: embedder_identity(of_library(settings, recorded))


def for_new(texts: Iterable[str], settings: Settings) -> tuple[Settings, str]:
    """Return the settings for a library of such texts, and what to say of them ("": nothing)."""
    if settings.embedder:
        return settings, ""
    name, note = suited_to(texts, settings)
    return settings.with_changes(embedder=name), note


def chosen(name: str, store: Store, settings: Settings) -> Settings:
    """Return the settings with the named embedder, or the one that suits a library's documents."""
    texts = (store.page_text(record.id, 1) for record in store.documents())
    return settings.with_changes(embedder=name or suited_to(texts, settings)[0])


def re_embedded(
    store: SqliteStore, settings: Settings, cancel: CancelToken | None
) -> Iterator[ReEmbedProgress]:
    """Make the vectors of a library anew with the embedder of the settings."""
    from assistant.engine.engine_loader import load_embedder
    from assistant.ingest.re_embed import re_embed

    return re_embed(store.re_embedding, load_embedder(settings), cancel)


def suited_to(texts: Iterable[str], settings: Settings) -> tuple[str, str]:
    """Return the name of the embedder for texts, and what to say of it ("" for the usual one).

    From a third of texts in other languages on it is the one that knows them, if that is set up.
    """
    catalogue = load_catalogue()
    usual = catalogue.default_embedder.name
    found = Counter(language for text in texts if (language := language_of(text)))
    others = sorted(language for language in found if language != ENGLISH)
    if not others or sum(found[name] for name in others) < _FOREIGN_SHARE * found.total():
        return usual, ""
    spoken = f"Documents are in {', '.join(NAMES[language] for language in others)}"
    entry = next((entry for entry in catalogue.embedders if "*" in entry.languages), None)
    if entry is None or not has_embedder(entry, settings):
        return usual, (
            f"{spoken}, but no embedder for that is installed: the search will hardly find them by "
            "meaning. Set it up (assistant models setup), then: assistant library re-embed"
        )
    return entry.name, (
        f"{spoken}: this library gets the embedder {entry.name}. (Another one: --embedder NAME.)"
    )


def sampled_texts(
    paths: Sequence[Path], parser: Parser, cancel: CancelToken | None, options: ReadOptions
) -> Iterator[str]:
    """Read some of the files that are about to be added; what can't be read is passed over."""
    from assistant.documents.file_discovery import FoundFile, discover

    with suppress(AssistantError):
        entries = discover(paths, cancel or CancelToken()).entries
        files = [entry.path for entry in entries if isinstance(entry, FoundFile)]
        for path in files[:: max(1, len(files) // _SAMPLED)][:_SAMPLED]:
            with suppress(AssistantError):
                yield parser.parse(path, cancel, options).document.text


def with_note(note: str, events: Iterator[IngestEvent]) -> Iterator[IngestEvent]:
    """Put a note into the event that says which files were found."""
    for event in events:
        yield replace(event, note=note) if isinstance(event, FilesFound) else event
