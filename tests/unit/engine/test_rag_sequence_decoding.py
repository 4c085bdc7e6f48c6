"""Passages read side by side in one batch, on a real llama.cpp with a tiny random model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.engine.chat_model import LlamaChat
from assistant.engine.llama_runtime import SEQUENCES
from assistant.engine.parallel_sequences import Sequences
from assistant.errors import Cancelled, ContextOverflowError, EngineError
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.types import Calibration, CancelToken, WeightedPassage
from tests.unit.engine.speaking_toy import speaking_toy, token_of

PASSAGES = (
    "the cat and the can in the inn",
    "in the can the cat and another cat",
    "and then the inn in the end",
)
QUESTION = "the cat?"
SHORT = 24
"""Tokens of an answer: the toy never ends one by itself."""


def made(folder: Path, *, quotes: bool = True, context: int = 2048, **how: object) -> LlamaChat:
    file = folder / f"toy{len(list(folder.iterdir()))}.gguf"
    file.write_bytes(speaking_toy(context=context, **how))  # type: ignore[arg-type]
    calibration = Calibration(quotes_only=quotes)
    return LlamaChat(file, name="toy", context_length=context, threads=1, calibration=calibration)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weighing")


@pytest.fixture(scope="module")
def chat(folder: Path) -> Iterator[LlamaChat]:
    loaded = made(folder)
    yield loaded
    loaded.close()


def passages(chat: LlamaChat, *weights: float) -> list[WeightedPassage]:
    return [
        WeightedPassage(prompt_of(chat, text), text, math.log(weight))
        for text, weight in zip(PASSAGES, weights, strict=False)
    ]


def prompt_of(chat: LlamaChat, text: str) -> str:
    return chat.render(build_messages(QUESTION, [PromptPassage("a.txt", 1, text)]))


def test_a_text_is_weighed_as_scoring_it_under_every_passage_does(chat: LlamaChat) -> None:
    asked = passages(chat, 0.5, 0.3, 0.2)
    weighed = chat.weigh(asked, REFUSAL, max_tokens=SHORT)
    assert len(weighed.texts) >= 2
    for text in weighed.texts:
        assert text.text in PASSAGES[text.passage]
        own = [(p.start, p.end) for p in text.places if p.passage == text.passage]
        assert len(own) == len(text.places) > 0
        assert {PASSAGES[text.passage][a:b] for a, b in own} == {text.text}
        assert text.log_probability == pytest.approx(np.logaddexp.reduce(text.by_passage))
        if not text.complete:
            continue
        for reading, term in zip(asked, text.by_passage, strict=True):
            (likely,) = chat.score(reading.prompt, [f'"{text.text}"'], ended=True)
            assert term - reading.weight == pytest.approx(likely.log_probability, abs=0.05)
    ordered = [text.log_probability for text in weighed.texts]
    assert ordered == sorted(ordered, reverse=True)


def test_opening_and_refusal_are_weighed_over_the_passages(chat: LlamaChat) -> None:
    weights = (0.5, 0.3, 0.2)
    weighed = chat.weigh(passages(chat, *weights), REFUSAL, max_tokens=SHORT)
    mark, refusal = chat.tokenize('"')[0], chat.tokenize(REFUSAL)[0]
    first = [chat.next_log_probabilities(prompt_of(chat, text)) for text in PASSAGES]
    for found, token in ((weighed.opening, mark), (weighed.refusal, refusal)):
        wanted = math.log(
            sum(w * math.exp(row[token]) for w, row in zip(weights, first, strict=True))
        )
        assert found == pytest.approx(wanted, abs=0.01)


def test_the_same_question_gets_the_same_answer_whatever_was_asked_before(chat: LlamaChat) -> None:
    asked = passages(chat, 0.5, 0.3, 0.2)
    first = chat.weigh(asked, REFUSAL, max_tokens=SHORT)
    chat.quote(prompt_of(chat, PASSAGES[2]), [PASSAGES[2]], REFUSAL, max_tokens=SHORT)
    list(chat.weigh(asked[:1], REFUSAL, max_tokens=4).texts)
    again = chat.weigh(asked, REFUSAL, max_tokens=SHORT)
    assert again.texts[0].text == first.texts[0].text
    assert again.texts[0].log_probability == pytest.approx(first.texts[0].log_probability, abs=0.01)


def test_what_is_read_one_by_one_changes_nothing_for_the_next_quote(chat: LlamaChat) -> None:
    prompt = prompt_of(chat, PASSAGES[0])
    before = chat.next_log_probabilities(prompt)
    chat.weigh(passages(chat, 0.6, 0.4), REFUSAL, max_tokens=SHORT)
    assert np.array_equal(chat.next_log_probabilities(prompt), before)


@pytest.mark.parametrize("longest", [1, 2, 3, 5, 8])
def test_a_text_that_is_cut_off_ends_with_a_whole_word(chat: LlamaChat, longest: int) -> None:
    weighed = chat.weigh(passages(chat, 0.6, 0.4), REFUSAL, max_tokens=longest)
    for text in weighed.texts:
        assert any(f" {text.text} " in f" {passage} " for passage in PASSAGES), text


def test_a_model_that_writes_freely_reads_nothing_side_by_side(folder: Path) -> None:
    chat = made(folder, quotes=False)
    assert chat.side_by_side == 0
    with pytest.raises(EngineError):
        chat.weigh(passages(chat, 1.0), REFUSAL)
    chat.close()


def test_numbers_that_are_not_finite_are_an_error_and_leave_no_trace(folder: Path) -> None:
    chat = made(folder, broken=(token_of("~"),))
    good = passages(chat, 0.6, 0.4)
    wanted = chat.weigh(good, REFUSAL, max_tokens=SHORT)
    spoilt = [*good, WeightedPassage(prompt_of(chat, "the cat ~ and"), "the cat ~ and", -3.0)]
    with pytest.raises(EngineError, match="not finite"):
        chat.weigh(spoilt, REFUSAL, max_tokens=SHORT)
    again = chat.weigh(good, REFUSAL, max_tokens=SHORT)
    assert again.texts[0].text == wanted.texts[0].text
    chat.close()


def test_a_cancel_stops_it_and_the_next_question_is_answered(chat: LlamaChat) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        chat.weigh(passages(chat, 0.6, 0.4), REFUSAL, cancel, max_tokens=SHORT)
    assert chat.weigh(passages(chat, 0.6, 0.4), REFUSAL, max_tokens=SHORT).texts


def test_passages_that_do_not_fit_side_by_side_are_refused_before_anything(folder: Path) -> None:
    chat = made(folder, context=700)
    long = " ".join(["the cat"] * 60)
    texts = [f"{letter} {long}" for letter in "xyz"]
    asked = [WeightedPassage(prompt_of(chat, text), text, -1.1) for text in texts]
    with pytest.raises(ContextOverflowError, match="side by side"):
        chat.weigh(asked, REFUSAL, max_tokens=SHORT)
    chat.close()


def test_too_many_passages_and_none_are_refused(chat: LlamaChat) -> None:
    assert chat.side_by_side == (SEQUENCES - 1) // 2
    many = passages(chat, 1.0) * (chat.side_by_side + 1)
    for asked in (many, []):
        with pytest.raises(EngineError, match="side by side"):
            chat.weigh(asked, REFUSAL)


def test_as_many_passages_as_are_promised_can_be_read(chat: LlamaChat) -> None:
    asked = passages(chat, 1.0) * chat.side_by_side
    assert chat.weigh(asked, REFUSAL, max_tokens=4).texts


def test_sequences_are_what_one_alone_would_be(chat: LlamaChat) -> None:
    start = chat.tokenize("the cat and ")
    ends = [chat.tokenize("the can"), chat.tokenize("in the inn and then")]
    alone = []
    for end in ends:
        chat._decoder.prefill([*start, *end], CancelToken())
        alone.append(chat._decoder.logits().copy())
    chat._decoder.prefill(start, CancelToken())
    with Sequences(chat._decoder, CancelToken()) as sequences:
        free = sequences.free
        forks = [sequences.fork() for _ in ends]
        likely = sequences.feed(dict(zip(forks, ends, strict=True)))
        for fork, logits in zip(forks, alone, strict=True):
            difference = likely[fork] - logits
            assert np.ptp(difference) < 0.05  # the same but for a constant
        sequences.release(*forks)
        assert sequences.free == free


def test_there_are_only_so_many_sequences(chat: LlamaChat) -> None:
    chat._decoder.prefill(chat.tokenize("the cat"), CancelToken())
    with Sequences(chat._decoder, CancelToken()) as sequences:
        for _ in range(sequences.free):
            sequences.fork()
        with pytest.raises(EngineError):
            sequences.fork()
    with Sequences(chat._decoder, CancelToken()) as sequences:
        assert sequences.free == SEQUENCES - 1
