"""Decode bytes by the charset that a web page or a mail names."""

from __future__ import annotations

import codecs
import contextlib
import encodings
import pkgutil
import re

from assistant.documents.encoding_evidence import CANDIDATES
from assistant.documents.text_encoding import decode_text

_ESCAPES = frozenset(["idna", "punycode", "undefined", "utf-7", "mbcs", "oem"])
_ESCAPES |= frozenset(["unicode-escape", "raw-unicode-escape"])
"""Ways to write text in ASCII, and what a system takes for its own: nobody's encoding of a file."""


_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
"""What programs write when they say these: the WHATWG's Encoding standard has the list."""

_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HEAD = 4096


def load_all() -> None:
    """Load all of Python's codecs, for a process that will have no files to load one from.

    From then on a name that is none of them is not looked for on the disk.
    """
    for module in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(LookupError, ImportError):  # Windows has some of its own
            codecs.lookup(codecs.lookup(module.name).name)  # Python looks anew for another name
    for name in CANDIDATES:
        codecs.lookup(codecs.lookup(name).name)
    encodings.__path__ = []


def named_charset(name: str) -> str:
    """Return Python's name of the text encoding called `name`, "" if there is none."""
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    found = codec.name.lower()
    if not getattr(codec, "_is_text_encoding", True) or found.replace("_", "-") in _ESCAPES:
        return ""
    return _MEANT.get(found, found)


def decode_named(data: bytes | bytearray, name: str) -> str:
    """Decode by the charset called `name`, if its bytes are that; else by what they look like.

    UTF-8 that calls itself something else is UTF-8: no other text is valid UTF-8 by chance.
    Raises `ParseFault`.
    """
    charset = named_charset(name) if name else ""
    if not charset or data.startswith(_MARKS):
        return decode_text(data)
    try:
        return decode_text(data, "utf-8") if _is_utf8(data) else data.decode(charset)
    except UnicodeDecodeError:
        return decode_text(data)


def decode_html(data: bytes | bytearray, told: str = "") -> str:
    """Decode a web page by what its carrier told, or by what it says of itself."""
    head = bytes(data[:_HEAD])
    found = _DECLARED.search(head) or _META.search(head)
    name = told or (found.group(1).decode("ascii") if found else "")
    return decode_named(data, name)


def _is_utf8(data: bytes | bytearray) -> bool:
    if data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
