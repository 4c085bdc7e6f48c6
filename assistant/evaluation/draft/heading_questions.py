"""Generate questions from the headings of a page and the text beneath each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.documents.markdown import markdown_headings
from assistant.evaluation.draft.candidates import HEADING, LIST, Candidate, Page, fold, make
from assistant.text.sentences import Span, lines

_NUMBERED = re.compile(
    r"[ \t]*(?:(?:Article|Section|Clause|Part|ARTICLE|SECTION)[ \t]+)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,4}\.?|[IVXL]{1,6}\.)[ \t:.-]*[ \t]"
    r"(?P<title>[A-Z][^\n.;:!?]{2,58})[ \t]*$"
)
_CAPITALS = re.compile(r"[ \t]*(?P<title>[A-Z][A-Z0-9 ,&'\u2019/-]{4,58})[ \t]*$")
_RUN_IN = re.compile(
    r"[ \t]*(?:Section[ \t]+)?\d{1,3}(?:\.\d{1,3}){0,4}\.?[ \t)]{1,3}"
    r"(?P<title>[A-Z][A-Za-z,&'\u2019/ -]{3,48}[a-z])\.[ \t]+(?=[A-Z\"\u201c(])"
)
_ITEM = re.compile(r"[ \t]*(?:[-*+\u2022\u25cf\u25aa\uf0b7][ \t]|\(?(?:\d{1,2}|[a-z])[.)][ \t])")
_FIGURE = re.compile(r"(?<!level )(?<!type )(?<!phase )(?<!class )(?<!stage )(?<!grade )\b\d")
_ADDRESS = re.compile(
    r"\b(?:floor|street|avenue|suite|road|box|attention|tel|fax)\b", re.IGNORECASE
)
_POINTS = re.compile(r"\b(?:this|these|that|those|it|they|them)\b", re.IGNORECASE)
_SIGNED = re.compile(r"/s/|\bname:|\btitle:|\bby:", re.IGNORECASE)
_NO_TOPIC = re.compile(
    r"\b(?:shall|will|must|is|are|was|were|has|have|may|llc|inc|l\.p|ltd|corp)\b"
    r"|^(?:exhibit|schedule|annex|appendix|attachment)\b",
    re.IGNORECASE,
)
_NO_NOUN = re.compile(
    r"(?:what|when|how|who|where|why|which|if|after|before|during|until|in|on|at|no|to)\b"
)
_DULL = frozenset(
    """
    general miscellaneous introduction other definitions notes note preamble background
    recitals whereas appendix annex exhibit schedule contents index references summary
    agreement witnesseth signature signatures contact overview conclusion table page
    company confidential example examples details information terms conditions
""".split()
)
_SMALL = frozenset("a an and as at by for from in of on or the to with".split())
_LONGEST_SPAN = 700
_SHORTEST_SPAN = 60
_MOST_ITEMS = 15


@dataclass(frozen=True, slots=True)
class Section:
    """A heading's words, and the span of what stands beneath it on the same page."""

    title: str
    start: int
    end: int
    level: int = 1


def sections(page: Page) -> list[Section]:
    """Return the sections that the headings of a page begin, in their order."""
    marks = sorted(_marks(page))
    ends = [*(start for start, _, _ in marks[1:]), len(page.text)]
    return [
        Section(fold(title), body, end)
        for (_, body, title), end in zip(marks, ends, strict=False)
        if body < end
    ]


def _marks(page: Page) -> list[tuple[int, int, str]]:
    """Return (where the heading begins, where what is beneath begins, its words)."""
    text = page.text
    if page.media_type == "text/markdown":
        found = markdown_headings(text)[1]
        return [(start, next(lines(text, start))[1], title) for start, _, title in found]
    marks = []
    for at, end in lines(text):
        line = text[at : min(end, at + 400)]
        if whole := (_NUMBERED.match(line) or _CAPITALS.match(line)):
            if _reads_as_heading(whole["title"]):
                marks.append((at, end, whole["title"]))
        elif (run_in := _RUN_IN.match(line)) and _reads_as_run_in(run_in["title"]):
            marks.append((at, at + run_in.end(), run_in["title"]))
    return marks


def _reads_as_heading(title: str) -> bool:
    """A sentence that was wrapped after a number looks like a heading, but goes on."""
    told = [word for word in title.split() if word.lower() not in _SMALL]
    last = title.rsplit(maxsplit=1)[-1].lower()
    if _FIGURE.search(title) or _ADDRESS.search(title):
        return False
    return 0 < len(told) <= 8 and last not in _SMALL and not title.rstrip().endswith(",")


def _reads_as_run_in(title: str) -> bool:
    """Tell "4.1 Pricing. The price is ..." from "6.1 The prices are fixed. They are"."""
    told = [word for word in title.split() if word.lower() not in _SMALL]
    return bool(told) and all(word[0].isupper() for word in told) and len(told) <= 6


def _plain(title: str) -> str:
    """Return a heading's words without its number and what a site's generator reads."""
    title = re.sub(r"\{[#:%][^}]{0,80}\}", "", fold(title))
    return re.sub(r"^(?:[\d.IVX]{1,12}[.)]?|[A-Z][.)])\s+(?=\S)", "", title).strip(" .:-")


def topic_of(title: str) -> str:
    """Return a heading as it stands in a question, or "" if it says too little."""
    title = _plain(title)
    told = [w for w in re.findall(r"[a-z]+", title.lower()) if w not in _SMALL]
    if not told or len(told) > 8 or told[0] == "by" or all(word in _DULL for word in told):
        return ""
    if _NO_TOPIC.search(title) and not _NO_NOUN.match(title.lower()):
        return ""
    if sum(map(str.isalpha, title)) < 0.7 * len(title.replace(" ", "")):
        return ""
    return " ".join(_lowered(word, title.isupper()) for word in title.split())


def _lowered(word: str, shouted: bool) -> str:
    """Abbreviations keep their capitals, unless all of the heading is in capitals."""
    if word == "I":
        return word
    if shouted or (word[:1].isupper() and word[1:].islower()) or len(word) == 1:
        return word.lower()
    return word


def headings(
    page: Page, found: Sequence[Section], sentences: Sequence[Span]
) -> Iterator[Candidate]:
    """Yield a question for each section: what is said there, or what is listed there."""
    for section in found:
        topic = topic_of(section.title)
        if not topic or topic.casefold() == topic_of(page.title).casefold():
            continue
        items = _items(page.text, section)
        if _is_list(page.text, items):
            yield from _listed(page, section, topic, items)
            continue
        spans = [s for s in sentences if s[0] >= section.start and s[1] <= section.end]
        end = max((e for _, e in spans if e - spans[0][0] <= _LONGEST_SPAN), default=0)
        if not spans or end - spans[0][0] < _SHORTEST_SPAN:
            continue
        if _SIGNED.search(page.text, spans[0][0], end):
            continue
        single = 0.12 * (len(topic.split()) == 1)
        question = f"What is said about {topic}?"
        if topic.endswith("?"):
            question = _plain(section.title)
            # "Who does this work?" needs the heading above it.
            single = 0.3 if _POINTS.search(question) else -0.1
        elif _NO_NOUN.match(topic):
            question = f'What is said under "{topic[:1].upper()}{topic[1:]}"?'
        yield from make(page, HEADING, question, topic, (spans[0][0], end), 0.66 - single)


def _listed(page: Page, section: Section, topic: str, items: Sequence[Span]) -> Iterator[Candidate]:
    if items[-1][1] - items[0][0] > 3 * _LONGEST_SPAN:
        return
    steps = bool(re.match(r"[ \t]*\d", page.text[items[0][0] : items[0][1]]))
    question = (
        f"What are the steps for {topic}?"
        if steps and topic.split(maxsplit=1)[0].endswith("ing")
        else f'What is listed under "{topic[:1].upper()}{topic[1:]}"?'
    )
    if topic.endswith("?"):
        question = _plain(section.title)
    yield from make(page, LIST, question, topic, (items[0][0], items[-1][1]), 0.72)


def _is_list(text: str, items: Sequence[Span]) -> bool:
    """Whether the items are of one sort, counted from the first, and say something."""
    if not 2 <= len(items) <= _MOST_ITEMS:
        return False
    marks = [text[a:b].split(None, 1)[0].strip("().") for a, b in items]
    said = sum(len(text[a:b].split()) - 1 for a, b in items)
    if said < 2 * len(items):
        return False
    if marks[0].isdigit():
        return marks == [str(n) for n in range(1, len(marks) + 1)]
    if marks[0].isalpha():
        return marks == list("abcdefghijklmno"[: len(marks)])
    return len(set(marks)) == 1


def _items(text: str, section: Section) -> list[Span]:
    """Return the items of a list that stands directly under a heading, wrapped lines too."""
    items: list[Span] = []
    lead = 0
    for at, end in lines(text, section.start, section.end):
        line = text[at:end]
        if _ITEM.match(line):
            items.append((at, end))
        elif items and line.strip() and not text[items[-1][1] : at].strip():
            if line[:1].isspace() or line[:1].islower():
                items[-1] = (items[-1][0], end)
            else:
                break
        elif line.strip():
            if items:
                break
            lead += len(line)
            if lead > 160:
                return []
    return items
