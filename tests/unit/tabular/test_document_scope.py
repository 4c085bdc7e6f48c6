"""Which documents a person names."""

from __future__ import annotations

import os

import pytest

from assistant.errors import UsageError
from assistant.tabular.scope import in_scope
from assistant.types import DocumentRecord


def record(number: int, source: str) -> DocumentRecord:
    name = source.rsplit("/", 1)[-1]
    return DocumentRecord(number, name, source, "text/plain", f"{number:064}", "", 1, 9, 1, "")


RECORDS = [
    record(1, "/deals/acme.pdf"),
    record(2, "/deals/old/Acme-annex.pdf"),
    record(3, "/letters/2.txt"),
    record(4, f"{os.getcwd()}/notes/a.md"),  # noqa: PTH109
]


@pytest.mark.parametrize(
    ("references", "numbers"),
    [
        ((), [1, 2, 3, 4]),
        (("2",), [2]),
        (("acme.pdf",), [1]),
        (("acm",), [1, 2]),
        (("*.PDF",), [1, 2]),
        (("/deals",), [1, 2]),
        (("/deals/",), [1, 2]),
        (("/deals/old/Acme-annex.pdf", "1"), [2, 1]),
        (("/deals/*.pdf",), [1, 2]),
        (("notes",), [4]),
        (("notes/a.md", "a.md"), [4]),
        (("[ac]*",), [1, 2, 4]),
    ],
)
def test_a_reference_names(references: tuple[str, ...], numbers: list[int]) -> None:
    assert [r.id for r in in_scope(RECORDS, references)] == numbers


@pytest.mark.parametrize("reference", ["ac", "/deal", "*.doc", "9", ""])
def test_a_reference_that_names_none_is_told(reference: str) -> None:
    with pytest.raises(UsageError, match="No document of the library"):
        in_scope(RECORDS, ["1", reference])
    assert [r.id for r in in_scope(RECORDS, ["1", reference], strict=False)] == [1]
