"""A suite is read strictly: every line that is wrong is named, and why."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from assistant.errors import SuiteError, UsageError
from assistant.evaluation.gold_spans import GoldSpan, Pages, find_gold_spans
from assistant.evaluation.suite import read_suite
from assistant.types import Citation
from tests.fakes.evaluation import write_suite
from tests.fakes.workspace import FakeWorkspace

GOOD = '{"id": "a", "question": "Why?", "answers": ["so"]}'


def suite_file(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "suite.jsonl"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_good_suite_is_read(tmp_path: Path) -> None:
    path = suite_file(
        tmp_path,
        "\ufeff" + GOOD + "\r\n\n"
        '{"id": "b", "question": "When?", "note": "later", "spans":'
        ' [{"document": "a.pdf", "page": 2, "start": 1, "end": 4, "text": "xyz"}]}\n'
        '{"id": "c", "question": "Who?", "unanswerable": true}',
    )
    suite = read_suite(path)
    assert [item.id for item in suite.items] == ["a", "b", "c"]
    assert [item.answerable for item in suite.items] == [True, True, False]
    assert suite.items[1].spans[0].page == 2
    assert suite.items[1].line == 3


def test_an_item_that_was_changed_has_another_digest(tmp_path: Path) -> None:
    first = read_suite(suite_file(tmp_path, GOOD)).items[0]
    renamed = read_suite(suite_file(tmp_path, GOOD.replace('"a"', '"b"'))).items[0]
    changed = read_suite(suite_file(tmp_path, GOOD.replace("so", "no"))).items[0]
    assert first.digest == renamed.digest
    assert first.digest != changed.digest


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "no JSON"),
        ("[1]", "expected object, got list"),
        ('{"id": "a", "id": "b", "question": "x", "answers": ["y"]}', "stands twice"),
        ('{"id": "a", "question": "x", "answers": ["y"], "score": NaN}', "NaN"),
        pytest.param("[" * 100_000, "deep", id="deep"),
        ('{"id": "a", "question": "x", "answer": "y"}', "'answer' is no key"),
        ('{"question": "x", "answers": ["y"]}', "'id' is missing"),
        ('{"id": "a", "answers": ["y"]}', "'question' is missing"),
        ('{"id": 7, "question": "x", "answers": ["y"]}', "'id' is 7: expected a text of 1 to 100"),
        ('{"id": "a\\u0007", "question": "x", "answers": ["y"]}', "'id' holds a character"),
        (
            '{"id": "a", "question": "  ", "answers": ["y"]}',
            "expected a text of 1 to 4,000",
        ),
        ('{"id": "a", "question": "?!", "answers": ["y"]}', "no letter and no digit"),
        ('{"id": "a", "question": "\\ud800 x", "answers": ["y"]}', "surrogate"),
        ('{"id": "a", "question": "x"}', "neither answers nor spans"),
        ('{"id": "a", "question": "x", "answers": []}', "'answers': expected list of length >= 1"),
        ('{"id": "a", "question": "x", "answers": "y"}', "'answers' is \"y\": expected list"),
        ('{"id": "a", "question": "x", "answers": [""]}', "'answers[0]' is \"\": expected a text"),
        ('{"id": "a", "question": "x", "answers": ["y"], "unanswerable": true}', "both"),
        (
            '{"id": "a", "question": "x", "unanswerable": "yes"}',
            "expected true or false",
        ),
        ('{"id": "a", "question": "x", "spans": [{"page": 1}]}', "'spans[0].document' is missing"),
        ('{"id": "a", "question": "x", "spans": [{"document": "d"}]}', "neither page nor text"),
        (
            '{"id": "a", "question": "x", "spans": [{"document": "d", "page": 0}]}',
            "[0].page' is 0",
        ),
        (
            '{"id": "a", "question": "x", "spans": [{"document": "d", "page": true}]}',
            "page' is true",
        ),
        ('{"id": "a", "question": "x", "spans": [{"document": "d", "start": 3}]}', "only one"),
        (
            '{"id": "a", "question": "x", "spans": [{"document": "d", "start": 3, "end": 3}]}',
            "before it begins",
        ),
        ('{"id": "a", "question": "x", "spans": [{"document": "d", "pages": 3}]}', "'pages'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    good = GOOD.replace('"a"', '"first"')
    with pytest.raises(SuiteError) as caught:
        read_suite(suite_file(tmp_path, f"{good}\n{line}\n"))
    assert "line 2: " in caught.value.message
    assert said in caught.value.message


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="line 2: byte 9 is no UTF-8"):
        read_suite(suite_file(tmp_path, GOOD.encode() + b'\n{"id": "\xff"}\n'))


def test_a_doubled_id_names_both_lines(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="line 3: the id 'a' is that of line 1 too"):
        read_suite(suite_file(tmp_path, f"{GOOD}\n\n{GOOD}\n"))


def test_many_problems_are_counted(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="and 95 more") as caught:
        read_suite(suite_file(tmp_path, "nonsense\n" * 100))
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_no_question_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SuiteError, match="holds no question"):
        read_suite(suite_file(tmp_path, text))


def test_a_pipe_a_folder_and_nothing_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "missing", Path("nul\0name")):
        with pytest.raises(SuiteError):
            read_suite(path)


def places_of(tmp_path: Path, *spans: dict[str, object]) -> tuple[GoldSpan, ...]:
    item = {"id": "a", "question": "x", "spans": list(spans)}
    suite = read_suite(write_suite(tmp_path / "s.jsonl", item))
    workspace = FakeWorkspace(forbidden=-1)
    return find_gold_spans(suite, workspace.documents(), Pages(workspace))["a"]


def test_spans_are_found_by_page_text_and_offsets(tmp_path: Path) -> None:
    contract = "supply-contract.pdf"
    first = FakeWorkspace(forbidden=-1).page_text(1, 1)
    found = places_of(
        tmp_path,
        {"document": contract, "page": 2},
        {"document": contract, "text": "defects in material  and workmanship"},
        {"document": contract, "start": len(first) + 3, "end": len(first) + 11},
        {"document": contract, "page": 2, "start": 3, "end": 11, "text": "Warranty"},
    )
    assert found[0] == GoldSpan(1, 2)
    assert (found[1].page, found[1].start) == (
        2,
        FakeWorkspace(forbidden=-1).page_text(1, 2).index("defects"),
    )
    assert found[2] == found[3] == GoldSpan(1, 2, 3, 11)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ({"document": "other.pdf", "page": 1}, "no document of the library is called 'other.pdf'"),
        ({"document": "supply-contract.pdf", "page": 4}, "no page 4"),
        ({"document": "supply-contract.pdf", "text": "36 months"}, "36 months"),
        ({"document": "supply-contract.pdf", "page": 1, "text": "Warranty"}, "page 1"),
        ({"document": "supply-contract.pdf", "page": 1, "start": 1, "end": 9999}, "ends before"),
        ({"document": "supply-contract.pdf", "start": 99_999, "end": 100_000}, "none at 99999"),
        (
            {
                "document": "supply-contract.pdf",
                "page": 2,
                "start": 0,
                "end": 8,
                "text": "Warranty",
            },
            "does not stand at 0",
        ),
    ],
)
def test_a_span_that_is_not_there_is_named(
    tmp_path: Path, span: dict[str, object], said: str
) -> None:
    with pytest.raises(SuiteError) as caught:
        places_of(tmp_path, span)
    assert "line 1 (id 'a')" in caught.value.message
    assert said in caught.value.message


def test_the_text_of_a_span_is_no_pattern(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="does not stand in"):
        places_of(tmp_path, {"document": "supply-contract.pdf", "text": ".*"})


def test_an_empty_library_is_refused(tmp_path: Path) -> None:
    suite = read_suite(suite_file(tmp_path, GOOD))
    with pytest.raises(UsageError, match="empty"):
        find_gold_spans(suite, [], Pages(FakeWorkspace(forbidden=-1)))


def test_a_page_is_asked_for_once() -> None:
    workspace = FakeWorkspace(forbidden=-1)
    pages = Pages(workspace)
    text = pages.text(1, 2)
    assert pages.text(1, 2) == text
    assert [name for name, _ in workspace.calls].count("page_text") == 1
    quote = Citation(1, "supply-contract.pdf", 2, 3, 11, "Warranty")
    assert pages.is_verbatim(quote)
    assert not pages.is_verbatim(Citation(1, "supply-contract.pdf", 2, 3, 11, "warranty"))


def test_places_hold_what_shares_half_of_the_shorter() -> None:
    place = GoldSpan(1, 2, 100, 200)

    def cited(start: int, end: int, page: int = 2, document: int = 1) -> Citation:
        return Citation(document, "d", page, start, end, "x" * (end - start))

    assert place.holds(cited(150, 400))
    assert not place.holds(cited(151, 400))
    assert place.holds(cited(190, 210))
    assert place.holds(cited(0, 1000))
    assert not place.holds(cited(100, 200, page=1))
    assert not place.holds(cited(100, 200, document=2))
    assert GoldSpan(1, 2).holds(cited(0, 1))


def test_a_suite_survives_json_of_every_language(tmp_path: Path) -> None:
    item = {"id": "ü", "question": "Wie lange läuft die Gewährleistung?", "answers": ["二年"]}
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps(item, ensure_ascii=False), encoding="utf-8")
    assert read_suite(path).items[0].answers == ("二年",)
