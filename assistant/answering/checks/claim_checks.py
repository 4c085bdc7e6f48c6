"""Check what a sentence claims around its quotes against the sentences it quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.answering.checks.attribution import without_attribution, wrong_place
from assistant.answering.checks.names import find_names, known_words, missing_names
from assistant.answering.checks.negation import (
    NOT,
    Aligned,
    Words,
    align,
    cut_negation,
    negation_flipped,
    opposite_word,
)
from assistant.answering.checks.sentence_context import Context
from assistant.text.dates import find_dates
from assistant.text.language import differ
from assistant.text.quantities import find_values, missing
from assistant.text.signs import QUOTE_MARKS
from assistant.text.stop_words import STOP_WORDS
from assistant.text.words import content_stems, words
from assistant.types import Citation, Flaw, Place

_MARKS = re.compile(f"[{QUOTE_MARKS}]")
_LANGUAGE_WORDS = 4
_OWN_WORDS = 5
_OWN_KNOWN = 0.25
"""A sentence with so many words of its own must share this part of them with its passage."""

_LONGEST_DETAIL = 60
_MOST_LOOKED_AT = 4_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer, and the places that it quotes or copies.

    `text` is the whole sentence, `outside` what is left of it without its quotes (of a
    sentence without quotation marks all of it). `cited` are the places as citations,
    `numbered` the numbers of the passages that hold them, as the prompt gave them (None: it
    gave none).
    `question` is what was asked.
    """

    text: str
    outside: str
    quoted: bool
    places: tuple[Place, ...]
    cited: tuple[Citation, ...]
    numbered: tuple[int, ...] | None
    question: str


def flaws_around(claim: Claim, context: Context) -> Iterator[Flaw]:
    """Yield what is wrong with the words around the quotes of a claim that has some."""
    said = without_attribution(claim.outside[:_MOST_LOOKED_AT], context.documents)
    sentence = context.together(claim.places)
    wrong = wrong_place(claim.outside, claim.cited, context.documents, claim.numbered)
    if wrong is not None:
        yield Flaw("misattributed", short(wrong))
    absent = missing(find_values(said), find_values(sentence))
    if absent:
        yield Flaw("number", short(", ".join(value.surface for value in absent)))
    if claim.quoted and _strange(claim, said, context):
        yield Flaw("beyond")
    yield from _names(claim, said, context)
    yield from _polarity(claim, said, sentence, context)
    if len(words(said)) >= _LANGUAGE_WORDS and differ(said, context.together(claim.places, 2, 2)):
        yield Flaw("language")


def _strange(claim: Claim, said: str, context: Context) -> bool:
    """Tell whether a good part of the sentence has nothing to do with what it quotes."""
    own = content_stems(said)
    known = content_stems(f"{context.together(claim.places, 1, 1)} {claim.question}")
    return len(own) >= _OWN_WORDS and len(own & known) < _OWN_KNOWN * len(own)


def _names(claim: Claim, said: str, context: Context) -> Iterator[Flaw]:
    for date in reversed(find_dates(said)):  # what a month means there is checked as a number
        said = f"{said[: date.start]} {said[date.end :]}"
    names = find_names(said)
    if not names:
        return
    around = context.together(claim.places, before=1)
    headings = [context.heading(place) for place in claim.places[:1]]
    documents = [re.sub(r"[_.-]", " ", name) for name in context.documents]
    known = known_words([around, claim.question, *headings, *documents, *context.documents])
    absent = missing_names(names, known)
    if absent:
        yield Flaw("name", short(", ".join(absent)))


def _polarity(claim: Claim, said: str, sentence: str, context: Context) -> Iterator[Flaw]:
    plain = _MARKS.sub(" ", claim.text[:_MOST_LOOKED_AT])
    plain = without_attribution(plain, context.documents)
    for place in claim.places[:1]:
        cut = cut_negation(context.words_before(place))
        if cut is not None and NOT not in Words.of(said if claim.quoted else plain).keys:
            yield Flaw("negation", short(cut))
            return
    if claim.quoted and not content_stems(said) and not Words.of(said).denies():
        return  # nothing but a quote
    aligned = align(Words.of(plain), Words.of(sentence))
    if aligned is None:
        return
    flipped = negation_flipped(aligned, Words.of(claim.question))
    if flipped is not None:
        yield Flaw("negation", short(flipped))
    if changed := opposite_word(aligned):
        yield Flaw("opposite", short(" / ".join(changed)))
    if not claim.quoted and (name := _replaced_name(aligned)):
        yield Flaw("name", short(name))


def _replaced_name(aligned: Aligned) -> str | None:
    """Return the first word of a copied sentence if it stands for a name of its source."""
    word = aligned.claim.surfaces[0]
    if 0 not in aligned.claim_only or not word[0].isupper() or word.lower() in STOP_WORDS:
        return None
    for at in aligned.source_only:
        other = aligned.source.surfaces[at]
        if other[0].isupper() and other.lower() not in STOP_WORDS:
            return word
    return None


def spliced(places: Sequence[Place], joins: Sequence[str], context: Context) -> bool:
    """Tell whether pieces of different sentences are run together as if they were one.

    `joins` are the words between them; pieces that are merely listed ("... and ...") are
    no splice.
    """
    pairs = zip(places, places[1:], joins, strict=False)
    return any(context.apart(one, other) and not _lists(join) for one, other, join in pairs)


_LISTING = re.compile(
    r"[,;:.\u2014]|\b(?:and|or|but|also|while|whereas|plus|then|further|says?|states?|adds?)\b",
    re.IGNORECASE,
)


def _lists(join: str) -> bool:
    return _LISTING.search(join) is not None


def short(text: str) -> str:
    """Return a text as the detail of a flaw: one line, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_DETAIL else line[: _LONGEST_DETAIL - 3] + "..."
