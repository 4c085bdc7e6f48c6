"""Detect the language of a text by its script and its commonest words.

Made to tell an answer's language from its passage's, and nothing more: where there is too
little to go by, it says nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_COMMON = {
    "en": "the of and to in is that for was with as by are from this which be or not it were",
    "de": "der die und den das von mit dem des ist ein eine nicht auf für sich werden wird zu im",
    "fr": "le les des et est une dans qui pour sur pas du au avec sont par il elle que ce la en",
    "es": "el los las y del una que por con para es se su al como está son más no lo la en",
    "it": "il che di della per un è con sono gli nel alla dei una non si da le la in",
    "pt": "o os que do da em uma para com não é dos no na por se mais as ao um",
    "nl": "het een van en dat niet met voor zijn op te aan wordt door deze bij ook de in is",
    "sv": "och att det som en på är av för med till den inte har ett i om vid",
    "pl": "i w na że nie do się z jest o jak po co przez dla są oraz ten",
}
_WORDS = {language: frozenset(text.split()) for language, text in _COMMON.items()}
_LETTERS = re.compile(r"[^\W\d_]+")
_SCRIPTS = ("CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "HANGUL")
_EAST = ("HIRAGANA", "KATAKANA", "CJK")
_LEAST_HITS = 3
_LOOK_AT = 2_000


def language_of(text: str) -> str:
    """Return "en", "de", ... or the name of a script that is not Latin; "" if unsure.

    A language must have three of its commonest words in the text, and half as many again
    as any other.
    """
    text = text[:_LOOK_AT]
    script = _script(text)
    if script != "LATIN":
        return script
    words = [word.lower() for word in _LETTERS.findall(text)]
    hits = {language: sum(w in known for w in words) for language, known in _WORDS.items()}
    (best, most), (_, second) = Counter(hits).most_common(2)
    return best if most >= _LEAST_HITS and most >= 1.5 * second else ""


def _script(text: str) -> str:
    """Return the script in which more than half of the letters are ("" if none is)."""
    counts = Counter(_script_of(character) for character in text if character.isalpha())
    name, most = next(iter(counts.most_common(1)), ("", 0))
    return name if most * 2 > counts.total() else ""


def _script_of(character: str) -> str:
    name = "" if character.isascii() else unicodedata.name(character, "")
    if name.startswith(_EAST):
        return "CJK"
    return next((script for script in _SCRIPTS if name.startswith(script)), "LATIN")


def differ(one: str, other: str) -> bool:
    """Tell whether two texts are, as far as can be said, in different languages."""
    first, second = language_of(one), language_of(other)
    return bool(first) and bool(second) and first != second
