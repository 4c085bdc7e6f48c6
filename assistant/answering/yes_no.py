"""Say "yes" or "no" of a yes/no question, only where the quoted sentence itself says so.

"May the tenant sublet?" is answered by the clause that decides. A word is put before the clause
only if the clause speaks of all that the question names: "no" where one of the two denies it, or
where something is another number than is asked, "conditional" where the clause names a condition
that the question does not. Everything else is left to the person who reads the clause.
"""

from __future__ import annotations

import re

from assistant.answering.checks.identity import conflicts
from assistant.answering.checks.negation import (
    Words,
    align,
    negation_flipped,
    opposite_word,
    opposites_of,
)
from assistant.answering.strategies.question_type import asks_whether
from assistant.text.canonical import plain_form
from assistant.text.quantities import find_values
from assistant.text.words import content_stems
from assistant.types import YesNo

_AUXILIARY = re.compile(
    r"^\s*(?:is|are|was|were|do|does|did|may|must|should|shall|will|would|has|have|had|can|could)"
    r"(?:n['\u2019]t)?\s+(?:there\s+|it\s+(?:allowed|permitted|possible)\s+(?:to|that)\s+)?",
    re.IGNORECASE,
)
_AND_HOW = re.compile(
    r",?\s+and\s+(?:if\s+so,?\s+)?(?:how|when|on what|under what|why)\b.*$", re.IGNORECASE
)
_OPEN = re.compile(
    r"\bor\b|\b(?:at (?:least|most)|more than|less than|fewer than|up to|over|under|above|below|"
    r"between|before|after|always|ever|any)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|unless|only|except|provided|subject to|without|until|as long as|so long as|"
    r"in (?:the )?(?:case|event)|where|when|not before|other than|save|but)\b",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    r"\b(?:whether|disputed|unclear|unknown|undecided|not known|plan(?:s|ned|ning)?|intend(?:s|ed)?"
    r"|propos(?:e|es|ed|al)|consider(?:s|ed|ing)?|hopes?|expect(?:s|ed)?)\b",
    re.IGNORECASE,
)
_IS = re.compile(r"^\s*(?:is|are|was|were)\b", re.IGNORECASE)
_LEAVE = re.compile(r"\b(?:may|can|could|might)\b", re.IGNORECASE)
_MODALS = frozenset("may must shall can should will might could would".split())


def yes_no_of(question: str, sentence: str, context: str = "") -> YesNo:
    """Return what `sentence` says to a yes/no question: yes, no, conditional, or "" (unsaid).

    `context` is what the sentence stands under: its headings and the name of its document.
    """
    asked = _AND_HOW.sub("", _AUXILIARY.sub("", question, count=1)).strip(" ?.!")
    if not asks_whether(question) or _OPEN.search(asked) or _UNDECIDED.search(sentence):
        return ""
    if _LEAVE.search(sentence) and not _LEAVE.match(question.lstrip()):
        return ""  # what one may do is no duty, and no fact
    there, around = content_stems(sentence), content_stems(context)
    wanted = content_stems(_without_values(asked)) - _MODALS
    missing = {s for s in wanted - there if not opposites_of(s, there)}
    if not missing <= around or len(wanted - missing) < min(2, max(1, len(wanted))):
        return ""
    if others := conflicts(question, sentence, context):
        # What was done on another day, or to more of them, may have been done as asked too.
        is_another = _IS.match(question) and {other.kind for other in others} == {"number"}
        return "no" if is_another and not _OPEN.search(sentence) else ""
    if _CONDITION.search(sentence) and not _CONDITION.search(asked):
        return "conditional"
    return _by_words(asked, sentence)


def _without_values(text: str) -> str:
    """Leave out numbers and dates: `conflicts` compares them by what they mean."""
    text = plain_form(text)
    for value in reversed(find_values(text)):
        text = text[: value.start] + text[value.end :]
    return text


def _by_words(asked: str, sentence: str) -> YesNo:
    """Compare what question and sentence deny; a duty is neither leave nor the lack of it."""
    aligned = align(Words.of(asked), Words.of(sentence))
    if aligned is None:
        return ""
    opposite = opposite_word(aligned)
    if opposite and _MODALS & {word.lower() for word in opposite}:
        return ""
    denied = negation_flipped(aligned, Words.of("")) is not None
    return "no" if denied != (opposite is not None) else "yes"
