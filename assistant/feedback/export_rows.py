"""Export feedback as items of a suite, and as rows for the workstation to make samples of.

A row for training serves both ways in which `assistant-convert dataset` takes questions:
`raft` (question, document, page, start, end over a library) and `build` (question, answer,
context, without one). No question goes to both sides: what a model was trained with can't
measure it. Which side is decided by a hash of the question, so that it is the same on every
machine and at every time; what went to one side once stays there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from assistant.errors import UsageError
from assistant.feedback.locate_words import Reader
from assistant.feedback.validation import newest, outcome, question_key
from assistant.text.sentences import trimmed
from assistant.text.signs import QUOTE_MARKS
from assistant.types import (
    Citation,
    ExportKind,
    Feedback,
    FeedbackExport,
    LeftOut,
)

TRAINING_SHARE = 0.5
"""Share of the questions that go to training; the others measure."""

UNANSWERABLE = "unanswerable"
_DOMAIN = b"airgap feedback split 1\n"
_LONGEST_SPAN = 20_000
_AROUND = 600
_OTHER: dict[ExportKind, tuple[ExportKind, str]] = {
    "suite": ("training", "went to training before"),
    "training": ("suite", "went to evaluation before"),
}


class _NotUsable(Exception):  # noqa: N818 - carries a reason, and is no fault
    """Feedback that gives no row; the message says why."""


def export(
    kind: ExportKind,
    entries: Iterable[Feedback],
    reader: Reader,
    *,
    training_share: float = TRAINING_SHARE,
    both: bool = False,
) -> FeedbackExport:
    """Return the rows of a suite or of training data, and what is left out with the reason.

    The newest feedback of a question counts. With `both` a question may be on both sides.
    Raises `UsageError` for a share that is none.
    """
    if not 0 <= training_share <= 1:
        raise UsageError("The share of training is a number from 0 to 1.")
    make = {"suite": suite_row, "training": training_row}[kind]
    rows, ids, left = [], [], []
    for entry in newest(entries):
        reason = "" if both else _other_side(kind, entry, training_share)
        try:
            row = _row(make, entry, reader)
        except _NotUsable as why:
            left.append(LeftOut(entry.id, str(why)))
            continue
        if reason:
            left.append(LeftOut(entry.id, reason))
            continue
        rows.append(row)
        ids.append(entry.id)
    return FeedbackExport(kind, tuple(rows), tuple(ids), tuple(left))


def side(question: str, training_share: float) -> ExportKind:
    """Return where a question belongs: the same for every spelling, on every machine."""
    digest = hashlib.sha256(_DOMAIN + question_key(question).encode("utf-8", "replace")).digest()
    return "training" if int.from_bytes(digest[:8], "big") < training_share * 2**64 else "suite"


def _other_side(kind: ExportKind, entry: Feedback, share: float) -> str:
    if kind in entry.exported:
        return ""
    other, went = _OTHER[kind]
    if other in entry.exported:
        return went
    if side(entry.question, share) != kind:
        return "is for evaluation" if kind == "training" else "is for training"
    return ""


def _row(
    make: Callable[[Feedback, Reader], dict[str, Any]], entry: Feedback, reader: Reader
) -> dict[str, Any]:
    if not outcome(entry):
        raise _NotUsable("needs a correction")
    return make(entry, reader)


def suite_row(entry: Feedback, reader: Reader) -> dict[str, Any]:
    """Return an item of a suite, as `docs/evaluation.md` describes it."""
    del reader
    row: dict[str, Any] = {"id": f"feedback-{entry.id}", "question": entry.question}
    if outcome(entry) == UNANSWERABLE:
        row["unanswerable"] = True
    else:
        places, words = _right(entry)
        answers = dict.fromkeys([*words, *(" ".join(place.text.split()) for place in places)])
        row["answers"] = [answer for answer in answers if answer]
        if places:
            row["spans"] = [_span(place) for place in places]
    row["note"] = " ".join(
        part
        for part in (
            f"feedback {entry.id} of {entry.at[:10]}: {entry.verdict};",
            f"model {entry.model or 'none'}, prompt {entry.prompt_version}",
        )
    )
    return row


def _span(place: Citation) -> dict[str, Any]:
    span: dict[str, Any] = {
        "document": place.document,
        "page": place.page,
        "start": place.start,
        "end": place.end,
    }
    if place.text.strip() and len(place.text) <= _LONGEST_SPAN:
        span["text"] = place.text
    return span


def training_row(entry: Feedback, reader: Reader) -> dict[str, Any]:
    """Return a row for `assistant-convert dataset raft` or `build`."""
    row: dict[str, Any] = {"id": f"feedback-{entry.id}", "question": entry.question}
    if outcome(entry) == UNANSWERABLE:
        for passage in entry.shown:
            if passage.text.strip():
                return row | {
                    "answer": UNANSWERABLE,
                    "unanswerable": True,
                    "document": passage.document,
                    "page": passage.page,
                    "context": passage.text,
                }
        raise _NotUsable("no passage is left that it could be refused from")
    places, _ = _right(entry)
    place = next(iter(_quotable(places)), None)
    if place is None:
        why = "its answer can't be quoted (it holds quotation marks)"
        raise _NotUsable(why if places else "its answer stands nowhere word for word")
    return row | {
        "answer": place.text,
        "unanswerable": False,
        "document": place.document,
        "page": place.page,
        "start": place.start,
        "end": place.end,
        "context": _context(entry, place, reader),
    }


def _right(entry: Feedback) -> tuple[tuple[Citation, ...], list[str]]:
    """Return where the right answer stands, and other words for it."""
    correction = entry.correction
    if correction is None:
        return entry.quotes, []
    return correction.places, [correction.answer] if correction.answer else []


def _quotable(places: Iterable[Citation]) -> Iterator[Citation]:
    """Yield what can stand between quotation marks: a model is trained to quote."""
    for place in places:
        left, right = trimmed(place.text, 0, len(place.text))
        inside = place.text[left:right]
        if any(map(str.isalnum, inside)) and not set(QUOTE_MARKS).intersection(inside):
            start, end = place.start + left, place.start + right
            yield Citation(place.document_id, place.document, place.page, start, end, inside)


def _context(entry: Feedback, place: Citation, reader: Reader) -> str:
    """Return the passage that holds the answer as it was shown, else the page around it."""
    for passage in entry.shown:
        same = passage.document_id == place.document_id and passage.page <= place.page
        if same and place.text in passage.text:
            return passage.text
    page = reader.page_text(place.document_id, place.page)
    start, end = max(place.start - _AROUND, 0), min(place.end + _AROUND, len(page))
    while start > 0 and not page[start - 1].isspace():
        start -= 1
    while end < len(page) and not page[end].isspace():
        end += 1
    return page[start:end].strip()
