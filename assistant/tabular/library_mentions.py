"""Say which documents speak of a thing: since when, how often, and the best place of each.

"Which documents mention the warming blanket?" asks of the library and not of a fact. A passage
speaks of a thing if it has all words of its name, by their stems; no model is asked, so that the
answer is the same every day and misses nothing that has the words.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.answering.best_sentence import is_fragment, sentence_spans
from assistant.text.counted import counted
from assistant.text.words import content_stems, topic_words
from assistant.types import (
    ALL,
    Answer,
    AnswerEvent,
    Coverage,
    DocumentRecord,
    Finished,
    Hit,
    Passage,
    Route,
    Scores,
    Sentence,
    Timings,
)
from assistant.types.tabular import GridStore

KIND = "mentions"
MOST_NAMED = 50
_MOST_PASSAGES = 20_000

_THINGS = (
    r"(?:documents?|files?|papers?|texts?|contracts?|agreements?|letters?|reports?|policies|manuals?"
    r"|guidelines?|pages?|sources?|mails?|records?)"
)
_SPEAK = (
    r"(?:(?:do |does |did )?(?:speak|speaks|talk|talks|say something|tell) (?:of|about)"
    r"|mentions?|discuss(?:es)?|refers? to|deals? with|treats? of|(?:is|are) about|names?"
    r"|ha(?:s|ve) (?:something|anything) (?:on|about)|covers?|touch(?:es)? on)"
)
_QUESTION = re.compile(
    rf"(?:in )?(?:which|what|how many)(?: of)?(?: the| my| our| these)? {_THINGS}"
    rf"(?: (?:that|which))? (?:all )?{_SPEAK} (?P<what>.+?)[\s?.!]*"
    rf"|(?:in |on )?(?:which|what) {_THINGS} (?:is|are) (?P<what2>.+?) (?:mentioned|named|discussed"
    r"|spoken of|treated|referred to)[\s?.!]*"
    r"|(?:where|since when|how often) (?:is|are|was|were|has|have) (?P<what3>.+?) (?:been )?"
    r"(?:mentioned|named|discussed|spoken of|referred to)[\s?.!]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mentions:
    """A document, how many of its passages speak of the thing, and the best of these."""

    document: DocumentRecord
    passages: int
    best: Passage
    sentence: Sentence


def asked_mention(question: str) -> str:
    """Return what a question asks the mentions of; "" for another question."""
    match = _QUESTION.fullmatch(" ".join(question.split()))
    if match is None:
        return ""
    what = next(filter(None, match.groups()), "").strip(" \"'\u201c\u201d")
    return what if content_stems(topic_words(what)) else ""


def mentions_of(what: str, records: Sequence[DocumentRecord], store: GridStore) -> list[Mentions]:
    """Return the documents with a passage that has all words of `what`, most passages first."""
    wanted = content_stems(topic_words(what))
    known = {record.id: record for record in records}
    hits = store.search_text(what, _MOST_PASSAGES, set(known))
    found: dict[int, list[Passage]] = {}
    for passage in store.passages([chunk for chunk, _ in hits]):
        if wanted <= content_stems(f"{passage.heading}\n{passage.text}"):
            found.setdefault(passage.document_id, []).append(passage)
    rows = [
        Mentions(known[number], len(own), own[0], _sentence(own[0], wanted))
        for number, own in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.passages, row.document.name))


def _sentence(passage: Passage, wanted: frozenset[str]) -> Sentence:
    """Return the sentence with the most of the words, the first of several."""
    spans = sentence_spans(passage.text) or [(0, len(passage.text))]
    texts = [passage.text[start:end] for start, end in spans]
    # A heading that names the thing says nothing of it, if any sentence does.
    held = [2 * len(wanted & content_stems(text)) - is_fragment(text) for text in texts]
    start, end = spans[held.index(max(held))]
    text = " ".join(passage.text[start:end].split())
    return Sentence(text, supported=True, quotes=passage.cite(start, end), origin="extract")


def answer_mentions(
    question: str, what: str, records: Sequence[DocumentRecord], store: GridStore
) -> Iterator[AnswerEvent]:
    """Give the answer: what was looked through, then a document a line, each with its place."""
    began = time.perf_counter()
    found = mentions_of(what, records, store)
    shown = found[:MOST_NAMED]
    spent = (time.perf_counter() - began) * 1000
    yield Finished(
        Answer(
            question=question,
            text="\n".join(_said(what, found, len(records))),
            abstained=False,
            sentences=tuple(row.sentence for row in shown),
            passages=tuple(Hit(row.best, Scores(0.0)) for row in shown),
            relevance=1.0 if found else 0.0,
            timings=Timings(spent, 0.0, None, spent),
            model="",
            strategy=ALL,
            route=Route(KIND, "It asks which documents speak of something: by their words."),
            coverage=Coverage(
                documents=len(records),
                read=len(records),
                matching=tuple(row.document.name for row in found),
                items=sum(row.passages for row in found),
            ),
        )
    )


def _said(what: str, found: Sequence[Mentions], documents: int) -> list[str]:
    head = f"{len(found)} of {counted(documents, 'document')} speak of \u201c{what}\u201d"
    if not found:
        return [f"{head}: no passage has all of these words."]
    days = sorted(row.document.dated for row in found if row.document.dated)
    since = f", the earliest of {days[0]}" if days else ""
    places = counted(sum(row.passages for row in found), "passage")
    lines = [
        f"{row.document.name}: {counted(row.passages, 'passage')}"
        + (f", {row.document.dated}" if row.document.dated else "")
        for row in found[:MOST_NAMED]
    ]
    more = len(found) - MOST_NAMED
    return [f"{head}, in {places}{since}.", *lines, *([f"and {more} more"] if more > 0 else [])]
