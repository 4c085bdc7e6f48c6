"""Questions from sentences that hold one figure: asked for by a rule, or to be completed."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

from assistant.evaluation.draft.candidates import (
    BLANK,
    CLOZE,
    Candidate,
    Page,
    fold,
    lower_words,
    make,
)
from assistant.evaluation.draft.quantities import TARGET, wordings
from assistant.evaluation.draft.question_rules import Quantity, question_of
from assistant.text.sentences import Span
from assistant.text.words import content_stems

_CLAUSE = re.compile(
    r"(?:[-*+\u2022\u25cf\uf0b7]\s+|[(\[]?(?:\d{1,3}(?:\.\d{1,3}){0,4}|[a-zA-Z]|[ivx]{1,5})[.)\]]{1,2}\s+"
    r"|\d{1,3}(?:\.\d{1,3}){1,4}\s+|\d{1,2}\s+(?=[A-Z]))"
)
_RUN_IN = re.compile(r"[A-Z][A-Za-z,&'\u2019/ -]{3,48}\.\s+(?=[A-Z])")
_FURNITURE = re.compile(
    r"\bpage\s+\d+\b|\bexhibit\s+\d|\bconfidential treatment\b|omitted|source:|https?:|@|"
    r"\[[*\s\u2022]*\]|_{3,}|\.{4,}|\u00b7",
    re.IGNORECASE,
)
_UNFIT_START = re.compile(
    r"(?:it|they|he|she|this|these|that|those|such|there|its|their|and|or|but|then|also|"
    r"provided|however|otherwise|except|see|note)\b",
    re.IGNORECASE,
)
_FEWEST_WORDS, _MOST_WORDS = 6, 45
_LONGEST = 600
_MOST_FIGURES = 3
_WINDOW = 26
_YEAR = re.compile(r"(?:19|20)\d\d\b")
_TIME = re.compile(r"(?:second|minute|hour|day|week|month|year)s?$")
_UNITS_THAT_NUMBER = frozenset(
    """
    sections section articles article clauses clause pages exhibits parts schedules does
    applies has was is
""".split()
)


def cloze(page: Page, sentences: Sequence[Span]) -> Iterator[Candidate]:
    """Yield a question for the figures of each sentence that stands for itself."""
    common = lower_words(page.text)
    for start, end in sentences:
        begin = _begin(page.text, start, end)
        if _fits(page.text[begin:end]):
            yield from _asked(page, begin, end, common)


def _begin(text: str, start: int, end: int) -> int:
    """Return where the sentence begins after its number and a heading that runs in."""
    if clause := _CLAUSE.match(text, start, end):
        start = clause.end()
        if run_in := _RUN_IN.match(text, start, end):
            start = run_in.end()
    return start


def _fits(sentence: str) -> bool:
    count = len(sentence.split())
    if (
        len(sentence) > _LONGEST
        or not _FEWEST_WORDS <= count <= _MOST_WORDS
        or not sentence.rstrip().endswith(".")
    ):
        return False
    if not sentence[:1].isupper() or sentence.isupper():
        return False
    if _UNFIT_START.match(sentence) or _FURNITURE.search(sentence):
        return False
    letters = sum(character.isalpha() or character.isspace() for character in sentence)
    return letters >= 0.8 * len(sentence) and sentence.count('"') % 2 == 0


def _asked(page: Page, begin: int, end: int, common: Container[str]) -> Iterator[Candidate]:
    sentence = page.text[begin:end]
    found = [m for m in TARGET.finditer(sentence) if _is_asked_for(m)]
    if not 0 < len(found) <= _MOST_FIGURES:
        return
    for match in found:
        if _after_a_reference(sentence[: match.start()]):
            continue
        kind = match.lastgroup if match.lastgroup != "unit" else "quantity"
        figure = Quantity(kind or "quantity", fold(match["unit"] or ""))
        before, after = sentence[: match.start()], sentence[match.end() :]
        question, score = question_of(before, after, figure, common)
        if not question:
            question, score = _to_complete(before, after, figure), 0.42
        if len(content_stems(question)) < 3:
            continue
        score -= 0.06 * (len(found) - 1)
        span = (begin + match.start(), begin + match.end())
        yield from make(
            page, CLOZE, question, fold(f"{before}{after}"), span, score,
            answers=wordings(match.group()),
        )  # fmt: skip


def _is_asked_for(match: re.Match[str]) -> bool:
    unit = fold(match["unit"] or "").lower()
    if not unit:
        return True
    last = unit.split()[-1]
    year = _YEAR.match(match.group()) and not _TIME.match(last)
    return last not in _UNITS_THAT_NUMBER and not year


def _after_a_reference(before: str) -> bool:
    """Tell whether the number is that of a section, a part or a model."""
    last = before.rstrip().rsplit(None, 1)[-1:]
    return bool(last) and last[0].strip("(").lower() in _REFERENCES


_REFERENCES = frozenset(
    """
    section sections article articles clause clauses exhibit schedule page part no no.
    number level table figure step rule item version edition and/or chapter annex appendix
""".split()
)


def _to_complete(before: str, after: str, figure: Quantity) -> str:
    """Blank the number and leave its unit: 'Complete: "... within ____ days of delivery"'."""
    left, right = fold(before).split(), fold(after).split()
    blank = f"{BLANK} {figure.unit}" if figure.unit else BLANK
    if figure.kind == "percent":
        blank = f"{BLANK} percent"
    if len(left) > _WINDOW - 6:
        left = ["...", *left[-(_WINDOW - 6) :]]
    room = max(_WINDOW - len(left), 6)
    if len(right) > room:
        right = [*right[:room], "..."]
    glue = " " if after[:1].isspace() else ""
    text = f"{' '.join([*left, blank])}{glue}{' '.join(right)}"
    text = re.sub(r"\s+([.,;:)])", r"\1", text).replace('"', "'").rstrip(".")
    return f'Complete: "{text}"'
