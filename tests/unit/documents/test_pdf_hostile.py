"""PDFs that are made to break a reader: each is named or read, and leaves no child behind."""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.documents.sandboxed_parser import ChildParser
from assistant.errors import DocumentError
from tests.fakes.pdf_files import assemble, stream
from tests.fakes.pdf_pages import column, pages, text

LINES = ("The ferry leaves the island at", "seven, and at nine on Sundays.")
GOOD = pages(text(*column(60, 100, *LINES)))


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildParser]:
    folder = tmp_path_factory.mktemp("library")
    settings = Settings(data_dir=folder, parse_memory_mb=512, parse_seconds=5)
    with ChildParser(settings) as child:
        yield child


def children_of(pid: int) -> set[int]:
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(state[1]) == pid and state[0] != "Z":
            found.add(int(entry.parent.name))
    return found


def outcome(parser: ChildParser, folder: Path, data: bytes) -> str:
    """Return the text that is read, or the reason that a person is told."""
    path = folder / "hostile.pdf"
    path.write_bytes(data)
    try:
        return parser.parse(path).document.text
    except DocumentError as error:
        return str(error)


def one_page(content: bytes, entries: bytes = b"", more: tuple[bytes, ...] = ()) -> bytes:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
        b"/Resources << /Font << /F1 3 0 R >> %s >> >>" % entries
    )
    tree = b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>"
    return assemble([b"<< /Type /Catalog /Pages 2 0 R >>", tree, font, page, content, *more])


def form_in_itself() -> bytes:
    form = stream(b"/X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] "
                            b"/Resources << /XObject << /X 6 0 R >> >>")  # fmt: skip
    return one_page(stream(b"/X Do"), b"/XObject << /X 6 0 R >>", (form,))


def pages_in_themselves() -> bytes:
    catalogue = b"<< /Type /Catalog /Pages 2 0 R >>"
    return assemble([catalogue, b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"])


def outline_in_itself() -> bytes:
    outline = b"<< /Title (Again) /Parent 6 0 R /Next 6 0 R /First 6 0 R /Dest [4 0 R /Fit] >>"
    made = one_page(stream(text(*column(60, 100, *LINES))), more=(outline,))
    return made.replace(b"/Pages 2 0 R >>", b"/Pages 2 0 R /Outlines 6 0 R >>", 1)


def broken_font() -> bytes:
    junk = random.Random(5).randbytes(4000)
    font = b"<< /Type /Font /Subtype /TrueType /BaseFont /X /FontDescriptor 6 0 R >>"
    descriptor = b"<< /Type /FontDescriptor /FontName /X /Flags 4 /FontFile2 7 0 R >>"
    made = one_page(stream(text(*column(60, 100, *LINES))), more=(descriptor, stream(junk)))
    return made.replace(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", font)


def bomb() -> bytes:
    packed = zlib.compress(zlib.compress(b"0 0 m " * 30_000_000, 9), 9)
    return one_page(stream(packed, b"/Filter [/FlateDecode /FlateDecode]"))


NAMED = {
    "a form in itself": form_in_itself(),
    "pages in themselves": pages_in_themselves(),
    "deep arrays": one_page(stream(b"[" * 50_000)),
    "a page without a size": GOOD.replace(b"[0 0 595 842]", b"[0 0 0 0]"),
    "an endless page": one_page(stream(b"BT /F1 1 Tf " + b"(x) Tj 1e30 0 Td " * 9_000)),
    "no objects": b"%PDF-1.7\nstartxref\n0\n%%EOF\n",
    "a count that lies": GOOD.replace(b"/Count 1", b"/Count 2147483647"),
    "only a head": b"%PDF-1.4\n",
}


@pytest.mark.parametrize("name", NAMED)
def test_hostile_pdfs_are_named_or_read(parser: ChildParser, tmp_path: Path, name: str) -> None:
    before = children_of(os.getpid())
    assert outcome(parser, tmp_path, NAMED[name]).strip()
    assert " ".join(outcome(parser, tmp_path, GOOD).split()) == " ".join(LINES)
    assert len(children_of(os.getpid())) <= max(len(before), 1)


@pytest.mark.parametrize("made", [outline_in_itself, broken_font])
def test_what_is_broken_beside_the_text_does_not_hide_it(
    parser: ChildParser, tmp_path: Path, made: object
) -> None:
    data = made()  # type: ignore[operator]
    assert "ferry leaves the island" in outcome(parser, tmp_path, data)


def test_a_bomb_is_stopped_and_named(parser: ChildParser, tmp_path: Path) -> None:
    said = outcome(parser, tmp_path, bomb())
    assert said.strip()
    assert " ".join(outcome(parser, tmp_path, GOOD).split()) == " ".join(LINES)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_bytes_are_named_or_read(parser: ChildParser, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(43):
        data = bytearray(GOOD)
        for _ in range(draw.randint(1, 30)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        if draw.random() < 0.3:
            del data[draw.randrange(len(data)) :]
        assert outcome(parser, tmp_path, bytes(data)).strip()
    assert " ".join(outcome(parser, tmp_path, GOOD).split()) == " ".join(LINES)
