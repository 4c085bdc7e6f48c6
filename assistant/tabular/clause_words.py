"""Tell by its words how likely a sentence belongs to a clause that lawyers have marked.

A linear model for each of CUAD's 41 categories: words and pairs of neighbours, weighted by how
rare they are, scaled to unit length, with logistic regression (no layer in between, so that
each weight can be read in the file). A contract is scored in milliseconds. The weights and how
they were made are in `models/cuad-clause-words`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from assistant.models.catalogue import bundled_models_dir
from assistant.strict_reader import read_file, read_json
from assistant.types import Passage

_LARGEST = 4 << 20
_LONGEST = 4_000
"""Characters of a sentence that are looked at."""

WORDS = frozenset({"Document Name", "Parties", "Agreement Date", "Effective Date"})
"""Of these the lawyers marked names and dates, of all others whole sentences."""

_WORD = re.compile(r"[a-z]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class ClauseWords:
    """The model. `words` gives for each word or pair its rarity, then clause numbers and weights.

    `biases` are in nats, one for each of `clauses`.
    """

    clauses: tuple[str, ...]
    biases: tuple[float, ...]
    words: Mapping[str, tuple[float, Mapping[str, float]]]

    def log_odds(self, sentence: str, clause: str) -> float:
        """Return the log-odds (nats) that a sentence is of a clause. Raises `ValueError`."""
        number = self.clauses.index(clause)
        key, total, length = str(number), 0.0, 0.0
        for word in features(sentence):
            if (known := self.words.get(word)) is not None:
                rarity, weights = known
                length += rarity * rarity
                total += rarity * weights.get(key, 0.0)
        return self.biases[number] + (total / math.sqrt(length) if length else 0.0)


def features(sentence: str) -> set[str]:
    """Return the words and neighbouring pairs of a sentence; all numbers are the word 0."""
    found = _WORD.findall(sentence[:_LONGEST].lower())
    words = ["0" if word[0].isdigit() else word for word in found]
    return {*words, *map(" ".join, pairwise(words))}


def words_file() -> Path:
    """Return the file of the weights that we ship. Raises `ModelError`."""
    return bundled_models_dir() / "cuad-clause-words" / "clause_words.json"


@cache
def clause_words() -> ClauseWords:
    """Return the model that we ship."""
    return read_json(read_file(words_file(), _LARGEST), ClauseWords)


@dataclass(frozen=True, slots=True)
class ClauseSentence:
    """The sentence `start:end` of a passage, and its log-odds (nats) to be of a clause."""

    passage: Passage
    start: int
    end: int
    log_odds: float


def clause_sentences(clause: str, passages: Sequence[Passage]) -> list[ClauseSentence]:
    """Return the sentences of a document, the likeliest of a clause first.

    A sentence that two passages share is there once.
    """
    from assistant.answering.best_sentence import sentence_spans  # imports numpy

    model, found = clause_words(), dict[tuple[int, int], ClauseSentence]()
    for passage in passages:
        for start, end in sentence_spans(passage.text):
            place = passage.start + start, passage.start + end
            if place not in found:
                odds = model.log_odds(passage.text[start:end], clause)
                found[place] = ClauseSentence(passage, start, end, odds)
    return sorted(found.values(), key=lambda one: -one.log_odds)
