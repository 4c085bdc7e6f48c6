"""Chunks: nothing lost, nothing over the limit, breaks where the document has them."""

from __future__ import annotations

import re
import time
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.documents.chunker import chunk_document, chunk_steps, embedding_text
from assistant.documents.markdown import markdown_headings
from assistant.documents.text_windows import WINDOW, windows
from assistant.types import Chunk, Heading, ParsedDocument

SENTENCE = "The Supplier shall deliver the goods to the Buyer within ten days of the order. "


def words(texts: Sequence[str]) -> list[int]:
    """Count words and punctuation marks, as WordPiece would for a simple text."""
    return [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def letters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def lumpy(texts: Sequence[str]) -> list[int]:
    """A tokenizer for which the parts do not add up to the whole."""
    return [len(text) // 3 + len(text) // 50 for text in texts]


def plain(text: str, title: str = "") -> ParsedDocument:
    return ParsedDocument(text=text, page_starts=(0,), media_type="text/plain", title=title)


def markdown(text: str) -> ParsedDocument:
    title, found = markdown_headings(text)
    headings = tuple(Heading(*heading) for heading in found)
    return ParsedDocument(text, (0,), "text/markdown", title, headings)


def visible(text: str) -> str:
    return "".join(text.split())


def check(document: ParsedDocument, chunks: list[Chunk], count, limit: int) -> None:
    text = document.text
    assert visible("".join(text[c.start : c.end] for c in chunks)) == visible(text)
    assert [c.ordinal for c in chunks] == list(range(len(chunks)))
    assert all(a.end <= b.start for a, b in pairwise(chunks))
    for chunk in chunks:
        piece = text[chunk.start : chunk.end]
        assert piece == piece.strip() != ""
        assert len(piece) == 1 or count([embedding_text(chunk.heading, piece)])[0] <= limit


PIECES = st.sampled_from(
    [SENTENCE, "Short. ", "# Head\n", "## Sub head\n", "\n", "\n\n", "1.2 Term. ", "ARTICLE V\n",
     "x" * 300, "a, b; c: ", "- item\n", "語" * 40, "```\n", "\f", "word "]
)  # fmt: skip


@given(
    st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=60).map("".join)),
    st.sampled_from([words, letters, lumpy]),
    st.integers(8, 120),
    st.integers(1, 150),
    st.sampled_from(["", "Title", "A very long title " * 12]),
)
@settings(max_examples=250)
def test_nothing_is_lost_and_nothing_is_over_the_limit(text, count, limit, target, title) -> None:
    document = markdown(text)
    document = ParsedDocument(text, (0,), "text/markdown", title.strip(), document.headings)
    check(document, chunk_document(document, count, limit, target), count, limit)


def test_no_text_gives_no_chunks() -> None:
    assert chunk_document(plain(" \n\n "), words, 100) == []


def test_chunks_come_near_the_target() -> None:
    document = plain(SENTENCE * 200)
    sizes = words(
        [document.text[c.start : c.end] for c in chunk_document(document, words, 254, 160)]
    )
    assert all(100 <= size <= 216 for size in sizes)
    assert document.text[chunk_document(document, words, 254, 160)[3].start :].startswith(
        "The Supplier"
    )


def test_headings_are_borders_and_lead_the_chunk() -> None:
    document = markdown(f"# Manual\n\n## Pump\n\n{SENTENCE * 5}\n\n## Filter\n\n{SENTENCE * 5}")
    chunks = chunk_document(document, words, 254, 160)
    assert [c.heading for c in chunks] == ["Manual", "Manual > Filter"]
    assert document.text[chunks[1].start :].startswith("## Filter")


def test_tiny_sections_go_together_under_the_heading_they_share() -> None:
    document = markdown("# FAQ\n\n" + "".join(f"## Question {n}\n\nYes.\n\n" for n in range(8)))
    chunks = chunk_document(document, words, 254, 160)
    assert len(chunks) == 1
    assert chunks[0].heading == "FAQ"


def test_clauses_of_a_contract_are_preferred_borders() -> None:
    clauses = [f"{n}. Clause Number {n}. {SENTENCE * 7}\n" for n in range(1, 9)]
    document = plain("".join(clauses), title="SUPPLY AGREEMENT")
    chunks = chunk_document(document, words, 254, 130)
    starts = {c.start for c in chunks}
    assert starts == {document.text.index(clause) for clause in clauses}
    assert {c.heading for c in chunks} == {"SUPPLY AGREEMENT"}


def test_a_heading_line_is_not_parted_from_what_follows() -> None:
    text = "".join(f"{SENTENCE * 4}\nARTICLE {n}\n{SENTENCE * 4}\n" for n in range(1, 6))
    document = plain(text)
    for chunk in chunk_document(document, words, 254, 130):
        last = document.text[chunk.start : chunk.end].split("\n")[-1]
        assert not last.startswith("ARTICLE")


def test_an_over_long_sentence_is_cut_at_clauses() -> None:
    clause = "the Supplier shall pay all costs that arise from the delay of the delivery, "
    document = plain(clause * 40)
    chunks = chunk_document(document, words, 100, 80)
    check(document, chunks, words, 100)
    assert all(document.text[c.start : c.end].endswith(",") for c in chunks)


def test_a_heading_takes_a_quarter_of_the_limit_at_most() -> None:
    document = plain(SENTENCE * 20, title="A title that goes on " * 7)
    chunks = chunk_document(document, words, 40, 30)
    assert all(0 < words([c.heading])[0] <= 10 for c in chunks)


def test_a_long_run_without_spaces_is_cut_by_characters() -> None:
    def one_token(texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    document = plain("x" * 200_000)
    chunks = chunk_document(document, one_token, 254)
    check(document, chunks, one_token, 254)
    assert max(c.end - c.start for c in chunks) <= 254 * 12


@pytest.mark.parametrize("unit", [SENTENCE, "word ", "x", "a,", "# h\n", "A\n", "1.\n", "\n", "! "])
def test_time_is_linear_for_any_repetition(unit: str) -> None:
    def seconds(size: int) -> float:
        document = markdown(unit * (size // len(unit)))
        begun = time.process_time()
        chunk_document(document, words, 254)
        return time.process_time() - begun

    # Quadratic time would multiply by 64; a busy machine gets much room.
    assert seconds(240_000) < 32 * max(seconds(30_000), 0.02)


def test_the_tokenizer_is_asked_a_few_times_only() -> None:
    calls: list[int] = []

    def counting(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return words(texts)

    chunk_document(markdown(f"# A\n\n{SENTENCE * 500}"), counting, 254)
    assert len(calls) <= 5


LONG = [SENTENCE, "word ", "x", "语", "A b! ", "line without a stop\n", "# Head\n\nSome words.\n\n"]


@pytest.mark.parametrize("unit", LONG)
def test_a_long_text_is_cut_in_steps_and_nothing_is_lost(unit: str) -> None:
    document = markdown(unit * (1_050_000 // len(unit)))
    steps = list(chunk_steps(document, words, 254))
    done = [at for at, _ in steps]
    assert len(done) >= 3
    assert done[-1] == len(document.text)
    assert all(0 < b - a < 2 * WINDOW for a, b in pairwise([0, *done]))
    chunks = [chunk for _, made in steps for chunk in made]
    check(document, chunks, words, 254)
    assert chunks == chunk_document(document, words, 254)


def test_memory_does_not_grow_with_the_text() -> None:
    def peak(size: int) -> int:
        document = plain("word " * (size // 5))
        tracemalloc.start()
        for _ in chunk_steps(document, words, 254):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(3 * WINDOW) < 1.3 * peak(WINDOW)


def test_windows_join_up_and_end_at_the_best_break_in_reach() -> None:
    sentences = SENTENCE * 20_000
    found = list(windows(sentences, 7, len(sentences)))
    assert [a for a, _ in found] == [7, *(b for _, b in found[:-1])]
    assert found[-1][1] == len(sentences)
    assert all(WINDOW // 2 < b - a <= WINDOW for a, b in found)
    assert all(sentences[b - 2 : b] == ". " for _, b in found)
    assert list(windows("x" * WINDOW, 0, WINDOW)) == [(0, WINDOW)]
