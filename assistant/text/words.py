"""Words of a question and of a passage, made comparable: lower case, no stop words, stems.

The stemmer is the first step of Porter's algorithm (plurals, -ed, -ing) and no more: it
joins the forms of one word and hardly ever two words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_VOWEL = re.compile(r"[aeiouy]")
_DOUBLED = re.compile(r"([b-df-hjkmnp-rtvwx])\1$")

_LISTED = """
    a about after again all also am an and any are as at be because been before being both but by
    can could did do does doing down during each few for from further had has have having he her
    here hers him his how i if in into is it its itself just let me more most my no nor not of off
    on once only or other our ours out over own please same shall she should so some such tell than
    that the their theirs them then there these they this those through to too under until up us
    very was we were what when where which while who whom whose why will with would you your yours
    """
STOP_WORDS = frozenset(_WORD.findall(_LISTED))
"""Words that say nothing about what a text is about."""


def words(text: str) -> list[str]:
    """Return the words of `text` in order, lower case, without a possessive 's."""
    found = _WORD.findall(text.lower())
    return [w[:-2] if w.endswith(("'s", "\u2019s")) else w for w in found]


def content_stems(text: str) -> list[str]:
    """Return the stems of the words that are not stop words, in order, with repeats."""
    return [stem(w) for w in words(text) if w not in STOP_WORDS]


_IRREGULAR = {
    "paid": "pay", "made": "make", "given": "give", "gave": "give", "kept": "keep",
    "held": "hold", "sent": "send", "sold": "sell", "bought": "buy", "taken": "take",
    "took": "take", "written": "write", "wrote": "write", "began": "begin", "begun": "begin",
    "lost": "lose", "met": "meet", "found": "find", "chosen": "choose",
    "children": "child", "women": "woman", "men": "man",
}  # fmt: skip


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the stem of a lower-case word (Porter 1980, step 1, and final e dropped)."""
    word = _IRREGULAR.get(word, word)
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("sses") or (word.endswith("ies") and len(word) > 4):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix in ("ing", "ed"):
        base = word.removesuffix(suffix)
        if base != word and len(base) >= 3 and _VOWEL.search(base):
            word = _DOUBLED.sub(r"\1", base)
            break
    if word.endswith("y") and len(word) > 3:
        word = word[:-1] + "i"
    return word.removesuffix("e") if len(word) > 4 else word


_HOW = re.compile(
    r"\bhow\s+(?:long|many|much|often|far|old|big|large|high|tall|soon|fast|quickly|frequently"
    r"|deep|wide|late|early)\b",
    re.IGNORECASE,
)
_ASKING = frozenset(_WORD.findall("may must might shall cannot kind type sort name happen happens"))


def topic_words(question: str) -> str:
    """Leave out what only asks: the "long" of "how long", "must", "what kind of".

    Such words are no sign that a text answers, however rare they are in a library.
    """
    plain = _HOW.sub(" ", question)
    kept = [w for w in words(plain) if w not in _ASKING and w not in STOP_WORDS]
    return " ".join(kept) if kept else question


def idf_weights(total: int, frequencies: Mapping[str, int]) -> dict[str, float]:
    """Weigh query words by how rare they are: BM25's idf, by stem; the rarest form counts.

    `total` is the number of chunks, `frequencies` gives the chunks that hold each word.
    A word that no chunk holds has the greatest weight: it is missing from the library.
    """
    weights: dict[str, float] = {}
    for word, count in frequencies.items():
        for part in words(word):
            if part in STOP_WORDS:
                continue
            found = min(max(count, 0), total)
            weight = math.log(1.0 + (total - found + 0.5) / (found + 0.5))
            key = stem(part)
            weights[key] = max(weights.get(key, 0.0), weight)
    return weights


def coverage(weights: Mapping[str, float], text_stems: Iterable[str]) -> float:
    """Return the share (0..1) of the weight of the query's stems that occur in a text."""
    whole = sum(weights.values())
    if whole <= 0.0:
        return 0.0
    present = set(text_stems)
    return sum(w for key, w in weights.items() if key in present) / whole
