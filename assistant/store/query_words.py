"""Turn a person's query into an FTS5 expression; what is typed is never FTS5 syntax."""

from __future__ import annotations

import unicodedata

from assistant.text.stop_words import QUESTION_WORDS

LONGEST_QUERY = 512
"""Different words of a query that are looked at; the rest of a longer query is dropped."""

_LONGEST_WORD = 100
_OPERATORS = frozenset({"AND", "OR", "NOT", "NEAR"})
"""What people type who know search engines; in a question of words it carries no meaning."""


def query_words(query: str) -> list[str]:
    """Return the different words of `query` in lower case and in order, without stop words.

    A word is a run of letters, digits and marks, as for the index's tokenizer (unicode61).
    A stop word in capitals amid small letters is a name (WHO, IT) and stays.
    """
    shouted = not any(c.islower() for c in query)
    words: dict[str, None] = {}
    for word in _runs(query):
        if len(words) >= LONGEST_QUERY:
            break
        if word in _OPERATORS:
            continue
        lower = word.lower()
        capitals = len(word) > 1 and word.isupper() and not shouted
        if lower not in QUESTION_WORDS or capitals:
            words.setdefault(lower)
    return list(words)


def match_any(words: list[str]) -> str:
    """Return the FTS5 expression that finds rows with at least one of `words`.

    Each is a quoted string, in which only the quote itself means anything.
    """
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)


def _runs(text: str) -> list[str]:
    marked = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text)
    return [run[:_LONGEST_WORD] for run in marked.split()]
