"""A chat model is measured: speed, answers, refusals, citations, thoughts."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from assistant.answering.model_suite import SUITE, SuiteQuestion
from assistant.answering.tune_in import NO_THINK, timed_read, tune_in
from assistant.errors import Cancelled
from assistant.prompts import REFUSAL
from assistant.types import Calibration, CancelToken, Measured, Quoted, Sampling
from tests.fakes.engine import FakeChat

QUESTIONS = [(one, question) for one in SUITE for question in one.questions]
ANSWERABLE = sum(1 for _, question in QUESTIONS if question.passage)


def right(question: SuiteQuestion) -> str:
    """What a model that does as it is asked would write."""
    if not question.passage:
        return REFUSAL
    verdict = f"{question.verdict.capitalize()}, it " if question.verdict else "It is "
    return f"{verdict}{question.answers[0] if question.answers else 'may'} [{question.passage}]."


class Suited(FakeChat):
    """Answers by the question; `thought` stands before each answer unless it is told not to."""

    def __init__(self, answer=right, thought: str = "", obeys: bool = True) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self._answer, self._thought, self._obeys = answer, thought, obeys

    def generate(
        self, prompt: str, sampling: Sampling, cancel: CancelToken | None = None
    ) -> Generator[str, None, None]:
        question = next(q for _, q in QUESTIONS if f"Question: {q.text}\n" in prompt)
        told = NO_THINK in prompt and self._obeys
        said = ("" if told else self._thought) + self._answer(question)
        self._scripts = [tuple(f"{word} " for word in said.split(" "))]
        yield from super().generate(prompt, sampling, cancel)


def measured(chat: FakeChat) -> tuple[Measured, str]:
    seen: list[tuple[str, int, int]] = []
    found = tune_in(chat, 2, lambda: 7, lambda *step: seen.append(step), CancelToken())
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1][1] == seen[-1][2] == len(QUESTIONS) + 1
    assert any("s left" in what for what, _, _ in seen)
    return found


def test_the_suite_is_what_it_says() -> None:
    assert len({question.text for _, question in QUESTIONS}) == len(QUESTIONS)
    for one, question in QUESTIONS:
        assert 0 <= question.passage <= len(one.passages)
        assert question.is_answered(right(question)) == bool(question.passage)
        if question.passage:
            assert question.is_cited(right(question))
            wrong = right(question).replace(f"[{question.passage}]", "[7]")
            assert not question.is_cited(wrong)
        if question.verdict == "no":
            assert not question.is_answered("Yes, it is [1].")


def test_a_model_that_does_as_it_is_asked() -> None:
    chat = Suited()
    found, no_think = measured(chat)
    assert (found.answered, found.refused, found.cited) == (1.0, 1.0, 1.0)
    assert (found.thought, no_think, found.threads, found.memory) == (0, "", 2, 7)
    assert found.prefill > 0
    assert found.decode > 0
    assert len(chat.prompts) == len(QUESTIONS)


def test_one_that_makes_up_and_cites_nothing() -> None:
    found, _ = measured(Suited(lambda question: "It is blue."))
    assert (found.answered, found.refused, found.cited) == (0.0, 0.0, 0.0)


def test_one_that_thinks_aloud_until_it_is_told_not_to() -> None:
    thought = "<think> I look at the passages </think> "
    found, no_think = measured(Suited(thought=thought))
    assert no_think == NO_THINK
    assert (found.answered, found.thought) == (1.0, 0)


def test_one_that_thinks_aloud_whatever_it_is_told() -> None:
    thought = "<think> I look at the passages </think> "
    found, no_think = measured(Suited(thought=thought, obeys=False))
    assert no_think == ""
    assert found.thought == len("I look at the passages".split())
    assert found.answered == 1.0


def test_a_tuned_model_is_asked_to_quote() -> None:
    chat = FakeChat(
        calibration=Calibration(quotes_only=True),
        quoted=Quoted("is", margin=1.0, log_probability=-1.0, tokens=2),
    )
    found, _ = measured(chat)
    assert (found.answered, found.refused) == (0.0, 1.0)
    assert chat.samplings == []


def test_a_cancel_ends_it() -> None:
    token = CancelToken()

    def report(what: str, done: int, total: int) -> None:
        if done == 3:
            token.cancel()

    chat = Suited()
    with pytest.raises(Cancelled):
        tune_in(chat, 1, lambda: 0, report, token)
    assert len(chat.prompts) < len(QUESTIONS)


@pytest.mark.parametrize(
    ("share", "counted"), [(1.0, 0.08), (0.5, 0.04), (0.05, 0.08)], ids=["quiet", "busy", "waits"]
)
def test_a_busy_machine_does_not_make_a_model_slow(
    share: float, counted: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the threads got of the processor counts, unless they waited for the disk."""
    clock = iter([10.0, 10.08])
    used = iter([3.0, 3.0 + 2 * 0.08 * share])
    monkeypatch.setattr("assistant.answering.tune_in.time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("assistant.answering.tune_in.time.process_time", lambda: next(used))
    _, seconds = timed_read(FakeChat(), "one stone", 2, CancelToken())
    assert seconds == pytest.approx(counted)
