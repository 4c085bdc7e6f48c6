"""How the passages of a search are read, and what each of them would have answered."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.types.documents import Citation

AUTO = "auto"
"""The router picks the strategy."""

TOGETHER = "together"
"""All passages in one prompt."""

SEQUENCE = "sequence"
"""One passage at a time, answers weighed by the passage's probability (RAG-Sequence)."""

TOKEN = "token"  # noqa: S105 - no password
"""One passage at a time, each next token weighed over all of them (RAG-Token)."""

MAP_REDUCE = "map-reduce"
"""Many passages asked one by one, and all their quotes given as a list."""

EXTRACT = "extract"
"""No model: the best sentence of the documents."""

DIRECT = "direct"
"""Neither search nor model: answered by the program. Only the router picks it."""

FOLLOW_UP = "follow-up"
"""The kind of a route: the question goes on from the one before it."""

STRATEGIES = (TOGETHER, SEQUENCE, TOKEN, MAP_REDUCE, EXTRACT)
"""Those that a person can ask for, beside `AUTO`."""


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

    `text` is verbatim but for white space, `quotes` are its places in the passage that it
    was read in, whose number in `Answer.passages` is `hit` (from 0). `probability` (0..1)
    is the model's, among all candidates and the refusal; they add up to at most 1.
    """

    text: str
    quotes: tuple[Citation, ...]
    hit: int
    probability: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One passage to be read: the prompt that shows it alone, its text, and its weight.

    `weight` is log p(passage | question), in nats; those of one question add up to p = 1.
    """

    prompt: str
    passage: str
    weight: float


@dataclass(frozen=True, slots=True)
class WeighedText:
    """A text that could be the answer, weighed over all passages.

    `log_probability` is log p(text | question) in nats, the sum over the passages of
    p(passage) p(text | passage); `by_passage` are the terms of that sum (logarithms), empty
    where tokens and not texts were weighed. `reading` is the passage it comes from.
    `complete` is False for a text that was cut off by its length.
    """

    text: str
    log_probability: float
    reading: int
    tokens: int
    by_passage: tuple[float, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Weighed:
    """What several passages, read one by one, answer together; the likeliest text first.

    `opening` and `refusal` are the log-probabilities (nats), weighed over the passages, of
    an answer's opening mark and of a refusal's first token. Each text's log-probability has
    its opening mark in it. A model that writes freely has no mark: `opening` is 0, and
    `refusal` is only for information.
    """

    texts: tuple[WeighedText, ...]
    opening: float
    refusal: float

    def doubt(self, weight: float) -> float:
        """Return how much speaks for refusing, in nats, as `Quoted.doubt` does."""
        if not self.texts:
            return float("inf")
        quote = self.texts[0].log_probability - self.opening
        return self.refusal - self.opening - weight * quote
