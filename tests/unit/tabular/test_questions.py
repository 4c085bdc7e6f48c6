"""Questions of a grid: files, templates, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.tabular.question_file import MOST_COLUMNS, read_questions, template_names
from assistant.types.tabular import Column

TEXT = """
# about the deal
Law: Which law governs the agreement?
Term [amount]: How long does it last?
May it be assigned?
Assigned [yes/no]: May it be assigned at all?
Note: see 3:1?
"""


def written(tmp_path: Path, text: str, name: str = "q.txt") -> str:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return str(path)


def test_a_text_file_has_a_question_on_each_line(tmp_path: Path) -> None:
    assert read_questions(written(tmp_path, TEXT)) == (
        Column("Law", "Which law governs the agreement?"),
        Column("Term", "How long does it last?", "amount"),
        Column("May it be assigned?", "May it be assigned?"),
        Column("Assigned", "May it be assigned at all?", "yes-no"),
        Column("Note", "see 3:1?"),
    )


def test_a_toml_file_names_types(tmp_path: Path) -> None:
    toml = '[[column]]\nname = "Signed"\nquestion = "When was it\\n signed?"\ntype = "date"\n'
    assert read_questions(written(tmp_path, toml, "q.toml")) == (
        Column("Signed", "When was it signed?", "date"),
    )


def test_every_template_can_be_asked() -> None:
    assert {
        "commercial-contract",
        "nda",
        "lease",
        "discharge-letter",
        "guideline",
        "invoice",
    } == set(template_names())
    found = {name: read_questions(name) for name in template_names()}
    assert len(found["commercial-contract"]) == 41
    for columns in found.values():
        assert all(column.question.endswith("?") for column in columns)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("", "q.txt", "0 questions"),
        ("# only a remark\n", "q.txt", "0 questions"),
        ("Law: Which law?\nlaw: Whose law?\n", "q.txt", "two questions are called 'law'"),
        ("A: Which law?\nB: which  law?\n", "q.txt", "questions 1 and 2 are the same"),
        ("A [money]: How much?\n", "q.txt", "no type 'money'"),
        ("A: ???\n", "q.txt", "question 1 is empty"),
        ("A: what\x1b]52;c;aGk=\x07?\n", "q.txt", "can't be shown"),
        ("".join(f"Which is {n}?\n" for n in range(MOST_COLUMNS + 1)), "q.txt", "201 questions"),
        ("[[column]]\nquestion = ''\n", "q.toml", "question 1 is empty"),
        ("[[column]]\nname = 'a'\n", "q.toml", "question"),
        ("[[column]]\nquestion = 'a?'\ntype = 'money'\n", "q.toml", "money"),
        ("[[column]]\nquestion = 'a?'\ncolour = 'red'\n", "q.toml", "'colour' is no key"),
        ("[[column", "q.toml", "not valid TOML"),
        ("\ud800", "q.txt", "no UTF-8"),
    ],
)
def test_what_can_not_be_asked_is_named(tmp_path: Path, text: str, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        read_questions(written(tmp_path, text, name))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="'leases': there is no such file"):
        read_questions("leases")
