"""Typographic signs, and the plain ones that people and models type instead."""

from __future__ import annotations

import re

PLAIN_SIGNS = {
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u301d\u301e\uff02", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\uff07`\u00b4", "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
    "\u2026": "...",
}
"""Typographic signs with the plain signs that stand for them."""

QUOTE_MARKS = '"\u201c\u201d\u201e\u00ab\u00bb'
"""Quotation marks (single ones are apostrophes too, and not among them)."""


def phrase_pattern(
    phrase: str, *, ignore_case: bool = True, whole_words: bool = False
) -> re.Pattern[str]:
    """Return a pattern that finds `phrase` in running text.

    White space and the shape of quotation marks, apostrophes and dashes may differ. With
    `whole_words` it neither begins nor ends inside a word.
    """
    body = r"\s+".join("".join(map(_alike, word)) for word in phrase.split())
    before = r"(?<!\w)" if whole_words and phrase.strip()[:1].isalnum() else ""
    after = r"(?!\w)" if whole_words and phrase.strip()[-1:].isalnum() else ""
    return re.compile(f"{before}{body}{after}", re.IGNORECASE if ignore_case else 0)


def _alike(character: str) -> str:
    plain = PLAIN_SIGNS.get(character, character)
    signs = "".join(sign for sign, same in PLAIN_SIGNS.items() if same == plain)
    return f"[{re.escape(plain + signs)}]" if signs and len(plain) == 1 else re.escape(character)
