"""Grade answers, and compute measures with bootstrap confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answering.request import Quote
from assistant.answering.verify import check_answer, check_quote
from assistant.evaluation.answer_scores import quote_of, quote_score, task_score
from assistant.prompts import is_refusal
from assistant.types import Sentence
from convert.evaluate.ask_engine import Reply
from convert.evaluate.evaluation_items import Item
from convert.evaluate.paragraph_pool import passage_of

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """One answer, graded.

    `supported`: the product's own check finds all of it in the passages shown (white space,
    hyphenation and typographic signs may differ), so that a person is shown it; `verbatim`:
    its quote stands there character by character. `citations` is how many places a person
    would be shown, and `citations_verbatim` how many of those are the passage's own
    characters. `f1_shown` is the F1 of what is shown: 0 where it is not supported.
    `margin` and `log_probability` are the reply's; `f1_answered` the F1 (0 for an unanswerable
    item) had the model not been let refuse.
    """

    item: str
    answerable: bool
    answer_shown: bool
    refused: bool
    exact: float
    f1: float
    f1_shown: float
    quoted: bool
    supported: bool
    verbatim: bool
    citations: int
    citations_verbatim: int
    looped: bool
    truncated: bool
    margin: float
    f1_answered: float
    log_probability: float = 0.0

    def doubt(self, weight: float) -> float:
        """Return how much speaks for refusing; see `assistant.types.Quoted.doubt`."""
        return self.margin - weight * self.log_probability


def grade_answer(item: Item, reply: Reply) -> GradedAnswer:
    """Score one answer."""
    quoted = bool(reply.places) and not reply.forced
    refused = not quoted and is_refusal(reply.text)
    quote = reply.text if quoted else None if refused else quote_of(reply.text)
    score = quote_score if reply.places else task_score
    exact, f1 = (score if quoted else task_score)(reply.text, item.answers)
    shown = [" ".join(p.text.split()) for p in item.passages]
    sentences = [] if refused else _checked(item, reply)
    supported = bool(sentences) and all(sentence.supported for sentence in sentences)
    supporting = [sentence for sentence in sentences if sentence.supported]
    cited = [" ".join(quote.text.split()) for s in supporting for quote in s.quotes]
    unforced = score(reply.forced or reply.text, item.answers)[1]
    return GradedAnswer(
        item=item.key,
        answerable=item.answerable,
        answer_shown=item.answer_shown,
        refused=refused,
        exact=exact,
        f1=f1,
        f1_shown=f1 if supported or refused else 0.0,
        quoted=quote is not None,
        supported=supported,
        verbatim=quote is not None and any(quote in text for text in shown),
        citations=len(cited),
        citations_verbatim=sum(any(c in text for text in shown) for c in cited),
        looped=reply.looped,
        truncated=reply.truncated,
        margin=reply.margin,
        f1_answered=unforced if item.answerable else 0.0,
        log_probability=reply.log_probability,
    )


def _checked(item: Item, reply: Reply) -> list[Sentence]:
    """Let the product check an answer against the passages of an item.

    The engine's quote is cited at its place, the first at which it may stand.
    """
    if reply.places:
        quoted = [
            check_quote(
                Quote(reply.text, place), passage_of(place.passage, p.document, p.page, p.text)
            )
            for place in reply.places
            for p in item.passages[place.passage : place.passage + 1]
        ]
        return [next((sentence for sentence in quoted if sentence.supported), quoted[0])]
    passages = [
        passage_of(n, p.document, p.page, " ".join(p.text.split()))
        for n, p in enumerate(item.passages)
    ]
    return check_answer(reply.text, passages, item.question)


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over `count` items with its bootstrap interval (percentiles, 95%)."""

    value: float
    low: float
    high: float
    count: int


def bootstrap(values: Sequence[float], seed: int = 0) -> Figure | None:
    """Return the mean of `values` and its 95% percentile interval; None for no values.

    Efron's percentile bootstrap with 2,000 resamples of the items.
    """
    if not values:
        return None
    data = np.asarray(values, dtype=np.float64)
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(data), size=(RESAMPLES, len(data)))
    means = data[draws].mean(axis=1)
    tail = (1 - CONFIDENCE) / 2 * 100
    low, high = np.percentile(means, [tail, 100 - tail])
    return Figure(float(data.mean()), float(low), float(high), len(data))


_MEASURES: dict[str, tuple[Callable[[GradedAnswer], bool], Callable[[GradedAnswer], float]]] = {
    "exact": (lambda j: j.answerable, lambda j: j.exact),
    "f1": (lambda j: j.answerable, lambda j: j.f1),
    "f1_shown": (lambda j: j.answerable, lambda j: j.f1_shown),
    "answer_shown": (lambda j: j.answerable, lambda j: float(j.answer_shown)),
    "false_refusals": (lambda j: j.answerable, lambda j: float(j.refused)),
    "refused": (lambda j: not j.answerable, lambda j: float(j.refused)),
    "squad2_f1": (lambda _: True, lambda j: j.f1),
    "quoted": (lambda j: not j.refused, lambda j: float(j.quoted)),
    "supported": (lambda j: not j.refused, lambda j: float(j.supported)),
    "verified": (lambda j: j.quoted, lambda j: float(j.supported)),
    "verbatim": (lambda j: j.quoted, lambda j: float(j.verbatim)),
    "shown_verbatim": (lambda j: j.citations > 0, lambda j: j.citations_verbatim / j.citations),
    "looped": (lambda _: True, lambda j: float(j.looped)),
    "truncated": (lambda _: True, lambda j: float(j.truncated)),
}
"""Measure: over which graded answers the mean is taken, and of what."""


def figures_of(graded: Sequence[GradedAnswer]) -> dict[str, Figure]:
    """Return every measure that the graded answers allow."""
    found = {
        name: bootstrap([value(j) for j in graded if counts(j)])
        for name, (counts, value) in _MEASURES.items()
    }
    return {name: figure for name, figure in found.items() if figure is not None}


_COMPARED = ("exact", "f1", "f1_shown", "squad2_f1", "refused", "false_refusals")
"""Measures that are taken over the same items whatever the model answers."""


def changes(before: Sequence[GradedAnswer], after: Sequence[GradedAnswer]) -> dict[str, Figure]:
    """Return the mean change of each measure, item by item, with its bootstrap interval.

    Paired: what two models have in common (hard questions) is no noise of the difference.
    Raises `ValueError` if the two lists are not about the same items.
    """
    if [j.item for j in before] != [j.item for j in after]:
        raise ValueError("the graded answers are of different items")
    found = {}
    for name in _COMPARED:
        counts, value = _MEASURES[name]
        pairs = zip(before, after, strict=True)
        figure = bootstrap([value(b) - value(a) for a, b in pairs if counts(a)])
        if figure is not None:
            found[name] = figure
    return found


def speed_of(replies: Sequence[Reply]) -> dict[str, float]:
    """Return tokens a second over all replies, for reading prompts and for writing."""
    speeds = {}
    read = sum(r.prefill_seconds for r in replies)
    wrote = sum(r.seconds for r in replies)
    if read > 0:
        speeds["prefill"] = sum(r.prefill_tokens for r in replies) / read
    if wrote > 0:
        speeds["generate"] = sum(r.tokens for r in replies) / wrote
    return speeds
