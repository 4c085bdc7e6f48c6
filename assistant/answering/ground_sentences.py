"""Tie a sentence that a model wrote in its own words to the place of the passages that says so.

A small model is held to quotes; a larger one writes "Invoices must be paid within 45 days [1]."
Its sentence is laid beside the sentences of the passages that it names (of all that were shown,
if it names none). The place is the one that covers its words and in which the reader finds the
answer to the question; numbers, names, denials and opposites are then compared as with a quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answering.ask_again import LEAST_ALONE
from assistant.answering.best_sentence import sentence_spans
from assistant.answering.checks.attribution import (
    claimed_passages,
    without_attribution,
    without_places,
)
from assistant.answering.checks.claim_checks import Claim, flaws_around, short
from assistant.answering.checks.negation import NOT, Words, opposites_of, without_verdict
from assistant.answering.checks.sentence_context import Context
from assistant.answering.checks.support import Similarity, unlike
from assistant.answering.strategies.question_type import asks_whether
from assistant.text.canonical import joined_lines
from assistant.text.words import content_stems, words
from assistant.types import Flaw, Passage, Place, Reader, Sentence

_OWN_WORDS = frozenset(("unquoted", "beyond"))
"""Flaws of a sentence that says in its own words what a passage may say all the same."""

_LACKING = 0.3
"""The share of a sentence's words that may stand neither in the place nor in the question."""

_LACKING_COPIED = 0.5
"""The same for one that copies some of a passage's words, and is asked what the others are."""

_TRIED = 3
_FREQUENCY = re.compile(
    r"once|twice|thrice|hourly|daily|nightly|weekly|fortnightly|monthly|quarterly|yearly|annually"
    r"|half|double|triple"
)
_POSSESSIVE = re.compile(r"['\u2019]s?(?!\w)")
_MARKS = re.compile(r'["\u201c\u201d\u201e\u00ab\u00bb]')


@dataclass(frozen=True, slots=True)
class _Source:
    """A sentence of the passages that may say what a sentence of the model says.

    `lacking` are the model's words that it has not.
    """

    place: Place
    text: str
    lacking: frozenset[str]


def ground(
    question: str,
    sentences: Sequence[Sentence],
    shown: Sequence[Passage],
    reader: Reader,
    similarity: Similarity,
) -> list[Sentence]:
    """Return the sentences; those in a model's own words get their place, or what is wrong.

    `shown` are the passages of the prompt, in its order. Raises what the reader raises.
    """
    context = Context(shown)
    return [
        _grounded(question, sentence, context, shown, reader, similarity)
        if _in_own_words(sentence)
        else sentence
        for sentence in sentences
    ]


def _in_own_words(sentence: Sentence) -> bool:
    """Tell a sentence to be looked at: not found to be copied, or copied without saying so."""
    if sentence.flaws:
        return {flaw.code for flaw in sentence.flaws} <= _OWN_WORDS
    own = words(without_places(without_verdict(sentence.text)))
    copied = any(words(quote.text) == own for quote in sentence.quotes)
    return sentence.supported and _MARKS.search(sentence.text) is None and not copied


def _said(text: str) -> frozenset[str]:
    """Return the stems of a text; numbers are compared by their values."""
    return frozenset(stem for stem in content_stems(text) if not any(map(str.isdigit, stem)))


def _grounded(
    question: str,
    sentence: Sentence,
    context: Context,
    shown: Sequence[Passage],
    reader: Reader,
    similarity: Similarity,
) -> Sentence:
    said = without_verdict(_MARKS.sub("", sentence.text))
    claimed = without_attribution(said, context.documents)
    most = _LACKING_COPIED if sentence.supported else _LACKING
    sources = _sources(claimed, question, shown, claimed_passages(sentence.text), most)
    if not sources:
        return sentence
    source = _answering(question, sources, reader)
    flaws = tuple(_flaws(claimed, said, source, question, context, shown))
    if not flaws and unlike([(claimed, source.text)], similarity)[0]:
        flaws = (Flaw("dissimilar"),)
    place = source.place
    cited = shown[place.passage].cite(place.start, place.end)
    return replace(sentence, supported=bool(cited) and not flaws, quotes=cited, flaws=flaws)


def _sources(
    claimed: str, question: str, shown: Sequence[Passage], named: Sequence[int], most: float
) -> list[_Source]:
    """Return the few places that cover a claim's words best, all but `most` (a share) of them."""
    every = content_stems(claimed)
    own, asked = _said(claimed), content_stems(question)
    if not own or (every <= asked and not asks_whether(question)):
        return []  # it says nothing that was not in the question
    numbers = [n - 1 for n in named if 0 < n <= len(shown)] or range(len(shown))
    found = []
    for place, text in _places(shown, dict.fromkeys(numbers)):
        told = content_stems(f"{text} {shown[place.passage].heading}")
        lacking = own - told - asked
        if len(lacking) <= most * len(own) and own & told:
            found.append((len(every - told), len(text), _Source(place, text, lacking)))
    return [source for *_, source in sorted(found, key=lambda entry: entry[:2])][:_TRIED]


def _places(shown: Sequence[Passage], numbers: Iterable[int]) -> Iterator[tuple[Place, str]]:
    """Yield each sentence; two together would let what was said apart be run together."""
    for number in numbers:
        text = shown[number].text
        for start, end in sentence_spans(text):
            yield Place(number, start, end), joined_lines(text[start:end])


def _answering(question: str, sources: Sequence[_Source], reader: Reader) -> _Source:
    """Return the first place in which the reader finds an answer; of none, the first."""
    readings = reader.read(question, [source.text for source in sources])
    for source, reading in zip(sources, readings, strict=True):
        if reading.spans and reading.spans[0].score - reading.no_answer >= LEAST_ALONE:
            return source
    return sources[0]


def _flaws(
    claimed: str,
    said: str,
    source: _Source,
    question: str,
    context: Context,
    shown: Sequence[Passage],
) -> Iterator[Flaw]:
    place = source.place
    claim = Claim(
        text=said,
        outside=said,
        quoted=False,
        places=(place,),
        cited=shown[place.passage].cite(place.start, place.end),
        numbered=(place.passage + 1,),
        question=question,
    )
    yield from flaws_around(claim, context)
    if source.lacking & content_stems(shown[place.passage].text):
        yield Flaw("spliced")  # words of another sentence, which says another thing
    if often := set(words(claimed)) - set(words(source.text)):
        for word in filter(_FREQUENCY.fullmatch, sorted(often)):
            yield Flaw("number", word)
    mine, theirs = (Words.of(_POSSESSIVE.sub("", text)) for text in (claimed, source.text))
    if mine.denies() != theirs.denies() and not Words.of(question).denies():
        denied = mine if mine.denies() else theirs
        yield Flaw("negation", short(denied.surfaces[denied.keys.index(NOT)]))
    if turned := _turned(mine.keys, theirs.keys):
        yield Flaw("opposite", short(" / ".join(turned)))


def _turned(mine: Sequence[str], theirs: Sequence[str]) -> tuple[str, str] | None:
    """Return two opposites that have changed places, or one that stands for the other."""
    for at, key in enumerate(mine):
        for other in opposites_of(key, theirs):
            if key not in theirs:
                return key, other
            both = other in mine[at:] and at == mine.index(key)
            if both and theirs.index(other) < theirs.index(key):
                return key, other
    return None
