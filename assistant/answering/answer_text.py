"""Format an answer as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.types import Contradiction, Sentence

NOT_FOUND = "The documents do not seem to hold an answer to this question."
CLOSEST = "The closest passage says:"


def answer_text(
    extracts: Sequence[Sentence],
    written: Sequence[Sentence],
    *,
    refused: bool,
    relevant: bool,
    contradictions: Sequence[Contradiction] = (),
) -> str:
    """Compose the text: the extracts first, then what the model wrote and could support.

    Sentences of the model that no quote supports, or that only repeat an extract, are
    left out here; they stand, marked, in `Answer.sentences`. If nothing relevant was found
    or the model refused, the text says so first and quotes the closest sentence, if any.
    Where the documents contradict each other, both sides are given, each with its place,
    also if the model refused: that they disagree is an answer.
    """
    if not relevant:
        return NOT_FOUND
    if refused or not extracts:
        parts = [f"{NOT_FOUND} {CLOSEST} {extracts[0].text}" if extracts else NOT_FOUND]
    else:
        parts = [extract.text for extract in extracts]
        parts += [
            sentence.text
            for sentence in written
            if sentence.supported and not any(_repeats(sentence, one) for one in extracts)
        ]
    parts += [disagreement_text(found) for found in contradictions]
    return "\n".join(parts)


def disagreement_text(found: Contradiction) -> str:
    """Say a contradiction in one line, with both places."""
    return f"{found.heading} {_with_place(found.first)} \u2014 {_with_place(found.second)}"


def place_of(sentence: Sentence) -> str:
    """Return document and page of a sentence that was copied ("" if it has no place)."""
    return f"{sentence.quotes[0].document}, {sentence.quotes[0].where}" if sentence.quotes else ""


def _with_place(sentence: Sentence) -> str:
    return f"\u201c{sentence.text}\u201d ({place_of(sentence)})"


def _repeats(sentence: Sentence, extract: Sentence) -> bool:
    """Tell whether all that a sentence quotes lies inside the extract."""
    return all(
        any(
            (own.document_id, own.page) == (other.document_id, other.page)
            and other.start <= own.start
            and own.end <= other.end
            for other in extract.quotes
        )
        for own in sentence.quotes
    )
