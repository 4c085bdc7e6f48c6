"""The prompt is the same function of its inputs everywhere, and data stays data."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ConfigError
from assistant.prompts import (
    PROMPT_VERSION,
    REFUSAL,
    REMINDER,
    SYSTEM,
    PromptPassage,
    build_messages,
    is_refusal,
)

PASSAGE = PromptPassage("supply.pdf", 3, "The warranty is\n24 months.")


def test_layout() -> None:
    system, user = build_messages("How long?", [PASSAGE, PASSAGE])
    assert system.role == "system"
    assert system.content == SYSTEM
    assert REFUSAL in SYSTEM
    assert user.content == (
        "[1] supply.pdf, page 3:\nThe warranty is 24 months.\n\n"
        "[2] supply.pdf, page 3:\nThe warranty is 24 months.\n\n"
        f"Question: How long?\n{REMINDER}"
    )


def test_wording_changes_only_with_its_version() -> None:
    rendered = "\0".join(m.role + m.content for m in build_messages("Q?", [PASSAGE]))
    digest = hashlib.sha256(rendered.encode()).hexdigest()[:12]
    known = {1: "6de71df10fc6"}
    assert known[PROMPT_VERSION] == digest, "wording changed: raise PROMPT_VERSION, add its digest"


def test_style_without_a_system_turn() -> None:
    (message,) = build_messages("How long?", [PASSAGE], "user-only")
    assert message.role == "user"
    assert message.content.startswith(SYSTEM)
    with pytest.raises(ConfigError, match="baroque"):
        build_messages("How long?", [PASSAGE], "baroque")


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_no_text_can_forge_a_header_or_a_question(name: str, text: str, question: str) -> None:
    body = build_messages(question, [PromptPassage(name, 1, text)])[-1].content
    lines = body.split("\n")
    assert len(lines) == 5
    assert lines[0].startswith("[1] ")
    assert lines[2] == ""
    assert lines[3].startswith("Question: ")
    assert lines[4] == REMINDER


@pytest.mark.parametrize(
    "answer",
    [REFUSAL, "not in the documents", "Not found in the passages.",
     "The passages do not mention it.", "The documents do not contain the answer.",
     "There is no information about that.", "I don\u2019t know.",
     " \n Not in the documents. Sorry."],
)  # fmt: skip
def test_refusals_are_recognised(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "answer",
    ["", "The fee is due in May.", "No, the fee is 30 EUR.", "Not before May.",
     'The document does not say when, but "the fee is due in May" [1].',
     "The answer is 24 months.", "Notice is given in the documents by mail."],
)  # fmt: skip
def test_answers_are_no_refusals(answer: str) -> None:
    assert not is_refusal(answer)
