"""Are the quotes of an answer really in the documents? Looked up by code of its own.

Nothing of `assistant.answering` takes part: the text that was ingested is the witness, by
document name, page, offsets and characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.types import Answer, Citation


@dataclass
class Count:
    """What was found so far; `fabricated` are quotes that do not stand where they say."""

    answers: int = 0
    abstained: int = 0
    quotes: int = 0
    sentences: int = 0
    supported: int = 0
    contradictions: int = 0
    fabricated: list[str] = field(default_factory=list)


def look_up(answer: Answer, documents: Mapping[str, Sequence[str]], count: Count) -> None:
    """Count one answer. `documents` are the pages of each document, by its name.

    Every citation, that of the short answer and of what was weighed against it included, must
    give the very characters at its offsets, on its page; and every stretch between quotation
    marks of a sentence that is shown as supported must stand in one of its citations' pages,
    white space and the marks' form aside.
    """
    count.answers += 1
    count.abstained += answer.abstained
    count.sentences += len(answer.sentences)
    count.contradictions += len(answer.contradictions)
    coverage = answer.coverage.doubtful if answer.coverage is not None else ()
    loose = [answer.short, *(q for one in answer.candidates for q in one.quotes), *coverage]
    for citation in filter(None, loose):
        count.quotes += 1
        if not stands(citation, documents):
            count.fabricated.append(f"{citation.document}, page {citation.page}: {citation.text}")
    disagreeing = [s for c in answer.contradictions for s in (c.first, c.second)]
    for sentence in (*answer.sentences, *disagreeing):
        if not sentence.supported:
            continue
        count.supported += 1
        if not sentence.quotes:
            count.fabricated.append(f"no citation: {sentence.text}")
        for quote in sentence.quotes:
            count.quotes += 1
            if not stands(quote, documents):
                count.fabricated.append(f"{quote.document}, page {quote.page}: {quote.text}")
        cited = [documents[q.document][q.page - 1] for q in sentence.quotes
                 if q.document in documents and q.page <= len(documents[q.document])]  # fmt: skip
        for claim in between_marks(sentence.text) if sentence.origin == "model" else ():
            if not any(plain(claim) in plain(page) for page in cited):
                count.fabricated.append(f"not on the page: {claim}")


def stands(quote: Citation, documents: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a citation's characters are those of its page."""
    pages = documents.get(quote.document, ())
    if not 0 < quote.page <= len(pages) or not quote.text.strip():
        return False
    return pages[quote.page - 1][quote.start : quote.end] == quote.text


def between_marks(text: str) -> list[str]:
    """Return what stands between straight double quotation marks, pair by pair.

    A sentence that is one single quote may hold marks itself.
    """
    bare = text.strip()
    if bare.startswith('"') and bare.endswith('"') and len(bare) > 1:
        return [bare[1:-1]]
    parts = bare.split('"')
    return [part for part in parts[1::2] if part.strip()] if len(parts) % 2 else []


def plain(text: str) -> str:
    """Return letters, digits and signs of a text, typographic signs made plain, no space."""
    table = {
        0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-",
        0x2010: "-", 0x2011: "-", 0x2026: "...", 0xAD: None, 0x2032: "'", 0x2033: '"', 0x60: "'",
        0xB4: "'", 0x200B: None, 0x2212: "-",
    }  # fmt: skip
    return "".join(text.translate(table).split()).casefold().strip(".,;:!?'\"")
