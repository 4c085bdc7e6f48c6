"""The prompt fits the context, whatever the question and the passages are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.best_sentence import ScoredSentence, score_sentences
from assistant.answering.prompt_budget import cut_windows, plan_prompt, sub_passage
from assistant.config import Settings
from assistant.errors import ContextOverflowError
from assistant.types import Hit
from tests.fakes.embedder import FakeEmbedder, make_query
from tests.fakes.engine import FakeChat
from tests.fakes.passages import make_hits, make_passage

SETTINGS = Settings(data_dir=Path("unused"), max_answer_tokens=20, prompt_passage_tokens=40)
PASSAGE_TOKENS = 40 + 5 * 4  # the budget, and a header of four words for each
LONG = " ".join(f"Sentence number {n} speaks of item{n} only." for n in range(12))


def scored(question: str, hits: tuple[Hit, ...]) -> list[ScoredSentence]:
    return score_sentences(make_query(question, {}), hits, FakeEmbedder())


def test_windows_keep_the_best_sentences_and_the_budget() -> None:
    hits = make_hits(LONG, LONG.replace("item", "thing"))
    found = scored("item7 thing9", hits)
    windows = cut_windows(hits, found, FakeChat(), 40)
    assert "item7" in windows[0].passage.text
    assert "thing9" in windows[1].passage.text
    assert sum(len(w.passage.text.split()) for w in windows) <= 40
    assert all(w.passage.text in h.passage.text for w, h in zip(windows, hits, strict=True))


def test_a_window_knows_its_page_and_offsets() -> None:
    passage = make_passage("First page.\fSecond page. Third sentence.", start=8, page=2)
    part = sub_passage(passage, 13, 25)
    assert part.page == 3
    assert part.text == passage.text[13:25]
    assert part.cite(0, 6) == passage.cite(13, 19)


@given(st.integers(1, 400), st.integers(0, 60), st.integers(0, 5))
def test_prompt_and_answer_always_fit(context: int, words: int, count: int) -> None:
    chat = FakeChat(context_length=context)
    question = " ".join(["item7"] * (words + 1))
    hits = make_hits(*[LONG] * count)
    sentences = scored(question, hits)
    try:
        plan = plan_prompt(question, hits, sentences, chat, SETTINGS, "system")
    except ContextOverflowError:
        least = plan_prompt(question, hits, sentences, FakeChat(), SETTINGS, "system")
        assert least.prompt_tokens + 16 > context - PASSAGE_TOKENS
        return
    assert chat.count_tokens(plan.prompt) + plan.max_answer_tokens <= context
    assert sum(len(p.text.split()) for p in plan.passages) <= SETTINGS.prompt_passage_tokens
    assert question in plan.prompt


def test_a_long_question_shrinks_the_passages_first() -> None:
    hits = make_hits(LONG, LONG)
    chat = FakeChat(context_length=165)
    short = plan_prompt("item7", hits, scored("item7", hits), chat, SETTINGS, "system")
    question = "item7 " * 70
    long = plan_prompt(question, hits, scored(question, hits), chat, SETTINGS, "system")
    size = [sum(len(p.text.split()) for p in plan.passages) for plan in (short, long)]
    assert size[0] > size[1] > 0


def test_a_question_longer_than_the_context_is_refused_with_the_numbers() -> None:
    with pytest.raises(ContextOverflowError) as caught:
        plan_prompt("word " * 500, (), [], FakeChat(context_length=300), SETTINGS, "system")
    assert "500" in caught.value.message
    assert "300" in caught.value.message


def test_a_sentence_longer_than_the_budget_is_cut_at_a_word() -> None:
    hits = make_hits("word " * 300 + "end.")
    (window,) = cut_windows(hits, scored("word", hits), FakeChat(), 30)
    assert 20 <= len(window.passage.text.split()) <= 30
    assert window.passage.text.endswith("word")
