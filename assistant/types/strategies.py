"""The names of the answering strategies, and the data that passes between them and a model."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.types.documents import Citation, Place

AUTO = "auto"
"""The router picks the strategy."""

TOGETHER = "together"
"""All passages in one prompt."""

SEQUENCE = "sequence"
"""One passage at a time, answers weighed by the passage's probability (RAG-Sequence)."""

MAP_REDUCE = "map-reduce"
"""Many passages asked one by one, and all their quotes given as a list."""

READER = "reader"
"""The extractive reader finds the answer's words, or says that there are none."""

EXTRACT = "extract"
"""No model: the best sentence of the documents."""

DIRECT = "direct"
"""Neither search nor model: answered by the program. Only the router picks it."""

STRATEGIES = (READER, TOGETHER, SEQUENCE, MAP_REDUCE, EXTRACT)
"""Those that a person can ask for, beside `AUTO`."""

WITHDRAWN = {
    "token": f"'token' answered no better than '{SEQUENCE}' and was taken out: use '{SEQUENCE}'."
}
"""Strategies that a setting or a script may still name, and what to use in their place."""

FOLLOW_UP = "follow-up"
"""Kind of a question that goes on from the one before it; see `Route.kind`."""


@dataclass(frozen=True, slots=True)
class Route:
    """Which way a question went: `kind` of question, and `reason`, one plain sentence.

    `searched` is what was searched for, where that is more than the question itself (a
    follow-up takes the words of the question before it); else "".
    """

    kind: str
    reason: str
    searched: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quote that could have been the answer, whether it was given or not.

    `text` is verbatim but for white space. It stands at `place` of the passages in
    `Answer.passages`, which `quotes` cite. `probability` (0..1) is the model's, among all
    candidates and the refusal; they add up to at most 1.
    """

    text: str
    place: Place
    quotes: tuple[Citation, ...]
    probability: float

    @property
    def passage(self) -> int:
        """The number of its passage in `Answer.passages`, from 0."""
        return self.place.passage


@dataclass(frozen=True, slots=True)
class Quoted:
    """The quote that a model would give, and how likely it finds that beside refusing.

    `text` is a stretch of whole words of one passage, without quotation marks; "" if there
    is nothing to quote. `places` are all places of the passages where the decoder may have
    read it: more than one where the same words stand again. `margin` is log P(first token of
    a refusal) - log P(quotation mark) in nats; `log_probability` that of the quote after its
    mark, up to its end, over `tokens`. `complete` is False for a quote that was cut off by its
    length.
    """

    text: str
    margin: float
    log_probability: float
    tokens: int
    complete: bool = True
    places: tuple[Place, ...] = ()

    def doubt(self, weight: float) -> float:
        """Return how much speaks for refusing, in nats: the margin, and an unlikely quote.

        With a weight of 1 it is the log-odds of the refusal against this very quote.
        """
        return self.margin - weight * self.log_probability


@dataclass(frozen=True, slots=True)
class WeightedPassage:
    """One passage to be read: the prompt that shows it alone, its text, and its weight.

    `weight` is log p(passage | question), in nats; those of one question add up to p = 1.
    """

    prompt: str
    passage: str
    weight: float


@dataclass(frozen=True, slots=True)
class WeightedQuote:
    """A candidate quote, weighted over all passages.

    `log_probability` is log p(text | question) in nats, the sum over the passages of
    p(passage) p(text | passage); `by_passage` are the terms of that sum (logarithms).
    `passage` is the passage it comes from, and `places` where it may have been read in it.
    `complete` is False for a quote that was cut off by its length.
    """

    text: str
    log_probability: float
    passage: int
    tokens: int
    by_passage: tuple[float, ...] = ()
    complete: bool = True
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightedQuotes:
    """The quotes of several passages, weighted over all of them; the likeliest first.

    `opening` and `refusal` are the log-probabilities (nats), weighed over the passages, of
    an answer's opening mark and of a refusal's first token. Each text's log-probability has
    its opening mark in it.
    """

    texts: tuple[WeightedQuote, ...]
    opening: float
    refusal: float

    def doubt(self, weight: float) -> float:
        """Return how much speaks for refusing, in nats, as `Quoted.doubt` does."""
        if not self.texts:
            return float("inf")
        quote = self.texts[0].log_probability - self.opening
        return self.refusal - self.opening - weight * quote
