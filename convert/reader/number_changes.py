"""Change a number, date or code of a question to one that looks like it.

A passage about part AX-4417/A says nothing of AX-4417/B, one about 1,240 ropes nothing of
124: a reader must see the difference of one sign.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_TOKEN = re.compile(r"(?<![\w./-])[\w./,-]*\d[\w./,-]*(?<![.,/-])(?![\w/-])")


def other_number(question: str, passage: str, rng: random.Random) -> str | None:
    """Return the question with one number or code changed that the passage shares with it.

    None if they share none, or no change of it is new to the passage.
    """
    shared = [m for m in _TOKEN.finditer(question) if _holds(passage, m[0])]
    if not shared:
        return None
    match = rng.choice(shared)
    for _ in range(8):
        new = rng.choice(_CHANGES)(match[0], rng)
        if new != match[0] and new and not _holds(passage, new) and not new.startswith("0"):
            return question[: match.start()] + new + question[match.end() :]
    return None


def other_code(code: str, rng: random.Random) -> str:
    """Return a code that differs from `code` in one sign, of the same kind."""
    at = rng.choice([i for i, sign in enumerate(code) if sign.isalnum()])
    pool = "0123456789" if code[at].isdigit() else "ABCDEFGHKLMPRSTX"
    if code[at].islower():
        pool = pool.lower()
    return code[:at] + rng.choice([s for s in pool if s != code[at]]) + code[at + 1 :]


def _digit(text: str, rng: random.Random) -> str:
    places = [i for i, sign in enumerate(text) if sign.isdigit()]
    at = rng.choice(places)
    return text[:at] + rng.choice("123456789") + text[at + 1 :]


def _dropped(text: str, _: random.Random) -> str:
    digits = re.sub(r"\D", "", text)
    return digits[:-1] if digits == text.replace(",", "") and len(digits) > 2 else text


def _swapped(text: str, rng: random.Random) -> str:
    places = [
        i for i in range(len(text) - 1) if text[i : i + 2].isdigit() and text[i] != text[i + 1]
    ]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


_CHANGES: tuple[Callable[[str, random.Random], str], ...] = (_digit, _digit, _dropped, _swapped)


def _holds(passage: str, word: str) -> bool:
    return re.search(rf"(?<![\w]){re.escape(word)}(?![\w])", passage) is not None
