"""Look-up questions made by rule of contracts' sentences; the answer is a time or an amount.

The lawyers of CUAD marked whole clauses, and a reader that saw nothing else in contracts
answers "How high is the deposit?" with a paragraph. "The Buyer shall pay each invoice within
thirty (30) days" becomes "Within what time shall the Buyer pay each invoice?".
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence

from assistant.text.sentences import split_sentences
from convert.dataset.articles import Article, Paragraph, Span, one_line, quotable
from convert.dataset.similar_paragraphs import ParagraphIndex
from convert.reader.contract_questions import asks_for_value, category_of, wordings_of
from convert.reader.reading_samples import ReadingSample

_NUMBER = (
    r"(?:[a-z-]{3,20}\s+\(\d{1,3}\)|\d{1,3}|(?:two|three|four|five|six|seven|eight|nine|ten|"
    r"twelve|fifteen|twenty|thirty|forty|forty-five|fifty|sixty|ninety|one))"
)
_TIME = (
    rf"(?:{_NUMBER}[\s-]+(?:calendar\s+|business\s+|working\s+|consecutive\s+)?"
    r"(?:day|week|month|year|hour)s?)(?![\w-])"
)
_MONEY = r"(?:(?:US\s?)?\$\s?\d[\d,]*(?:\.\d+)?(?:\s+(?:million|billion))?|\d+(?:\.\d+)?\s?%)"
_WHO = r"(?P<who>(?:The|Each|Either|Any|Such|No)?\s?[A-Z][\w'\u2019-]*(?:\s+[\w'\u2019-]+){0,3}?)"
_DOES = _WHO + r"\s+(?P<verb>shall|will|must|may)\s+(?P<what>[a-z][^.;:()]{6,110}?)"
_RULES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern), ways)
    for pattern, ways in (
        (
            rf"{_DOES},?\s+(?:within|no\s+later\s+than|not\s+later\s+than)\s+(?P<answer>{_TIME})",
            ("Within what time {verb} {who} {what}?", "How soon {verb} {who} {what}?",
             "Within how many {unit}s {verb} {who} {what}?"),
        ),
        (
            (rf"{_DOES}\s+(?:upon|on|by|with)\s+(?:\w+\s+){{0,4}}?(?P<answer>{_TIME})"
            r"(?=['\u2019]?s?['\u2019]?\s+(?:prior\s+|advance\s+|written\s+){0,3}notice)"),
            ("With how much notice {verb} {who} {what}?",
             "How much notice must be given before {who} {verb} {what}?"),
        ),
        (
            (rf"{_DOES},?\s+for\s+(?:a\s+(?:period|term)\s+of\s+)?(?:at\s+least\s+)?"
            rf"(?P<answer>{_TIME})"),
            ("For how long {verb} {who} {what}?", "How long {verb} {who} {what}?"),
        ),
        (
            (rf"{_WHO}\s+(?P<verb>shall|will|must)\s+(?P<what>pay(?:\s+[\w'\u2019-]+){{0,5}}?)\s+"
            rf"(?:an?\s+)?(?:[\w-]+\s+){{0,4}}?(?P<answer>{_MONEY})"),
            ("How much {verb} {who} {what}?", "What amount {verb} {who} {what}?"),
        ),
    )
)  # fmt: skip
_LAW = re.compile(
    r"laws?\s+of\s+(?P<answer>(?:the\s+)?(?:(?:State|Commonwealth|Province)\s+of\s+)?"
    r"[A-Z]\w+(?:\s+[A-Z]\w+)?)"
)
_OF_CATEGORY: Mapping[str, re.Pattern[str]] = {
    "Governing Law": _LAW,
    **dict.fromkeys(
        ("Expiration Date", "Renewal Term", "Notice Period to Terminate Renewal",
         "Termination for Convenience", "Warranty Duration"),
        re.compile(rf"(?P<answer>{_TIME})"),
    ),
    **dict.fromkeys(
        ("Revenue/Profit Sharing", "Minimum Commitment", "Liquidated Damages", "Insurance",
         "Cap on Liability"),
        re.compile(rf"(?P<answer>{_MONEY})"),
    ),
}  # fmt: skip
_NEAREST = 3
_PARTIES = "Parties"
_LONGEST_PARTIES = 400


def look_ups(
    contracts: Sequence[Article], count: int, share_without: float, rng: random.Random
) -> list[ReadingSample]:
    """Return `count` look-ups at most, `share_without` of them asked of another passage."""
    index = ParagraphIndex(contracts)
    made = [
        (number, paragraph, question, span)
        for number, contract in enumerate(contracts)
        for paragraph in contract.paragraphs
        for question, span in [*_of_sentences(paragraph, rng), *_of_clauses(paragraph, rng)]
    ]
    found: list[ReadingSample] = []
    for number, paragraph, question, span in rng.sample(made, min(count, len(made))):
        text = paragraph.text
        if rng.random() >= share_without:
            found.append(ReadingSample("look-up", question, text, span, span[0]))
            continue
        answer = one_line(text[slice(*span)])
        others = [contracts[a].paragraphs[p] for a, p in index.nearest(question, number, _NEAREST)]
        fitting = [o for o in others if o is not paragraph and answer not in one_line(o.text)]
        if fitting:
            other = rng.choice(fitting).text
            found.append(
                ReadingSample("look-up, unanswered", question, other, None, len(other) // 2)
            )
    return found


def _of_sentences(paragraph: Paragraph, rng: random.Random) -> Iterator[tuple[str, Span]]:
    """Yield questions that one sentence answers with a time or an amount."""
    text = paragraph.text
    for start, end in split_sentences(text):
        for rule, ways in _RULES:
            match = rule.search(text, start, end)
            span = match and quotable(text, match.span("answer"))
            if match and span:
                way = rng.choice(ways)
                unit = re.findall(r"[a-z]+", match["answer"])[-1:] or [""]
                parts = {name: one_line(match[name]) for name in ("who", "verb", "what")}
                parts["who"] = _inside(parts["who"])
                yield way.format(**parts, unit=unit[0].rstrip("s")), span
                break


def _of_clauses(paragraph: Paragraph, rng: random.Random) -> Iterator[tuple[str, Span]]:
    """Yield a marked clause's category asked for the one time or amount that it names."""
    for question in paragraph.questions:
        category = category_of(question)
        if category == _PARTIES and (span := _all_parties(paragraph.text, question.spans)):
            yield rng.choice(wordings_of(category)), span
        pattern = _OF_CATEGORY.get(category)
        ways = [way for way in wordings_of(category) if asks_for_value(way)]
        if not pattern or not ways or len(question.spans) != 1:
            continue
        named = list(pattern.finditer(paragraph.text, *question.spans[0]))
        if len(named) == 1 and (span := quotable(paragraph.text, named[0].span("answer"))):
            yield rng.choice(ways), span


def _all_parties(text: str, spans: Sequence[Span]) -> Span | None:
    """Return the stretch from the first party's name to the last one's, if it is short."""
    start, end = min(a for a, _ in spans), max(b for _, b in spans)
    fits = len(spans) > 1 and end - start <= _LONGEST_PARTIES
    return quotable(text, (start, end)) if fits else None


def _inside(who: str) -> str:
    """Put a subject into the middle of a sentence: "The Buyer" becomes "the Buyer"."""
    first, _, rest = who.partition(" ")
    if first in ("The", "Each", "Either", "Any", "Such", "No"):
        return f"{first.lower()} {rest}".strip()
    return who
