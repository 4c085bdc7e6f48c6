"""Tell the encoding of a text that is not UTF-8, by how likely each makes it.

Every candidate decodes the bytes; the likelihood of what comes out is that of its letters in
the language that fits best (naive Bayes over characters, as Mozilla's detector has it: Li and
Momoi, "A composite approach to language/encoding detection", 2001), and less for what no
writer does: a capital behind a small letter, two scripts in one word, a sign between two
letters. Candidates that give the same text count as one. What stays close is not guessed.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from assistant.documents.letter_frequencies import ALPHABETS, CHARACTERS, LATIN

_WESTERN = ("cp1252", "iso8859-15", "mac-roman", "cp850", "cp437")
_CENTRAL = ("cp1250", "iso8859-2", "cp852", "mac-latin2")
_OTHER_LATIN = ("cp1254", "cp1257")
_CYRILLIC = ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic")
_ASIAN = ("shift_jis", "cp932", "euc_jp", "gb18030", "big5", "cp950", "euc_kr", "cp949")
_OTHERS = ("cp1253", "iso8859-7", "cp1255", "iso8859-8", "cp1256", "iso8859-6", "cp874")
CANDIDATES = (*_WESTERN, *_CENTRAL, *_OTHER_LATIN, *_CYRILLIC, *_OTHERS, *_ASIAN)
"""All encodings that are told apart; of those that give the same text, the first is named."""

_SAMPLE = 20_000
_LEAST_LEAD = 2.0
"""By how much (in nats) the best must be likelier than the next: 7 times."""

_PRIOR = {"cp1252": 0.0, "koi8-r": -1.3, "cp1251": -0.2, "cp1250": -1.0, "cp437": -2.5,
          "cp850": -2.0, "cp852": -2.5, "cp866": -1.5, "mac-roman": -2.0, "mac-latin2": -3.0,
          "mac-cyrillic": -2.5, "cp1257": -1.0, "cp1254": -0.7}  # fmt: skip
_UNLISTED = math.log(2e-6)
_RARE_CHARACTER = math.log(1e-5)
_COMMON_CHARACTER = math.log(1 / 6000)
_AREAS = {
    "Chinese": ("gb2312", 0xB0, 0xD7), "Chinese (traditional)": ("big5", 0xA4, 0xC6),
    "Japanese": ("euc_jp", 0xB0, 0xCF), "Korean": ("euc_kr", 0xB0, 0xC8),
}  # fmt: skip
"""Where the first bytes of the commoner characters lie in the old national sets."""

_ODD = math.log(1e-4)
_STREWN = -9.0
"""A letter or two of another alphabet in a Latin text: rather a sign is misread."""

_IMPROBABLE = -8.8
"""Mean likelihood of a character below which no encoding fits."""

_WORD_BONUS = 1.2
_MOST_WORDS = 12
_PUNCTUATION = {
    **dict.fromkeys(
        "\u201c\u201d\u2018\u2019\u2013\u2014\u201e\u00ab\u00bb\u00a7\u00b0", math.log(1.5e-3)
    ),
    **dict.fromkeys(
        "\u2116\u2026\u20ac\u00a3\u2022\u00a0\u00b5\u00b2\u00b3\u00b7\u201a\u00a9\u00ae\u2122",
        math.log(5e-4),
    ),
    **dict.fromkeys(
        "\u00d7\u00f7\u00b1\u00bd\u00bc\u00be\u2030\u2020\u00b9\u2039\u203a\u00b4\u00ad",
        math.log(1e-4),
    ),
    **dict.fromkeys(map(chr, range(0x2500, 0x25A0)), math.log(2e-4)),
    **dict.fromkeys("\u3002\u3001\uff0c", math.log(2e-2)),
    **dict.fromkeys(
        "\u300c\u300d\u300e\u300f\u300a\u300b\uff1a\uff1b\uff08\uff09\uff1f\uff01\u30fb\u3000",
        math.log(5e-3),
    ),
}
_ENDLESS = re.compile(r"[^\W\d_\u0e00-\u0eff\u3000-\uffff]{50,}")
_SHOUTED = -1.5
_RULE = re.compile(r"([\u2500-\u259f])\1+")
_CAPITALS = re.compile(
    r"(?<!\w)[^\W\d_a-z\u00df-\u00ff\u03ac-\u03ce\u0430-\u045f\u3000-\uffff]{2,}(?!\w)"
)
_TRIPLE = re.compile(r"([^\W\d_\u3000-\u30ff])\1\1(?<=[^\x00-\x7f])")
_LONE = re.compile(
    r"(?<!\w)[\u00aa\u00c0-\u024f\u044a-\u044c](?<![\u00e0\u00c0\u00e9\u00c9\u00f3\u00d3\u00f2\u00f6\u00e5\u00c5\u00e1\u00e8\u00e6\u00f8\u00ed\u00fa\u00ea])(?!\w)"
)
_CASE_BREAK = re.compile(r"[^\W\d_A-Z](?=[^\W\d_])")
_SIGN_INSIDE = re.compile(
    r"(?<=[^\W\d_])[^\x00-\x7f\w\s\u0591-\u0670\u0e31-\u0e4e\u2019\u00ad\u00b7\u2013\u2014\u02bc](?=[^\W\d_])"
)
_SIGN_AT_END = re.compile(
    r"(?<=[^\W\d_])[\u00a0-\u00bf\u2020-\u2030\u0192\u02c6\u02dc](?=[\s.,;]|$)"
)
_ODDITIES = (_SIGN_INSIDE, _SIGN_AT_END, _TRIPLE, _LONE)


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding with the likelihood (in nats) of the text that it gives."""

    encoding: str
    likelihood: float


def guess_encoding(data: bytes | bytearray) -> list[Guess]:
    """Return the encoding of a text; if several are about as likely, all of them, best first.

    Only `data` around its bytes beyond ASCII is looked at. An empty list: none fits at all.
    """
    sample = _sample(bytes(data))
    texts: dict[str, Guess] = {}
    for encoding in CANDIDATES:
        text = _decoded(sample, encoding)
        if text is not None and text not in texts:
            texts[text] = Guess(encoding, _likelihood(text) + _PRIOR.get(encoding, -1.0))
    fitting = [g for text, g in texts.items() if _may_be_text(text, g.likelihood)]
    ranked = sorted(fitting, key=lambda guess: -guess.likelihood)
    return [g for g in ranked if g.likelihood > ranked[0].likelihood - _LEAST_LEAD]


def _may_be_text(text: str, likelihood: float) -> bool:
    """Tell whether its letters are likely enough, and stand in words."""
    beyond = sum(1 for c in text if c > "\x7f")
    return likelihood > _IMPROBABLE * beyond and 2 * len(_ENDLESS.sub("", text)) > len(text)


def _sample(data: bytes) -> bytes:
    """Return whole lines that hold bytes beyond ASCII, as many as are needed."""
    found: list[bytes] = []
    size = 0
    for line in data.splitlines():
        if not line.isascii():
            found.append(line[:_SAMPLE])
            size += len(line)
            if size > _SAMPLE:
                break
    return b"\n".join(found)


def _decoded(sample: bytes, encoding: str) -> str | None:
    """Return the text, None if the bytes are not of this encoding.

    A sample that was cut may end within a character.
    """
    for end in (len(sample), len(sample) - 1, len(sample) - 2, len(sample) - 3):
        try:
            text = sample[:end].decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 4 or len(sample) < _SAMPLE:
                return None
            continue
        return None if re.search("[\x7f-\x9f\ue000-\uf8ff]", text) else text
    return None


def _likelihood(text: str) -> float:
    odd = _ODD * _oddities(text)
    text = _RULE.sub(r"\1", text)
    shouted = _CAPITALS.search(text)
    if shouted:
        text = _CAPITALS.sub(lambda found: found.group().lower(), text)
        odd += _SHOUTED
    counts = Counter(c for c in text if c > "\x7f")
    punctuation = sum(n * _PUNCTUATION[c] for c, n in counts.items() if c in _PUNCTUATION)
    letters = {c: n for c, n in counts.items() if c not in _PUNCTUATION}
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    scores = [_latin(letters, words, name) for name in LATIN]
    strewn = _STREWN if sum(letters.values()) < 0.25 * _ascii_letters(text) else 0.0
    scores += [_total(letters, _alphabet(name)) + strewn for name in ALPHABETS]
    scores += [_total(letters, _characters(name), name) for name in CHARACTERS]
    return punctuation + max(scores) + odd


def _ascii_letters(text: str) -> int:
    return sum(1 for _ in re.finditer("[A-Za-z]", text))


def _latin(letters: dict[str, int], words: Counter[str], language: str) -> float:
    common = LATIN[language][1].split()
    known = min(_MOST_WORDS, sum(words[word] for word in common))
    return _total(letters, _special_letters(language)) + _WORD_BONUS * known


def _total(letters: dict[str, int], known: dict[str, float], language: str = "") -> float:
    return sum(
        n * known.get(c, _of_its_area(c, language) if language else _UNLISTED)
        for c, n in letters.items()
    )


@cache
def _of_its_area(character: str, language: str) -> float:
    """The characters of these languages are many: those of the commoner half count as such."""
    encoding, first, last = _AREAS[language]
    try:
        code = character.encode(encoding)
    except UnicodeEncodeError:
        return _RARE_CHARACTER
    common = len(code) == 2 and first <= code[0] <= last
    return _COMMON_CHARACTER if common else _RARE_CHARACTER


@cache
def _special_letters(language: str) -> dict[str, float]:
    known: dict[str, float] = {}
    for entry in LATIN[language][0].split():
        share = math.log(float(entry[1:]) / 1000)
        known[entry[0]] = share
        known.setdefault(entry[0].upper(), share - 2.5)
    return known


@cache
def _alphabet(language: str) -> dict[str, float]:
    known: dict[str, float] = {}
    for rank, letter in enumerate(ALPHABETS[language]):
        share = math.log(0.11 * 0.9**rank)
        known[letter] = share
        known.setdefault(letter.upper(), share - 3.0)
    return known


@cache
def _characters(language: str) -> dict[str, float]:
    listed = CHARACTERS[language]
    steps = {"Japanese": 0.05, "Korean": 0.03}
    top = steps.get(language, 0.02)
    return {c: math.log(top / (1 + 0.05 * rank)) for rank, c in enumerate(listed)}


def _oddities(text: str) -> int:
    """Count what no writer does."""
    return (
        _capitals_inside(text)
        + _mixed_scripts(text)
        + sum(1 for pattern in _ODDITIES for _ in pattern.finditer(text))
    )


def _capitals_inside(text: str) -> int:
    return sum(
        1
        for m in _CASE_BREAK.finditer(text)
        if m.group().islower()
        and text[m.end()].isupper()
        and (m.group() > "\x7f" or text[m.end()] > "\x7f")
    )


def _mixed_scripts(text: str) -> int:
    pairs: Iterable[str] = (
        m.group() + text[m.end()] for m in re.finditer(r"[^\W\d_](?=[^\W\d_])", text)
    )
    return sum(1 for pair in pairs if not pair.isascii() and _script(pair[0]) != _script(pair[1]))


@cache
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "?").split(" ")[0].split("-")[0]
    return "CJK" if name in ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA") else name
