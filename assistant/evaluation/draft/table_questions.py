"""Generate questions from tables: a row's label, a column's label, and the cell of both."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.documents.markdown import plain_words
from assistant.evaluation.draft.candidates import TABLE, Candidate, Page, fold, make
from assistant.text.sentences import Span, lines

_RULE = re.compile(r"[\s|:+-]+$")
_GAP = re.compile(r"\t+ *| {2,}\t*")
_HAS_DIGIT = re.compile(r"\d")
_TO_DO = re.compile(r"(?:what|how|when|where|whom?)\s+to\b|who\b", re.IGNORECASE)
_ASKS = re.compile(r"(?:what|who|where|when|why|how|which)\b", re.IGNORECASE)
_NO_NOUN = re.compile(
    r"\b(?:by|for|with|within|while|is|are|was|were|to|on|at|from|of)\b", re.IGNORECASE
)
_NOTHING = re.compile(r"n/?\.?a\.?|none|tbd|yes|no|x|y|n", re.IGNORECASE)
_LEAST_ROWS = 3
_LONGEST_CELL = 160
_LONGEST_LABEL = 70


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a table as spans of a page's text; the first row has the labels.

    `marked` tells a table drawn with bars from columns that are set with spaces.
    """

    rows: tuple[tuple[Span, ...], ...]
    marked: bool


def tables(page: Page) -> Iterator[Candidate]:
    """Yield questions from the tables of a page: Markdown's, and columns set with spaces."""
    for table in _found(page.text):
        labels = [plain_words(page.text[a:b]) for a, b in table.rows[0]]
        if not _is_head(labels) or (not table.marked and any(map(_HAS_DIGIT.search, labels))):
            continue
        keys = [plain_words(page.text[row[0][0] : row[0][1]]) for row in table.rows[1:]]
        for key, row in zip(keys, table.rows[1:], strict=True):
            if keys.count(key) == 1 and _is_label(key):
                yield from _cells(page, labels, key, row)


def _cells(page: Page, labels: Sequence[str], key: str, row: Sequence[Span]) -> Iterator[Candidate]:
    for label, span in zip(labels[1:], row[1:], strict=True):
        value = page.text[slice(*span)]
        if not label or not 0 < len(value.strip()) <= _LONGEST_CELL:
            continue
        question, score = _asked(labels[0], key, label)
        if not any(map(str.isalnum, value)) or _NOTHING.fullmatch(plain_words(value)):
            continue
        yield from make(
            page,
            TABLE,
            question,
            f"{key} / {label}",
            span,
            score,
            answers=(plain_words(value) or fold(value),),
        )


def _asked(first: str, key: str, label: str) -> tuple[str, float]:
    """Word the question after what the column's label is: a noun, a question, or else."""
    row = f'{first.lower()} "{key}"' if _is_noun(first) else f'"{key}"'
    if _TO_DO.match(label):
        return f"{row[:1].upper()}{row[1:]}: {label.rstrip('?').lower()}?", 0.72
    if _is_noun(label):
        shown = label[:1].lower() + label[1:] if label[1:2].islower() else label
        return f"What is the {shown} for {row}?", 0.84
    return f'What is given under "{label}" for {row}?', 0.7


def _is_noun(label: str) -> bool:
    return len(label.split()) <= 3 and not _NO_NOUN.search(label) and not _ASKS.match(label)


def _is_head(labels: Sequence[str]) -> bool:
    """Labels are words: a first row of figures is no head."""
    told = [label for label in labels if label]
    lettered = [label for label in told if any(map(str.isalpha, label))]
    return len(told) == len(labels) >= 2 and len(lettered) == len(told) == len(set(told))


def _is_label(key: str) -> bool:
    return 0 < len(key) <= _LONGEST_LABEL and any(map(str.isalpha, key)) and "<" not in key


def _found(text: str) -> Iterator[Table]:
    """Yield runs of lines that have the same number of cells, at least three of them."""
    run: list[tuple[Span, ...]] = []
    marked = False
    for at, end in lines(text):
        line = text[at : min(end, at + 2_000)]
        bars = line.lstrip().startswith("|")
        cells = _bar_cells(line, at) if bars else _gap_cells(line, at)
        ruled = bool(run) and bars and bool(_RULE.match(line))
        if not ruled:
            if run and (len(cells) != len(run[0]) or bars != marked):
                yield from _table(run, marked)
                run = []
            if len(cells) >= 2:
                run.append(cells)
                marked = bars
    yield from _table(run, marked)


def _table(run: Sequence[tuple[Span, ...]], marked: bool) -> Iterator[Table]:
    if len(run) >= _LEAST_ROWS:
        yield Table(tuple(run), marked)


def _bar_cells(line: str, at: int) -> tuple[Span, ...]:
    inner = line.strip()
    if inner.count("|") < 2:
        return ()
    base = at + len(line) - len(line.lstrip())
    bars = [m.start() for m in re.finditer(r"(?<!\\)\|", inner)]
    if bars[-1] != len(inner) - 1:
        bars.append(len(inner))
    spans = [(base + a + 1, base + b) for a, b in itertools.pairwise(bars)]
    return tuple(spans)


def _gap_cells(line: str, at: int) -> tuple[Span, ...]:
    inner = line.strip()
    if not inner or len(line) - len(line.lstrip()) > 12:
        return ()
    base = at + len(line) - len(line.lstrip())
    spans: list[Span] = []
    start = 0
    for gap in _GAP.finditer(inner):
        spans.append((base + start, base + gap.start()))
        start = gap.end()
    spans.append((base + start, base + len(inner)))
    return tuple(spans) if len(spans) >= 2 else ()
