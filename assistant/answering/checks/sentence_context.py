"""Find the sentences of a passage around a given place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from assistant.text.sentences import split_sentences
from assistant.types import Passage, Place

_MOST_PLACES = 12
_LONGEST = 4_000


class Context:
    """The passages of an answer, sentence by sentence; each passage is split when asked for."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = tuple(passages)
        self._spans: dict[int, list[tuple[int, int]]] = {}

    @property
    def documents(self) -> tuple[str, ...]:
        """The names of the documents, each once."""
        return tuple(dict.fromkeys(passage.document for passage in self._passages))

    def heading(self, place: Place) -> str:
        return self._passages[place.passage].heading

    def sentence(self, place: Place, before: int = 0, after: int = 0) -> str:
        """Return the sentences that a place touches, with some of those around it."""
        spans = self._of(place.passage)
        first, last = self._touched(place)
        begin = spans[max(0, first - before)][0]
        end = spans[min(len(spans) - 1, last + after)][1]
        text = self._passages[place.passage].text
        return text[min(begin, place.start) : max(end, place.end)][:_LONGEST]

    def together(self, places: Sequence[Place], before: int = 0, after: int = 0) -> str:
        """Return the sentences around several places, one text (the first dozen places)."""
        texts = [self.sentence(place, before, after) for place in places[:_MOST_PLACES]]
        return "\n".join(dict.fromkeys(texts))

    def words_before(self, place: Place) -> list[str]:
        """Return the last words of its sentence before a place."""
        spans = self._of(place.passage)
        begin = spans[self._touched(place)[0]][0]
        text = self._passages[place.passage].text
        return text[max(begin, place.start - 80) : place.start].split()

    def apart(self, one: Place, other: Place) -> bool:
        """Tell whether two places lie in different sentences."""
        return one.passage != other.passage or not (
            self._touched(one)[0] <= self._touched(other)[1]
            and self._touched(other)[0] <= self._touched(one)[1]
        )

    def _touched(self, place: Place) -> tuple[int, int]:
        spans = self._of(place.passage)
        first = max(0, bisect_right(spans, (place.start, len(self._passages[place.passage].text))))
        last = max(0, bisect_right(spans, (max(place.start, place.end - 1), 1 << 60)) - 1)
        return min(max(0, first - 1), last), last

    def _of(self, number: int) -> list[tuple[int, int]]:
        if number not in self._spans:
            text = self._passages[number].text
            self._spans[number] = split_sentences(text) or [(0, len(text))]
        return self._spans[number]
