"""What is trained on is what the laptop's engine reads: byte for byte, token for token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.engine.chat_model import LlamaChat
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.types import Message
from convert.dataset.dataset_step import run_dataset
from convert.dataset.settings import DatasetSettings, SourceSettings
from convert.dataset.token_lengths import TokenCounter
from convert.train.tokenize_samples import SampleTokenizer
from convert.training_samples import Sample, read_samples
from tests.convert.dataset_data import NASTY, article, towns, write_squad

END = "<|im_end|>"


@pytest.fixture(scope="module")
def engine(default_gguf: Path) -> Iterator[LlamaChat]:
    chat = LlamaChat(default_gguf, name="default", context_length=2048, threads=1)
    yield chat
    chat.close()


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(tokenizer_folder), local_files_only=True)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    folder = tmp_path_factory.mktemp("prompts")
    facts = [(f"{NASTY} It was found by {n} people.", f"Who {NASTY}? {n}", f"{n} people")
             for n in ("nine", "ten", "sixty", "ninety")]  # fmt: skip
    path = write_squad(folder / "nasty.json", [article(NASTY[:40], facts), towns("Aa", 8)])
    settings = DatasetSettings(sources=(SourceSettings(path, "squad"),), validation_ratio=0.0)
    run_dataset(settings, folder / "out")
    return list(read_samples(folder / "out" / "train.jsonl"))


def trained_text(tokenizer: Any, sample: Sample) -> str:
    """The text as Hugging Face's template renders the whole conversation."""
    turns = [{"role": m.role, "content": m.content} for m in sample.messages]
    text: str = tokenizer.apply_chat_template(turns, tokenize=False)
    return text


def test_text_is_the_engines_own(samples: list[Sample], engine: LlamaChat, tokenizer: Any) -> None:
    assert any("\u200b" in s.messages[1].content for s in samples)
    assert {s.kind for s in samples} == {"answer", "refusal"}
    for sample in samples:
        served = str(engine.render(sample.prompt)) + sample.completion + END + "\n"
        assert trained_text(tokenizer, sample).encode() == served.encode()


def test_tokens_are_the_engines_own(
    samples: list[Sample], engine: LlamaChat, tokenizer: Any
) -> None:
    own = SampleTokenizer(tokenizer, tokenizer.chat_template)
    for sample in samples:
        served = engine.tokenize(engine.render(sample.prompt))
        assert list(own.prompt(sample.prompt)) == served
        assert list(own.completion(sample.completion))[:-1] == engine.tokenize(sample.completion)
        assert own.decode(own.completion(sample.completion)) == sample.completion


def test_plain_samples_have_the_tokens_that_any_program_would_give_them(
    samples: list[Sample], engine: LlamaChat, tokenizer: Any
) -> None:
    plain = [s for s in samples if "im_end" not in s.messages[1].content]
    assert plain
    for sample in plain:
        turns = [{"role": m.role, "content": m.content} for m in sample.prompt]
        ids = tokenizer.apply_chat_template(
            turns, tokenize=True, add_generation_prompt=True, return_dict=True
        )["input_ids"]
        assert ids == engine.tokenize(engine.render(sample.prompt))


def test_a_passage_can_not_end_its_turn(samples: list[Sample], tokenizer: Any) -> None:
    own = SampleTokenizer(tokenizer, tokenizer.chat_template)
    hostile = [s for s in samples if END in s.messages[1].content]
    assert hostile
    for sample in hostile:
        assert own.prompt(sample.prompt).count(own.end) == 2  # the system's turn and the user's


def test_prompts_come_from_the_one_place(samples: list[Sample]) -> None:
    """Read the passages back out of a prompt and render them again."""
    for sample in samples:
        body, _, _ = sample.messages[1].content.rpartition("\n\nQuestion: ")
        passages = []
        for block in body.split("\n\n"):
            header, _, text = block.partition("\n")
            name, _, page = header.partition("] ")[2].removesuffix(":").rpartition(", page ")
            passages.append(PromptPassage(name, int(page), text))
        assert tuple(build_messages(sample.question, passages)) == sample.prompt
        assert sample.completion == (f'"{sample.answers[0]}"' if sample.answers else REFUSAL)


def test_length_is_counted_in_the_bases_tokens(
    samples: list[Sample], tiny_base: Path, engine: LlamaChat
) -> None:
    lengths = TokenCounter(tiny_base, 1)  # everything is near the limit: counted as a whole
    rough = TokenCounter(tiny_base, 100_000)
    for sample in samples[:5]:
        if "im_end" in sample.messages[1].content:
            continue
        exact = len(engine.tokenize(engine.render(sample.prompt)))
        exact += len(engine.tokenize(sample.completion)) + 1
        assert lengths.tokens(sample) == exact
        assert exact <= rough.tokens(sample) <= exact + 60


def test_a_written_sample_reads_back_equal(samples: list[Sample]) -> None:
    from convert.training_samples import to_table

    table = json.loads(json.dumps(to_table(samples[0])))
    assert table["messages"][0] == {"role": "system", "content": samples[0].messages[0].content}
    assert isinstance(samples[0].messages[0], Message)
