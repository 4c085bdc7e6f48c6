"""Narrowing a search from the command line, and tagging what it is narrowed to."""

from __future__ import annotations

import pytest

from assistant.types import DocumentFilter
from tests.unit.cli.test_commands import fake, parsed, run

OPTIONS = ("--tag", "Signed", "--since", "2025-01", "--until", "2025-12-31", "--type", "pdf")


def test_search_and_ask_hand_on_the_filter() -> None:
    expected = DocumentFilter((), ("signed",), "2025-01", "2025-12-31", ("pdf",))
    workspace = fake(answers=[[]])
    assert run(workspace, "search", "warranty", *OPTIONS).exit_code == 0
    assert workspace.within == expected
    run(workspace, "search", "warranty", "--in", "contracts", "--in", "3")
    assert workspace.within == DocumentFilter(("contracts", "3"))
    run(workspace, "ask", "How long?", *OPTIONS)
    assert workspace.within == expected


@pytest.mark.parametrize(
    "wrong",
    [("--since", "soon"), ("--until", "2025-13"), ("--since", "2025-02-30"), ("--tag", "  ")],
)
def test_what_is_no_filter_is_refused(wrong: tuple[str, str]) -> None:
    assert run(fake(), "search", "warranty", *wrong).exit_code == 2


def test_documents_are_tagged_dated_and_listed_by_that() -> None:
    workspace = fake()
    name = workspace.documents()[0].name
    result = run(workspace, "tag", "add", " To  CHECK ", name, "--json")
    [record] = parsed(result, "tag add")["documents"]
    assert record["tags"] == ["to check"]
    result = run(workspace, "tag", "date", "2025-03-31", name, "--json")
    assert [d["dated"] for d in parsed(result, "tag date")["documents"]] == ["2025-03-31"]
    listed = parsed(run(workspace, "tag", "list", "--json"), "tag list")["tags"]
    assert listed == [{"tag": "to check", "documents": 1}]
    for fits in (("--tag", "to check"), ("--since", "2025"), ("--in", name)):
        chosen = parsed(run(workspace, "docs", *fits, "--json"), "docs")["documents"]
        assert [d["name"] for d in chosen] == [name]
    assert "to check" in run(workspace, "docs").stdout
    assert run(workspace, "docs", "--tag", "absent").exit_code == 2
    result = run(workspace, "tag", "remove", "to check", name)
    assert f"{name}: 2025-03-31" in result.stdout
    assert "no tags, no date" in run(workspace, "tag", "date", "-", name).stdout
    assert run(workspace, "tag", "date", "2025-03", name).exit_code == 2
    assert run(workspace, "tag", "add", "x", "no such document").exit_code == 2
