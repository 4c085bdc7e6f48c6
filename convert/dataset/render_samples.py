"""Render groups to samples, the only place where the dataset's prompts are built.

The words are those of `assistant.prompts`, so that what is trained on is what is served.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence

from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.types import Message
from convert.dataset.articles import Article
from convert.dataset.passage_headers import PassageHeaders
from convert.dataset.prompt_group import AskedQuestion, Group
from convert.training_samples import Sample


def quoted(answer: str) -> str:
    """Return the completion that quotes `answer`."""
    return f'"{answer}"'


def render_group(
    group: Group, articles: Sequence[Article], sources: Sequence[str], rng: random.Random
) -> Iterator[Sample]:
    """Yield a group's samples. `sources` names the source of `Article.source`."""
    headers = PassageHeaders(rng)
    passages = [
        PromptPassage(
            headers.name(articles[shown.key[0]].name),
            headers.page(shown.paragraph.page),
            shown.text,
        )
        for shown in group.shown
    ]
    for asked in group.asked:
        article = articles[asked.about]
        source = sources[article.source]
        ways = asked.question.rewordings
        yield qa_sample(
            identifier=f"{source}/{group.number}/{asked.question.id}/{asked.origin}",
            document=article.name,
            question=rng.choice(ways) if ways else asked.question.text,
            passages=passages,
            answers=asked.answers if asked.origin == "answer" else (),
            extra=_extra(asked, group, source),
        )


def qa_sample(
    *,
    identifier: str,
    document: str,
    question: str,
    passages: Sequence[PromptPassage],
    answers: Sequence[str],
    extra: dict[str, object],
) -> Sample:
    """Return the sample of one question: a quote of the first answer, or the refusal."""
    completion = quoted(answers[0]) if answers else REFUSAL
    messages = (*build_messages(question, passages), Message("assistant", completion))
    return Sample(
        id=identifier,
        document=document,
        messages=messages,
        kind="answer" if answers else "refusal",
        group=_group_key(passages),
        question=question,
        answers=tuple(answers),
        extra=extra,
    )


def _group_key(passages: Sequence[PromptPassage]) -> str:
    """Return a name that is equal for prompts with the same passages."""
    shown = "\0".join(f"{p.document}\0{p.page}\0{p.text}" for p in passages)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _extra(asked: AskedQuestion, group: Group, source: str) -> dict[str, object]:
    extra: dict[str, object] = {"source": source, "origin": asked.origin}
    if asked.oracle is not None and asked.origin == "answer":
        extra["oracle"] = group.shown.index(asked.oracle) + 1
    return extra
