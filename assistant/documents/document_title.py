"""Find the title of a document, in its metadata or its first lines."""

from __future__ import annotations

import re

LONGEST_TITLE = 160

_SPACE = re.compile(r"\s+")
_PROGRAM = re.compile(
    r"^(?:Microsoft (?:Word|PowerPoint|Excel) - |\(Microsoft Word - )", re.IGNORECASE
)
_FILE_NAME = re.compile(
    r"\.(?:docx?|pdf|rtf|odt|xlsx?|pptx?|html?|indd|txt|dvi|tex|wpd|qxd|tmp)\)?$", re.IGNORECASE
)
_NO_TITLE = re.compile(
    r"^(?:untitled.*|\W*anonymous\W*|unspecified|document\d*|new document|title|none|"
    r"slide \d+|\W*)$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:exhibit|ex|annex|appendix|schedule)[ .-]*[\d.]+\S*$|^page \d|^\W*\d[\d\W]*$|"
    r"execution (?:copy|version)|confidential|redacted|certain information|\[\*+\]|^draft|"
    r"\b(?:19|20)\d\d$",
    re.IGNORECASE,
)
_SMALL = "a an and as at by for from in of on or the to with between"
_SMALL_WORDS = frozenset(_SMALL.split())
_LINES_TRIED = 12


def clean_title(words: str) -> str:
    """Return one line without hidden characters, cut at a word to `LONGEST_TITLE`."""
    seen = "".join(c if c.isprintable() else " " for c in words[: 4 * LONGEST_TITLE])
    line = _SPACE.sub(" ", seen).strip()
    if len(line) <= LONGEST_TITLE:
        return line
    return line[:LONGEST_TITLE].rsplit(" ", 1)[0]


def metadata_title(value: str) -> str:
    """Return the title that a file's metadata give, or "" if it is a mere file name."""
    title = clean_title(_PROGRAM.sub("", clean_title(value)))
    return "" if _FILE_NAME.search(title) or _NO_TITLE.match(title) else title


def first_line_title(text: str) -> str:
    """Return the first line that reads like a title, or "" if none of the first does.

    A title stands in capitals, or has a capital in nearly every word, and ends without a
    full stop. Exhibit numbers, page numbers and notices of redaction are passed over.
    """
    lines = (line.strip() for line in text[:4000].split("\n"))
    for line in [line for line in lines if line][:_LINES_TRIED]:
        if len(line) <= LONGEST_TITLE and not _LABEL.search(line) and _reads_like_title(line):
            return clean_title(line)
    return ""


def _reads_like_title(line: str) -> bool:
    words = [word for word in line.split() if any(map(str.isalpha, word))]
    letters = sum(map(str.isalpha, line))
    if letters < 6 or letters < 0.6 * len(line) or line.endswith((".", ",", ";", ":")):
        return False
    if line.isupper():
        return True
    told = [word for word in words if word.lower() not in _SMALL_WORDS]
    capital = sum(word.lstrip("(\"'\u201c")[:1].isupper() for word in told)
    return 2 <= len(told) <= 14 and capital == len(told)
