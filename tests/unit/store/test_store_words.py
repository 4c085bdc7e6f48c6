"""The words of a query, and how they are handed to FTS5."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.store.query_words import LONGEST_QUERY, match_any, query_words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("What is the notice period?", ["notice", "period"]),
        ("notice NOTICE Notice", ["notice"]),
        ("cats AND dogs OR NOT birds", ["cats", "dogs", "birds"]),
        ("the WHO ladder", ["who", "ladder"]),
        ("WHO IS THIS", []),
        ("who is this", []),
        ("I sign", ["sign"]),
        ("§ 12(a), 3.5 mg/kg", ["12", "3", "5", "mg", "kg"]),
        ("can the tenant not pay before May", ["can", "tenant", "not", "pay", "before", "may"]),
        ("हिन्दी résumé", ["हिन्दी", "résumé"]),
        ("tab\tnul\0newline\nend", ["tab", "nul", "newline", "end"]),
        ("😀 — * ^ ()", []),
    ],
)
def test_words(query: str, words: list[str]) -> None:
    assert query_words(query) == words


def test_a_long_query_is_cut() -> None:
    assert len(query_words(" ".join(f"w{n}" for n in range(5000)))) == LONGEST_QUERY
    assert len(query_words("x" * 10_000)[0]) == 100


def test_words_are_quoted() -> None:
    assert match_any(["a", 'b"c']) == '"a" OR "b""c"'


@given(st.text(st.characters()))
def test_words_hold_no_syntax(query: str) -> None:
    for word in query_words(query):
        assert word
        assert not set(word) & set('"*^():+-{}\0 \n')
