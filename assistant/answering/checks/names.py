"""Find names in running text: capitalised words within a sentence, acronyms, codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from assistant.text.search_form import folded
from assistant.text.sentences import split_sentences
from assistant.text.stop_words import STOP_WORDS

_WORD = re.compile(r"[^\W_]+(?:['\u2019.&-](?=[^\W_])[^\W_]+)*")
_ENDINGS = frozenset(
    ("", "s", "es", "n", "an", "ian", "ean", "ese", "ish", "i", "ic", "man", "men", "e", "y")
)
_NO_NAMES = STOP_WORDS | frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday mr mrs ms dr page section article
    clause chapter annex appendix schedule exhibit passage document according yes ii iii iv vi vii
    ok usd eur gbp
    """.split()
)
_SHORT = 3


def find_names(text: str, *, starts: bool = False) -> list[str]:
    """Return the words of names in `text`, in order, each once, as they are written.

    A capitalised word at the start of a sentence counts only with `starts`, or if it could
    be nothing else: an acronym, a code such as "B12", or followed by another capitalised
    word ("John Smith").
    """
    found: dict[str, None] = {}
    for start, end in split_sentences(text) or [(0, len(text))]:
        words = [(m.group(), m.start()) for m in _WORD.finditer(text, start, end)]
        for at, (word, place) in enumerate(words):
            sure = _is_acronym(word)
            if not sure and not (word[0].isupper() and word.casefold() not in _NO_NAMES):
                continue
            first = at == 0 or _after_mark(text, place)
            if first and not (starts or sure or _goes_on(text, words, at)):
                continue
            found[_bare(word)] = None
    return [word for word in found if len(word) > 1]


def _is_acronym(word: str) -> bool:
    """Capitals with more capitals or digits, but no roman number of a heading."""
    letters = [c for c in word if c.isalpha()]
    code = any(map(str.isdigit, word)) and bool(letters) and letters[0].isupper()
    shouted = len(letters) > 1 and sum(map(str.isupper, letters)) > len(letters) // 2
    return (shouted or code) and word.casefold() not in _NO_NAMES and len(word) <= 12


def _after_mark(text: str, place: int) -> bool:
    """What follows a quotation mark, colon or bracket may be a beginning too."""
    return text[:place].rstrip()[-1:] in set("\"'\u201c\u2018\u00ab:([*\u2022")


def _goes_on(text: str, words: Sequence[tuple[str, int]], at: int) -> bool:
    if at + 1 >= len(words):
        return False
    word, place = words[at + 1]
    between = text[words[at][1] + len(words[at][0]) : place]
    return between == " " and word[0].isupper() and not _is_acronym(word)


def _bare(word: str) -> str:
    return re.sub(r"['\u2019]s?$", "", word)


def known_words(texts: Iterable[str]) -> frozenset[str]:
    """Return all words of `texts`, folded, and the acronyms that their names would have."""
    known: set[str] = set()
    for text in texts:
        words = _WORD.findall(text)
        for word in words:
            bare = folded(_bare(word))
            known.add(bare)
            known.update(re.split(r"[^a-z0-9]+", bare))
        known.update(_acronyms(words))
    known.discard("")
    return frozenset(known)


def _acronyms(words: Sequence[str]) -> set[str]:
    """Return the initials of runs of capitalised words ("European Union": "eu")."""
    found: set[str] = set()
    initials = ""
    for word in [*words, "x"]:
        if word[0].isupper():
            initials += word[0].lower()
            found.update(initials[n:] for n in range(max(0, len(initials) - 6), len(initials) - 1))
        elif word not in ("of", "and", "the", "for"):
            initials = ""
    return found


def missing_names(names: Sequence[str], known: frozenset[str]) -> list[str]:
    """Return the names of which no form stands among the known words."""
    by_head: dict[str, list[str]] = {}
    for word in known:
        by_head.setdefault(word[:_SHORT], []).append(word)
    return [name for name in names if not _is_known(name, known, by_head)]


def _is_known(name: str, known: frozenset[str], by_head: dict[str, list[str]]) -> bool:
    whole = folded(name)
    if whole in known or whole.replace(".", "") in known:
        return True
    parts = [part for part in re.split(r"[^a-z0-9]+", whole) if part]
    return bool(parts) and all(
        part in known or any(_same_stem(part, other) for other in by_head.get(part[:_SHORT], ()))
        for part in parts
    )


def _same_stem(one: str, other: str) -> bool:
    """Tell whether two are forms of one stem of four letters or more: "German", "Germany"."""
    pairs = zip(one, other, strict=False)
    length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    if length < _SHORT + 1 or any(map(str.isdigit, one)):
        return False
    return one[length:] in _ENDINGS and other[length:] in _ENDINGS | {"a"}
