"""Leave out of a text what is data for programs: pictures in data URIs, blocks of base64.

Nobody looks for such characters or quotes them; a picture of 300 kB would make a thousand
chunks. What is left are the document's own characters.
"""

from __future__ import annotations

import re

_DATA_URI = re.compile(
    r"(?P<kept>data:[\w.+-]{1,60}/[\w.+-]{1,80}(?:;[\w.=+-]{1,60}){0,4},)"
    r"(?:[^\s\"'()<>\\\[\]]{100,}(?:[ \t]*\n[ \t]*[A-Za-z0-9+/=]{40,})*)",
    re.IGNORECASE,
)
_LONG_RUN = re.compile(r"(?P<kept>(?<![A-Za-z0-9+/=_-]))[A-Za-z0-9+/_-]{300,}={0,2}")
_LINES = re.compile(
    r"(?P<kept>^)(?:[ \t>]{0,12}[A-Za-z0-9+/]{60,160}[ \t]*\n){3,}"
    r"(?:[ \t>]{0,12}[A-Za-z0-9+/]{1,160}={0,2}[ \t]*(?:\n|\Z))?",
    re.MULTILINE,
)
_KINDS = tuple(re.compile(kind) for kind in ("[A-Z]", "[a-z]", "[0-9]"))


def without_payloads(text: str) -> tuple[str, int]:
    """Return `text` without encoded data, and how many characters of it were left out.

    Long runs of letters count only if capitals, small letters and digits are mixed: a
    sequence of genes or a ruled line stays.
    """
    kept = _DATA_URI.sub(r"\g<kept>", text)
    for pattern in (_LINES, _LONG_RUN):
        kept = pattern.sub(_unless_mixed, kept)
    return kept, len(text) - len(kept)


def _unless_mixed(match: re.Match[str]) -> str:
    data = match.group()
    return "" if all(kind.search(data) for kind in _KINDS) else data
