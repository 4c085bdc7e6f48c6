"""Types of feedback on answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from assistant.types.documents import Citation

Verdict = Literal["right", "wrong", "wrong-source"]
"""`wrong-source`: what is said is right, but it does not stand where the answer says."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

ExportKind = Literal["suite", "training"]
"""`suite`: questions for `assistant eval`; `training`: rows for `assistant-convert dataset`."""

EXPORT_KINDS: tuple[ExportKind, ...] = get_args(ExportKind)


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage that was shown with an answer: `start:end` in the text of its document.

    `text` is what stands there; a library does not keep it a second time, but reads it.
    """

    document_id: int
    document: str
    page: int
    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """The correct answer: words, the places that hold them, or that nothing does.

    `answer` are a person's own words, "" if the words of `places` are the answer.
    """

    answer: str = ""
    places: tuple[Citation, ...] = ()
    unanswerable: bool = False


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict on one answer. `id` is 0 and `at` "" until a library keeps it.

    `quotes` are what the answer is judged by: the model's verified quotes, else those of the
    extract. `model` answered; `model_sha256` and `base` (of an adapter) are "" where unknown.
    `exported` are the files that this question went into.
    """

    question: str
    verdict: Verdict
    answer: str = ""
    abstained: bool = False
    quotes: tuple[Citation, ...] = ()
    shown: tuple[ShownPassage, ...] = ()
    correction: Correction | None = None
    model: str = ""
    model_sha256: str = ""
    base: str = ""
    prompt_version: int = 0
    strategy: str = ""
    id: int = 0
    at: str = ""
    exported: tuple[ExportKind, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Feedback that an export does not hold, and why."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class FeedbackExport:
    """Rows of one exported file (one JSON object each), and what is not in it.

    They hold text of documents: whoever gets them has recorded that.
    """

    kind: ExportKind
    rows: tuple[Mapping[str, Any], ...] = ()
    ids: tuple[int, ...] = ()
    left_out: tuple[LeftOut, ...] = field(default=())
