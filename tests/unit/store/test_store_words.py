"""The words of a query, and how they are handed to FTS5."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.store.query_words import LONGEST_QUERY, match_any, query_words
from assistant.text.codes import JOIN


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("What is the notice period?", ["notice", "period"]),
        ("notice NOTICE Notice", ["notice"]),
        ("cats AND dogs OR NOT birds", ["cats", "dogs", "birds"]),
        ("the WHO ladder", ["who", "ladder", f"who{JOIN}"]),
        ("WHO IS THIS", []),
        ("who is this", []),
        ("I sign", ["sign"]),
        ("§ 12(a), 3.5 mg/kg", ["section", "12", "mg", "kg", f"12{JOIN}a", f"3{JOIN}5"]),
        ("can the tenant not pay before May", ["can", "tenant", "not", "pay", "before", "may"]),
        ("हिन्दी résumé", ["हिनदी", "resume"]),
        ("AX-4417/A", ["ax", "4417", f"ax{JOIN}4417{JOIN}a"]),
        ("Is the OR clean OR dirty", ["or", "clean", "dirty", f"or{JOIN}"]),
        ("U.K. stra\u00dfe amphib\u00adious", ["uk", "strasse", "amphibious"]),
        (
            "1,240 ropes on 3 May 2024",
            ["ropes", "may", "2024", "1240", f"d{JOIN}2024{JOIN}5{JOIN}3", f"d{JOIN}2024{JOIN}5"],
        ),
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
