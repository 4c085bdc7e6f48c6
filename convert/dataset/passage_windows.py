"""Cut passages to windows of whole sentences, as `assistant.answering.prompt_budget` does.

The laptop's windows grow around the sentences that score best for one question. A group
has many questions, so a window here grows around a place chosen by chance.
"""

from __future__ import annotations

import random

from assistant.text.sentences import split_sentences
from convert.dataset.articles import Span

CHARACTERS_PER_TOKEN = 4.4
"""Measured on SQuAD's paragraphs with SmolLM2's tokenizer."""


def window(text: str, characters: int, rng: random.Random, anchor: int | None = None) -> Span:
    """Return a span of whole sentences of at most `characters` (one sentence at least).

    It holds the sentence at `anchor` if one is given, else one chosen by chance.
    """
    spans = split_sentences(text)
    if not spans:
        return 0, len(text)
    if anchor is None:
        first = rng.randrange(len(spans))
    else:
        first = max((i for i, (a, _) in enumerate(spans) if a <= anchor), default=0)
    low = high = first
    grown = True
    while grown:
        grown = False
        for side in rng.sample((-1, 1), 2):
            a, b = (low - 1, high) if side < 0 else (low, high + 1)
            if a >= 0 and b < len(spans) and spans[b][1] - spans[a][0] <= characters:
                low, high, grown = a, b, True
                break
    return spans[low][0], spans[high][1]
