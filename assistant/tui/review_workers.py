"""The review's work in threads: reading the file and the passages, writing decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from assistant.evaluation.draft.review import Review
from assistant.evaluation.suite import Item, Span
from assistant.tui.error_view import ErrorView
from assistant.tui.messages import Post
from assistant.tui.workers import do
from assistant.types import Workspace

WINDOW = 2_500
"""Most characters of a page that are shown on each side of a span."""


@dataclass
class ReviewOpened(Message):
    """The file was read, or could not be."""

    review: Review | None
    problem: ErrorView | None


@dataclass
class PassageLoaded(Message):
    """The passage of the question that was shown as number `serial`.

    `text` is a part of the page, `spans` the answer's places in it; `missing` says why there
    is none.
    """

    serial: int
    text: str
    spans: tuple[tuple[int, int], ...]
    cut: tuple[bool, bool]
    missing: str = ""


def open_review(workspace: Workspace, path: Path, post: Post) -> None:
    """Read the file, and record that texts of documents are going to be written into it."""

    def read() -> ReviewOpened:
        review = Review(path)
        names = {span.document for item in review.items for span in item.spans}
        ids = [record.id for record in workspace.documents() if record.name in names]
        workspace.note_export("review", len(review), ids)
        return ReviewOpened(review, None)

    do(read, post, lambda problem: ReviewOpened(None, problem))


def load_passage(workspace: Workspace, item: Item, serial: int, post: Post) -> None:
    """Load what stands around the first span of a question."""

    def nothing(missing: str = "") -> PassageLoaded:
        return PassageLoaded(serial, "", (), (False, False), missing)

    def load() -> PassageLoaded:
        if not item.spans:
            return nothing()
        span = item.spans[0]
        text = page_text(workspace, item)
        if text is None:
            return nothing("This document is not in the library (any more).")
        low, high = _window(span, len(text))
        marked = [
            (one.start - low, one.end - low)
            for one in item.spans
            if one.page == span.page and one.start is not None and one.end is not None
        ]
        cut = (low > 0, high < len(text))
        return PassageLoaded(serial, text[low:high], tuple(marked), cut)

    do(load, post, lambda problem: nothing(problem.one_line))


def page_text(workspace: Workspace, item: Item) -> str | None:
    """Return the page of a question's first span; None if there is none in the library."""
    span = item.spans[0]
    found = [r for r in workspace.documents() if r.name == span.document]
    page = span.page or 1
    if len(found) != 1 or page > found[0].pages:
        return None
    return workspace.page_text(found[0].id, page)


def mend_answer(workspace: Workspace, review: Review, answer: str) -> bool:
    """Take another answer; whether it stands on the page of the span."""
    text = page_text(workspace, review.item) if review.item.spans else None
    return review.mend_answer(answer, text or "")


def _window(span: Span, length: int) -> tuple[int, int]:
    start, end = span.start or 0, span.end or 0
    return max(start - WINDOW, 0), min(max(end, start) + WINDOW, length)


Work = Callable[[Workspace], object]
"""A decision: run in a thread, with the library at hand."""
