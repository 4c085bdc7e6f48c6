"""Headings and titles of Markdown and plain text."""

from __future__ import annotations

import base64
import random
import time

import pytest

from assistant.documents.document_title import (
    LONGEST_TITLE,
    clean_title,
    first_line_title,
    metadata_title,
)
from assistant.documents.markdown import markdown_headings, without_comments
from assistant.documents.parse import parse_bytes
from assistant.documents.payloads import without_payloads
from assistant.types import AS_FOUND

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


REED = "\n## Reed\n\nIt is cut in February.\n"


@pytest.mark.parametrize(
    ("matter", "title"),
    [
        ("---\ntitle: Thatching\n---\n", "Thatching"),
        ("---\ntitle: Thatching\n# reviewed: no\n...\n", "Thatching"),
        ("---\ntitle: >-\n  Thatching for\n  beginners\nx: y\n---\n", "Thatching for beginners"),
        ("---\nTitle: |\n  Thatching\n---\n", "Thatching"),
        ("---\ntitle: 'Reed: a guide' # ours\n---\n", "Reed: a guide"),
        ("---\ntitle: Reed # and straw\n---\n", "Reed"),
        ("---\ntitle: Reed\n  and straw\n---\n", "Reed and straw"),
        ("---\ntags:\n  - title: no\n---\n", ""),
        ("---\n# nothing: here\n---\n", ""),
        ("+++\ntitle = 'Thatching'\n# reviewed = false\n+++\n", "Thatching"),
        ('+++\ntitle = """\nThatching\n"""\n[a]\nb = 1\n+++\n', "Thatching"),
        ("+++\ntitle = [[[\n+++\n", ""),
        ("+++\na = " + "[" * 9000 + "\n+++\n", ""),
    ],
)
def test_front_matter_of_every_kind(matter: str, title: str) -> None:
    text = matter + REED
    found, headings = markdown_headings(text)
    assert found == title
    assert headings == [(text.index("## Reed"), 2, "Reed")]


@pytest.mark.parametrize(
    "matter", ["---\n", "\n---\ntitle: x\n---\n", "--- x\ny\n---\n", "+++\ntitle = 1\n"]
)
def test_what_only_looks_like_front_matter_is_text(matter: str) -> None:
    text = f"{matter}\n# One\n"
    assert (text.index("# One"), 1, "One") in markdown_headings(text)[1]


@pytest.mark.parametrize(
    "block",
    [
        "- item\n\n  ```sh\n  # no\n  ```\n",
        "- ```\n  # no\n  ```\n",
        "1. item\n\n   ~~~\n   # no\n   ~~~\n",
        "- a\n\n  - b\n\n    ```\n    # no\n    ```\n",
        "> ```\n> # no\n> ```\n",
        "<pre>\n# no\n\n## nor this\n</pre>\n",
        "<!--\n# no\n\n## nor this\n-->\n",
        "<script>\n# no\n</script>\n",
        "    # no\n",
        "- item\n\n      # no\n",
        "````\n```\n# no\n```\n````\n",
        "| a | b |\n|---|---|\n| c | d |\n",
        "Text\n> # quoted\n",
    ],
)
def test_only_headings_are_headings(block: str) -> None:
    text = f"# Top\n\n{block}\nEnd\n---\n"
    assert [words for _, _, words in markdown_headings(text)[1]] == ["Top", "End"]


@pytest.mark.parametrize(
    ("text", "left", "count"),
    [
        ("a\n\n<!-- x -->\n\nb\n", "a\n\n\nb\n", 1),
        ("<!--\n# old\n\nmore\n-->\n# new\n", "# new\n", 1),
        ("<!-- x --> tail\n", "tail\n", 1),
        ("```\n<!-- code -->\n```\n", "```\n<!-- code -->\n```\n", 0),
        ("a <!-- inline --> b\n", "a <!-- inline --> b\n", 0),
        ("<!-- one -->\n\n<!-- two\n\n-->\nc\n", "\nc\n", 2),
        ("---\na: <!-- b\n---\n<!-- c -->\nd\n", "---\na: <!-- b\n---\nd\n", 1),
        ("<!-- open\n# x\n", "", 1),
    ],
)
def test_comments_are_left_out(text: str, left: str, count: int) -> None:
    assert without_comments(text) == (left, count)


BASE64 = base64.b64encode(random.Random(3).randbytes(3000)).decode()
LINES = "\n".join(BASE64[at : at + 76] for at in range(0, len(BASE64), 76))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"![plan](data:image/png;base64,{BASE64})\n", "![plan](data:image/png;base64,)\n"),
        (f'<img src="data:image/gif;base64,{BASE64}"> b', '<img src="data:image/gif;base64,"> b'),
        (f"[logo]: data:image/svg+xml,%3Csvg{'%20x' * 90}\n", "[logo]: data:image/svg+xml,\n"),
        (f"url('data:font/woff2;charset=utf-8;base64,{BASE64}')",
         "url('data:font/woff2;charset=utf-8;base64,')"),
        (f"-----BEGIN CERTIFICATE-----\n{LINES}\n-----END CERTIFICATE-----\n",
         "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
        (f"Content-Transfer-Encoding: base64\n\n{LINES}\n\n--next",
         "Content-Transfer-Encoding: base64\n\n\n--next"),
        (f"> {LINES.replace(chr(10), chr(10) + '> ')}\nafter", "after"),
        (f"key = {BASE64} # end", "key =  # end"),
    ],
)  # fmt: skip
def test_payloads_are_left_out(text: str, left: str) -> None:
    assert without_payloads(text) == (left, len(text) - len(left))


@pytest.mark.parametrize(
    "text",
    [
        "ACGT" * 300,
        "=" * 2000,
        "a" * 1000,
        "data:image/png;base64,short",
        "See https://example.org/" + "path/to/" * 60 + "x?id=12",
        "\n".join(["The quick brown Fox 12 jumps over"] * 20),
        "0123456789" * 100,
        "One long line of words " * 100,
        BASE64[:250],
    ],
)
def test_what_people_read_stays(text: str) -> None:
    assert without_payloads(text) == (text, 0)


def test_the_reader_says_what_it_left_out() -> None:
    text = f"# Vents\n\n![x](data:image/png;base64,{BASE64})\n\n<!-- y -->\n\nThey open at 27.\n"
    document = parse_bytes(bytearray(text.encode()), "markdown", AS_FOUND)
    assert [(note.code, note.number) for note in document.notes] == [
        ("payloads", len(BASE64)),
        ("html_comments", 1),
    ]
    assert document.text.endswith("They open at 27.\n")
    plain = parse_bytes(bytearray(f"Key:\n{LINES}\nEnd of key.\n".encode()), "text", AS_FOUND)
    assert plain.text == "Key:\nEnd of key.\n"


def test_an_open_fence_hides_the_rest() -> None:
    assert markdown_headings("~~~~\n# a\n~~~\n# b\n")[1] == []


@pytest.mark.parametrize(
    "unit", ["# " + " " * 998 + "x\n", "[" * 900 + "\n", "#" * 900 + " a\n", "a\n-\n"]
)
def test_hostile_lines_cost_linear_time(unit: str) -> None:
    begun = time.process_time()
    markdown_headings(unit * (300_000 // len(unit)))
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
