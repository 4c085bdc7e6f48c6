"""Find the passages inside a rendered prompt, and the parts that samples share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from assistant.types import Message
from convert.dataset.articles import one_line
from convert.dataset.render_samples import quoted
from convert.training_samples import Sample

_PASSAGE = re.compile(r"^\[\d{1,3}\] [^\n]*, page \d+:\n([^\n]*)$", re.MULTILINE)


def passages_in(sample: Sample) -> tuple[str, ...]:
    """Return the texts of the passages that a sample's prompt shows."""
    return tuple(text for m in sample.prompt for text in _PASSAGE.findall(m.content))


def blocks_of(text: str) -> list[str]:
    """Cut a text at its blank lines: the samples of a group share most of the pieces."""
    return text.split("\n\n")


def rewritten(sample: Sample, change: Callable[[str], str]) -> Sample | None:
    """Return a sample with `change` made to all its texts, block by block.

    None if its completion would no longer quote a passage word for word.
    """
    messages = tuple(
        Message(m.role, "\n\n".join(change(block) for block in blocks_of(m.content)))
        for m in sample.messages
    )
    answers = tuple(change(answer) for answer in sample.answers)
    changed = replace(sample, messages=messages, question=change(sample.question), answers=answers)
    if sample.kind == "answer" and not _quotes(changed):
        return None
    return changed


def _quotes(sample: Sample) -> bool:
    answer = sample.answers[0] if sample.answers else ""
    shown = any(one_line(answer) in passage for passage in passages_in(sample))
    return shown and sample.completion == quoted(answer)
