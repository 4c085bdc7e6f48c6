r"""Bytes of a text file to text.

The rule, in order:
1. A byte order mark decides (UTF-8, UTF-16, UTF-32).
2. Many NUL bytes in the places where UTF-16 or UTF-32 has them for Latin letters: that.
3. UTF-8 if all of it is valid, or nearly all of what is not ASCII is: the wrong bytes
   then become U+FFFD.
4. Else Windows-1252, which has a character for nearly every byte.
What then still holds more than a few control characters is not text.

Newlines become "\n" and NULs are dropped; nothing else is rewritten (no Unicode
normalisation either), so that a quote stays what the file says.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from assistant.documents.parse_errors import ParseFault

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ENCODINGS = ("utf-8", "cp1252", *sorted({name for _, name in _MARKS} - {"utf-8"}))
_SAMPLE = 65536
_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_REPLACED = "\ufffd"
_CONTROLS_ALLOWED = 0.003
_UNSEEN = frozenset(["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"])
_PRINTS_NOTHING = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffe\uffff"
)
"""Letters, marks and symbols by their category that leave the paper white."""

_REPLACED_ALLOWED = 0.1


def decode_text(data: bytes | bytearray, encoding: str = "") -> str:
    """Decode a text file, by the rule above unless `encoding` says how.

    Raises `ParseFault` "not_text" if it holds binary data.
    """
    text = data.decode(encoding, errors="replace") if encoding else _decoded(data)
    nuls = text.count("\x00")
    strange = nuls + sum(1 for _ in _CONTROL.finditer(text))
    if strange > 2 + _CONTROLS_ALLOWED * len(text):
        raise ParseFault("not_text")
    return normal_newlines(text)


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
    start = set(text[:_SAMPLE])
    return any(map(_is_visible, start)) or any(map(_is_visible, set(text) - start))


def _is_visible(character: str) -> bool:
    if character in _PRINTS_NOTHING or 0xFE00 <= ord(character) <= 0xFE0F:
        return False
    if 0xE0000 <= ord(character) <= 0xE0FFF:  # tags, and more variation selectors
        return False
    return unicodedata.category(character) not in _UNSEEN


def _decoded(data: bytes | bytearray) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    wide = _wide_encoding(bytes(data[:_SAMPLE]))
    if wide:
        return data.decode(wide, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _not_quite_utf8(data)


def _not_quite_utf8(data: bytes | bytearray) -> str:
    text = data.decode("utf-8", errors="replace")
    wrong = text.count(_REPLACED)
    right = sum(1 for c in text if c > "\x7f") - wrong
    if wrong <= _REPLACED_ALLOWED * right:
        return text
    western = data.decode("cp1252", errors="replace")
    if western.count(_REPLACED) > 2 + _CONTROLS_ALLOWED * len(western):
        raise ParseFault("not_text")
    return western


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
