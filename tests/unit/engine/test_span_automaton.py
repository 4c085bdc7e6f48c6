"""What can be written under the constraint: stretches of whole words of the passages."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.engine.span_automaton import (
    MARK,
    IndexedPassage,
    SpanAutomaton,
    TokenVocabulary,
    tokens_by_bytes,
)

WORDS = ['"', "the", " the", " cat", "cat", " sat", ".", '."', "sat", " on", "t", "h", "e", " ",
         "c", "a", "s", "o", "n", 't"', "on"]  # fmt: skip
E_ACUTE = "é".encode()
PIECES = {n: word.encode() for n, word in enumerate(WORDS)} | {
    100: E_ACUTE[:1],
    101: E_ACUTE[1:],
}
TOKENS = tokens_by_bytes(PIECES)


def tokenize(text: str) -> list[int]:
    """The longest token that fits, again and again; what none fits ends it."""
    data, found = text.encode(), []
    while data:
        fitting = [piece for piece in TOKENS if data.startswith(piece)]
        if not fitting:
            break
        longest = max(fitting, key=len)
        found.append(TOKENS[longest])
        data = data[len(longest) :]
    return found


SPELLING = TokenVocabulary(tokenize, PIECES.__getitem__, TOKENS)


def quoted_by_chance(
    passages: list[str], seed: int, most: int = 400, vocabulary: TokenVocabulary = SPELLING
) -> str | None:
    """Choose among the allowed tokens by chance until the quote is closed; None: no way on."""
    rng = random.Random(seed)
    automaton = SpanAutomaton(vocabulary, passages)
    state, data = automaton.begin(), b""
    for _ in range(most):
        transitions = automaton.transitions(state, may_close=bool(data))
        if not transitions or (state.closed and rng.random() < 0.5):
            return data.decode().removesuffix('"') if state.closed else None
        token = rng.choice(sorted(transitions))
        data += vocabulary.piece(token)
        state = transitions[token]
    raise AssertionError("it never ended")


def all_of(passages: list[str], trials: int = 200) -> set[str]:
    found = {quoted_by_chance(passages, seed) for seed in range(trials)}
    return {text for text in found if text is not None}


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_chosen_stands_in_a_passage(seed: int) -> None:
    passages = ["the cat sat on the cat.", "the\n  sat"]
    text = quoted_by_chance(passages, seed)
    assert text
    assert any(text in " ".join(passage.split()) for passage in passages)


def test_every_stretch_of_words_can_be_quoted_and_no_word_is_cut() -> None:
    assert all_of(["the cat."]) == {"the", "cat", "the cat", "the cat.", "cat.", "."}


def test_the_same_words_at_two_places_go_on_as_either_does() -> None:
    assert {"the cat sat", "the cat on"} <= all_of(["the cat sat", "the cat on"], 400)


@pytest.mark.parametrize("passages", [[], [" \n "], [""]])
def test_nothing_can_be_quoted_where_nothing_stands(passages: list[str]) -> None:
    automaton = SpanAutomaton(SPELLING, passages)
    assert not automaton.begin().places
    assert automaton.transitions(automaton.begin()) == {}


def test_words_are_spelled_in_one_way() -> None:
    automaton = SpanAutomaton(SPELLING, ["the cat"])
    first = automaton.transitions(automaton.begin(), may_close=False)
    assert {PIECES[token] for token in first} == {b"the", b"cat"}


def test_an_empty_quote_is_none() -> None:
    automaton = SpanAutomaton(SPELLING, ["the cat"])
    assert TOKENS[MARK] not in automaton.transitions(automaton.begin(), may_close=False)


def test_a_character_spread_over_tokens_stays_whole() -> None:
    assert all_of(["é cat"]) == {"é", "é cat", "cat"}


def test_a_mark_within_the_passage_can_be_quoted() -> None:
    texts = all_of(['the "cat" sat'], 600)
    assert 'the "cat" sat' in texts
    assert all(text in 'the "cat" sat' for text in texts)


def test_where_a_passage_can_not_be_spelled_there_is_no_way_on() -> None:
    assert quoted_by_chance(["xyz"], 1) is None


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_places_where_quotes_begin_and_end(text: str) -> None:
    source = IndexedPassage.of(text)
    for at in source.begins.keys() | source.ends:
        source.data[:at].decode()  # never inside a character
    for at in source.begins:
        assert not source.data[at:].decode()[0].isspace()
    for at in source.ends:
        assert not source.data[:at].decode()[-1].isspace()


# -- tokenizers that change what they are given -------------------------------------------------

BYTES = {number: bytes([number]) for number in range(256)} | {256: b" ", 257: b' "', 258: b"the"}
BY_BYTES = tokens_by_bytes(BYTES)


def with_bytes(change: Callable[[str], str]) -> TokenVocabulary:
    """A tokenizer of bytes that changes texts first, as normalising ones do."""
    return TokenVocabulary(
        lambda text: list(change(text).encode("utf-8", "replace")), BYTES.__getitem__, BY_BYTES
    )


CHANGES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "lower case": str.lower,
    "no accents": lambda text: unicodedata.normalize("NFKD", text),
    "a space before": lambda text: " " + text,
    "leaves out": lambda text: text.replace("t", ""),
    "adds": lambda text: text.replace(" ", "  "),
    "is silent": lambda text: "",
}


@pytest.mark.parametrize("how", CHANGES)
@settings(max_examples=40)
@given(passage=st.text(max_size=40) | st.sampled_from(["The ﬁrst Été at ten", 'a "b" c']),
       seed=st.integers(0, 9))  # fmt: skip
def test_a_tokenizer_that_changes_texts_makes_no_words_up(
    how: str, passage: str, seed: int
) -> None:
    vocabulary = with_bytes(CHANGES[how])
    automaton = SpanAutomaton(vocabulary, [passage])
    if not automaton.transitions(automaton.begin(), may_close=False):
        return
    rng = random.Random(seed)
    state, data = automaton.begin(), b""
    while transitions := automaton.transitions(state, may_close=bool(data)):
        if state.closed and rng.random() < 0.5:
            break
        token = rng.choice(sorted(transitions))
        data += BYTES[token]
        state = transitions[token]
    data = automaton.stretch(state, data)[0].encode()
    source = IndexedPassage.of(passage)
    assert not data or any(
        source.data.startswith(data, at) and at + len(data) in source.ends for at in source.begins
    )


def test_a_tokenizer_that_begins_with_a_space_quotes_long_stretches() -> None:
    """As SentencePiece does; without the chain a quote would end with what an entry holds."""
    passage = "one two " * 20 + "end"
    automaton = SpanAutomaton(with_bytes(CHANGES["a space before"]), [passage])
    state, length = automaton.begin(), 0
    while onward := automaton.transitions(state, may_close=False):
        state = onward[max(onward)]
        length += 1
    assert length > 100


def test_a_quote_that_was_cut_off_goes_back_to_a_whole_word() -> None:
    automaton = SpanAutomaton(with_bytes(str), ["the cat sat"])
    state, data = automaton.begin(), b""
    for letter in b"cat sa":
        state = automaton.transitions(state, may_close=bool(data))[letter]
        data += bytes([letter])
        assert automaton.stretch(state, data)[0] == ("cat" if len(data) > 2 else "")


def read(passages: list[str], data: bytes, *, close: bool = False) -> tuple[str, list[str]]:
    """Write a quote byte by byte; return its words, and what stands at its places."""
    automaton = SpanAutomaton(with_bytes(str), passages)
    state = automaton.begin()
    for number, byte in enumerate(data + MARK * close):
        state = automaton.transitions(state, may_close=number > 0)[byte]
    text, places = automaton.stretch(state, data + MARK * close)
    return text, [f"{p.passage}:{p.start}:{passages[p.passage][p.start : p.end]}" for p in places]


@pytest.mark.parametrize("close", [True, False])
def test_a_quote_stands_wherever_its_tokens_lead(close: bool) -> None:
    passages = ["the cat, the  cat", 'a "the\tcat" sat']
    assert read(passages, b"the cat", close=close) == (
        "the cat", ["0:0:the cat", "0:9:the  cat", "1:3:the\tcat"],
    )  # fmt: skip
    assert read(passages, b"the cat,", close=close) == ("the cat,", ["0:0:the cat,"])
    assert read(passages, b"cat", close=close)[1] == ["0:4:cat", "0:14:cat", "1:7:cat"]


def test_marks_of_the_passage_are_words_of_the_quote() -> None:
    passage = 'has "the cat" and more'
    assert read([passage], b'"the cat" and', close=True) == (
        '"the cat" and', ['0:4:"the cat" and'],
    )  # fmt: skip
    assert read([passage], b'"the cat"', close=True) == ('"the cat"', ['0:4:"the cat"'])
    assert read([passage], b'the cat"', close=True) == ('the cat"', ['0:5:the cat"'])
    assert read([passage], b"the cat", close=True) == ("the cat", ["0:5:the cat"])


def test_of_places_that_were_cut_off_those_with_the_longest_whole_words_count() -> None:
    assert read(["the catalogue", "the cat", "a the cat sat"], b"the cat") == (
        "the cat", ["1:0:the cat", "2:2:the cat"],
    )  # fmt: skip
    assert read(["the catalogue"], b"the cat") == ("the", ["0:0:the"])


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_offsets_lead_back_to_the_passage(text: str) -> None:
    source = IndexedPassage.of(text)
    assert source.data.decode() == " ".join(text.encode("utf-8", "replace").decode().split())
    for begin, start in source.begins.items():
        for end, stop in source.ends.items():
            if begin < end:
                own = " ".join(text[start:stop].split()).encode("utf-8", "replace")
                assert source.data[begin:end] == own


def test_the_same_words_are_not_spelled_again() -> None:
    asked: list[str] = []

    def noted(text: str) -> list[int]:
        asked.append(text)
        return tokenize(text)

    vocabulary = TokenVocabulary(noted, PIECES.__getitem__, TOKENS)
    SpanAutomaton(vocabulary, ["the cat sat on the cat"])
    first = len(asked)
    SpanAutomaton(vocabulary, ["the cat on the cat"])
    assert first == 5  # the passage, and each word once
    assert len(asked) == first + 1
