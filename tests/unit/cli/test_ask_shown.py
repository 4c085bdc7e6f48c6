"""What a person and a script are shown of flaws, contradictions and confidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.answering.answer_text import answer_text
from assistant.cli.ask.answer_schema import answer_json
from assistant.cli.ask.command import show_answer
from assistant.cli.summary import show_summary
from assistant.console.json_output import plain
from assistant.console.output import Output
from assistant.tui.turn_state import Turn
from assistant.tui.widgets.turn_view import TurnView
from assistant.types import Answer, Contradiction, Flaw, Sentence, Timings, YesNo
from tests.fakes.passages import make_hits

HITS = make_hits("The term is 24 months.", "The term is 36 months.")
FIRST, SECOND = (
    Sentence(h.passage.text, True, h.passage.cite(0, len(h.passage.text)), "extract") for h in HITS
)
ANSWER = Answer(
    question="How long is the term?",
    text="The term is 24 months.",
    abstained=False,
    sentences=(
        FIRST,
        Sentence("It is 99\x1b[31m years.", False, (), "model", (Flaw("number", "99\x1b[31m"),)),
        Sentence("Nobody knows.", False, (), "model"),
    ),
    passages=HITS,
    relevance=0.9,
    timings=Timings(1.0, 1.0, None, 2.0),
    model="m",
    confidence=0.83,
    contradictions=(Contradiction("number", FIRST, SECOND, ("24 months", "36 months")),),
)


def test_a_person_reads_why_and_where_the_documents_disagree(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_answer(ANSWER, Output(as_json=False), passages=False)
    out, err = capsys.readouterr()
    assert "(unsupported: a number that is not in the passage: 99" in out
    assert "Nobody knows. (unsupported)" in out
    assert "\x1b" not in out
    disagreeing = out.split("The documents disagree:")[1].splitlines()
    assert disagreeing[1].strip() == "The term is 24 months. [1]"
    assert disagreeing[2].strip() == "The term is 36 months. [2]"
    assert "[2] doc2.txt, page 1" in out
    assert "confidence 83%" in err


def test_a_refusal_says_once_that_the_documents_disagree(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = answer_text(
        [FIRST], [], refused=True, relevant=True, contradictions=ANSWER.contradictions
    )
    refused = replace(ANSWER, abstained=True, text=text, sentences=(FIRST,))
    show_answer(refused, Output(as_json=False), passages=False)
    out = capsys.readouterr().out
    assert out.count("The documents disagree:") == 1
    assert "36 months.\u201d (doc2.txt, page 1)" in out
    turn = Turn(ANSWER.question)
    turn.answer = refused
    turn._number()
    said = "\n".join(part.plain for part in TurnView(turn, 0)._parts())
    assert said.count("The documents disagree") == 1


def test_a_script_reads_the_same() -> None:
    found = plain(answer_json(ANSWER))
    flaw = found["sentences"][1]["flaws"][0]
    assert (flaw["code"], flaw["detail"]) == ("number", "99\x1b[31m")
    assert flaw["reason"].startswith("a number that is not in the passage")
    assert found["confidence"] == 0.83
    (both,) = found["contradictions"]
    assert (both["kind"], both["values"]) == ("number", ["24 months", "36 months"])
    assert both["second"]["quotes"][0]["document"] == "doc2.txt"
    unknown = plain(answer_json(replace(ANSWER, confidence=None, contradictions=())))
    assert (unknown["confidence"], unknown["contradictions"]) == (None, [])


def test_the_app_says_it_too() -> None:
    turn = Turn(ANSWER.question)
    turn.answer = ANSWER
    turn._number()
    parts = [part.plain for part in TurnView(turn, 0)._parts()]
    said = "\n".join(parts)
    assert "(unsupported: a number that is not in the passage: 99" in said
    assert "\x1b" not in said
    assert "The documents disagree" in said
    assert "\u201cThe term is 36 months.\u201d [2]" in said


def test_other_pages_are_named_beside_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    alone = replace(ANSWER, contradictions=())
    show_answer(alone, Output(as_json=False), passages=False)
    assert "See also: doc2.txt, page 1\n" in capsys.readouterr().out
    show_answer(ANSWER, Output(as_json=False), passages=False)
    assert "See also" not in capsys.readouterr().out, "both places are cited already"
    show_answer(alone, Output(as_json=False), passages=True)
    assert "See also" not in capsys.readouterr().out, "the passages are listed themselves"


def test_a_refusal_names_the_nearest_places_in_a_line_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Eight long passages with their scores used to scroll the answer away."""
    refused = replace(
        ANSWER, abstained=True, passages=make_hits(*["long words " * 200] * 8), contradictions=()
    )
    show_answer(refused, Output(as_json=False), passages=False)
    nearest = capsys.readouterr().out.split("Nearest places")[1]
    assert "fused" not in nearest
    assert nearest.count("doc1.txt, page 1: long words") == 1
    assert len(" ".join(nearest.split())) <= 500
    show_answer(refused, Output(as_json=False), passages=True)
    assert capsys.readouterr().out.count("fused") == 8


@pytest.mark.parametrize(("said", "word"), [("yes", "Yes:"), ("conditional", "On a condition:")])
def test_a_yes_no_question_is_answered_by_a_word_before_the_clause(
    said: YesNo, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = replace(ANSWER, yes_no=said, sentences=(FIRST,), contradictions=())
    show_answer(answer, Output(as_json=False), passages=False)
    assert capsys.readouterr().out.splitlines()[0] == word
    turn = Turn(answer.question)
    turn.answer = answer
    turn._number()
    assert word in "\n".join(part.plain for part in TurnView(turn, 0)._parts())
    assert answer_json(answer).yes_no == said


def test_a_summary_shows_each_sentence_under_its_heading(
    capsys: pytest.CaptureFixture[str],
) -> None:
    headed = tuple(
        replace(hit, passage=replace(hit.passage, heading=f"Lease > {n} Term"))
        for n, hit in enumerate(HITS, 1)
    )
    answer = replace(ANSWER, sentences=(FIRST, SECOND), passages=headed)
    show_summary(answer, Output(as_json=False))
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "1 Term",
        "The term is 24 months. (page 1)",
        "2 Term",
        "The term is 36 months. (page 1)",
    ]
