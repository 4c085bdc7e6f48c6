"""Tell a wording that replaces another one from a mere contradiction.

An amendment says of itself that it changes a clause ("As amended, clause 6.2 reads: ..."), and then
its wording is the one that holds: two places that differ are an earlier and a later one, not a
disagreement. Phrases only; what does not say so is never taken for newer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.answering.best_sentence import ScoredSentence, sentence_spans, text_of
from assistant.types import Hit

_PHRASE = re.compile(
    r"(?<!, )\bas (?:so )?amended,(?! (?:from|supplemented|restated|modified))"
    r"|\b(?:is|are|was|were|shall be|has been|have been)(?: hereby)? (?:amended|changed|modified)"
    r"(?: and restated)?(?: so as)? to read\b"
    r"|\b(?:is|are|was|were|shall be|has been|have been)(?: hereby)?"
    r"(?: deleted(?: in (?:its|their) entirety)? and)? (?:replaced|substituted)\b"
    r"|\bshall (?:now|henceforth) read\b"
    r"|\b(?:clause|section|article|paragraph|annex|point)\b[^.;]{0,30}\b(?:now|henceforth) reads?\b"
    r"|\b(?:in|as) (?:its|the) (?:new|amended|revised) (?:wording|version|form)\b"
    r"|\b(?:replaces|supersedes) (?:clause|section|article|paragraph|annex|point|the (?:previous|"
    r"earlier|former|old))\b",
    re.IGNORECASE,
)
_BEFORE = 200
_LEADS_ON = re.compile(r"[^.;]{0,60}[:\u2014-]\s*[\"'\u201c\u2018\u00ab]?\s*")
"""What stands between such a phrase and the new wording, where that is a sentence of its own."""

_OLD = re.compile(
    r"[\"\u201c\u2018'](?P<old>[^\"\u201c\u201d\u2019]{1,400})[\"\u201d\u2019']\s+"
    r"(?:is|are|shall be|has been|have been)(?: hereby)?(?: deleted(?: in (?:its|their) entirety)?"
    r" and)? (?:replaced|substituted|deleted)\b",
    re.IGNORECASE,
)


def replaces(hits: Sequence[Hit], sentence: ScoredSentence) -> bool:
    """Tell whether a sentence says of itself that its wording takes another one's place."""
    text = hits[sentence.hit].passage.text
    if _PHRASE.search(text_of(hits, sentence)):
        return True
    before = text[max(0, sentence.start - _BEFORE) : sentence.start]
    found = list(_PHRASE.finditer(before))
    return bool(found) and _LEADS_ON.fullmatch(before, found[-1].end()) is not None


def amending(hits: Sequence[Hit]) -> Iterator[ScoredSentence]:
    """Yield the sentences of the hits that replace another wording."""
    for number, hit in enumerate(hits):
        text = hit.passage.text
        for start, end in sentence_spans(text) if _PHRASE.search(text) else ():
            sentence = ScoredSentence(number, start, end, 0.0)
            if replaces(hits, sentence):
                yield sentence


def replaced_words(text: str) -> list[tuple[int, int]]:
    """Return where words stand that a text says are replaced ("20 days" in 'the words "20 days"
    are replaced by ...'): they no longer hold.
    """
    return [match.span("old") for match in _OLD.finditer(text)]
