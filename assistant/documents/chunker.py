"""Pack a document's pieces into chunks that fit the embedder and make sense by themselves.

A document is cut into sections at its headings, a section into *atoms* (its sentences; an
over-long one in pieces), and the atoms are packed into chunks. A chunk ends where the
document itself makes a break if one is in reach: before a numbered clause or a line in
capitals, at a blank line, a line, a sentence, in this order of preference, weighed
against the distance from the target. It goes on across a heading only while it is tiny.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assistant.documents.chunk_pieces import Atom, Break, CountTokens, count_all, make_atoms
from assistant.documents.heading_paths import HeadingPaths, common_parts, sections_of
from assistant.documents.text_windows import WINDOW, windows
from assistant.text.canonical import plain_form
from assistant.text.sentences import trimmed
from assistant.types import Chunk, ParsedDocument

Parts = tuple[str, ...]

DEFAULT_TARGET = 130
"""Tokens of text at which a chunk is best: measured by `tests/bench/tune_chunks.py`."""

_ROOM = 1.35
"""How far over the target a chunk may grow to end at a better break."""

_TINY = 0.3
"""Below this share of the target a chunk goes on across a heading."""

_CHARACTERS_PER_TOKEN = 12
"""A tokenizer may take any run of odd characters as one token: characters count too."""

_WORTH = {
    Break.INSIDE: -0.6,
    Break.HEADED: -0.5,
    Break.SENTENCE: 0.0,
    Break.LINE: 0.12,
    Break.PARAGRAPH: 0.3,
    Break.CLAUSE: 0.5,
}
"""What a break is worth, in shares of the target that the chunk may miss it by."""


@dataclass(slots=True)
class _Draft:
    """A chunk in the making: its atoms and the headings above all of them."""

    atoms: list[Atom]
    parts: Parts
    tokens: int = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = sum(atom.tokens for atom in self.atoms)

    @property
    def span(self) -> tuple[int, int]:
        return self.atoms[0].start, self.atoms[-1].end


def embedding_text(heading: str, text: str) -> str:
    """Return what is embedded for a chunk: its heading path, then its text.

    Both are in canonical form: a soft hyphen or a ligature makes other tokens of a word.
    """
    return plain_form(f"{heading}\n{text}" if heading else text)


def chunk_document(
    document: ParsedDocument,
    count_tokens: CountTokens,
    limit: int,
    target: int = DEFAULT_TARGET,
) -> list[Chunk]:
    """Cut a document into chunks, in order and without overlap.

    Together they hold every character that is not white space; each span is trimmed. For
    every chunk `count_tokens` of its `embedding_text` is at most `limit` (but a single
    character is never cut). Headings take at most a quarter of the limit. The time is
    linear in the length of the document.
    """
    steps = chunk_steps(document, count_tokens, limit, target)
    return [chunk for _, chunks in steps for chunk in chunks]


def chunk_steps(
    document: ParsedDocument,
    count_tokens: CountTokens,
    limit: int,
    target: int = DEFAULT_TARGET,
) -> Iterator[tuple[int, list[Chunk]]]:
    """Do the work of `chunk_document` in steps of about `WINDOW` characters.

    Yield how many characters of the text are done, and the chunks that this made final;
    the last step is the whole text. The memory is that of a window, not of the document.
    """

    def count(texts: Sequence[str]) -> list[int]:
        return count_tokens([plain_form(text) for text in texts])

    paths = HeadingPaths(count, limit // 4)
    sections = sections_of(document)
    paths.learn([section.parts for section in sections])
    text = document.text
    drafts: list[_Draft] = []
    told, number = 0, 0
    for section in sections:
        room = max(1, limit - paths.path(section.parts)[1])
        for start, end in windows(text, section.start, section.end):
            if start - told >= WINDOW // 2:  # only the last draft may still grow
                chunks = _fitted(text, count, limit, drafts[:-1], paths, number)
                told, number, drafts = start, number + len(chunks), drafts[-1:]
                yield told, chunks
            _add_window(drafts, text, (start, end), section.parts, count, room, target)
    yield len(text), _fitted(text, count, limit, drafts, paths, number)


def _add_window(
    drafts: list[_Draft],
    text: str,
    span: tuple[int, int],
    parts: Parts,
    count_tokens: CountTokens,
    room: int,
    target: int,
) -> None:
    """Append the drafts of a section, or of a window of a long one, to those before it."""
    longest = room * _CHARACTERS_PER_TOKEN
    size = min(target, room)
    atoms = make_atoms(text, *span, count_tokens, room, longest)
    for draft in _packed(atoms, parts, size, room, longest):
        if drafts and _joins(drafts[-1], draft, _TINY * size, room, longest):
            shared = common_parts(drafts[-1].parts, draft.parts)
            drafts[-1] = _Draft(drafts[-1].atoms + draft.atoms, shared)
        else:
            drafts.append(draft)


def _joins(last: _Draft, new: _Draft, tiny: float, room: int, longest: int) -> bool:
    """A tiny piece, such as a heading alone, goes on into the next section."""
    if last.tokens >= tiny or last.tokens + new.tokens > room:
        return False
    return new.span[1] - last.span[0] <= longest


def _packed(atoms: list[Atom], parts: Parts, target: int, room: int, longest: int) -> list[_Draft]:
    """Pack the atoms of one section."""
    left = sum(atom.tokens for atom in atoms)
    most = min(room, int(target * _ROOM))
    drafts: list[_Draft] = []
    first = 0
    while first < len(atoms):
        pieces = max(1, -(-left // most)) if left <= 2 * most else max(2, round(left / target))
        last = _best_end(atoms, first, left / pieces, most, longest)
        drafts.append(_Draft(atoms[first:last], parts))
        left -= drafts[-1].tokens
        first = last
    return drafts


def _best_end(atoms: list[Atom], first: int, ideal: float, most: int, longest: int) -> int:
    """Return the index behind the best last atom of the chunk that begins at `first`."""
    total, best, best_score = 0, first + 1, float("-inf")
    for at in range(first, len(atoms)):
        total += atoms[at].tokens
        if at > first and (total > most or atoms[at].end - atoms[first].start > longest):
            return best
        ends = at + 1 == len(atoms)
        worth = _WORTH[Break.CLAUSE] if ends else _WORTH[atoms[at + 1].before]
        score = worth - abs(total - ideal) / max(ideal, 1.0)
        if score >= best_score:
            best, best_score = at + 1, score
    return best


def _fitted(
    text: str,
    count_tokens: CountTokens,
    limit: int,
    drafts: list[_Draft],
    paths: HeadingPaths,
    number: int,
) -> list[Chunk]:
    """Number the chunks from `number` on; cut again what is over the limit when counted as a whole.

    Counts of parts need not add up to the count of the whole in every tokenizer.
    """
    pieces = [(*draft.span, paths.path(draft.parts)[0]) for draft in drafts]
    starts = [atom.start for draft in drafts for atom in draft.atoms]
    fitting: list[tuple[int, int, str]] = []
    while pieces:
        counts = count_all(count_tokens, [embedding_text(h, text[a:b]) for a, b, h in pieces])
        again: list[tuple[int, int, str]] = []
        for piece, tokens in zip(pieces, counts, strict=True):
            if tokens <= limit or (piece[1] - piece[0] == 1 and not piece[2]):
                fitting.append(piece)
            else:
                again.extend(_halves(text, piece, starts))
        pieces = again
    fitting.sort()
    return [Chunk(n, a, b, heading) for n, (a, b, heading) in enumerate(fitting, number)]


def _halves(
    text: str, piece: tuple[int, int, str], starts: list[int]
) -> list[tuple[int, int, str]]:
    """Cut a piece in two: between atoms if it has several, else at a space, else anywhere."""
    start, end, heading = piece
    if end - start == 1:
        return [(start, end, "")]
    middle = (start + end) // 2
    at = bisect_left(starts, middle)
    cuts = [cut for cut in starts[max(at - 1, 0) : at + 1] if start < cut < end]
    space = max(text.rfind(" ", start, middle), text.rfind("\n", start, middle))
    cut = min(cuts, key=lambda c: abs(c - middle)) if cuts else space if space > start else middle
    halves = (trimmed(text, start, cut), trimmed(text, cut, end))
    return [(left, right, heading) for left, right in halves if left < right]
