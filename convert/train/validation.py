"""Validate the model on held-out samples: loss, and the task itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from assistant.evaluation.answer_scores import quote_of, task_score
from assistant.prompts import is_refusal
from convert.train.distributed import ProcessGroup
from convert.train.lora import LoraModel
from convert.train.loss_history import Evaluation
from convert.train.packed_forward import ATTENTION
from convert.train.sequence_packing import Row, pack_rows
from convert.train.settings import TrainSettings
from convert.train.tokenize_samples import SampleTokenizer, Tokenized
from convert.training_samples import Sample


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What an evaluation looks at, the same each time: rows for the loss, samples to answer."""

    rows: tuple[Row, ...]
    asked: tuple[Tokenized, ...]
    tokenizer: SampleTokenizer
    longest: int


@dataclass(frozen=True, slots=True)
class GradedSample:
    """A sample's answer, judged: see `grade_sample`."""

    refusable: bool
    refused: bool
    exact: float
    f1: float
    verbatim: bool | None


def hold_out(
    tokenized: Sequence[Tokenized], tokenizer: SampleTokenizer, settings: TrainSettings
) -> HeldOut:
    """Choose what is evaluated, by the seed.

    Half of the samples that are answered should be refused, as far as there are enough.
    A few are taken of each group: they share what is computed, and many groups are seen.
    """
    order = random.Random(settings.seed)  # noqa: S311  (a choice, not a secret)
    spread = _spread(tokenized, order, at_once=4)
    chosen = spread[: settings.validation_samples]
    answers = [t for t in spread if t.sample.kind == "answer"]
    refusals = [t for t in spread if t.sample.kind == "refusal"]
    few = min(settings.score_samples // 2, len(refusals))
    asked = answers[: settings.score_samples - few] + refusals[:few]
    asked.sort(key=lambda t: t.prompt)
    rows = pack_rows(chosen, settings.row_tokens, seed=settings.seed)
    return HeldOut(tuple(rows), tuple(asked), tokenizer, settings.score_tokens)


def evaluate(
    tuned: LoraModel,
    held_out: HeldOut,
    team: ProcessGroup,
    step: int,
    tick: Callable[[int, int], None],
) -> Evaluation:
    """Compute the held-out loss, and answer and score the samples that are asked.

    `tick` is called with (parts done, parts in all). Every process of a team must call it.
    """
    started = time.perf_counter()
    total = team.rounds(held_out.rows) + len(held_out.asked)
    tuned.eval()
    try:
        with torch.no_grad():
            loss = _loss(tuned, held_out.rows, team, lambda n: tick(n, total))
            before = team.rounds(held_out.rows)
            judged = _answer(tuned, held_out, team, lambda n: tick(before + n, total))
    finally:
        tuned.train()
    return _evaluation(step, loss, time.perf_counter() - started, judged)


def grade_sample(sample: Sample, text: str) -> GradedSample:
    """Score an answer with SQuAD's measures (`assistant.evaluation.answer_scores`).

    `verbatim`: its quote stands in the passages; None without a quote.
    """
    answers = sample.answers if sample.kind == "answer" else ()
    exact, f1 = task_score(text, answers)
    refused = is_refusal(text)
    quote = None if refused else quote_of(text)
    passages, _, _ = sample.prompt[-1].content.rpartition("\n\nQuestion: ")
    stands = None if quote is None else quote in passages
    return GradedSample(sample.kind == "refusal", refused, exact, f1, stands)


def _spread(tokenized: Sequence[Tokenized], order: random.Random, at_once: int) -> list[Tokenized]:
    """Put samples in an order that takes `at_once` of every group, then as many again."""
    by_name: dict[str, list[Tokenized]] = {}
    for number, one in enumerate(tokenized):
        by_name.setdefault(one.sample.group or f"\0{number}", []).append(one)
    groups = list(by_name.values())
    order.shuffle(groups)
    for group in groups:
        order.shuffle(group)
    found: list[Tokenized] = []
    start = 0
    while len(found) < len(tokenized):
        for group in groups:
            found += group[start : start + at_once]
        start += at_once
    return found


def _loss(
    tuned: LoraModel, rows: Sequence[Row], team: ProcessGroup, tick: Callable[[int], None]
) -> float:
    mine = team.share(rows)
    total, labels = 0.0, 0
    for number in range(team.rounds(rows)):
        if number < len(mine):
            total += float(tuned(row=mine[number]))
            labels += mine[number].label_tokens
        elif team.sharded:
            tuned(row=rows[0])  # the others wait for this process's part of the weights
        tick(number + 1)
    total, labels_all = team.sum([total, float(labels)])
    return total / labels_all


def _answer(
    tuned: LoraModel, held_out: HeldOut, team: ProcessGroup, tick: Callable[[int], None]
) -> list[GradedSample]:
    """Answer the samples asked; with FSDP every process answers all, in step."""
    asked = held_out.asked
    if not asked:
        return []
    if not team.sharded:
        size = -(-len(asked) // team.size)  # in runs, not in turn: neighbours share a prompt
        asked = asked[team.rank * size : (team.rank + 1) * size]
    judged = []
    with plain_attention(tuned):
        decoder = GreedyDecoder(tuned, held_out.tokenizer.end, held_out.longest)
        for number, one in enumerate(asked, start=1):
            tokens = decoder.answer(one.prompt)
            judged.append(grade_sample(one.sample, held_out.tokenizer.decode(tokens)))
            tick(number)
    return judged if team.sharded else team.gather(judged)


class GreedyDecoder:
    """Greedy decoding that keeps what a prompt has in common with the one before."""

    def __init__(self, tuned: LoraModel, end: int, longest: int) -> None:
        from transformers import DynamicCache

        self._tuned = tuned
        self._end = end
        self._longest = longest
        self._cache: Any = DynamicCache()
        self._held: list[int] = []

    def answer(self, prompt: Sequence[int]) -> list[int]:
        """Return the tokens of the answer, without the one that ends it."""
        same = 0
        while same < min(len(self._held), len(prompt) - 1) and self._held[same] == prompt[same]:
            same += 1
        if same < len(self._held):
            self._cache.crop(same - len(self._held))
        self._held = list(prompt[:same])
        answer: list[int] = []
        token = int(self._feed(prompt[same:]).argmax())
        while token != self._end and len(answer) < self._longest:
            answer.append(token)
            token = int(self._feed([token]).argmax())
        return answer

    def _feed(self, tokens: Sequence[int]) -> Any:
        ids = torch.tensor([list(tokens)], device=self._tuned.device)
        self._held.extend(tokens)
        return self._tuned(ids=ids, cache=self._cache)


@contextmanager
def plain_attention(tuned: LoraModel) -> Iterator[None]:
    """The attention of packed rows knows no cache: use PyTorch's while generating."""
    model = tuned.model.get_base_model()
    if tuned.packed:
        model.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        if tuned.packed:
            model.set_attn_implementation(ATTENTION)


def _evaluation(
    step: int, loss: float, seconds: float, judged: Sequence[GradedSample]
) -> Evaluation:
    refusable = [a for a in judged if a.refusable]
    answerable = [a for a in judged if not a.refusable]
    quotes = [a.verbatim for a in judged if a.verbatim is not None]
    return Evaluation(
        step=step,
        loss=loss,
        seconds=seconds,
        answered=len(judged),
        exact=_mean([a.exact for a in answerable]),
        f1=_mean([a.f1 for a in answerable]),
        refused=_mean([float(a.refused) for a in refusable]),
        false_refusals=_mean([float(a.refused) for a in answerable]),
        verbatim=_mean([float(q) for q in quotes]),
        score=_mean([a.f1 for a in judged]),
    )


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 6) if values else None
