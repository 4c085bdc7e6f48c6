"""The shapes of `assistant eval ... --json`; `run.json` holds the run and the single answers.

The run is a table that `assistant.evaluation.run_table` makes; see `schema.py` for the others.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from assistant.console.json_output import Document


class FigureJson(TypedDict):
    """A value over so many questions and its 95 % interval (null: too few questions)."""

    value: float
    low: float | None
    high: float | None
    questions: int


class ArmJson(TypedDict):
    """An arm; `memory` in bytes (0: not measured), `risk_coverage` pairs (coverage, risk).

    `closed`: asked without documents; `shots`: with examples in the prompt; `tuned`: its model
    was tuned; `strategy`: how passages were read ("": as set up).
    """

    name: str
    model: str
    model_sha256: str
    memory: int
    load_seconds: float
    closed: bool
    shots: bool
    tuned: bool
    strategy: str
    figures: dict[str, FigureJson]
    risk_coverage: list[list[float]]


# "from" is a word of Python, so this one can't be written as a class.
DifferenceJson = TypedDict(
    "DifferenceJson", {"arm": str, "from": str, "figures": dict[str, FigureJson]}
)


class ChangeJson(TypedDict):
    """An arm against the saved run: all changes, and those beyond noise."""

    arm: str
    compared: int
    figures: dict[str, FigureJson]
    worse: list[str]
    improved: list[str]
    newly_wrong: list[str]
    newly_right: list[str]


class AgainstJson(TypedDict):
    made_at: str
    version: str
    same_suite: bool
    same_library: bool
    worse: bool
    changes: list[ChangeJson]


class SuiteJson(TypedDict):
    name: str
    sha256: str
    questions: int
    answerable: int
    unanswerable: int


class LibraryJson(TypedDict):
    name: str
    sha256: str
    documents: int


class EvalJson(TypedDict):
    format: int
    kind: str
    made_at: str
    version: str
    suite: SuiteJson
    library: LibraryJson
    embedder: str
    settings: dict[str, int | float]
    machine: str
    resumed: int
    confidence: float
    resamples: int
    arms: list[ArmJson]
    differences: list[DifferenceJson]
    against: NotRequired[AgainstJson]
    folder: str


class DraftJson(Document, frozen=True):
    """What was drafted: `kinds` counts answerable kinds and unanswerable sorts.

    `left_out` names documents that share their name with another one.
    """

    path: str
    questions: int
    unanswerable: int
    kinds: dict[str, int]
    documents: int
    pages: int
    candidates: int
    left_out: list[str]


class ReviewJson(Document, frozen=True):
    """How far a review is; `left` are drafts that nobody has decided on."""

    path: str
    questions: int
    left: int
    kept: int
    mended: int
    dropped: int
