"""Many passages asked one by one, all their quotes given as a list: for "which", "list all".

Map: passages are cut into short windows of whole sentences, and each window is asked by
itself, so that nothing has to fit one prompt and no item has to win over the others. Reduce:
equal quotes, and quotes that lie inside others, become one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.answering.best_sentence import sentence_spans
from assistant.answering.course import Course, Found, Task
from assistant.answering.prompt_budget import sub_passage
from assistant.answering.repetition import loop_end
from assistant.answering.strategies.rag_sequence import prompt_of
from assistant.answering.strategies.single_prompt import Together
from assistant.prompts import REFUSAL, is_refusal
from assistant.text.words import words
from assistant.types import TOGETHER, AnswerEvent, Generated, PartsRead, Passage, Sampling

PASSAGES = 12
"""Passages that are looked through."""

WINDOWS = 16
"""Windows that are asked at most: each takes a third of a second or so."""

WINDOW_TOKENS = 90

Window = tuple[int, Passage]
"""(number of the hit, the part of its passage)"""


class MapReduce:
    """Asks every window, and keeps what it does not refuse; if that is nothing, reads together."""

    passages = PASSAGES

    def __init__(self) -> None:
        self._together = Together()

    def read(self, task: Task, course: Course) -> Iterator[AnswerEvent]:
        windows = cut(task)
        merged: list[Found] = []
        for number, (hit, window) in enumerate(windows):
            task.cancel.raise_if_cancelled()
            yield PartsRead(number, len(windows))
            for text in _asked(task, window):
                course.speaks()
                if merge(merged, Found(text, hit)):
                    yield Generated(f'"{text}"\n')
                course.found = list(merged)
        yield PartsRead(len(windows), len(windows))
        course.written = "\n".join(f'"{found.text}"' for found in course.found)
        if not course.found:
            yield from self._otherwise(task, course)

    def _otherwise(self, task: Task, course: Course) -> Iterator[AnswerEvent]:
        """Ask once more with all in one prompt: beside others a part may say enough."""
        course.strategy = TOGETHER
        if course.route is not None:
            reason = f"{course.route.reason} None answered by itself: they were read together."
            course.route = replace(course.route, reason=reason)
        yield from self._together.read(task, course)


def cut(task: Task) -> list[Window]:
    """Cut the passages into windows, in the order of the search; at most `WINDOWS`.

    Every passage has its first window before any has its second, should there be too many.
    """
    by_hit = [
        [(number, window) for window in _windows(hit.passage, task)]
        for number, hit in enumerate(task.hits[:PASSAGES])
    ]
    rounds = max(map(len, by_hit), default=0)
    taken = [own[turn] for turn in range(rounds) for own in by_hit if turn < len(own)]
    return sorted(taken[:WINDOWS], key=lambda window: (window[0], window[1].start))


def _windows(passage: Passage, task: Task) -> list[Passage]:
    """Cut one passage into stretches of whole sentences of about `WINDOW_TOKENS`."""
    found: list[Passage] = []
    begin: int | None = None
    last = used = 0
    for start, end in sentence_spans(passage.text):
        cost = task.chat.count_tokens(passage.text[start:end])
        if begin is not None and used + cost > WINDOW_TOKENS:
            found.append(sub_passage(passage, begin, last))
            begin, used = None, 0
        begin = start if begin is None else begin
        used, last = used + cost, end
    if begin is not None:
        found.append(sub_passage(passage, begin, last))
    return found


def _asked(task: Task, window: Passage) -> Iterator[str]:
    """Return what the model quotes from a window; nothing if it refuses, or if it won't fit."""
    chat, most = task.chat, task.settings.max_answer_tokens
    prompt = prompt_of(task, window)
    if chat.count_tokens(prompt) + most > chat.context_length:
        return
    if chat.calibration.quotes_only:
        quoted = chat.quote(prompt, [window.text], REFUSAL, task.cancel, max_tokens=most)
        if quoted.text and not chat.calibration.refuses_part(quoted):
            yield quoted.text
        return
    bias = chat.calibration.first_bias(REFUSAL)
    sampling = Sampling(most, task.settings.temperature, first_bias=bias)
    written = _free(task, prompt, sampling)
    if written and not is_refusal(written):
        yield written


def _free(task: Task, prompt: str, sampling: Sampling) -> str:
    written = ""
    for piece in task.chat.generate(prompt, sampling, task.cancel):
        written += piece
        end = loop_end(written)
        if end is not None:
            return written[:end].strip()
    return written.strip().strip('"')


def merge(known: list[Found], new: Found) -> bool:
    """Add a quote to those known; False if it says nothing new (or only replaces a shorter).

    Quotes are compared by their words: case and punctuation make no difference.
    """
    own = words(new.text)
    if not own:
        return False
    for at, old in enumerate(known):
        other = words(old.text)
        if _within(own, other):
            return False
        if _within(other, own):
            known[at] = new
            return False
    known.append(new)
    return True


def _within(short: Sequence[str], long: Sequence[str]) -> bool:
    size = len(short)
    return any(list(long[at : at + size]) == list(short) for at in range(len(long) - size + 1))
