"""CSV, JSON and source code: places are lines and paths."""

from __future__ import annotations

import pytest

from tests.fakes.reading import codes, fault, lines, read, where


@pytest.mark.parametrize("mark", [",", ";", "|", "\t"])
def test_rows_have_heads_and_lines(mark: str) -> None:
    rows = [["Berth", "summer", "winter"], ["up to 9 m", "20", "13"], [""]]
    rows.append(['"up\nto 12"', f'"3{mark}0"', "19"])
    text = "\n".join(mark.join(row) for row in rows)
    document = read(text, "csv")
    inner = "3 0" if mark == "\t" else f"3{mark}0"
    assert lines(document) == [
        "Berth | summer | winter", "Berth: up to 9 m | summer: 20 | winter: 13",
        f"Berth: up to 12 | summer: {inner} | winter: 19",
    ]  # fmt: skip
    assert where(document, "winter: 13") == "line 2"
    assert where(document, "winter: 19") == "line 4"


def test_tables_without_heads_and_uneven_ones() -> None:
    assert lines(read("1,2\n3,4\n", "csv")) == ["1 | 2", "3 | 4"]
    document = read("a,b\n1,2,3\n4\n", "csv")
    assert lines(document) == ["a | b", "a: 1 | b: 2 | 3", "a: 4"]
    assert codes(document) == {"rows_of_other_width": 2}


def test_json_values_after_their_paths() -> None:
    text = (
        '{"a": {"b": [1.50, "x\\u00e9", true, null, " "]},\n "list": [{"n": 1, "m": 2}, {"n": 3}]}'
    )
    document = read(text, "json")
    assert lines(document) == [
        "a.b[0]: 1.50", "a.b[1]: xé", "a.b[2]: true", "a.b[3]: null",
        "list[0].n: 1", "list[0].m: 2", "list[1].n: 3",
    ]  # fmt: skip
    assert where(document, "list[1]") == "line 2"
    assert "m: 2\n\nlist[1]" in document.text


def test_json_lines() -> None:
    document = read('{"a": 1, "b": "two"}\n\n[3]\n"four"\n', "jsonl")
    assert lines(document) == ["a: 1", "b: two", "[0]: 3", "four"]
    assert where(document, "four") == "line 4"


@pytest.mark.parametrize(
    "text", ["{", "[1", '{"a" 1', "[1]]", "{]", '{"a": tru}', '["\\x"]', "1 2", '["a\nb"]', "[1}"]
)
def test_json_that_is_none_is_refused(text: str) -> None:
    assert fault(text, "json") == "json_damaged"


def test_source_code_by_lines() -> None:
    document = read("def f():\n    return 1\n", "source")
    assert document.text == "def f():\n    return 1\n"
    assert where(document, "return") == "line 2"
