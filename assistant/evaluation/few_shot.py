"""Few-shot examples for a prompt: questions that are not measured, with their passages.

In-context examples (Brown et al. 2020) are the control of a tuned model: what do five of the
samples do without any training?
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.errors import SuiteError
from assistant.evaluation.suite import Item, Suite
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.text.sentences import split_sentences
from assistant.text.words import plain_words
from assistant.types import Hit, Message, SearchResult

SHOTS = 5
"""Examples in a prompt, two of them refusals: "five-shot"."""

_REFUSALS = 2
_DEPTH = 8
_ANSWER_CHARACTERS = 320
_OTHER_CHARACTERS = 160
_LONGEST_QUESTION = 300
_LONGEST_ANSWER = 200

Search = Callable[[str, int], SearchResult]


@dataclass(frozen=True, slots=True)
class FewShotQuestions:
    """Questions that may become examples; `sha256` tells whether they were changed."""

    items: tuple[Item, ...]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(" ".join(item.digest for item in self.items).encode()).hexdigest()


def candidates(measured: Suite, given: Suite | None = None) -> FewShotQuestions:
    """Return the questions that may become examples: those given, else the suite's own.

    Raises `SuiteError` if there is none, or if one of them is measured too (by its id or by
    its words).
    """
    found = given.items if given is not None else measured.training
    if not found:
        raise SuiteError(
            f"{measured.name} has no question to take examples from.",
            hint='Mark some with "part": "train", or name a file of others: --shots FILE.',
        )
    ids = {item.id for item in measured.items}
    words = {tuple(plain_words(item.question)) for item in measured.items}
    for item in found:
        if item.id in ids or tuple(plain_words(item.question)) in words:
            name = given.name if given is not None else measured.name
            raise SuiteError(
                f"{name}, line {item.line}: '{item.id}' is measured too, so it can't be an "
                "example.",
                hint="Take examples that are not in the measured part of the suite.",
            )
    return FewShotQuestions(found)


def make_shots(shots: FewShotQuestions, search: Search) -> tuple[Message, ...]:
    """Return up to `SHOTS` examples as turns of question and answer, by the order of their ids.

    Each shows what a search of the library finds; an answer that none of these passages holds
    can't be quoted, and its question is left out. Raises `SuiteError` if none is left.
    """
    answered: list[tuple[str, list[Message]]] = []
    refused: list[tuple[str, list[Message]]] = []
    for item in sorted(shots.items, key=lambda item: item.id):
        enough = SHOTS - _REFUSALS if item.answerable else _REFUSALS
        taken = answered if item.answerable else refused
        if len(taken) >= enough or len(item.question) > _LONGEST_QUESTION:
            continue
        turns = _example(item, search(item.question, _DEPTH).hits)
        if turns:
            taken.append((item.id, turns))
    chosen = sorted([*answered, *refused], key=lambda entry: entry[0])
    if not chosen:
        raise SuiteError(
            "None of the examples has an answer that stands in the library.",
            hint="Give examples whose answers stand in the documents, word for word.",
        )
    return tuple(message for _, turns in chosen for message in turns)


def _example(item: Item, hits: Sequence[Hit]) -> list[Message]:
    if not item.answerable:
        passages = [_cut(hit, 0, _OTHER_CHARACTERS) for hit in hits[:2]]
        return _turns(item, passages, REFUSAL)
    wanted = item.answers or tuple(span.text for span in item.spans if span.text)
    for number, hit in enumerate(hits):
        text = hit.passage.text
        for answer in wanted:
            at = text.find(answer)
            if at >= 0 and len(answer) <= _LONGEST_ANSWER:
                gold = _cut(hit, at, _ANSWER_CHARACTERS, at + len(answer))
                other = [_cut(h, 0, _OTHER_CHARACTERS) for h in hits[:2] if h is not hit][:1]
                passages = [gold, *other] if number == 0 else [*other, gold]
                return _turns(item, passages, f'"{" ".join(answer.split())}"')
    return []


def _turns(item: Item, passages: Sequence[PromptPassage], answer: str) -> list[Message]:
    asked = build_messages(item.question, passages)[-1]
    return [asked, Message("assistant", answer)]


def _cut(hit: Hit, at: int, most: int, end: int = 0) -> PromptPassage:
    """Return whole sentences of a passage from the one that holds `at`, as far as they fit.

    What stands between `at` and `end` is kept in any case.
    """
    text = hit.passage.text
    begin, stop = at, max(end, at)
    for start, finish in split_sentences(text):
        if start <= at < finish:
            begin = start if max(end, finish) - start <= most else at
        if finish > at and finish - begin <= most:
            stop = max(stop, finish)
    return PromptPassage(hit.passage.document, hit.passage.page, text[begin:stop] or text[:most])
