"""An automaton of the passages' spans: the tokens that may come next in a verbatim quote.

Each next token is chosen among those with which the quote so far stays a contiguous stretch
of whole words of one passage. It is the automaton of all such stretches, walked by the set of
places where the quote so far stands: passages are short, so that no suffix automaton need be
built for it. (Constrained decoding as in De Cao et al. 2021, "Autoregressive entity
retrieval", with all stretches of the passages in place of a trie of names.)

Words are spelled as the tokenizer spells them, and in no other way: a model that would rather
write something else must not wander off into the letters of a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.types import Place

MARK = b'"'
LONGEST_TOKEN = 32
"""Bytes. Longer tokens are passed over: words of prose are shorter, and each byte costs time."""

_UNIT = re.compile(r"\w+|[^\w\s]")
"""A word, or a sign between words."""

_ENTRY = 48
"""Characters after the beginning of a quote that are tokenized to find how it begins."""

_REMEMBERED = 4096
"""Beginnings of quotes whose tokens are kept for the next prompt."""


def tokens_by_bytes(pieces: Mapping[int, bytes]) -> dict[bytes, int]:
    """Index a vocabulary's plain tokens by what they write; the first of equal ones counts."""
    found: dict[bytes, int] = {}
    for token, piece in pieces.items():
        if 0 < len(piece) <= LONGEST_TOKEN:
            found.setdefault(piece, token)
    return found


@dataclass(frozen=True, slots=True)
class TokenVocabulary:
    """A model's vocabulary: texts to tokens, a token to its bytes, and bytes to tokens."""

    tokenize: Callable[[str], list[int]]
    piece: Callable[[int], bytes]
    by_bytes: Mapping[bytes, int]
    _begun: dict[str, tuple[tuple[int, bytes], ...]] = field(default_factory=dict, repr=False)

    def pieces(self, text: str) -> list[tuple[int, bytes]]:
        """Return the tokens of a text with what each writes."""
        return [(token, self.piece(token)) for token in self.tokenize(text)]

    def after_mark(self, text: str) -> tuple[tuple[int, bytes], ...]:
        """Return the tokens of a text that stands after a mark; () if one holds the mark too.

        Remembered, because the words of the passages come again and again.
        """
        found = self._begun.get(text)
        if found is None:
            if len(self._begun) >= _REMEMBERED:
                self._begun.clear()
            found = self._begun[text] = self._behind_mark(self.pieces('"' + text))
        return found

    def _behind_mark(self, spelled: Sequence[tuple[int, bytes]]) -> tuple[tuple[int, bytes], ...]:
        head = b""
        for at, (_, piece) in enumerate(spelled):
            head += piece  # maybe only the space that a tokenizer puts before every text
            if head.strip():
                return tuple(spelled[at + 1 :]) if head.strip() == MARK else ()
        return ()


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """Passage number `number` in bytes, with one space between words as prompts show it.

    `begins` and `ends` map the offsets in `data` at which a quote may begin and end to those
    in the passage's own characters, whose white space may be any.
    """

    number: int
    data: bytes
    begins: Mapping[int, int]
    ends: Mapping[int, int]

    @classmethod
    def of(cls, passage: str, number: int = 0) -> IndexedPassage:
        """Index a passage: quotes begin and end where no word is cut, and not at a space.

        A lone surrogate, which no bytes can write, becomes a question mark.
        """
        data = bytearray()
        begins, ends = {}, {}
        last = 0
        for unit in _UNIT.finditer(passage):
            if data and unit.start() > last:
                data += b" "
            begins[len(data)] = unit.start()
            data += unit.group().encode("utf-8", "replace")
            ends[len(data)] = last = unit.end()
        return cls(number, bytes(data), begins, ends)


@dataclass(slots=True)
class SpanState:
    """A state of the automaton: the places reached, and where the quote may be closed.

    `closed` are (passage, offset in its bytes at which the quote then ends).
    """

    places: set[int] = field(default_factory=set)
    closed: set[tuple[int, int]] = field(default_factory=set)


class SpanAutomaton:
    """Passages, and the tokens with which a quote of them may begin, go on and be closed.

    White space is taken as one space, as prompts show it; places are in the passages' own text.
    """

    def __init__(self, vocabulary: TokenVocabulary, passages: Sequence[str]) -> None:
        self._vocabulary = vocabulary
        self._next: list[list[tuple[int, int]]] = []
        """For each place the (token, place after it) that go on from there."""
        self._where: list[tuple[IndexedPassage, int]] = []
        """For each place its source and its offset there."""
        self._begins: set[int] = set()
        self._sources = [IndexedPassage.of(passage, n) for n, passage in enumerate(passages)]
        for source in self._sources:
            self._add(source)

    def begin(self) -> SpanState:
        """Return the state right after the opening mark."""
        return SpanState(set(self._begins))

    def transitions(self, state: SpanState, *, may_close: bool = True) -> dict[int, SpanState]:
        """Return what each token that may come next leads to.

        A passage may hold quotation marks itself, so one token may both close and go on.
        """
        found: dict[int, SpanState] = {}
        for place in state.places:
            for token, after in self._next[place]:
                found.setdefault(token, SpanState()).places.add(after)
            if may_close:
                source, at = self._where[place]
                for token, end in self._closing(source, at):
                    found.setdefault(token, SpanState()).closed.add((source.number, end))
        return found

    def stretch(self, state: SpanState, data: bytes) -> tuple[str, tuple[Place, ...]]:
        """Return the words of a quote whose tokens write `data` and lead to `state`.

        And every place where the decoder may have read them, in the order of the passages: the
        same tokens lead to each, so that which of them was meant is not told by the tokens.
        Words are without the closing mark; a quote that was cut off ends with its last whole
        word, and is ("", ()) if it has none.
        """
        if state.closed:
            data = data.removesuffix(MARK)
            spans = {(number, end - len(data), end) for number, end in state.closed}
        else:
            spans = {self._whole_words(place, len(data)) for place in state.places}
        length = max((end - begin for _, begin, end in spans), default=0)
        if not length:
            return "", ()
        places = [
            Place(n, self._sources[n].begins[begin], self._sources[n].ends[end])
            for n, begin, end in sorted(spans)
            if end - begin == length
        ]
        return data[:length].decode(), tuple(places)

    def _whole_words(self, place: int, length: int) -> tuple[int, int, int]:
        """Return (passage, begin, end) of the whole words in the last bytes before a place."""
        source, at = self._where[place]
        begin = at - length
        ends = [end for end in source.ends if begin < end <= at]
        return source.number, begin, max(ends, default=begin)

    def _closing(self, source: IndexedPassage, at: int) -> Iterator[tuple[int, int]]:
        """Yield the tokens that write the mark, maybe after the quote's last bytes, and its end."""
        for end in range(at, min(at + LONGEST_TOKEN, len(source.data)) + 1):
            if end in source.ends:
                token = self._vocabulary.by_bytes.get(source.data[at:end] + MARK)
                if token is not None:
                    yield token, end

    def _add(self, source: IndexedPassage) -> None:
        """Lay out a passage: one chain of places through it, and an entry at each word."""
        chain = {0: self._place(source, 0)}
        at = 0
        for token, piece in self._vocabulary.pieces(source.data.decode()):
            if not at and piece[:1] == b" " and source.data.startswith(piece[1:]):
                at = len(piece) - 1  # a tokenizer that begins every text with a space
                chain = {at: self._place(source, at)}
                continue
            if not piece or not source.data.startswith(piece, at):
                break  # a tokenizer that changes the text: only what came before can be quoted
            place = chain[at]
            at += len(piece)
            chain[at] = self._place(source, at)
            self._next[place].append((token, chain[at]))
        for offset in source.begins:
            text = source.data[offset : offset + 4 * _ENTRY].decode("utf-8", "ignore")[:_ENTRY]
            word = text.partition(" ")[0]  # where it ends a quote nearly always meets the chain
            path, met = self._path(source, offset, word, chain)
            if path and not met and len(word) < len(text):
                path, met = self._path(source, offset, text, chain)
            self._enter(source, offset, chain, path)

    def _path(
        self, source: IndexedPassage, offset: int, text: str, chain: Mapping[int, int]
    ) -> tuple[list[tuple[int, int]], bool]:
        """Spell a quote that begins at an offset, as after a mark, until the chain is met.

        Returns the tokens, each with the offset after it, and whether the chain was met.
        """
        path = []
        at = offset
        for token, piece in self._vocabulary.after_mark(text):
            if not piece or not source.data.startswith(piece, at):
                break
            at += len(piece)
            path.append((token, at))
            if at in chain:
                return path, True
        return path, False

    def _enter(
        self,
        source: IndexedPassage,
        offset: int,
        chain: Mapping[int, int],
        path: Sequence[tuple[int, int]],
    ) -> None:
        """Let quotes begin at an offset and go the given path; the end of it may be the chain."""
        if not path:
            return
        place = self._place(source, offset)
        self._begins.add(place)
        for token, at in path:
            after = chain.get(at)
            if after is None:
                after = self._place(source, at)
            self._next[place].append((token, after))
            place = after

    def _place(self, source: IndexedPassage, offset: int) -> int:
        self._next.append([])
        self._where.append((source, offset))
        return len(self._next) - 1
