"""Check which sentences of an answer are supported by the passages.

A sentence is supported if at least one quote of it stands in a passage, none of its
quotes is made up, and nothing that it says around them is at odds with the sentences that
it quotes (`assistant.answering.checks`). What can't be checked is not supported.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from assistant.answering.checks.attribution import (
    PASSAGE,
    claimed_documents,
    claimed_pages,
    claimed_passages,
    without_attribution,
)
from assistant.answering.checks.claim_checks import Claim, flaws_around, short, spliced
from assistant.answering.checks.negation import cut_negation, without_verdict, wrong_verdict
from assistant.answering.checks.sentence_context import Context
from assistant.answering.checks.support import Similarity, unlike
from assistant.answering.quote_location import PassageIndex, stands_whole
from assistant.answering.quote_marks import (
    MarkedQuote,
    answer_sentences,
    find_quotes,
    outside_of,
)
from assistant.answering.request import Quote
from assistant.text.canonical import canonical
from assistant.text.signs import QUOTE_MARKS
from assistant.text.words import content_stems, words
from assistant.types import Citation, Flaw, Passage, Place, Sentence

_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*\u2022])\s+")
_SHORT_WORDS = 3
_OUTSIDE_MARKED = 0.5
_OUTSIDE_COPIED = 0.34
_LEAST_CLAIMED = 3
"""Words of its own that a sentence must have for its likeness to the passage to be judged."""


@dataclass(slots=True)
class _Found:
    """The check's result for one sentence: the places it quotes and what is wrong with it.

    `groups` has the places of each quote (or copied run). `pieces` are all stretches that
    stand somewhere, quoted or not, in the order of the sentence, `joins` the words between.
    """

    groups: list[list[Place]] = field(default_factory=list)
    pieces: list[Place] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    quoted: bool = False
    outside: str = ""

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(place for group in self.groups for place in group)


def check_quote(quote: Quote, passage: Passage) -> Sentence:
    """Make a sentence of a quote that the engine held to a passage, cited at its place.

    Its words need no looking up. Still it is not supported if it has no letter or digit, if
    it is cut out of a number or compound ("5 mg" of "1.5 mg"), or if the word before it
    denies what it says.
    """
    place = Place(0, quote.place.start, quote.place.end)
    context = Context([passage])
    whole = stands_whole(canonical(passage.text), passage.text, place.start, place.end)
    denied = cut_negation(context.words_before(place))
    flaws = []
    if not any(map(str.isalnum, quote.text)):
        flaws.append(Flaw("unquoted"))
    elif not whole:
        numbers = any(passage.text[at].isdigit() for at in (place.start, place.end - 1))
        flaws.append(Flaw("number" if numbers else "fabricated", short(quote.text)))
    elif denied is not None:
        flaws.append(Flaw("negation", denied))
    cited = passage.cite(place.start, place.end)
    return Sentence(f'"{quote.text}"', bool(cited) and not flaws, cited, "model", tuple(flaws))


def check_answer(
    text: str,
    passages: Sequence[Passage],
    question: str,
    *,
    numbered: Sequence[Passage] | None = None,
    similarity: Similarity | None = None,
) -> list[Sentence]:
    """Split a model's answer into sentences and mark which of them the passages support.

    `numbered` are the passages of the prompt, in its order, so that "[1]" means the first
    (by default all `passages`). With `similarity` it is checked too whether the passage is
    about what the sentence says. Every citation that comes back holds the document's own
    characters.
    """
    checker = _Checker(passages, question, passages if numbered is None else numbered)
    quotes = find_quotes(text)
    starts = [quote.start for quote in quotes]
    checked = []
    for start, end in answer_sentences(text, quotes, _says_something):
        own = quotes[bisect_left(starts, start) : bisect_left(starts, end)]
        checked.append(checker.check(text[start:end], start, own))
    pairs = [pair for _, pair in checked if pair is not None]
    odd = iter(unlike(pairs, similarity) if similarity is not None else [False] * len(pairs))
    return [
        replace(sentence, supported=False, flaws=(Flaw("dissimilar"),))
        if pair is not None and next(odd)
        else sentence
        for sentence, pair in checked
    ]


class _Checker:
    """Checks the sentences of one answer."""

    def __init__(
        self, passages: Sequence[Passage], question: str, numbered: Sequence[Passage]
    ) -> None:
        self._passages = passages
        self._index = PassageIndex(passages)
        self._context = Context(passages)
        self._question = question
        self._asked = content_stems(question)
        self._numbered = numbered

    def check(
        self, text: str, start: int, quotes: Sequence[MarkedQuote]
    ) -> tuple[Sentence, tuple[str, str] | None]:
        """Check one sentence; return what its likeness is to be judged by too, if it is."""
        claims = [quote for quote in quotes if any(map(str.isalnum, quote.inner))]
        said = text if claims else without_verdict(text)
        found = self._marked(text, start, claims) if claims else self._copied(said)
        cited = self._index.cite(*found.places)
        if verdict := wrong_verdict(text, self._question):
            found.flaws.append(Flaw("negation", verdict))
        if found.places:
            found.flaws += self._around(said, found, cited)
        sentence = Sentence(
            text=" ".join(text.split()),
            supported=bool(cited) and not found.flaws,
            quotes=cited,
            origin="model",
            flaws=tuple(dict.fromkeys(found.flaws)),
        )
        if not sentence.supported or not found.quoted:
            return sentence, None
        own = without_attribution(found.outside, self._context.documents)
        if len(_claimed(own)) < _LEAST_CLAIMED:
            return sentence, None
        said = without_attribution(_bare(text), self._context.documents)
        return sentence, (said, self._context.together(found.places, 1, 1))

    def _marked(self, text: str, start: int, claims: Sequence[MarkedQuote]) -> _Found:
        """Look up what stands between quotation marks."""
        prefer = self._preferred(text)
        found = _Found(quoted=True)
        pieces = outside_of(text, start, claims)
        found.outside = " ... ".join(pieces)
        for claim in claims:
            places = self._index.find(claim.inner, prefer)
            if not places:
                found.flaws.append(self._not_found(claim.inner))
            elif any(self._context.apart(places[0], place) for place in places[1:]):
                found.flaws.append(Flaw("spliced", short(claim.inner)))
            found.groups.append(places)
        if found.flaws:
            return found
        cited = [self._index.text(place) for place in found.places]
        self._line_up(found, pieces)
        plain = without_attribution(text, self._context.documents)
        unmarked = _bare("".join(c for c in plain if c not in QUOTE_MARKS))
        if not _says_enough(plain, cited, self._asked) and not self._index.find(unmarked, prefer):
            found.flaws.append(Flaw("beyond"))
        return found

    def _line_up(self, found: _Found, outside: Sequence[str]) -> None:
        """Put the quotes in a row with what was copied around them without marks."""
        prefer = [place.passage for place in found.places]
        join = ""
        for number, piece in enumerate(outside):
            plain = canonical(piece).text
            at = 0
            stretches = [(run.start, run.end, run.place) for run in self._index.runs(plain, prefer)]
            if number < len(found.groups):
                stretches.append((len(plain), len(plain), found.groups[number][0]))
            for start, end, place in stretches:
                if found.pieces:
                    found.joins.append(join + plain[at:start])
                found.pieces.append(place)
                join, at = "", end
            join += plain[at:]

    def _not_found(self, quote: str) -> Flaw:
        """A quote that stands nowhere: is it at least put together from real pieces?"""
        plain = canonical(quote).text
        runs = self._index.runs(plain)
        copied = sum(run.end - run.start for run in runs)
        whole = len(runs) > 1 and copied >= 0.8 * len(plain.strip())
        return Flaw("spliced" if whole else "fabricated", short(quote))

    def _copied(self, text: str) -> _Found:
        """Look for words copied without quotation marks: the whole sentence, or long runs."""
        bare = _bare(text)
        prefer = self._preferred(text)
        found = _Found(outside=bare)
        if len(words(bare)) >= 2 and content_stems(bare):
            whole = self._index.find(bare, prefer)
            if whole:
                found.groups.append(whole)
                return found
        plain = canonical(bare).text
        runs = self._index.runs(plain, prefer)
        found.groups = [[run.place] for run in runs]
        found.pieces = [run.place for run in runs]
        found.joins = [plain[one.end : two.start] for one, two in pairwise(runs)]
        covered = frozenset(s for run in runs for s in content_stems(plain[run.start : run.end]))
        claimed = _claimed(without_attribution(text, self._context.documents))
        if not covered:
            found.flaws.append(Flaw("unquoted"))
        elif len(claimed - covered - self._asked) > _OUTSIDE_COPIED * len(claimed):
            found.flaws.append(Flaw("beyond"))
        return found

    def _around(self, text: str, found: _Found, cited: tuple[Citation, ...]) -> list[Flaw]:
        flaws = []
        if spliced(found.pieces, found.joins, self._context):
            flaws.append(Flaw("spliced"))
        claim = Claim(
            text=_bare(text),
            outside=_ITEM.sub("", found.outside),
            quoted=found.quoted,
            places=found.places,
            cited=cited,
            numbered=self._numbers_of(found.places),
            question=self._question,
        )
        return flaws + list(flaws_around(claim, self._context))

    def _preferred(self, text: str) -> list[int]:
        """Return which passages to look at first: those that the sentence names."""
        numbers = [n for n in claimed_passages(text) if 0 < n <= len(self._numbered)]
        named = claimed_documents(text, self._context.documents)
        pages = {page for page, _ in claimed_pages(text)}
        known = list(enumerate(self._passages))
        prefer = [at for n in numbers for at, p in known if _within(self._numbered[n - 1], p)]
        prefer += [at for at, p in known if p.document in named]
        return prefer + [at for at, p in known if pages & {page.number for page in p.pages}]

    def _numbers_of(self, places: Sequence[Place]) -> tuple[int, ...] | None:
        """Return the numbers (from 1) of the prompt's passages from which the places come."""
        if not self._numbered:
            return None
        return tuple(
            number
            for number, shown in enumerate(self._numbered, start=1)
            if any(_within(shown, self._passages[place.passage]) for place in places[:50])
        )


def _within(shown: Passage, passage: Passage) -> bool:
    """Tell whether a passage of the prompt is (a window of) this one."""
    same = shown.document_id == passage.document_id
    return same and passage.start <= shown.start and shown.end <= passage.end


def _says_enough(text: str, cited: Sequence[str], asked: Collection[str]) -> bool:
    """Tell whether quotes carry their sentence, or are a mere ornament of it.

    At least half of what it claims must be quoted or asked; if a word or two is all that
    is quoted, then everything.
    """
    quoted = frozenset(s for quote in cited for s in content_stems(quote))
    long = any(len(words(quote)) >= _SHORT_WORDS for quote in cited)
    claimed = _claimed(text)
    allowed = _OUTSIDE_MARKED * len(claimed) if long else 0
    return bool(quoted) and len(claimed - quoted - frozenset(asked)) <= allowed


def _bare(text: str) -> str:
    """Leave out item numbers and references such as [1]: they are no part of the claim."""
    return _ITEM.sub("", PASSAGE.sub(" ", text)).strip()


def _says_something(text: str) -> bool:
    return any(map(str.isalnum, _bare(text)))


def _claimed(text: str) -> frozenset[str]:
    return content_stems(_bare(text))
