"""Join what a certified forgetting needs: store, conversations, the files of the data folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from assistant.audit import AuditedStore
from assistant.audit.log_reader import LogReader
from assistant.config import Settings
from assistant.errors import AssistantError
from assistant.prove.forgetting import forget_before_witnesses
from assistant.store.store_traces import StoreTraces
from assistant.text.counted import counted
from assistant.types import Feedback
from assistant.types.conversations import Conversations
from assistant.types.forgetting import Forgotten


def forget_with_proof(
    document_id: int,
    store: AuditedStore,
    conversations: Conversations,
    settings: Settings,
    *,
    whole_conversations: bool,
) -> Forgotten:
    """Forget a document, and with it the conversations that quote it if that is wished.

    Raises `UsageError` if there is no such document, `StoreError` as the store does.
    """
    record = store.get(document_id)
    quoting = conversations.quoting(document_id)
    not_purged = [*_training_data(store, document_id), *_plain_files(settings, document_id)]

    def forget() -> Mapping[str, int]:
        store.forget(document_id)
        deleted = quoting if whole_conversations else []
        for conversation in deleted:
            conversations.remove(conversation.id)
        return {
            "conversations_with_emptied_answers": len(quoting) - len(deleted),
            "conversations_deleted": len(deleted),
        }

    def files() -> Iterator[Path]:
        models = settings.models_dir
        for path in sorted(settings.data_dir.rglob("*")):
            if not path.is_relative_to(models) and path.is_file():
                yield path

    passages = store.document_passages(document_id)
    traces = StoreTraces(store.pool)
    return forget_before_witnesses(record, passages, traces, forget, not_purged, files)


def _plain_files(settings: Settings, document_id: int) -> Iterator[str]:
    """Name the plain files that text of the document went into, as the audit log has them."""
    with suppress(AssistantError):
        for record in LogReader(settings.audit_path, None).records():
            if record.action == "text-export" and document_id in record.fields["documents"]:
                what = record.fields["what"]
                yield f"text of it was written to a plain file on {record.time[:10]} ({what})"


def _training_data(store: AuditedStore, document_id: int) -> Iterator[str]:
    for kind in ("training", "suite"):
        gone = [
            entry
            for entry in store.feedback.every()
            if kind in entry.exported and _speaks_of(entry, document_id)
        ]
        if gone:
            yield (
                f"{counted(len(gone), 'question')} about it went into a file of {kind} data: "
                "that file, and models that were tuned on it"
            )


def _speaks_of(entry: Feedback, document_id: int) -> bool:
    corrected = entry.correction.places if entry.correction else ()
    return any(place.document_id == document_id for place in (*entry.quotes, *corrected))
