"""The text of an answer, as a person (or a script that reads nothing else) gets it."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.types import Sentence

NOT_FOUND = "The documents do not seem to hold an answer to this question."
CLOSEST = "The closest passage says:"


def answer_text(
    extract: Sentence | None, written: Sequence[Sentence], *, refused: bool, relevant: bool
) -> str:
    """Compose the text: the extract first, then what the model wrote and could support.

    Sentences of the model that no quote supports, or that only repeat the extract, are
    left out here; they stand, marked, in `Answer.sentences`. If nothing relevant was found
    or the model refused, the text says so first and quotes the closest sentence, if any.
    """
    if not relevant:
        return NOT_FOUND
    if refused or extract is None:
        return NOT_FOUND if extract is None else f"{NOT_FOUND} {CLOSEST} {extract.text}"
    parts = [extract.text]
    parts += [
        sentence.text
        for sentence in written
        if sentence.supported and not _repeats(sentence, extract)
    ]
    return "\n".join(parts)


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
