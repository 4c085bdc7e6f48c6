"""Detect the language of a text by its script and its commonest words.

Made to tell which parts of the program can read a text or a question: where there is too little
to go by, it says nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

ENGLISH = "en"
NAMES = {
    ENGLISH: "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian",
    "pt": "Portuguese", "nl": "Dutch", "sv": "Swedish", "pl": "Polish",
    "CJK": "Chinese or Japanese", "HANGUL": "Korean", "CYRILLIC": "a Cyrillic script",
    "GREEK": "Greek", "ARABIC": "Arabic", "HEBREW": "Hebrew", "DEVANAGARI": "Hindi",
    "THAI": "Thai", "": "an unknown language",
}  # fmt: skip
"""What is told apart, as it is said to a person."""

_COMMON = {
    ENGLISH: "the of and to in is that for was with as by are from this which be or not it were "
    "how what when who whose where why does do did can must may many much long has have I",
    "de": "der die und den das von mit dem des ist ein eine nicht auf für sich werden wird zu im "
    "wie wann wer wo wohin welche welcher welches welchen welchem viel viele muss darf man wenn",
    "fr": "le les des et est une dans qui pour sur pas du au avec sont par il elle que ce la en "
    "combien quel quelle quels quelles quand où comment faut peut doit un l d qu",
    "es": "el los las y del una que por con para es se su al como está son más no lo la en "
    "cuánto cuánta cuántos cuántas cuál cuándo quién dónde qué hay puede debe cada un",
    "it": "il che di della per un è con sono gli nel alla dei una non si da le la in "
    "quanto quanti quante quale quali quando chi dove cosa può deve",
    "pt": "o os que do da em uma para com não é dos no na por se mais as ao um "
    "quanto quantos quantas qual quais quando quem onde pode deve",
    "nl": "het een van en dat niet met voor zijn op te aan wordt door deze bij ook de in is "
    "hoe hoeveel wanneer wie waar welke moet mag",
    "sv": "och att det som en på är av för med till den inte har ett i om vid "
    "hur många mycket när vem var vilken vilket måste får",
    "pl": "i w na że nie do się z jest o jak po co przez dla są oraz ten "
    "ile kiedy kto gdzie jaki jaka jakie który która musi może",
}
_WORDS = {language: frozenset(text.split()) for language, text in _COMMON.items()}
_SIGNS = {"\u00bf": "es", "\u00df": "de"}
_LETTERS = re.compile(r"[^\W\d_]+")
_SCRIPTS = ("CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "HANGUL")
_EAST = ("HIRAGANA", "KATAKANA", "CJK")
_LEAST_HITS = 3
_LOOK_AT = 2_000


def language_of(text: str, *, least: int = _LEAST_HITS) -> str:
    """Return "en", "de", ... or the name of a script that is not Latin; "" if unsure.

    A language must have `least` of its commonest words in the text (of a question one is
    enough), and half as many again as any other.
    """
    text = text[:_LOOK_AT]
    script = _script(text)
    if script != "LATIN":
        return script
    words = [word if word == "I" else word.lower() for word in _LETTERS.findall(text)]
    hits = {language: sum(w in known for w in words) for language, known in _WORDS.items()}
    for sign, language in _SIGNS.items():
        hits[language] += _LEAST_HITS * (sign in text)
    (best, most), (_, second) = Counter(hits).most_common(2)
    return best if most >= least and most >= 1.5 * second else ""


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
