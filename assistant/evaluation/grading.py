"""Grade one answer: what a person was shown, against what the suite says is right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from assistant.evaluation.answer_scores import exact, f1, normalise, quote_of
from assistant.evaluation.answer_scores import prediction_of as written_prediction
from assistant.evaluation.gold_spans import GoldSpan, Pages
from assistant.evaluation.ranking_metrics import ranks_of
from assistant.evaluation.suite import Item
from assistant.strict_reader import Meta, require_printable
from assistant.text.quantities import find_values, missing
from assistant.types import Answer, Citation, SearchResult, Sentence

_ENOUGH = 0.5
_Name = Annotated[str, Meta(max_length=200)]
_Count = Annotated[int, Meta(ge=0, le=1_000_000)]
_Rank = Annotated[int, Meta(ge=0, le=100)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Time = Annotated[float, Meta(ge=-1e12, le=1e12)]


@dataclass(frozen=True, slots=True)
class Row:
    """The graded answer as it is stored: numbers, and no text but the question's id.

    `digest` tells whether the question was changed since. `ranks` are those of the places of
    the answer in the search (0: not among the first ten). `failed` is the code of an error
    that this question ended with. `exact` and `f1` are SQuAD's, of what was shown as the
    answer (0 for an answerable question that was refused); `holds` whether an accepted
    answer stands in what was shown; `cited` whether a quote shown leads to a right place,
    `right` sums it up. `quotes` are those shown, `sentences` all, `supported` some of them.
    `confidence` (0..1) is the probability that the answer is right where the model was
    calibrated for that (`calibrated`), else the answer's relevance. Times are in
    milliseconds, -1 if none. `tokens` were generated, `prompt_tokens` read. The last two were
    added later: rows of before do not have them.
    """

    id: _Name
    digest: _Name
    answerable: bool
    answers: _Count
    ranks: Annotated[tuple[_Rank, ...], Meta(max_length=100)]
    abstained: bool
    failed: _Name
    exact: _Share
    f1: _Share
    holds: bool
    cited: bool
    right: bool
    quotes: _Count
    verbatim: _Count
    sentences: _Count
    supported: _Count
    confidence: _Share
    truncated: bool
    tokens: _Count
    retrieve_ms: _Time
    words_ms: _Time
    first_token_ms: _Time
    total_ms: _Time
    prompt_tokens: _Count = 0
    calibrated: bool = False

    def __post_init__(self) -> None:
        require_printable(id=self.id, digest=self.digest, failed=self.failed)
        if self.verbatim > self.quotes or self.supported > self.sentences:
            raise ValueError("a part is more than the whole")


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer as it came: `words_ms` until the first words, `total_ms` until the last.

    `closed`: it was given without passages, so all that was written is judged.
    """

    answer: Answer
    search: SearchResult | None
    words_ms: float
    total_ms: float
    closed: bool = False


def grade(item: Item, gold_spans: Sequence[GoldSpan], asked: Asked, pages: Pages) -> Row:
    """Grade one answer. Raises what reading a page of the library raises."""
    answer = asked.answer
    shown = [s for s in answer.sentences if s.supported or asked.closed]
    quotes = [quote for sentence in shown for quote in sentence.quotes]
    prediction = "" if answer.abstained else _prediction(answer, shown, closed=asked.closed)
    holds = not answer.abstained and _holds(item.answers, shown)
    cited = not answer.abstained and _cites(gold_spans, quotes)
    match = f1(prediction, item.answers) if item.answers and prediction else 0.0
    equal = exact(prediction, item.answers) if item.answers and prediction else 0.0
    if not item.answerable:
        right = answer.abstained
    elif item.answers:
        right = holds or _near(prediction, item.answers)
    else:
        right = cited
    first = answer.timings.first_token_ms
    return Row(
        id=item.id,
        digest=item.digest,
        answerable=item.answerable,
        answers=len(item.answers),
        ranks=_ranks(gold_spans, asked),
        abstained=answer.abstained,
        failed="",
        exact=equal,
        f1=match,
        holds=holds,
        cited=cited,
        right=right,
        quotes=len(quotes),
        verbatim=sum(pages.is_verbatim(quote) for quote in quotes),
        sentences=len(answer.sentences),
        supported=sum(sentence.supported for sentence in answer.sentences),
        confidence=_confidence(answer),
        truncated=answer.truncated,
        tokens=answer.timings.generated_tokens,
        retrieve_ms=-1.0 if asked.closed else answer.timings.retrieve_ms,
        words_ms=asked.words_ms,
        first_token_ms=-1.0 if first is None else first,
        total_ms=asked.total_ms,
        prompt_tokens=answer.timings.prompt_tokens,
        calibrated=answer.confidence is not None,
    )


def failure(item: Item, gold_spans: Sequence[GoldSpan], code: str, *, closed: bool = False) -> Row:
    """Return the row of a question that ended with an error: neither right nor refused."""
    return Row(
        id=item.id,
        digest=item.digest,
        answerable=item.answerable,
        answers=len(item.answers),
        ranks=() if closed else (0,) * len(gold_spans),
        abstained=False,
        failed=code,
        exact=0.0,
        f1=0.0,
        holds=False,
        cited=False,
        right=False,
        quotes=0,
        verbatim=0,
        sentences=0,
        supported=0,
        confidence=0.0,
        truncated=False,
        tokens=0,
        retrieve_ms=-1.0,
        words_ms=-1.0,
        first_token_ms=-1.0,
        total_ms=-1.0,
    )


def prediction_of(shown: Sequence[Sentence]) -> str:
    """Return what is compared with the accepted answers.

    The quote of what the model wrote and could support; if there is none, the sentence that
    was taken out of the documents.
    """
    written = " ".join(s.text for s in shown if s.origin == "model")
    if written:
        return quote_of(written) or written
    return " ".join(sentence.text for sentence in shown)


def _prediction(answer: Answer, shown: Sequence[Sentence], *, closed: bool) -> str:
    """Return what is compared: the short answer, which is shown first, or else the sentences."""
    if closed:
        return written_prediction(" ".join(sentence.text for sentence in shown))
    return answer.short.text if answer.short is not None else prediction_of(shown)


def _ranks(gold_spans: Sequence[GoldSpan], asked: Asked) -> tuple[int, ...]:
    if asked.closed:
        return ()
    return ranks_of(gold_spans, asked.search.hits) if asked.search else (0,) * len(gold_spans)


def _confidence(answer: Answer) -> float:
    found = answer.relevance if answer.confidence is None else answer.confidence
    return min(1.0, max(0.0, found)) if math.isfinite(found) else 0.0


def _holds(answers: Sequence[str], shown: Sequence[Sentence]) -> bool:
    texts = [f" {normalise(sentence.text)} " for sentence in shown]
    wanted = [normalise(answer) for answer in answers]
    return any(words and f" {words} " in text for words in wanted for text in texts)


def _near(prediction: str, answers: Sequence[str]) -> bool:
    """Whether a prediction comes close to an accepted answer, with all the numbers of it.

    "36 months" has half the words of "24 months", and is wrong; so is "12.5 g" for "12.5 mg".
    """
    own = find_values(prediction)
    return any(
        f1(prediction, (answer,)) >= _ENOUGH and not missing(find_values(answer), own)
        for answer in answers
        if prediction
    )


def _cites(gold_spans: Sequence[GoldSpan], quotes: Sequence[Citation]) -> bool:
    """Whether a quote lies where an answer stands; a quote may be longer or shorter."""
    return any(span.holds(quote) for span in gold_spans for quote in quotes)
