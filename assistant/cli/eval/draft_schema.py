"""The shapes of `assistant eval draft --json` and `assistant eval review --json`."""

from __future__ import annotations

from typing_extensions import TypedDict


class DraftJson(TypedDict):
    """What was drafted: `kinds` counts answerable kinds and unanswerable sorts.

    `left_out` names documents that share their name with another one.
    """

    format: int
    path: str
    questions: int
    unanswerable: int
    kinds: dict[str, int]
    documents: int
    pages: int
    candidates: int
    left_out: list[str]


class ReviewJson(TypedDict):
    """How far a review is; `left` are drafts that nobody has decided on."""

    format: int
    path: str
    questions: int
    left: int
    kept: int
    mended: int
    dropped: int
