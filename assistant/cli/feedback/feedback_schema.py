"""The shapes of `assistant feedback ... --json`; see `schema.py` for the rules."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from assistant.cli.ask.answer_schema import QuoteJson, quote_json
from assistant.feedback import newest, outcome
from assistant.types import Feedback, FeedbackExport

State = Literal["answer", "unanswerable", "needs-correction", "superseded"]


class CorrectionJson(TypedDict):
    """What would have been right; `answer` is "" where the words of `places` are it."""

    answer: str
    places: list[QuoteJson]
    unanswerable: bool


class FeedbackJson(TypedDict):
    """A verdict. `state` is what it is good for: a question with its answer, one that the
    library can't answer, or nothing (it needs a correction, or newer feedback counts).

    `exported` names the kinds of files that the question went into.
    """

    id: int
    at: str
    question: str
    verdict: Literal["right", "wrong", "wrong-source"]
    state: State
    answer: str
    abstained: bool
    quotes: list[QuoteJson]
    correction: CorrectionJson | None
    model: str
    model_sha256: str
    base: str
    prompt_version: int
    strategy: str
    exported: list[Literal["suite", "training"]]


class FeedbackGivenJson(TypedDict):
    format: int
    feedback: FeedbackJson


class FeedbackListJson(TypedDict):
    format: int
    library: str
    feedback: list[FeedbackJson]


class FeedbackRemovedJson(TypedDict):
    format: int
    removed: list[int]


class LeftOutJson(TypedDict):
    """Feedback that the file does not hold, and why."""

    id: int
    reason: str


class FeedbackFileJson(TypedDict):
    """A file that was written: its kind, and the feedback that its rows come from."""

    kind: Literal["suite", "training"]
    path: str
    rows: int
    ids: list[int]
    left_out: list[LeftOutJson]


class FeedbackExportJson(TypedDict):
    """`files` hold text of documents and are not encrypted."""

    format: int
    library: str
    training_share: float
    both: bool
    files: list[FeedbackFileJson]


def states_of(entries: list[Feedback]) -> dict[int, State]:
    """Return what each of all a library's feedback is good for, by its number."""
    states: dict[int, State] = {entry.id: "superseded" for entry in entries}
    for entry in newest(entries):
        states[entry.id] = outcome(entry) or "needs-correction"
    return states


def feedback_json(entry: Feedback, state: State) -> FeedbackJson:
    correction = entry.correction
    return {
        "id": entry.id,
        "at": entry.at,
        "question": entry.question,
        "verdict": entry.verdict,
        "state": state,
        "answer": entry.answer,
        "abstained": entry.abstained,
        "quotes": [quote_json(quote) for quote in entry.quotes],
        "correction": None
        if correction is None
        else {
            "answer": correction.answer,
            "places": [quote_json(place) for place in correction.places],
            "unanswerable": correction.unanswerable,
        },
        "model": entry.model,
        "model_sha256": entry.model_sha256,
        "base": entry.base,
        "prompt_version": entry.prompt_version,
        "strategy": entry.strategy,
        "exported": list(entry.exported),
    }


def file_json(made: FeedbackExport, path: str) -> FeedbackFileJson:
    return {
        "kind": made.kind,
        "path": path,
        "rows": len(made.rows),
        "ids": list(made.ids),
        "left_out": [{"id": left.id, "reason": left.reason} for left in made.left_out],
    }
