"""Put the characters of a line with Hebrew or Arabic words into the order of reading.

PDFium gives some of these words in the order of reading and others as they stand, from left to
right. Where each character stands is known, so that is what decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Placed = tuple[float, int]
"""Where a character begins (points, from the left), and its code."""


RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
"""A letter of a script that is written from right to left."""


def reading_order(words: Sequence[Sequence[Placed]]) -> list[int]:
    """Return the codes of a line's words, with a space between two.

    Words from right to left, and within them the letters; numbers and words of other scripts
    from left to right, in a line that is mostly of those scripts the words too.
    """
    letters = [_is_leftwards([c]) for word in words for c in word if c[1] > 0x40]
    leftwards = 2 * sum(letters) > len(letters)
    rows = [(_is_leftwards(word), word) for word in words if word]
    rows.sort(key=lambda row: min(left for left, _ in row[1]), reverse=leftwards)
    ordered: list[Sequence[Placed]] = []
    run: list[Sequence[Placed]] = []
    for own, word in rows:
        letters_first = sorted(word, key=lambda c: c[0], reverse=own)
        if own == leftwards:
            ordered += [*reversed(run), letters_first]
            run = []
        else:
            run.append(letters_first)
    ordered += reversed(run)
    codes: list[int] = []
    for word in ordered:
        codes += [0x20] if codes else []
        codes += [code for _, code in word]
    return codes


def _is_leftwards(word: Sequence[Placed]) -> bool:
    return RIGHT_TO_LEFT.search("".join(chr(code) for _, code in word)) is not None
