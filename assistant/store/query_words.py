"""Turn a person's query into an FTS5 expression; what is typed is never FTS5 syntax."""

from __future__ import annotations

import unicodedata

from assistant.text.codes import JOIN
from assistant.text.search_form import search_text, whole_terms, without_parts
from assistant.text.stop_words import QUESTION_WORDS

LONGEST_QUERY = 512
"""Different words of a query that are looked at; the rest of a longer query is dropped."""

_LONGEST_WORD = 100
_LONGEST_LOOKED_AT = 60_000
_OPERATORS = frozenset({"AND", "OR", "NOT", "NEAR"})
"""What people type who know search engines; in a question of words it carries no meaning."""


def query_words(query: str) -> list[str]:
    """Return the different words of `query` as they are indexed, in order, without stop words.

    A word is a run of letters, digits and marks, as for the index's tokenizer. Behind the
    words stand the whole terms: codes, acronyms (WHO, IT), numbers and dates by their value.
    """
    query = query[:_LONGEST_LOOKED_AT]
    terms = whole_terms(query)
    names = {term.removesuffix(JOIN) for term in terms if term.endswith(JOIN)}
    operators = {w.lower() for w in query.split() if w in _OPERATORS}
    passed = (QUESTION_WORDS | operators) - names
    found = (word for word in _runs(search_text(without_parts(query))) if word not in passed)
    return list(dict.fromkeys([*found, *terms]))[:LONGEST_QUERY]


def match_any(words: list[str]) -> str:
    """Return the FTS5 expression that finds rows with at least one of `words`.

    Each is a quoted string, in which only the quote itself means anything.
    """
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)


def _runs(text: str) -> list[str]:
    marked = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text)
    return [run[:_LONGEST_WORD] for run in marked.split()]
