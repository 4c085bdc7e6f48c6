"""True answers made of paragraphs and their sentences, and the same tampered with.

Every answer is one sentence about passages of one article, each a document of its own with
pages. What is tampered with is known, so that a check can be held to it: the answer must be
shown as unsupported. The true ones are made in the same shapes and must stay supported.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answering.checks.negation import NOT, Words
from assistant.text.quantities import find_values
from assistant.text.sentences import split_sentences
from assistant.types import Passage
from tests.fakes.passages import make_passage

KINDS = ("fabricated", "spliced", "misattributed", "negated", "numbers")
EXTRA = "names"
"""A kind of its own beside the five."""

TRUE = "true"
_PASSAGES = 4
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|may|might|will|would|shall|should|must|did|does)\b"
)
_OPPOSITES = (
    ("before", "after"), ("more", "less"), ("increased", "decreased"), ("first", "last"),
    ("largest", "smallest"), ("with", "without"), ("highest", "lowest"), ("always", "never"),
    ("northern", "southern"), ("most", "least"), ("above", "below"), ("won", "lost"),
)  # fmt: skip
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b")


@dataclass(frozen=True)
class Sample:
    """One answer: what it says, of which passages, and what was done to it (`how`)."""

    kind: str
    how: str
    text: str
    question: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Source:
    """One article's paragraphs with a question about the first; `sentences` are of it."""

    question: str
    passages: tuple[Passage, ...]
    sentences: tuple[str, ...]
    strange: tuple[str, ...]
    """Sentences of another article."""


Maker = Callable[[Source, random.Random], tuple[str, str] | None]
"""Returns (answer, how), or None where the source does not lend itself to it."""


def source_of(
    question: str, paragraphs: Sequence[str], others: Sequence[str], rng: random.Random
) -> Source | None:
    """Make passages of paragraphs, the first of which the question is about."""
    passages = tuple(
        make_passage(
            text,
            number=number,
            document=f"report-{rng.randrange(100, 1000)}-{number}.pdf",
            page=rng.randrange(1, 40),
        )
        for number, text in enumerate(paragraphs[:_PASSAGES], start=1)
    )
    sentences = sentences_of(paragraphs[0])
    strange = tuple(s for text in others for s in sentences_of(text))
    if len(passages) < 2 or len(sentences) < 2 or len(strange) < 2:
        return None
    return Source(question, passages, tuple(sentences), strange)


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a paragraph that are fit for an answer of one sentence."""
    found = [" ".join(text[a:b].split()) for a, b in split_sentences(text)]
    return [
        s
        for s in found
        if 8 <= len(s.split()) <= 40
        and not set(s) & set("\"\u201c\u201d'[]\u00ab")
        and s[0].isupper()
    ]


def halves(sentence: str, rng: random.Random) -> tuple[str, str]:
    """Cut a sentence between two words, near its middle."""
    words = sentence.rstrip(".").split()
    at = max(3, min(len(words) - 4, len(words) // 2 + rng.randrange(-2, 3)))
    return " ".join(words[:at]), " ".join(words[at:])


def true_answer(source: Source, rng: random.Random) -> tuple[str, str] | None:
    """A true answer, in one of the shapes that the tampered ones have too."""
    sentence = rng.choice(source.sentences)
    passage = source.passages[0]
    first, second = halves(sentence, rng)
    shapes = {
        "quote": f'"{second}"',
        "copied": sentence,
        "half quoted": f'{first} "{second}".',
        "named": f'According to {passage.document}, "{second}".',
        "paged": f'On page {passage.page} of {passage.document} it says "{second}".',
        "numbered": f'"{sentence.rstrip(".")}" [1].',
        "two quotes": f'It says "{first}" and "{second}".',
    }
    how = rng.choice(sorted(shapes))
    return shapes[how], how


def fabricated(source: Source, rng: random.Random) -> tuple[str, str] | None:
    sentence, strange = rng.choice(source.sentences), rng.choice(source.strange)
    first, second = halves(sentence, rng)
    words = second.split()
    at = rng.randrange(len(words))
    replaced = rng.choice(
        [w for w in strange.split() if w.strip(",.").lower() != words[at].lower()]
    )
    changed = " ".join([*words[:at], replaced.strip(",."), *words[at + 1 :]])
    plain = strange.rstrip(".")
    shapes = {
        "a word of the quote": f'It says "{first} {changed}".',
        "the quote": f'It says "{plain}".',
        "without a quote": strange,
        "beside a true quote": f'{plain}, "{second}".',
        "a second quote": f'It says "{second}" and "{halves(strange, rng)[1]}".',
    }
    how = rng.choice(sorted(shapes))
    return shapes[how], how


def spliced(source: Source, rng: random.Random) -> tuple[str, str] | None:
    one, other = rng.sample(source.sentences, 2)
    if rng.random() < 0.4:
        other = rng.choice(sentences_of(source.passages[1].text) or [other])
    first, second = halves(one, rng)[0], halves(other, rng)[1]
    shapes = {
        "in one quote": f'"{first} {second}".',
        "with dots": f'"{first} ... {second}".',
        "copied": f"{first} {second}.",
        "half quoted": f'{first} "{second}".',
        "quotes run together": f'"{first}" is "{second}".',
    }
    how = rng.choice(sorted(shapes))
    return shapes[how], how


def misattributed(source: Source, rng: random.Random) -> tuple[str, str] | None:
    second = halves(rng.choice(source.sentences), rng)[1]
    right, wrong = source.passages[0], rng.choice(source.passages[1:])
    page = right.page + rng.choice((-3, -2, -1, 1, 2, 3, 10))
    shapes = {
        "another document": f'According to {wrong.document}, "{second}".',
        "another document without its ending": f'{wrong.document[:-4]} says "{second}".',
        "no such document": f'The file annex-{rng.randrange(9999)}.pdf says "{second}".',
        "another page": f'On page {max(page, 1)}, it says "{second}".',
        "another passage": f'"{second}" [{source.passages.index(wrong) + 1}].',
    }
    how = rng.choice(sorted(shapes))
    if (how == "another page" and max(page, 1) == right.page) or second in wrong.text:
        return None
    return shapes[how], how


def negated(source: Source, rng: random.Random) -> tuple[str, str] | None:
    sentence = rng.choice(source.sentences)
    denied = Words.of(sentence).keys.count(NOT)
    if denied == 1 and " not " in sentence:
        return _as_claim(sentence.replace(" not ", " ", 1), sentence, rng, "left out")
    pairs = [pair for a, b in _OPPOSITES for pair in ((a, b), (b, a)) if f" {pair[0]} " in sentence]
    if pairs and not denied and rng.random() < 0.5:
        old, new = rng.choice(pairs)
        return _as_claim(sentence.replace(f" {old} ", f" {new} ", 1), sentence, rng, "opposite")
    found = _AUXILIARY.search(sentence)
    if denied or found is None:
        return None
    word = rng.choice(("not", "never"))
    changed = f"{sentence[: found.end()]} {word}{sentence[found.end() :]}"
    return _as_claim(changed, sentence, rng, "put in")


def numbers(source: Source, rng: random.Random) -> tuple[str, str] | None:
    sentence = rng.choice([s for s in source.sentences if re.search(r"\b\d+\b", s)] or [""])
    match = re.search(r"(?<![\w.,:-])\d+(?![\w.,:-]*\w)", sentence)
    if match is None:
        return None
    known = {value.raw for passage in source.passages[:1] for value in find_values(passage.text)}
    number = int(match.group())
    changed = next(n for n in range(number + rng.randrange(1, 9), number + 99) if n not in known)
    text = f"{sentence[: match.start()]}{changed}{sentence[match.end() :]}"
    if rng.random() < 0.3:
        return f'That is {changed}: "{halves(sentence, rng)[1]}".', "beside a true quote"
    return _as_claim(text, sentence, rng, "changed")


def names(source: Source, rng: random.Random) -> tuple[str, str] | None:
    sentence = rng.choice(source.sentences)
    own = _NAME.findall(sentence)
    others = [n for s in source.strange for n in _NAME.findall(s)]
    everything = " ".join(p.text for p in source.passages) + source.question
    others = [n for n in others if n[:4] not in everything]
    if not own or not others:
        return None
    old = rng.choice(own)
    return _as_claim(sentence.replace(old, rng.choice(others), 1), sentence, rng, "changed")


def _as_claim(changed: str, sentence: str, rng: random.Random, how: str) -> tuple[str, str] | None:
    """Say a changed sentence: as if copied, or its true end in quotes after its changed part."""
    if changed == sentence:
        return None
    if rng.random() < 0.5:
        return changed, f"{how}, copied"
    words, true = changed.rstrip(".").split(), sentence.rstrip(".").split()
    same = 0
    while same < min(len(words), len(true)) and words[-1 - same] == true[-1 - same]:
        same += 1
    if same < 4:
        return changed, f"{how}, copied"
    at = len(words) - max(4, same - rng.randrange(3))
    return f'{" ".join(words[:at])} "{" ".join(words[at:])}".', f"{how}, before a true quote"


_MAKERS: dict[str, Maker] = {
    "fabricated": fabricated,
    "spliced": spliced,
    "misattributed": misattributed,
    "negated": negated,
    "numbers": numbers,
    EXTRA: names,
    TRUE: true_answer,
}


def make(source: Source, kind: str, rng: random.Random) -> Sample | None:
    """Make one answer of a kind; None where the source does not lend itself to it."""
    made = _MAKERS[kind](source, rng)
    if made is None or len(split_sentences(made[0])) != 1:
        return None
    text, how = made
    return Sample(kind, how, text, source.question, source.passages)
