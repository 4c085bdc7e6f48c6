"""What a reader learns from: a question, a passage, and the span that answers, or none."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.text.sentences import split_sentences
from convert.dataset.articles import Span

_CROPPED_CHARACTERS = (180, 560)


@dataclass(frozen=True, slots=True)
class ReadingSample:
    """A question asked of a passage. `answer` is a span of the passage, None if it has none.

    `near` is a place in the passage around which it may be cut (that of the answer, or of
    what misleads), `kind` names how the sample was made.
    """

    kind: str
    question: str
    passage: str
    answer: Span | None = None
    near: int = 0


def cropped(sample: ReadingSample, rng: random.Random) -> ReadingSample:
    """Return the sample with its passage cut to whole sentences around `near`.

    Samples with an answer and without are cut alike, or the length would give it away.
    """
    text = sample.passage
    begin, end = sample.answer or (sample.near, sample.near)
    sentences = split_sentences(text)
    inside = [i for i, (a, b) in enumerate(sentences) if a < max(end, begin + 1) and begin < b]
    if not inside:
        return sample
    first, last = inside[0], inside[-1]
    wanted = rng.randint(*_CROPPED_CHARACTERS)
    while sentences[last][1] - sentences[first][0] < wanted:
        sides = [s for s in (-1, 1) if 0 <= (first if s < 0 else last) + s < len(sentences)]
        if not sides:
            break
        if rng.choice(sides) < 0:
            first -= 1
        else:
            last += 1
    start, stop = min(sentences[first][0], begin), max(sentences[last][1], end)
    answer = sample.answer and (sample.answer[0] - start, sample.answer[1] - start)
    return ReadingSample(
        sample.kind, sample.question, text[start:stop], answer, max(0, sample.near - start)
    )


def asked_otherwise(question: str, rng: random.Random) -> str:
    """Return a question as people type it: at times without its mark, or in lower case."""
    asked = " ".join(question.split())
    if rng.random() < 0.25:
        asked = asked.rstrip(" ?.")
    elif not asked.endswith("?") and rng.random() < 0.5:
        asked += "?"
    return asked.lower() if rng.random() < 0.15 else asked


def drawn(samples: Sequence[ReadingSample], count: int, rng: random.Random) -> list[ReadingSample]:
    """Draw at most `count` samples without repeating any; all, in another order, if fewer."""
    return rng.sample(samples, min(count, len(samples)))
