"""Validate feedback, and derive what it stands for."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Literal

from assistant.errors import UsageError
from assistant.feedback.locate_words import (
    Reader,
    in_document,
    in_passages,
    in_place,
    not_found,
    passages_text,
)
from assistant.text.words import plain_words
from assistant.types import (
    DIRECT,
    VERDICTS,
    Answer,
    Citation,
    Correction,
    Feedback,
    ShownPassage,
    Verdict,
)

LONGEST_QUESTION = 4_000
LONGEST_WORDS = 2_000
LONGEST_ANSWER = 20_000
MOST_PLACES = 100

Outcome = Literal["answer", "unanswerable", ""]
"""What a question is worth: an answer with its place, "not in the documents", or nothing."""


def feedback_of(answer: Answer, verdict: Verdict, correction: Correction | None = None) -> Feedback:
    """Return the verdict on an answer, as `Workspace.give_feedback` takes it.

    Judged are the model's verified quotes, as they are the answer; without any, the extract's.
    A follow-up is kept with the question before it: alone it could be asked of nobody.
    """
    searched = answer.route.searched if answer.route is not None else ""
    quotes: dict[str, list[Citation]] = {"model": [], "extract": []}
    for sentence in answer.sentences:
        if sentence.supported:
            quotes[sentence.origin] += sentence.quotes
    cited = () if answer.abstained else quotes["model"] or quotes["extract"]
    shown = [
        ShownPassage(p.document_id, p.document, p.page, p.start, p.end, p.text)
        for p in (hit.passage for hit in answer.passages)
    ]
    return Feedback(
        question=searched or answer.question,
        verdict=verdict,
        answer=answer.text,
        abstained=answer.abstained,
        quotes=tuple(dict.fromkeys(cited))[:MOST_PLACES],
        shown=tuple(shown)[:MOST_PLACES],
        correction=correction,
        model=answer.model,
        strategy=answer.strategy,
    )


def to_look_for(words: str, document: str, page: int = 0) -> Citation:
    """Return a place that is still to be found: `completed` looks for it.

    On `page`, or on whichever page has the words (0).
    """
    return Citation(0, document, page, 0, 0, words)


def completed(feedback: Feedback, reader: Reader, *, any_words: bool = False) -> Feedback:
    """Check what a person gave, and find where the words of a correction stand.

    Words that stand in no passage shown (and in no place given) are refused with the nearest
    sentence, unless `any_words` accepts them as they are. Raises `UsageError`.
    """
    _check_texts(feedback)
    _check_sense(feedback)
    correction = feedback.correction
    if correction is None or correction.unanswerable:
        return feedback
    places = tuple(
        place if place.end else in_document(place.text, place.document, place.page, reader)
        for place in correction.places
    )
    words = correction.answer.strip()
    if not words:
        return replace(feedback, correction=Correction("", places))
    if places:
        inside = next((part for p in places if (part := in_place(words, p))), None)
        found = Correction("", (inside,)) if inside else Correction(words, places)
        return replace(feedback, correction=found)
    place = in_passages(words, feedback.shown, reader)
    if place is not None:
        kept = "" if _folded(place.text) == _folded(words) else words
        return replace(feedback, correction=Correction(kept, (place,)))
    if not any_words:
        raise not_found(words, "the passages shown", passages_text(feedback.shown))
    return replace(feedback, correction=Correction(words))


def outcome(feedback: Feedback) -> Outcome:
    """Return what this feedback says of its question; "" if it needs a correction."""
    correction = feedback.correction
    if correction is not None:
        return "unanswerable" if correction.unanswerable else "answer"
    if feedback.verdict != "right":
        return ""
    if feedback.abstained:
        return "unanswerable"
    return "answer" if feedback.quotes else ""


def question_key(question: str) -> str:
    """Return what two spellings of one question have in common."""
    return " ".join(plain_words(question))


def newest(entries: Iterable[Feedback]) -> list[Feedback]:
    """Return the last word on each question, in the order in which they were said.

    `exported` holds what became of earlier ones of the same question too.
    """
    last: dict[str, Feedback] = {}
    for entry in sorted(entries, key=lambda e: e.id):
        key = question_key(entry.question)
        before = last.pop(key, None)
        gone = (*before.exported, *entry.exported) if before else entry.exported
        last[key] = replace(entry, exported=tuple(dict.fromkeys(gone)))
    return list(last.values())


def with_older(entries: Collection[Feedback], ids: Collection[int]) -> list[int]:
    """Return these numbers and those of all other feedback on the same questions."""
    keys = {question_key(entry.question) for entry in entries if entry.id in ids}
    return [entry.id for entry in entries if question_key(entry.question) in keys]


def _check_texts(feedback: Feedback) -> None:
    if feedback.verdict not in VERDICTS:
        raise UsageError(f"There is no such verdict. Verdicts are {', '.join(VERDICTS)}.")
    question, correction = feedback.question, feedback.correction
    if not any(map(str.isalnum, question)):
        raise UsageError("There is no question.", hint="A question has a letter or a digit.")
    _printable(question, "The question", LONGEST_QUESTION)
    if len(feedback.answer) > LONGEST_ANSWER:
        raise UsageError(f"The answer is longer than {LONGEST_ANSWER:,} characters.")
    if max(len(feedback.quotes), len(feedback.shown)) > MOST_PLACES:
        raise UsageError(f"The answer stands on more than {MOST_PLACES} places.")
    if correction is None:
        return
    if len(correction.places) > MOST_PLACES:
        raise UsageError(f"A correction names more than {MOST_PLACES} places.")
    _printable(correction.answer, "The right answer", LONGEST_WORDS)
    for place in correction.places:
        if not place.end:
            _printable(place.text, "The words to look for", LONGEST_WORDS)
            if not any(map(str.isalnum, place.text)):
                raise UsageError("There are no words to look for in the document.")


def _printable(text: str, what: str, longest: int) -> None:
    if len(text) > longest:
        raise UsageError(f"{what} has {len(text):,} characters.", hint=f"{longest:,} are the most.")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t\r":
            raise UsageError(
                f"{what} holds a character that can't be shown (U+{ord(character):04X}).",
                hint="Type it, or copy it without the control character.",
            )


def _check_sense(feedback: Feedback) -> None:
    """Refuse what contradicts itself, or speaks of no document."""
    correction = feedback.correction
    if feedback.strategy == DIRECT:
        raise UsageError(
            "This answer is the program's own, and of no document.",
            hint="Judge answers to questions about the documents.",
        )
    if feedback.verdict == "wrong-source" and feedback.abstained:
        raise UsageError(
            "This answer names no source: it says that the documents do not answer.",
            hint="Say 'wrong', and what would have been right.",
        )
    if correction is None:
        return
    given = [bool(correction.answer.strip()), bool(correction.places), correction.unanswerable]
    if not any(given):
        raise UsageError("The correction is empty.", hint="Give words, a place, or nothing.")
    if feedback.verdict == "right":
        raise UsageError(
            "An answer that is right needs no correction.", hint="Say 'wrong' or 'wrong-source'."
        )
    if correction.unanswerable and any(given[:2]):
        raise UsageError(
            "A correction can't name an answer and say that there is none.",
            hint="Give one of both.",
        )
    if correction.unanswerable and (feedback.abstained or feedback.verdict == "wrong-source"):
        raise UsageError(
            "That contradicts itself: the documents do not answer, and "
            + ("the answer says so." if feedback.abstained else "the answer is right."),
            hint="Say 'right'." if feedback.abstained else "Say 'wrong'.",
        )


def _folded(text: str) -> str:
    return " ".join(text.split())
