"""What larger models write, in their own styles: what of it is the answer, and what is not.

The texts are written in the manner of such models (thinking aloud, JSON, markdown, citations of
several spellings, the prompt said again), about the passages below.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.model_output import follow, plain_answer, without_thought
from assistant.prompts import PromptPassage, build_messages

PASSAGE = "The oil of the pump is changed every six months."
QUESTION = "How often is the oil of the pump changed?"
ASKED = tuple(
    message.content
    for message in build_messages(QUESTION, [PromptPassage("manual.pdf", 3, PASSAGE)], "sentences")
)
SAID = "The oil is changed every six months [1]."


@pytest.mark.parametrize(
    "raw",
    [
        f"<think>\nOkay, the user asks about oil. Passage 1 says so.\n</think>\n\n{SAID}",
        f"<think>\n\n</think>\n\n{SAID}",
        f"Okay, so passage 1 speaks of oil.\n</think>\n\n{SAID}",
        f"<thinking>Let me look.</thinking>{SAID}",
        f"<|begin_of_thought|>Hm.<|end_of_thought|>\n{SAID}",
        f"[THINK]Regardons.[/THINK]{SAID}",
        f"\u25c1think\u25b7Hm.\u25c1/think\u25b7{SAID}",
        f"<seed:think>Hm.</seed:think>{SAID}",
        f"<Think>One.</Think><think>Two.</think>{SAID}",
        SAID,
    ],
)
def test_a_thought_is_no_answer(raw: str) -> None:
    text, thought = without_thought(raw)
    assert text == SAID
    assert SAID not in thought
    *_, last = follow(raw[at : at + 3] for at in range(0, len(raw), 3))
    assert last.text == SAID


@pytest.mark.parametrize(
    "raw", ["<think>\nOkay, the user wants", "<think>", "<thi", "<|begin_of_thought|>Hm. </th"]
)
def test_a_thought_that_does_not_end_is_shown_nowhere(raw: str) -> None:
    assert "".join(written.piece for written in follow(raw)) == ""
    assert without_thought(raw)[0] == ""


@pytest.mark.parametrize(
    "text", ["It is < 5 mg [1].", "<5 mg a day [1].", "[1] says so.", "I think so [1]."]
)
def test_ordinary_text_is_shown_as_it_comes(text: str) -> None:
    assert "".join(written.piece for written in follow(text)) == text


@given(st.lists(st.sampled_from(["<think>", "</think>", "a ", "<", "[THINK]", "\n"]), max_size=12))
def test_text_and_thought_are_never_longer_than_what_came(pieces: list[str]) -> None:
    raw = "".join(pieces)
    text, thought = without_thought(raw)
    assert len(text) + len(thought) <= len(raw)


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps({"answer": "The oil is changed every six months.", "citations": [1]}),
        json.dumps({"answer": SAID, "sources": [1]}, indent=2),
        f"```json\n{json.dumps({'answer': SAID, 'confidence': 0.9})}\n```",
        f"```\n{json.dumps({'response': {'text': SAID}})}\n```\nI hope this helps!",
        json.dumps([{"sentence": "The oil is changed every six months.", "passage": "[1]"}]),
        json.dumps({"reasoning": "Passage 1 says so.", "Answer": SAID}),
        f'{{"answer": "{SAID}", "citations": [1',
        f'{{"reasoning": "x", "answer": "{SAID}',
    ],
)
def test_json_is_read(raw: str) -> None:
    text, note = plain_answer(raw, ASKED)
    assert text.replace(". [1]", " [1].") == SAID
    assert "JSON" in note


@pytest.mark.parametrize("raw", ["{" * 9000, '[{"a":' * 5000, '{"answer": null}', "{}", '{"a": 1}'])
def test_json_that_says_nothing_ends_well(raw: str) -> None:
    text, _ = plain_answer(raw, ASKED)
    assert len(text) <= len(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "The oil is changed **every six months** [1].",
        "## The oil is changed every six months [1].",
        "Answer: The oil is changed every six months [1].",
        "The oil is changed every six months\u30101\u2020manual.pdf\u3011.",
        "The oil is changed every six months [^1].",
        "The oil is changed every six months [Source 1].",
        "The oil is changed every six months (document 1).",
    ],
)
def test_markdown_and_citations_are_brought_to_one_form(raw: str) -> None:
    assert plain_answer(raw, ASKED)[0].replace("months[", "months [") == SAID


def test_a_page_in_a_citation_is_kept() -> None:
    text, _ = plain_answer("Every six months [1, page 3].", ASKED)
    assert text == "Every six months [1] (page 3)."


@pytest.mark.parametrize(
    "echo",
    [
        "\n\n".join(ASKED),
        f"Question: {QUESTION}",
        f"[1] manual.pdf, page 3:\n{PASSAGE}",
        ASKED[0],
        ASKED[0][:120],
    ],
)
def test_what_it_was_asked_is_no_answer(echo: str) -> None:
    text, note = plain_answer(f"{echo}\n{SAID}", ASKED)
    assert text.strip() == SAID
    assert "repeated" in note
    assert plain_answer(echo, ASKED)[0].strip() == ""


def test_the_words_of_a_passage_may_be_the_answer() -> None:
    assert plain_answer(PASSAGE, ASKED) == (PASSAGE, "")
    assert plain_answer(f"- {PASSAGE}", ASKED) == (f"- {PASSAGE}", "")
