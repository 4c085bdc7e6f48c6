"""Spans that are verbatim by construction: which tokens may come next in a quote.

Each next token is chosen among those with which the quote so far stays a contiguous stretch
of whole words of one passage. It is the automaton of all such stretches, walked by the set of
places where the quote so far stands: passages are short, so that no suffix automaton need be
built for it. (Constrained decoding as in De Cao et al. 2021, "Autoregressive entity
retrieval", with all stretches of the passages in place of a trie of names.)

Words are spelled as the tokenizer spells them, and in no other way: a model that would rather
write something else must not wander off into the letters of a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

MARK = b'"'
LONGEST_TOKEN = 32
"""Bytes. Longer tokens are passed over: words of prose are shorter, and each byte costs time."""

_ENTRY = 48
"""Characters after the beginning of a quote that are tokenized to find how it begins."""


def tokens_by_bytes(pieces: Mapping[int, bytes]) -> dict[bytes, int]:
    """Index a vocabulary's plain tokens by what they write; the first of equal ones counts."""
    found: dict[bytes, int] = {}
    for token, piece in pieces.items():
        if 0 < len(piece) <= LONGEST_TOKEN:
            found.setdefault(piece, token)
    return found


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a model writes: texts to tokens, a token to its bytes, and bytes to tokens."""

    tokenize: Callable[[str], list[int]]
    piece: Callable[[int], bytes]
    by_bytes: Mapping[bytes, int]


@dataclass(frozen=True, slots=True)
class Source:
    """A text with the offsets (in its bytes) at which a quote may begin and end.

    `begins` maps them to the offsets in its characters.
    """

    text: str
    data: bytes
    begins: Mapping[int, int]
    ends: frozenset[int]

    @classmethod
    def of(cls, text: str) -> Source:
        """Index a text: quotes begin and end where no word is cut, and not at a space."""
        text = text.encode("utf-8", "replace").decode("utf-8")  # no lone surrogates
        begins, ends, offset = {}, set(), 0
        before = " "
        for at, character in enumerate(text):
            if not (_in_word(before) and _in_word(character)):
                if not character.isspace():
                    begins[offset] = at
                if not before.isspace():
                    ends.add(offset)
            offset += len(character.encode("utf-8"))
            before = character
        if not before.isspace():
            ends.add(offset)
        return cls(text, text.encode("utf-8"), begins, frozenset(ends))


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


@dataclass(slots=True)
class Move:
    """What a token does: the places after it, and whether it may have closed the quote."""

    places: set[int] = field(default_factory=set)
    closed: bool = False


class Quotable:
    """Passages, and the tokens with which a quote of them may begin, go on and be closed.

    White space is taken as one space, as prompts show it.
    """

    def __init__(self, spelling: Spelling, passages: Sequence[str]) -> None:
        self._spelling = spelling
        self._next: list[list[tuple[int, int]]] = []
        """For each place the (token, place after it) that go on from there."""
        self._where: list[tuple[Source, int]] = []
        """For each place its source and its offset there."""
        self._begins: set[int] = set()
        for passage in passages:
            self._add(Source.of(" ".join(passage.split())))

    def begin(self) -> Move:
        """Return the state right after the opening mark."""
        return Move(set(self._begins))

    def moves(self, state: Move, *, may_close: bool = True) -> dict[int, Move]:
        """Return what each token that may come next leads to.

        A passage may hold quotation marks itself, so one token may both close and go on.
        """
        found: dict[int, Move] = {}
        for place in state.places:
            for token, after in self._next[place]:
                found.setdefault(token, Move()).places.add(after)
            if may_close:
                for token in self._closing(*self._where[place]):
                    found.setdefault(token, Move()).closed = True
        return found

    def _closing(self, source: Source, at: int) -> list[int]:
        """Return the tokens that write the mark, maybe after the last bytes of the quote."""
        found = []
        for length in range(min(LONGEST_TOKEN, len(source.data) - at) + 1):
            if at + length in source.ends:
                token = self._spelling.by_bytes.get(source.data[at : at + length] + MARK)
                if token is not None:
                    found.append(token)
        return found

    def _add(self, source: Source) -> None:
        """Lay out a passage: one chain of places through it, and an entry at each word."""
        chain = {0: self._place(source, 0)}
        at = 0
        for token in self._spelling.tokenize(source.text):
            piece = self._spelling.piece(token)
            if not piece or source.data[at : at + len(piece)] != piece:
                break  # a tokenizer that changes the text: only what came before can be quoted
            place = chain[at]
            at += len(piece)
            chain[at] = self._place(source, at)
            self._next[place].append((token, chain[at]))
        for offset in source.begins:
            self._enter(source, offset, chain)

    def _enter(self, source: Source, offset: int, chain: Mapping[int, int]) -> None:
        """Let quotes begin at an offset: spelled as after a mark, until the chain is met."""
        start = source.begins[offset]
        tokens = self._spelling.tokenize('"' + source.text[start : start + _ENTRY])
        if not tokens or self._spelling.piece(tokens[0]).strip() != MARK:
            return  # the mark and what follows are one token
        place = self._place(source, offset)
        self._begins.add(place)
        at = offset
        for token in tokens[1:]:
            piece = self._spelling.piece(token)
            if not piece or source.data[at : at + len(piece)] != piece:
                return
            at += len(piece)
            after = chain.get(at)
            met = after is not None
            if after is None:
                after = self._place(source, at)
            self._next[place].append((token, after))
            if met:
                return
            place = after

    def _place(self, source: Source, offset: int) -> int:
        self._next.append([])
        self._where.append((source, offset))
        return len(self._next) - 1
