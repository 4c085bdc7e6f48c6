"""Find the heads of a table's columns, those over several columns included."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.documents.pdf.layout import Segment, overlap

_MOST_HEADS = 4
_SIGNS = r".,:/%\u20ac$\u00a3+\u2212()\s-"
_NUMBER = re.compile(rf"[{_SIGNS}]{{0,8}}\d[\w{_SIGNS}]{{0,20}}")
_NUMBERS = 0.6
_HEAD_WORDS = 5
FARTHEST = 1.6
"""How far above a table a head may stand, in heights of a line or in whites between its rows."""

Extent = tuple[float, float]


def is_number(text: str) -> bool:
    """Tell whether a cell holds a number, perhaps with a unit."""
    return _NUMBER.fullmatch(text) is not None


def number_of_heads(rows: Sequence[Sequence[Sequence[Segment]]], *, guess: bool = True) -> int:
    """Return how many rows at the top name the columns: no numbers over columns of numbers.

    Without numbers, a first row that is full is taken for heads, if `guess`.
    """
    texts = [[" ".join(s.text for s in cell) for cell in row] for row in rows]
    heads = 0
    while heads < min(_MOST_HEADS, len(texts)) and not any(map(is_number, texts[heads][1:])):
        heads += 1
    if heads == 0 or len(texts) < 3:
        return 0
    body = texts[heads:]
    for column in range(1, len(texts[0])):
        cells = [row[column] for row in body if row[column]]
        named = any(row[column] for row in texts[:heads])
        if named and len(cells) > 1 and sum(map(is_number, cells)) >= _NUMBERS * len(cells):
            return heads
    return 1 if guess and len(texts[0]) > 2 and all(texts[0]) else 0


def heads_above(
    above: Sequence[Sequence[Segment]],
    first: Sequence[Segment],
    columns: Sequence[Extent],
    height: float,
    white: float,
) -> int:
    """Return how many bands over a table (0 or 1) hold heads over several of its columns.

    `white` is that between two of its rows.
    """
    if not above:
        return 0
    band = above[-1]
    apart = min(s.top for s in first) - max(s.bottom for s in band)
    near = apart <= FARTHEST * max(height, white)
    inside = all(
        s.left >= columns[0][0] - height and s.right <= columns[-1][1] + height for s in band
    )
    short = all(len(s.text.split()) <= _HEAD_WORDS for s in band)
    numbers = any(is_number(s.text) for s in band)
    several = len(band) > 1 or (len(columns) > 2 and band[0].left > columns[0][1])
    return int(near and inside and short and several and not numbers)


def column_names(
    heads: Sequence[Sequence[Segment]], columns: Sequence[Extent], spanning: int
) -> list[str]:
    """Return the name of each column, from the top down.

    The first `spanning` heads stand over several columns, and so do others if a later head tells
    apart what they leave without a name.
    """
    names: list[list[str]] = [[] for _ in columns]
    for number, head in enumerate(heads):
        spread = number < spanning or (number == 0 and len(heads) > 1)
        own = _spread(head, columns) if spread else _own(head, columns)
        for name, words in zip(names, own, strict=True):
            name.append(words)
    return [" ".join(filter(None, name)) for name in names]


def _own(head: Sequence[Segment], columns: Sequence[Extent]) -> list[str]:
    """Give each segment to the column that it shares most with."""
    own: list[list[str]] = [[] for _ in columns]
    for segment in head:
        shared = [overlap(segment.left, segment.right, *column) for column in columns]
        own[shared.index(max(shared))].append(segment.text)
    return [" ".join(words) for words in own]


def _spread(head: Sequence[Segment], columns: Sequence[Extent]) -> list[str]:
    """Give each column the segment over it: that which begins with it, or the nearest middle."""
    pieces = sorted(head, key=lambda s: s.left)
    own = _own(pieces, columns)
    if all(own[1:]):
        return own
    firsts = [min(range(len(columns)), key=lambda n: abs(columns[n][0] - s.left)) for s in pieces]
    aligned = firsts[0] <= 1 and all(
        abs(columns[n][0] - s.left) < 0.3 * s.height for n, s in zip(firsts, pieces, strict=True)
    )
    names = []
    for number, column in enumerate(columns):
        middle = (column[0] + column[1]) / 2
        if aligned:
            over = [s for n, s in zip(firsts, pieces, strict=True) if n <= number][-1:]
        else:
            over = sorted(pieces, key=lambda s: abs((s.left + s.right) / 2 - middle))[:1]
        if number == 0:
            over = [s for s in pieces if overlap(s.left, s.right, *column) > 0][:1]
        names.append(over[0].text if over else "")
    return names
