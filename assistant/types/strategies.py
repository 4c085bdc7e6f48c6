"""The names of the answering strategies, and the data that passes between them and a model."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.types.documents import Citation, Place

AUTO = "auto"
"""The router picks the strategy."""

TOGETHER = "together"
"""All passages in one prompt."""

MAP_REDUCE = "map-reduce"
"""Many passages asked one by one, and all their quotes given as a list."""

READER = "reader"
"""The extractive reader finds the answer's words, or says that there are none."""

EXTRACT = "extract"
"""No model: the best sentence of the documents."""

ALL = "all"
"""Every document is read whole. Asked for by itself, or picked for what is asked of them all."""

RECORDS = "records"
"""No model: computed from the typed cells of sheets. Only picked where that is exact."""

DIRECT = "direct"
"""Neither search nor model: answered by the program. Only the router picks it."""

SUMMARY = "summary"
"""No model: the key sentence of each part of one document. The router and `summary` pick it."""

STRATEGIES = (READER, TOGETHER, MAP_REDUCE, EXTRACT)
"""Those that a person can ask for, beside `AUTO`."""

WITHDRAWN = {
    name: f"'{name}' answered no better and was taken out: use '{READER}', which weighs passages "
    "by the same rule."
    for name in ("sequence", "token")
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
    """Words that could have been the answer, whether they were given or not.

    `text` stands at `place` of the passages in `Answer.passages`, which `quotes` cite.
    `probability` (0..1) is the reader's, among all candidates and "no answer"; they add up to
    at most 1.
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
