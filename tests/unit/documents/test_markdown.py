"""Headings and titles of Markdown and plain text."""

from __future__ import annotations

import time

import pytest

from assistant.documents.document_title import (
    LONGEST_TITLE,
    clean_title,
    first_line_title,
    metadata_title,
)
from assistant.documents.markdown import markdown_headings

SOURCE = """# Ward *guideline*

Intro.

## Doses [table](x.html) ##

```sh
# no heading
```

Setext two
----------

Setext one
==========

- item
---
    # code
####### seven
### C# ###
"""


def test_headings_stand_where_they_say() -> None:
    title, headings = markdown_headings(SOURCE)
    assert title == "Ward guideline"
    assert [(level, words) for _, level, words in headings] == [
        (1, "Ward guideline"),
        (2, "Doses table"),
        (2, "Setext two"),
        (1, "Setext one"),
        (3, "C#"),
    ]
    for start, _, words in headings:
        assert words.split()[0] in SOURCE[start : SOURCE.index("\n", start)]


def test_front_matter_gives_the_title_and_no_heading() -> None:
    title, headings = markdown_headings('---\nlayout: x\ntitle: "Leave policy"\n---\n\n## A\n')
    assert title == "Leave policy"
    assert [words for _, _, words in headings] == ["A"]


def test_an_open_fence_hides_the_rest() -> None:
    assert markdown_headings("~~~~\n# a\n~~~\n# b\n")[1] == []


@pytest.mark.parametrize(
    "unit", ["# " + " " * 998 + "x\n", "[" * 900 + "\n", "#" * 900 + " a\n", "a\n-\n"]
)
def test_hostile_lines_cost_linear_time(unit: str) -> None:
    begun = time.process_time()
    markdown_headings(unit * (1_000_000 // len(unit)))
    assert time.process_time() - begun < 8


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Exhibit 10.3\n\nSUPPLY AGREEMENT\n\nThis ...", "SUPPLY AGREEMENT"),
        (
            "Page 1\nSoftware License and Maintenance Agreement\nThis",
            "Software License and Maintenance Agreement",
        ),
        ("This agreement is made between the parties.", ""),
        ("Effective February 21, 2011\n", ""),
        ("1/2/2019\n10\n", ""),
    ],
)
def test_first_line_that_reads_like_a_title(text: str, title: str) -> None:
    assert first_line_title(text) == title


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("Microsoft Word - Final Lease.doc", ""),
        ("Microsoft Word - Final Lease", "Final Lease"),
        ("untitled", ""),
        ("(anonymous)", ""),
        ("contract_v3.pdf", ""),
        ("Lease\x1b]0;x\x07 of\u202e Premises", "Lease ]0;x of Premises"),
    ],
)
def test_metadata_titles(value: str, title: str) -> None:
    assert metadata_title(value) == title


def test_a_title_is_one_bounded_printable_line() -> None:
    title = clean_title("word\n\t " * 1000)
    assert len(title) <= LONGEST_TITLE
    assert title.isprintable()
