"""Measure a chat model on this machine: how fast it reads and writes, and how well it answers.

It is asked the built-in questions (`model_suite`) in the way of a model that writes sentences,
through the same code as any question; one that was tuned to quote is asked to quote.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from assistant.answering.model_output import follow, plain_answer
from assistant.answering.model_suite import SUITE, SuiteQuestion, SuiteSet
from assistant.prompts import REFUSAL, build_messages, is_refusal
from assistant.types import CancelToken, ChatEngine, Measured, Message, Sampling

NO_THINK = "/no_think"
"""How a model is asked within the question not to think aloud (Qwen3, SmolLM3)."""

Report = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""

_TRIAL_TOKENS = 48
_LONG_TOKENS = 384
_TRIAL_SECONDS = 6.0
"""The speed of reading is measured on as many tokens as are read in about that time."""

_LEAST_SHARE = 0.25
_ANSWER_TOKENS = 96
_THOUGHT_TOKENS = 384
_WORDS = (
    "stone",
    "river",
    "lamp",
    "seven",
    "garden",
    "copper",
    "window",
    "early",
    "paper",
    "north",
)


@dataclass(slots=True)
class _Tally:
    """What was counted over the questions so far."""

    answered: list[bool] = field(default_factory=list)
    refused: list[bool] = field(default_factory=list)
    cited: list[bool] = field(default_factory=list)
    thought: int = 0
    tokens: int = 0
    writing: float = 0.0


def tune_in(
    chat: ChatEngine,
    threads: int,
    memory: Callable[[], int],
    report: Report,
    cancel: CancelToken,
) -> tuple[Measured, str]:
    """Measure a loaded model; return what was found, and what keeps it from thinking aloud.

    `memory` gives the most resident bytes so far; it is asked now and then. Raises `Cancelled`,
    and `EngineError` for a model that can't compute.
    """
    steps = 1 + sum(len(one.questions) for one in SUITE)
    report("Measuring the speed", 0, steps)
    prefill = _prefill_speed(chat, threads, cancel)
    tally, no_think, done = _Tally(), "", 0
    began = time.perf_counter()
    for one in SUITE:
        for question in one.questions:
            cancel.raise_if_cancelled()
            report(_label(done, steps - 1, began), 1 + done, steps)
            thought = _ask(chat, one, question, no_think, tally, cancel)
            if thought and not no_think and done == 0:
                no_think = NO_THINK if not _thinks(chat, one, question, cancel) else ""
                tally.thought = 0 if no_think else tally.thought
            memory()
            done += 1
    report("Done", steps, steps)
    measured = Measured(
        prefill=round(prefill, 2),
        decode=round(tally.tokens / tally.writing if tally.writing else 0.0, 2),
        memory=memory(),
        threads=threads,
        answered=_share(tally.answered),
        refused=_share(tally.refused),
        cited=_share(tally.cited),
        thought=tally.thought,
    )
    return measured, no_think


def _label(done: int, questions: int, began: float) -> str:
    spent = time.perf_counter() - began
    left = f", about {spent / done * (questions - done):.0f} s left" if done else ""
    return f"Question {done + 1} of {questions}{left}"


def _share(found: Sequence[bool]) -> float:
    return round(sum(found) / len(found), 3) if found else 0.0


def _prefill_speed(chat: ChatEngine, threads: int, cancel: CancelToken) -> float:
    """Return how many tokens are read in a second; the file is read from disk before."""
    timed_read(chat, "Begin.", threads, cancel)
    tokens, seconds = timed_read(chat, sample_text(chat, _TRIAL_TOKENS, "one"), threads, cancel)
    longer = min(_LONG_TOKENS, int(_TRIAL_SECONDS * tokens / seconds), chat.context_length - 64)
    if longer > 2 * tokens:
        tokens, seconds = timed_read(chat, sample_text(chat, longer, "two"), threads, cancel)
    return tokens / seconds


def sample_text(chat: ChatEngine, tokens: int, first: str) -> str:
    """Make a text of about so many tokens that begins unlike the others."""
    words = [first]
    while chat.count_tokens(" ".join(words)) < tokens:
        words += [_WORDS[(len(words) * 7 + at) % len(_WORDS)] for at in range(8)]
    return " ".join(words)


def timed_read(chat: ChatEngine, text: str, threads: int, cancel: CancelToken) -> tuple[int, float]:
    """Have a text read; return its tokens and the seconds that it takes on a quiet machine.

    The profile stays when what keeps the machine busy today is gone: where the threads got
    less than the whole time, the time that they got counts. With less than `_LEAST_SHARE` of it
    they waited for something else, such as a file that does not fit into the memory.
    """
    began, used = time.perf_counter(), time.process_time()
    chat.warm_up(text)
    cancel.raise_if_cancelled()
    wall, own = time.perf_counter() - began, (time.process_time() - used) / max(threads, 1)
    seconds = own if _LEAST_SHARE * wall <= own < wall else wall
    return chat.count_tokens(text), max(seconds, 1e-6)


def _ask(
    chat: ChatEngine,
    one: SuiteSet,
    question: SuiteQuestion,
    no_think: str,
    tally: _Tally,
    cancel: CancelToken,
) -> bool:
    """Ask one question and count what came; return whether the model thought aloud."""
    thought = ""
    if chat.calibration.quotes_only:
        said = _quoted(chat, one, question, tally, cancel)
    else:
        said, thought = _written(chat, one, question, no_think, tally, cancel)
    if question.passage:
        tally.answered.append(question.is_answered(said))
        tally.cited.append(question.is_cited(said))
    else:
        tally.refused.append(is_refusal(said))
    if thought:
        tally.thought = max(tally.thought, chat.count_tokens(thought))
    return bool(thought)


def _written(
    chat: ChatEngine,
    one: SuiteSet,
    question: SuiteQuestion,
    no_think: str,
    tally: _Tally,
    cancel: CancelToken,
) -> tuple[str, str]:
    """Return what a model writes, and what it thought aloud."""
    messages = build_messages(question.text, one.passages, "sentences")
    asked = [message.content for message in messages]
    if no_think:
        messages[-1] = Message("user", f"{messages[-1].content}\n{no_think}")
    sampling = Sampling(_ANSWER_TOKENS + _THOUGHT_TOKENS, stop=chat.profile.stop)
    text = thought = raw = ""
    first = last = 0.0
    with closing(chat.generate(chat.render(messages), sampling, cancel)) as pieces:
        for so_far in follow(pieces):
            text, thought, raw = so_far.text, so_far.thought, so_far.raw
            last = time.perf_counter()
            first = first or last
            if chat.count_tokens(text) > _ANSWER_TOKENS:
                break
    tally.tokens += max(0, chat.count_tokens(raw) - 1)
    tally.writing += last - first
    return plain_answer(text, asked)[0], thought


def _thinks(chat: ChatEngine, one: SuiteSet, question: SuiteQuestion, cancel: CancelToken) -> bool:
    """Tell whether a model thinks aloud although it is asked not to."""
    return bool(_written(chat, one, question, NO_THINK, _Tally(), cancel)[1].strip())


def _quoted(
    chat: ChatEngine, one: SuiteSet, question: SuiteQuestion, tally: _Tally, cancel: CancelToken
) -> str:
    """Return the quote of a model that was tuned to quote, with its passage, or the refusal."""
    prompt = chat.render(build_messages(question.text, one.passages))
    chat.warm_up(prompt)
    began = time.perf_counter()
    passages = [passage.text for passage in one.passages]
    quoted = chat.quote(prompt, passages, REFUSAL, cancel, max_tokens=_ANSWER_TOKENS)
    tally.writing += time.perf_counter() - began
    tally.tokens += quoted.tokens
    if not quoted.places or chat.calibration.refuses(quoted):
        return REFUSAL
    return f"{quoted.text} [{quoted.places[0].passage + 1}]"
