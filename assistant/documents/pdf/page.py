"""Read one page: its lines in reading order.

A page whose text was painted line by line from top to bottom, without columns, is taken as
PDFium gives it: that is most pages, and takes a third of the time. All others are put in order
by the boxes of their characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import pypdfium2

from assistant.documents.pdf.annotations import annotation_segments
from assistant.documents.pdf.characters import (
    PageText,
    text_rectangles,
    view_of,
)
from assistant.documents.pdf.gaps import has_torn_lines
from assistant.documents.pdf.hidden_text import may_hide, unseen
from assistant.documents.pdf.layout import (
    Box,
    Columns,
    Line,
    PageLines,
    Segment,
    overlap,
    paragraph_starts,
)
from assistant.documents.pdf.painted_lines import segments_of
from assistant.documents.pdf.reading_order import ordered_lines
from assistant.documents.pdf.right_to_left import RIGHT_TO_LEFT
from assistant.documents.text_encoding import has_visible_text, normal_newlines

_NARROW = 3.5
_WIDE = 1.6
"""In usual heights of the ink of a line, which is lower than its font."""

_PARAGRAPH_INK = 0.9
"""White above a paragraph, in usual heights of the ink of a line."""

_NEAR = 220.0
"""Points between a form's label and its value."""

_UNREADABLE = 0.5
_STRANGE = re.compile("[\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]")


def read_page(
    page: pypdfium2.PdfPage, form: object | None, before: Columns | None = None
) -> PageLines:
    """Return the lines of a page in reading order, forms and comments included.

    `before` are the columns of the table with which the page before ends, if it does.
    """
    textpage = page.get_textpage()
    try:
        view, size = view_of(page), page.get_size()
        rectangles = text_rectangles(textpage, view)
        left_out = unseen(page, textpage, view) if may_hide(page, rectangles, size) else frozenset()
        placed, comments = annotation_segments(page, form, view)
        found, lines = PageText(textpage, view), None
        if not left_out and not placed and is_plain(rectangles, page.get_rotation()):
            plain = found.exact and not RIGHT_TO_LEFT.search(found.text)
            if plain and not has_torn_lines(found):
                lines = _plain_lines(found.text, rectangles)
        if lines is None:
            lines = _ordered(segments_of(found, left_out), placed, before)
    finally:
        textpage.close()
    lines += [Line(_clean(comment), True, "comment") for comment in comments]
    lines = [line for line in lines if has_visible_text(line.text)]
    return PageLines(tuple(lines), size[1], len(left_out), _is_unreadable(lines))


def is_plain(rectangles: Sequence[Box], rotation: int) -> bool:
    """Tell whether text was painted line by line, from top to bottom, in one column.

    A wide gap within a line is only allowed behind a number or letter of a list.
    """
    if rotation or any(b[3] - b[1] > 3 * (b[2] - b[0]) + 20 for b in rectangles):
        return False
    wide = _WIDE * median([b[3] - b[1] for b in rectangles] or [0.0])
    left = top = right = bottom = 0.0
    begun = False
    for box in rectangles:
        height = min(bottom - top, box[3] - box[1])
        if begun and overlap(top, bottom, box[1], box[3]) >= 0.4 * height:
            gap = max(box[0] - right, left - box[2])
            narrow = right - left <= _NARROW * (bottom - top)
            if box[0] < left - height or (gap > wide and not narrow):
                return False
            left, right = min(left, box[0]), max(right, box[2])
            top, bottom = min(top, box[1]), max(bottom, box[3])
            continue
        if begun and box[1] < top - 0.5 * height:
            return False
        left, top, right, bottom = box
        begun = True
    return True


def _plain_lines(raw: str, rectangles: Sequence[Box]) -> list[Line]:
    """Return PDFium's own lines; the first and the last ones get their place on the page.

    PDFium gives a hyphen at the end of a line as U+FFFE and swallows the line break; here it is
    the hyphen and the break that stand on the page.
    """
    raw = raw.replace("\ufffe", "-\n").replace("\x02", "-\n")
    texts = [text for line in _clean(raw).split("\n") if (text := line.strip())]
    rows = _rows(rectangles)
    if len(rows) != len(texts) or not rows:
        return [Line(text) for text in texts]
    height = median(bottom - top for _, top, _, bottom in rows)
    starts = paragraph_starts(rows, texts, height, _PARAGRAPH_INK)
    return [
        Line(text, apart, top=top, bottom=bottom)
        for text, apart, (_, top, _, bottom) in zip(texts, starts, rows, strict=True)
    ]


def _rows(rectangles: Sequence[Box]) -> list[Box]:
    rows: list[Box] = []
    for box in rectangles:
        left, top, right, bottom = rows[-1] if rows else box
        if rows and overlap(top, bottom, box[1], box[3]) >= 0.4 * min(
            bottom - top, box[3] - box[1]
        ):
            rows[-1] = min(left, box[0]), min(top, box[1]), max(right, box[2]), max(bottom, box[3])
        else:
            rows.append(box)
    return rows


def _ordered(
    found: Sequence[tuple[int, Segment]], placed: Sequence[Segment], before: Columns | None
) -> list[Line]:
    """Order segments; text that is turned against most of the page comes after the rest."""
    turns = Counter(turned for turned, _ in found)
    usual = max(turns, key=lambda turned: turns[turned], default=0)
    upright = [segment for turned, segment in found if turned == usual]
    lines = ordered_lines(_with_values(upright, placed), before)
    for turned in sorted(turns.keys() - {usual}):
        others = [segment for other, segment in found if other == turned]
        lines += [replace(line, top=-1.0, bottom=-1.0) for line in ordered_lines(others)]
    return [replace(line, text=_clean(line.text)) for line in lines]


def _with_values(segments: Sequence[Segment], placed: Sequence[Segment]) -> list[Segment]:
    """Put a form's values behind the labels that stand on their lines."""
    found = list(segments)
    for value in placed:
        label = None
        if value.kind == "form":
            near = [n for n, s in enumerate(found) if _is_label(s, value)]
            label = max(near, key=lambda n: found[n].right, default=None)
        if label is None:
            found.append(value)
        else:
            before = found[label]
            words = f"{before.text} {value.text}"
            found[label] = replace(before, text=words, right=value.right, kind="form")
    return found


def _is_label(segment: Segment, value: Segment) -> bool:
    shared = overlap(segment.top, segment.bottom, value.top, value.bottom)
    beside = -_NEAR < value.left - segment.right < _NEAR
    return beside and shared >= 0.3 * min(segment.height, value.height)


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", normal_newlines(text))


def _is_unreadable(lines: Sequence[Line]) -> bool:
    """Tell whether most letters have no meaning: private use, not mapped, replaced."""
    text = "".join(line.text for line in lines)
    strange = len(_STRANGE.findall(text))
    return strange > 0 and strange > _UNREADABLE * len("".join(text.split()))
