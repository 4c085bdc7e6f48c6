"""The words of a question or a passage, made comparable: no case, no stop words, stems."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache

from Stemmer import Stemmer

from assistant.text.canonical import plain_form
from assistant.text.codes import JOIN, find_codes
from assistant.text.search_form import folded, plain_lines, spaced, undotted
from assistant.text.stop_words import STOP_WORDS

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_PORTER = Stemmer("porter", 0)  # without a cache of its own; a call holds the interpreter's lock
_LONGEST_STEMMED = 64
_AMENDED = re.compile(r".*?[aeiouy][^aeiouy].*?(?:bli|logi)")
_IRREGULAR = {
    "paid": "pay", "made": "make", "given": "give", "gave": "give", "kept": "keep",
    "held": "hold", "sent": "send", "sold": "sell", "bought": "buy", "taken": "take",
    "took": "take", "written": "write", "wrote": "write", "began": "begin", "begun": "begin",
    "lost": "lose", "met": "meet", "found": "find", "chosen": "choose",
    "children": "child", "women": "woman", "men": "man",
}  # fmt: skip


def words(text: str) -> list[str]:
    """Return the words of `text` in order, lower case, without a possessive 's.

    They are those of the canonical form: no hidden characters, "U.K." as "uk", scripts that
    are written without spaces in pairs of characters.
    """
    found = _WORD.findall(spaced(undotted(plain_form(text)).lower()))
    return [w[:-2] if w.endswith(("'s", "\u2019s")) else w for w in found]


def plain_words(text: str) -> list[str]:
    """Return what two spellings of `text` have in common: words without case and punctuation."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def content_stems(text: str) -> frozenset[str]:
    """Return the stems of the words that are not stop words, and the terms of the codes.

    A code ("AX-4417/A", "section 11(4)", "IT") is one term beside its parts.
    """
    stems = {stem(w) for w in words(text) if w not in STOP_WORDS}
    return frozenset(stems.union(code.term for code in find_codes(plain_lines(text))))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the stem of a word, the same as the index's (FTS5's porter over unicode61).

    Porter's algorithm of 1980 with the two amendments of his own program, which Snowball leaves
    out and SQLite has (tartarus.org/martin/PorterStemmer: "-bli" to "-ble", "-logi" to "-log").
    Irregular forms are brought to their verb or singular first, which the index can't do.
    """
    word = folded(_IRREGULAR.get(word, word))
    if not 3 <= len(word) <= _LONGEST_STEMMED or not word.isalnum():
        return word
    found: str = _PORTER.stemWord(word)
    if word[-1] == "e" or not _AMENDED.fullmatch(found):
        return found
    return found[:-1] if found.endswith("logi") else stem(f"{found[:-1]}e")


_HOW = re.compile(
    r"\bhow\s+(?:long|many|much|often|far|old|big|large|high|tall|soon|fast|quickly|frequently"
    r"|deep|wide|late|early)\b",
    re.IGNORECASE,
)
_ASKING = frozenset("may must might cannot kind type sort name happen happens say says".split())


def topic_words(question: str) -> str:
    """Leave out what only asks: the "long" of "how long", "must", "what kind of".

    Such words are no sign that a text answers, however rare they are in a library. Codes
    stay as they are written.
    """
    plain = _HOW.sub(" ", plain_form(question))
    kept: list[str] = []
    at = 0
    for code in [*find_codes(plain), None]:
        between = plain[at : code.start if code else None]
        kept += [w for w in words(between) if w not in _ASKING and w not in STOP_WORDS]
        if code:
            kept.append(plain[code.start : code.end])
            at = code.end
    return " ".join(kept) if kept else question


def idf_weights(total: int, frequencies: Mapping[str, int]) -> dict[str, float]:
    """Weigh query words by how rare they are: BM25's idf, by stem; the rarest form counts.

    `total` is the number of chunks, `frequencies` gives the chunks that hold each word.
    A word that no chunk holds has the greatest weight: it is missing from the library.
    """
    weights: dict[str, float] = {}
    for word, count in frequencies.items():
        found = min(max(count, 0), total)
        weight = math.log(1.0 + (total - found + 0.5) / (found + 0.5))
        for key in (word,) if JOIN in word else content_stems(word):
            weights[key] = max(weights.get(key, 0.0), weight)
    return weights


def coverage(weights: Mapping[str, float], stems: Collection[str]) -> float:
    """Return the share (0..1) of the weight of the query's stems that occur in a text."""
    whole = sum(weights.values())
    if whole <= 0.0:
        return 0.0
    return sum(w for key, w in weights.items() if key in stems) / whole
