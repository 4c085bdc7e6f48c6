"""Mine hard negatives: the passages that the laptop's own search ranks beside the right one.

Not all that a search finds and the data do not name is wrong. A candidate is left out
where it holds the answer's very words, and where its cosine to the question comes too near
to the right passage's (the "TopK-PercPos" filter of NV-Retriever, Moreira et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.types import Hit
from convert.atomic_output import Job
from convert.dataset.articles import ShownText
from convert.embedder.passage_library import PassageLibrary
from convert.embedder.question_pairs import Asked, QuestionSet


@dataclass(frozen=True, slots=True)
class MinedQuestion:
    """A question, the number of a passage that answers it, and passages that don't."""

    question: str
    positive: int
    negatives: tuple[int, ...]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MiningSettings:
    """Number of negatives, search depth, and margin below the right passage's cosine.

    A candidate's cosine must be at most `(1 - margin)` times the positive's.
    """

    count: int
    depth: int
    margin: float


def mine(
    library: PassageLibrary, found: QuestionSet, mining: MiningSettings, job: Job
) -> list[MinedQuestion]:
    """Return each train question with its positives, one entry for each of them.

    A question of which the search finds too few negatives gets fewer, or none. Raises
    `Cancelled` and what the search raises.
    """
    mined: list[MinedQuestion] = []
    for done, asked in enumerate(found.train, start=1):
        job.cancel.raise_if_cancelled()
        hits = library.hits(asked.question, mining.depth) if mining.count else []
        for positive in asked.relevant:
            chosen = _negatives(hits, asked, positive, found, mining)
            mined.append(MinedQuestion(asked.question, positive, chosen, asked.answers))
        job.progress("mining hard negatives", done, len(found.train))
    return mined


def _negatives(
    hits: Sequence[tuple[int, Hit]],
    asked: Asked,
    positive: int,
    found: QuestionSet,
    mining: MiningSettings,
) -> tuple[int, ...]:
    cosines = {number: hit.scores.dense for number, hit in hits}
    right = cosines.get(positive)
    if right is None:
        # The search prefers all that it found: which of it is wrong can't be told.
        return ()
    ceiling = (1.0 - mining.margin) * right
    chosen = []
    for number, cosine in cosines.items():
        if number in asked.relevant or (cosine is not None and cosine > ceiling):
            continue
        if asked.answers and ShownText([found.passages[number].text]).holds(asked.answers):
            continue
        chosen.append(number)
    return tuple(chosen[: mining.count])
