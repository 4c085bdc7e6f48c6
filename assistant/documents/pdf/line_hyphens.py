"""Join words that a hyphen breaks at the end of a line.

Whether "co-" and "operate" are one word or a compound can't be told from the two lines. The rest
of the document tells: the spelling that stands in it within a line. Where neither does, the
hyphen is taken for that of a broken word, which it is in most cases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.documents.pdf.layout import Line, PageLines

_BROKEN = re.compile(r"([^\W\d_]+)-$")
_REST = re.compile(r"([^\W\d_]+)(\S*)\s*")
_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")


def joined_words(pages: Sequence[PageLines]) -> list[PageLines]:
    """Return the pages with the ends of broken words moved up to their beginnings.

    A compound keeps its hyphen and is moved up as well, so that no word is in two lines.
    """
    hyphened = (line.text for page in pages for line in page.lines if "-" in line.text)
    text = "\n".join(hyphened).casefold()
    compounds = set(_COMPOUND.findall(text))
    return [replace(page, lines=tuple(_joined(page.lines, compounds))) for page in pages]


def _joined(lines: Sequence[Line], compounds: set[str]) -> list[Line]:
    done: list[Line] = []
    for line in lines:
        ends = done and not line.apart and done[-1].text.endswith("-")
        broken = _BROKEN.search(done[-1].text) if ends else None
        rest = _REST.match(line.text) if broken else None
        if broken is None or rest is None or not rest[1][0].islower():
            done.append(line)
            continue
        compound = f"{broken[1]}-{rest[1]}".casefold() in compounds
        before = done[-1].text if compound else done[-1].text[:-1]
        done[-1] = replace(done[-1], text=f"{before}{rest[1]}{rest[2]}")
        left = line.text[rest.end() :]
        if left:
            done.append(replace(line, text=left))
    return done
