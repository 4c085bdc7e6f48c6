"""Find out how a question that asks of several documents is answered, and answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from assistant.errors import ModelError
from assistant.tabular.exhaustive_answer import answer_by_all
from assistant.tabular.exhaustive_question import exhaustive
from assistant.tabular.library_mentions import answer_mentions, asked_mention
from assistant.tabular.record_answer import answer_from_records
from assistant.types import AnswerEvent, CancelToken, DocumentRecord, Reader
from assistant.types.tabular import MOST_UNASKED, GridStore


def answer_of_all(
    question: str,
    records: Sequence[DocumentRecord],
    store: GridStore,
    load_reader: Callable[[], Reader | None],
    cancel: CancelToken | None,
    forced: bool,
) -> Iterator[AnswerEvent] | None:
    """Answer from the rows of sheets, by the words of all documents, or by reading each of them.

    None for a question that a search answers better. Raises `ModelError` where documents are
    to be read and there is no reader.
    """
    computed = answer_from_records(question, records, store, forced=forced)
    if computed is not None:
        return computed
    if what := asked_mention(question):
        return answer_mentions(question, what, records, store)
    if (asked := exhaustive(question, forced=forced)) is None:
        return None
    takes_long = sum(record.chunks for record in records) > MOST_UNASKED
    reader = None if not forced and takes_long else load_reader()
    if reader is None and forced:
        raise no_reader()
    if reader is None:
        return None
    reason = "It was asked for." if forced else "It asks of all documents."
    return answer_by_all(question, asked, records, store, reader, reason, cancel)


def no_reader() -> ModelError:
    return ModelError(
        "There is no reader, so documents can't be read whole.",
        hint='The settings switch it off: reader = "none" in config.toml.',
    )
