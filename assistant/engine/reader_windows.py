"""The token windows that a reader sees: a question and a stretch of one passage.

A window is `[CLS] question [SEP] stretch [SEP]`, as BERT was trained for SQuAD (Devlin et
al. 2019). A passage that does not fit is read in several windows that overlap, so that an
answer at a cut stands whole in one of them. Training and laptop make their windows here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Offset = tuple[int, int]

_SHARE_FOR_QUESTION = 0.25
"""A question is cut at this share of a window: what it is asked of must have room too."""


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """Token ids of a text, and where each token stands in it (characters, start and end)."""

    ids: Sequence[int]
    offsets: Sequence[Offset]

    def part(self, first: int, end: int) -> TokenizedText:
        """Return the tokens from `first` up to `end`, with the offsets that they had."""
        return TokenizedText(self.ids[first:end], self.offsets[first:end])


@dataclass(frozen=True, slots=True)
class ReaderWindow:
    """One input of the model.

    `kinds` is 0 for the question and 1 for the passage; token `first + i` is the passage's
    token with `offsets[i]`.
    """

    ids: tuple[int, ...]
    kinds: tuple[int, ...]
    first: int
    offsets: tuple[Offset, ...]


def tokenize(tokenizer: Any, text: str) -> TokenizedText:
    """Tokenize without special tokens. Half of a surrogate pair is read as a question mark."""
    # One character for one, so that the offsets stay those of `text`.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    found = tokenizer.encode(clean, add_special_tokens=False)
    return TokenizedText(found.ids, found.offsets)


class WindowMaker:
    """Makes windows of at most `max_tokens`; `begin` and `end` are the ids of [CLS] and [SEP]."""

    def __init__(self, begin: int, end: int, max_tokens: int) -> None:
        self._begin, self._end, self._max_tokens = begin, end, max_tokens

    def question_room(self) -> int:
        """Return how many tokens of a question are read; the rest is cut."""
        return max(1, int((self._max_tokens - 3) * _SHARE_FOR_QUESTION))

    def passage_room(self, question: TokenizedText) -> int:
        """Return how many tokens of a passage fit beside a question."""
        return self._max_tokens - 3 - min(len(question.ids), self.question_room())

    def window(self, question: TokenizedText, stretch: TokenizedText) -> ReaderWindow:
        """Join a question with a stretch that fits."""
        head = (self._begin, *question.ids[: self.question_room()], self._end)
        tail = (*stretch.ids, self._end)
        kinds = (0,) * len(head) + (1,) * len(tail)
        return ReaderWindow(head + tail, kinds, len(head), tuple(stretch.offsets))

    def windows(
        self, question: TokenizedText, passage: TokenizedText, overlap: int
    ) -> Iterator[ReaderWindow]:
        """Yield the windows of a passage in order; neighbours share `overlap` tokens.

        They share half at most, however long the question is. A passage without tokens has
        no window.
        """
        room = self.passage_room(question)
        overlap = min(overlap, room // 2)
        step = room - overlap
        for first in range(0, max(len(passage.ids) - overlap, min(1, len(passage.ids))), step):
            yield self.window(question, passage.part(first, first + room))
