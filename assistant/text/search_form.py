"""The form in which texts and questions meet in a search: folded words, and whole terms.

On top of the canonical form: no case, no accents, letters that have no accent to lose in
their usual transcription (\u00df/ss, \u00f8/o, \u0142/l), U.K. as UK; scripts that know no
spaces in overlapping pairs of characters. Behind the words stand the whole terms: codes and
acronyms as one term each, numbers and dates by their value. The word index holds what
`index_text` returns; a question's words come from the same functions.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from assistant.text.canonical import MARKS, plain_form
from assistant.text.codes import JOIN, find_codes
from assistant.text.quantities import Value, find_values

SEARCH_FORM = f"2/{unicodedata.unidata_version}"
"""Names this form: an index that was filled with another one is filled again.

Raise the number whenever `index_text` returns something else for any text.
"""

_LETTERS = str.maketrans(
    {
        "\u00e6": "ae", "\u0153": "oe", "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u00f0": "d",
        "\u00fe": "th", "\u0131": "i", "\u0127": "h", "\u0167": "t", "\u014b": "n",
        "\u03c2": "\u03c3", "\u0640": None, JOIN: " ",
    }
)  # fmt: skip
_DOTTED = re.compile(r"(?<![\w.])(?:[^\W\d_]\.){1,8}[^\W\d_](?![\w])\.?")
_SECTION = re.compile("\u00a7{1,2}")
_BROKEN = re.compile(r"([^\W\d_]+)[-\u2010][ \t]*(?:\r\n?|\n)\s*([^\W\d_]+)")
_UNSPACED = re.compile(
    rf"(?:[\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0ec6\u1000-\u1029\u1780-\u17b3"
    rf"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    rf"[{MARKS}]*)+"
)
_DIGITS = re.compile(r"\d+")
_SMALL_NUMBER = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)?\b")
_JOINED_DIGITS = re.compile(r"\d+(?:[.,']\d+)+")
_CHARACTER = re.compile(rf".[{MARKS}]*")


def folded(text: str) -> str:
    """Return `text` without case and accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in parts if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def search_text(text: str) -> str:
    """Return `text` as it is searched, but for the whole terms (`whole_terms`)."""
    return _spaced(folded(undotted(plain_form(text))), singles=False)


def index_text(text: str) -> str:
    """Return what the word index holds for `text`: its words, then its whole terms.

    A word that is broken with a hyphen at a line's end is there as one word and in its
    parts, since nobody knows whether it has a hyphen anyway ("long-term").
    """
    plain = plain_form(text)
    words = _spaced(folded(undotted(plain)), singles=True)
    parts = [folded(part) for pair in _BROKEN.findall(text) for part in pair]
    return " ".join([words, *parts, *whole_terms(text, plain)])


def whole_terms(text: str, plain: str | None = None) -> list[str]:
    """Return the codes, acronyms, numbers and dates of `text`, one term each, in order.

    `plain` is the canonical form of `text`, if that is known. What the plain words hold
    anyway (a whole number in digits) is left out.
    """
    plain = plain_form(text) if plain is None else plain
    lines = plain_lines(text) if "\n" in text else plain
    terms = [code.term for code in find_codes(lines)]
    for value in find_values(text):
        terms.extend(_value_terms(value))
    return list(dict.fromkeys(terms))


def plain_lines(text: str) -> str:
    """Return the canonical form of each line of `text`."""
    return "\n".join(map(plain_form, text.split("\n")))


def undotted(plain: str) -> str:
    """Return a text with "U.K." as "UK", and "\u00a7" as the word that it is read as."""
    plain = _SECTION.sub(" section ", plain)
    return _DOTTED.sub(lambda found: found.group().replace(".", ""), plain)


def spaced(text: str) -> str:
    """Return a text with scripts that are written without spaces in pairs of characters."""
    return _spaced(text, singles=False)


def _spaced(text: str, *, singles: bool) -> str:
    if text.isascii():
        return text
    return _UNSPACED.sub(lambda found: f" {_pairs(found.group(), singles=singles)} ", text)


def _pairs(run: str, *, singles: bool) -> str:
    """Return overlapping pairs; with `singles` the characters as well, to be found alone."""
    characters = _CHARACTER.findall(run)
    pairs = [one + other for one, other in pairwise(characters)]
    return " ".join([*pairs, *characters] if singles or not pairs else pairs)


def without_parts(text: str) -> str:
    """Return a question without the pieces of numbers and dates that `whole_terms` gives whole.

    Who asks for 1,240 does not look for a 1 and a 240.
    """
    plain = plain_form(text)
    for value in reversed(find_values(plain)):
        pieces = _SMALL_NUMBER if value.date is not None else _JOINED_DIGITS
        whole = pieces.sub(" ", value.surface)
        plain = f"{plain[: value.start]}{whole}{plain[value.end :]}"
    return plain


def _value_terms(value: Value) -> list[str]:
    if value.date is not None:
        whole = [day for day in value.date.readings if None not in day]
        terms = [JOIN.join(["d", *map(str, day[:n])]) for day in whole for n in (3, 2)]
        return list(dict.fromkeys(terms))
    numbers = (format(abs(number).normalize(), "f") for number in sorted(value.raws))
    there = _DIGITS.findall(value.surface)
    return [number.replace(".", JOIN) for number in numbers if number not in there]
