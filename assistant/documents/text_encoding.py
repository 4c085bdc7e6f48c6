r"""Bytes of a text file to text.

The rule, in order:
1. What a person says (`--encoding`).
2. A byte order mark decides (UTF-8, UTF-16, UTF-32).
3. Many NUL bytes in the places where UTF-16 or UTF-32 has them for Latin letters: that.
4. UTF-8 if all of it is valid, or nearly all of what is not ASCII is: the wrong bytes
   then become U+FFFD. The escapes of ISO-2022-JP are valid UTF-8 too, and looked for.
5. Else the old encoding that makes the likeliest text (see `encoding_evidence`). If several
   are about as likely, the file is refused: a wrong guess would be a wrong quote.
What then still holds more than a few control characters is not text.

Newlines become "\n" and NULs are dropped; nothing else is rewritten (no Unicode
normalisation either), so that a quote stays what the file says.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import NoReturn

from assistant.documents.encoding_evidence import guess_encoding
from assistant.documents.parse_errors import ParseFault
from assistant.types.documents import Note

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J")
_MOST_NAMED = 4
_SAMPLE = 65536
_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_REPLACED = "\ufffd"
_CONTROLS_ALLOWED = 0.003
_UNSEEN = frozenset(["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"])
_PRINTS = re.compile("[!-~]")
_PRINTS_NOTHING = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffe\uffff"
)
"""Letters, marks and symbols by their category that leave the paper white."""

_REPLACED_ALLOWED = 0.1


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, and what a person should know of its encoding."""

    text: str
    notes: tuple[Note, ...] = ()


def decode_text(data: bytes | bytearray, encoding: str = "") -> str:
    """Return the text of `decode`, where nobody is to be told of the encoding."""
    return decode(data, encoding).text


def decode(data: bytes | bytearray, encoding: str = "") -> Decoded:
    """Decode a text file, by the rule above.

    Raises `ParseFault`: "not_text" if it holds binary data, "encoding_unclear" if its
    encoding can't be told, "encoding_wrong" if it is not in the one that was said.
    """
    found = _as_told(data, encoding) if encoding else _decoded(data)
    nuls = found.text.count("\x00")
    strange = nuls + sum(1 for _ in _CONTROL.finditer(found.text))
    if strange > 2 + _CONTROLS_ALLOWED * len(found.text):
        raise ParseFault("not_text")
    return Decoded(normal_newlines(found.text), found.notes)


def normal_newlines(text: str) -> str:
    r"""Drop NULs, make every newline "\n", and lone surrogates U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = re.sub("[\ud800-\udfff]", _REPLACED, text)
    return text


def has_visible_text(text: str) -> bool:
    """Tell whether anything in `text` prints: not all white space, controls, zero-width."""
    if _PRINTS.search(text):
        return True
    start = set(text[:_SAMPLE])
    return any(map(_is_visible, start)) or any(map(_is_visible, set(text) - start))


def _is_visible(character: str) -> bool:
    if character in _PRINTS_NOTHING or 0xFE00 <= ord(character) <= 0xFE0F:
        return False
    if 0xE0000 <= ord(character) <= 0xE0FFF:  # tags, and more variation selectors
        return False
    return unicodedata.category(character) not in _UNSEEN


def _as_told(data: bytes | bytearray, encoding: str) -> Decoded:
    text = data.decode(encoding, errors="replace")
    return _with_replaced(text) or _refuse("encoding_wrong", encoding)


def _decoded(data: bytes | bytearray) -> Decoded:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(encoding, errors="replace"))
    wide = _wide_encoding(bytes(data[:_SAMPLE]))
    if wide:
        return Decoded(data.decode(wide, errors="replace"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _with_replaced(data.decode("utf-8", errors="replace")) or _by_evidence(data)
    escaped = any(mark in data[:_SAMPLE] for mark in _JAPANESE_ESCAPES)
    return _named(data, "iso2022_jp") if escaped and text.isascii() else Decoded(text)


def _with_replaced(text: str) -> Decoded | None:
    """Return a text in which only a few bytes were wrong, None if it has many."""
    wrong = text.count(_REPLACED)
    right = sum(1 for c in text if c > "\x7f") - wrong
    if wrong > _REPLACED_ALLOWED * right:
        return None
    return Decoded(text, (Note("bytes_replaced", number=wrong),) if wrong else ())


def _by_evidence(data: bytes | bytearray) -> Decoded:
    guesses = guess_encoding(data)
    if not guesses:
        raise ParseFault("not_text")
    if len(guesses) > 1:
        names = dict.fromkeys(guess.encoding for guess in guesses[:_MOST_NAMED])
        raise ParseFault("encoding_unclear", label=" or ".join(names))
    return _named(data, guesses[0].encoding)


def _named(data: bytes | bytearray, encoding: str) -> Decoded:
    """Decode by a guess, and say so."""
    text = data.decode(encoding, errors="replace")
    wrong = text.count(_REPLACED)
    replaced = (Note("bytes_replaced", number=wrong),) if wrong else ()
    return Decoded(text, (Note("encoding", label=encoding), *replaced))


def _refuse(code: str, encoding: str) -> NoReturn:
    raise ParseFault(code, label=encoding)


def _wide_encoding(sample: bytes) -> str | None:
    """Guess UTF-16 or UTF-32 without a mark by where the NUL bytes of Latin text stand."""
    if sample.count(0) * 4 < len(sample) or len(sample) < 4:
        return None
    share = [sample[i::4].count(0) / max(1, len(sample[i::4])) for i in range(4)]
    if share[0] < 0.2 and min(share[1:]) > 0.9:
        return "utf-32-le"
    if share[3] < 0.2 and min(share[:3]) > 0.9:
        return "utf-32-be"
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > 0.5 * (len(sample) // 2) and even < 0.1 * odd:
        return "utf-16-le"
    if even > 0.5 * (len(sample) // 2) and odd < 0.1 * even:
        return "utf-16-be"
    return None
