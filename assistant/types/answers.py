"""Types of search results and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.types.documents import Citation, Passage
from assistant.types.strategies import Candidate, Route

Origin = Literal["extract", "model"]


@dataclass(frozen=True, slots=True)
class Scores:
    """Why a passage was found. A source that did not find it has None.

    `dense` is the cosine similarity (-1..1) of query and chunk, `bm25` the BM25 score
    (higher is better), the ranks count from 1, `fused` is the reciprocal rank sum.
    """

    fused: float
    dense: float | None = None
    dense_rank: int | None = None
    bm25: float | None = None
    bm25_rank: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with the scores that brought it up."""

    passage: Passage
    scores: Scores


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, and whether the best of them has to do with the query at all.

    `relevance` is a calibrated estimate (0..1) that the library speaks about the
    question; `relevant` compares it with the threshold in use, `worth_reading` with the
    lower one for models that refuse by themselves.
    """

    query: str
    hits: tuple[Hit, ...]
    relevance: float
    relevant: bool
    worth_reading: bool = False


FlawCode = Literal[
    "unquoted",
    "fabricated",
    "spliced",
    "misattributed",
    "number",
    "name",
    "negation",
    "opposite",
    "language",
    "dissimilar",
    "beyond",
    "unanswering",
]
"""What can be wrong with a sentence; `Flaw.reason` says each in words."""

_REASONS: dict[str, str] = {
    "unquoted": "nothing in it is quoted or copied from a passage",
    "fabricated": "a quote that stands in no passage",
    "spliced": "a quote put together from separate places",
    "misattributed": "a quote that does not stand where the sentence says",
    "number": "a number that is not in the passage",
    "name": "a name that is not in the passage",
    "negation": "the passage says the opposite (a negation is added or left out)",
    "opposite": "a word is changed into its opposite",
    "language": "another language than the passage's",
    "dissimilar": "the passage is about something else",
    "beyond": "it says more than what it quotes",
    "unanswering": "the sentence it quotes from does not answer the question",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a sentence is not supported: what kind, and the words at fault ("" if all)."""

    code: FlawCode
    detail: str = ""

    @property
    def reason(self) -> str:
        """The flaw in words; the detail may hold text of a model or a document."""
        words = _REASONS[self.code]
        return f"{words}: {self.detail}" if self.detail else words


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer.

    `quotes` are verbatim spans of passages, each checked character by character;
    `supported` is True only if there is at least one and no flaw was found. `flaws` are the
    reasons if it is not. `origin` says whether the sentence was copied from a document by
    code ("extract") or written by the model ("model").
    """

    text: str
    supported: bool
    quotes: tuple[Citation, ...]
    origin: Origin
    flaws: tuple[Flaw, ...] = ()

    @property
    def doubts(self) -> str:
        """The reasons why it is not supported, in words on one line ("" if none is known)."""
        return "; ".join(flaw.reason for flaw in self.flaws)


YesNo = Literal["yes", "no", "conditional", ""]
"""What the quoted sentence says to a yes/no question; "" where it does not say so itself."""

YES_NO_WORDS: dict[YesNo, str] = {"yes": "Yes", "no": "No", "conditional": "On a condition"}

ContradictionKind = Literal["number", "date", "name", "negation"]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two places of the documents that answer the question differently.

    `first` and `second` are sentences copied by code, `values` what differs between them
    ("24 months", "36 months"; for a negation the words that are denied in one of them). With
    `amended` the first says of itself that it replaces the second's wording.
    """

    kind: ContradictionKind
    first: Sentence
    second: Sentence
    values: tuple[str, str]
    amended: bool = False

    @property
    def heading(self) -> str:
        """What a person is told above the two places."""
        if self.amended:
            return "The first wording replaces the second:"
        return "The documents disagree:"


@dataclass(frozen=True, slots=True)
class Timings:
    """Wall-clock times in milliseconds; `first_token_ms` is None if none was generated."""

    retrieve_ms: float
    extract_ms: float
    first_token_ms: float | None
    total_ms: float
    prompt_tokens: int = 0
    generated_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read for a question that is asked of every document.

    Of `documents` in scope `read` were read whole. `matching` are the names of those that
    answer (or, with `lacking`, of those in which nothing does), `doubtful` the places of what a
    person has to look at, which is not counted; `items` how many quotes answer.
    """

    documents: int
    read: int
    kind: str = "documents"
    lacking: bool = False
    matching: tuple[str, ...] = ()
    doubtful: tuple[Citation, ...] = ()
    items: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: its text, its sentences and the passages it was made from.

    `strategy` is how the passages were read (`types.strategies`), `route` why; `candidates`
    are the answers that the reader weighed, the likeliest first (empty without a reader).
    `confidence` is the calibrated probability (0..1) that the answer is right, or would have
    been if it was withheld (None: not measured for this model and way of reading).
    `contradictions` are places of the documents that disagree about the answer. `short` are the
    words that answer, as a reader found them in the first sentence (None without a reader, and
    where it is not sure enough). `yes_no` is what that sentence says to a yes/no question.
    `coverage` says what was read of every document, where that was asked; `text` begins with it.
    """

    question: str
    text: str
    abstained: bool
    sentences: tuple[Sentence, ...]
    passages: tuple[Hit, ...]
    relevance: float
    timings: Timings
    model: str
    cancelled: bool = False
    truncated: bool = False
    strategy: str = ""
    route: Route | None = None
    candidates: tuple[Candidate, ...] = ()
    confidence: float | None = None
    contradictions: tuple[Contradiction, ...] = ()
    short: Citation | None = None
    yes_no: YesNo = ""
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Event: the passages are known."""

    result: SearchResult


@dataclass(frozen=True, slots=True)
class Extracted:
    """Event: the best supporting sentence, verbatim, before the model has said anything.

    `short` are the words in it that answer, where a reader found them.
    """

    sentence: Sentence
    short: Citation | None = None


@dataclass(frozen=True, slots=True)
class Generated:
    """Event: the model wrote another piece of text (not yet checked)."""

    text: str


@dataclass(frozen=True, slots=True)
class PartsRead:
    """Event: of `total` parts of the documents the model has read `done`."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Event: the answer is complete and checked. Always the last event."""

    answer: Answer


AnswerEvent = Retrieved | Extracted | PartsRead | Generated | Finished
