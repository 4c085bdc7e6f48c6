"""What `ask`, `search` and `feedback` print with `--json`; see `schema.py` for the rules."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from assistant.console.json_output import Document, Shape, shaped
from assistant.feedback.validation import newest, outcome
from assistant.types import (
    Answer,
    Citation,
    Correction,
    Coverage,
    Feedback,
    FeedbackExport,
    FlawCode,
    Hit,
    LeftOut,
    Route,
    Scores,
    SearchResult,
    Timings,
    YesNo,
)
from assistant.types.answers import ContradictionKind, Origin
from assistant.types.feedback import ExportKind, Verdict


class FlawJson(Shape, frozen=True):
    """Why a sentence is not supported: `code` for scripts, `reason` for people; `detail` are
    the words at fault ("" if the whole sentence is).
    """

    code: FlawCode
    detail: str
    reason: str


class SentenceJson(Shape, frozen=True):
    text: str
    supported: bool
    origin: Origin
    quotes: list[Citation]
    flaws: list[FlawJson]


class ContradictionJson(Shape, frozen=True):
    """Two sentences of the documents that answer differently; `values` is what differs.

    With `amended` the first says that it replaces the second's wording.
    """

    kind: ContradictionKind
    values: list[str]
    amended: bool
    first: SentenceJson
    second: SentenceJson


class PassageJson(Shape, frozen=True):
    """A passage; `start:end` are code points in the text of the whole document.

    `place` says where it begins in the document's own terms: "page 2", "slide 3", a sheet's cell.
    """

    document: str
    document_id: int
    page: int
    end_page: int
    place: str
    heading: str
    start: int
    end: int
    text: str
    scores: Scores


class CandidateJson(Shape, frozen=True):
    """A quote that could have been the answer; `passage` counts `passages` from 0."""

    text: str
    probability: float
    passage: int
    quotes: list[Citation]


class AskJson(Document, frozen=True):
    question: str
    text: str = field(name="answer")
    abstained: bool
    cancelled: bool
    truncated: bool
    relevance: float
    sentences: list[SentenceJson]
    passages: list[PassageJson]
    timings: Timings
    model: str
    strategy: str
    route: Route | None
    candidates: list[CandidateJson]
    confidence: float | None
    contradictions: list[ContradictionJson]
    short: Citation | None
    yes_no: YesNo
    coverage: Coverage | None


class SearchJson(Document, frozen=True):
    query: str
    relevance: float
    relevant: bool
    passages: list[PassageJson]


def answer_json(answer: Answer) -> AskJson:
    return shaped(AskJson, answer, passages=[_passage(hit) for hit in answer.passages])


def search_json(result: SearchResult) -> SearchJson:
    return shaped(SearchJson, result, passages=[_passage(hit) for hit in result.hits])


def _passage(hit: Hit) -> PassageJson:
    end_page = hit.passage.pages[-1].number
    return shaped(
        PassageJson, hit.passage, scores=hit.scores, end_page=end_page, place=hit.passage.where
    )


# -- feedback --------------------------------------------------------------------------------

State = Literal["answer", "unanswerable", "needs-correction", "superseded"]


class FeedbackJson(Shape, frozen=True):
    """A verdict. `state` is what it is good for: a question with its answer, one that the
    library can't answer, or nothing (it needs a correction, or newer feedback counts).

    `exported` names the kinds of files that the question went into.
    """

    id: int
    at: str
    question: str
    verdict: Verdict
    state: State
    answer: str
    abstained: bool
    quotes: list[Citation]
    correction: Correction | None
    model: str
    model_sha256: str
    base: str
    prompt_version: int
    strategy: str
    exported: list[ExportKind]


class FeedbackGivenJson(Document, frozen=True):
    feedback: FeedbackJson


class FeedbackListJson(Document, frozen=True):
    library: str
    feedback: list[FeedbackJson]


class FeedbackRemovedJson(Document, frozen=True):
    removed: list[int]


class FeedbackFileJson(Shape, frozen=True):
    """A file that was written: its kind, and the feedback that its rows come from."""

    kind: ExportKind
    path: str
    rows: int
    ids: list[int]
    left_out: list[LeftOut]


class FeedbackExportJson(Document, frozen=True):
    """`files` hold text of documents and are not encrypted."""

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
    return shaped(FeedbackJson, entry, state=state)


def file_json(made: FeedbackExport, path: str) -> FeedbackFileJson:
    return shaped(FeedbackFileJson, made, path=path, rows=len(made.rows))
