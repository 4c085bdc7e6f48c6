"""A clause whose words are known is found by them; the reader reads the words that answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import Cancelled, UsageError
from assistant.tabular import read_cell as read_cell_module
from assistant.tabular.clause_words import ClauseSentence, clause_sentences, clause_words, features
from assistant.tabular.question_file import read_questions, template_names
from assistant.tabular.read_cell import read_cell
from assistant.types import CancelToken, PageStart, Passage
from assistant.types.tabular import Column, column_key
from tests.fakes.reader import FakeReader

LAW_CLAUSE = "This Agreement shall be governed by and construed under the laws of Ostravia."
ASSIGNMENT = (
    "Neither party may assign this Agreement without the prior written consent of the other party."
)
OTHER = "The pumps are painted blue."
LAW = Column("Law", "Which law governs?", clause="Governing Law")


def passages(*texts: str) -> list[Passage]:
    made, at = [], 0
    for number, text in enumerate(texts, 1):
        start = PageStart(number, at)
        made.append(Passage(number, 1, "a.txt", "", at, at + len(text), text, (start,)))
        at += len(text)
    return made


@pytest.mark.parametrize(
    ("clause", "sentence"), [("Governing Law", LAW_CLAUSE), ("Anti-Assignment", ASSIGNMENT)]
)
def test_a_clause_is_told_from_others_by_its_words(clause: str, sentence: str) -> None:
    scored = {s: clause_words().log_odds(s, clause) for s in (LAW_CLAUSE, ASSIGNMENT, OTHER)}
    assert max(scored, key=lambda s: scored[s]) == sentence
    assert scored[sentence] > 0 > max(v for s, v in scored.items() if s != sentence)


def test_the_reader_reads_only_what_may_be_of_the_clause() -> None:
    reader = FakeReader({LAW.question: {"laws of Ostravia": 3.0, "blue": 9.0}})
    cell = read_cell(LAW, passages(OTHER, f"{OTHER} {LAW_CLAUSE}", ASSIGNMENT), reader)
    assert (cell.state, cell.value) == ("found", "laws of Ostravia")
    assert [(q.page, q.text) for q in cell.quotes] == [(2, LAW_CLAUSE)]
    assert reader.asked == [(LAW.question, 1)]


def test_a_clause_in_which_the_reader_finds_nothing_is_its_own_value() -> None:
    cell = read_cell(LAW, passages(LAW_CLAUSE), FakeReader({}))
    assert (cell.state, cell.value) == ("found", LAW_CLAUSE)


def test_a_document_without_the_clause_lacks_it_and_shows_the_likeliest_places() -> None:
    cell = read_cell(LAW, passages(OTHER, ASSIGNMENT), FakeReader({LAW.question: {"blue": 9.0}}))
    assert (cell.state, cell.items, cell.value) == ("absent", (), "")
    assert cell.others


def test_a_document_without_a_sentence_lacks_every_clause() -> None:
    assert read_cell(LAW, [], FakeReader({})).state == "absent"


def test_each_party_is_an_item() -> None:
    head = 'This Agreement is made by and between Quill Ltd. ("Supplier") and Orrin Inc. ("Buyer").'
    parties = Column("Parties", "Who are the parties?", "list", "Parties")
    reader = FakeReader({parties.question: {"Quill Ltd.": 2.0, "Orrin Inc.": -1.0, "made": -5.0}})
    cell = read_cell(parties, passages(head), reader)
    assert cell.value == "Quill Ltd.; Orrin Inc."
    assert {item.quote for item in cell.items} == {head}


def test_parts_of_a_list_need_less_than_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    (made,) = passages("Pay. Insure. Sing.")
    scored = [ClauseSentence(made, 0, 4, 1.0), ClauseSentence(made, 5, 12, -2.4)]
    scored.append(ClauseSentence(made, 13, 18, -2.8))
    monkeypatch.setattr(read_cell_module, "clause_sentences", lambda *_: scored)
    duties = Column("Duties", "Which?", "list", "Insurance")
    assert read_cell(duties, [made], FakeReader({})).value == "Pay.; Insure."
    monkeypatch.setattr(read_cell_module, "clause_sentences", lambda *_: scored[1:])
    assert read_cell(duties, [made], FakeReader({})).state == "doubtful"


def test_a_sentence_that_two_passages_share_is_scored_once() -> None:
    whole = f"{OTHER} {LAW_CLAUSE}"
    first, second = passages(whole, whole)
    shared = Passage(2, 1, "a.txt", "", first.start, first.end, whole, first.pages)
    assert len(clause_sentences("Governing Law", [first, shared])) == 2
    assert len(clause_sentences("Governing Law", [first, second])) == 4


def test_reading_a_clause_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        read_cell(LAW, passages(LAW_CLAUSE), FakeReader({}), token)


@pytest.mark.parametrize(
    "text", ["", "\x00\ud800", "\u0130" * 5_000, "1" * 100_000, "a b " * 50_000]
)
def test_hostile_text_has_a_score(text: str) -> None:
    assert abs(clause_words().log_odds(text, "Insurance")) < 1_000


def test_numbers_are_one_word() -> None:
    assert features("Section 12.3 ends") == {
        "section", "0", "ends", "section 0", "0 0", "0 ends",
    }  # fmt: skip


def test_the_templates_of_contracts_name_clauses() -> None:
    named = [c.clause for name in template_names() for c in read_questions(name) if c.clause]
    assert set(named) == set(clause_words().clauses)


def test_a_file_of_ones_own_may_name_a_clause(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[[column]]\nquestion = "Which law?"\nclause = "Governing Law"\n')
    assert read_questions(str(file)) == (
        Column("Which law?", "Which law?", "text", "Governing Law"),
    )
    file.write_text('[[column]]\nquestion = "Which law?"\nclause = "Fishing Rights"\n')
    with pytest.raises(UsageError, match="no clause 'Fishing Rights'"):
        read_questions(str(file))


def test_a_cell_of_another_clause_is_another_cell() -> None:
    assert column_key(LAW) != column_key(Column("Law", "Which law governs?"))
