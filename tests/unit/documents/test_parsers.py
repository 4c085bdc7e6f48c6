"""Real files through the real child process: what is read, and what is refused and why."""

from __future__ import annotations

import contextlib
import hashlib
import io
import socket
import zipfile
from os import mkfifo
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.documents.encoding_evidence import CANDIDATES
from assistant.documents.sandboxed_parser import ChildParser
from assistant.errors import DocumentError
from assistant.types import ReadOptions
from tests.fakes import pdf_files


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return made.getvalue()


def test_a_pdf_keeps_its_pages(parser: ChildParser, folder: Path) -> None:
    data = pdf_files.pdf([["First page,", "line (two)."], [], ["Third page."]], title="Lease")
    parsed = parser.parse(write(folder, "lease.pdf", data))
    document = parsed.document
    assert document.text == "First page,\nline (two).\nThird page.\n"
    assert [document.page_text(n) for n in (1, 2, 3)] == [
        "First page,\nline (two).\n",
        "",
        "Third page.\n",
    ]
    assert (document.title, document.media_type) == ("Lease", "application/pdf")
    assert parsed.content_hash == hashlib.sha256(data).hexdigest()
    assert parsed.size == len(data)


def test_bookmarks_are_headings_where_their_words_stand(parser: ChildParser, folder: Path) -> None:
    data = pdf_files.with_bookmarks(
        [["Contents", "Dosage"], ["Dosage", "Two tablets."]], [("Dosage", 1), ("No such words", 0)]
    )
    document = parser.parse(write(folder, "a.pdf", data)).document
    assert [(h.title, h.level) for h in document.headings] == [("Dosage", 1)]
    assert document.headings[0].start == document.page_starts[1]


def test_a_word_broken_at_the_end_of_a_line_is_whole(parser: ChildParser, folder: Path) -> None:
    data = pdf_files.pdf([["the contract was re-", "newed by the Buyer"]])
    document = parser.parse(write(folder, "a.pdf", data)).document
    assert document.text == "the contract was renewed\nby the Buyer\n"


def test_a_pdf_is_a_pdf_whatever_its_name(parser: ChildParser, folder: Path) -> None:
    data = b"\r\njunk before\r\n" + pdf_files.pdf([["Words."]])
    assert parser.parse(write(folder, "a.txt", data)).document.media_type == "application/pdf"


def test_a_pdf_that_only_reserves_rights_is_read(parser: ChildParser, folder: Path) -> None:
    path = write(folder, "a.pdf", pdf_files.locked(user_password=b""))
    assert parser.parse(path).document.text == "Nobody reads this.\n"


def test_text_and_markdown(parser: ChildParser, folder: Path) -> None:
    text = parser.parse(write(folder, "a.TXT", "Größe: 5\r\n".encode("utf-16"))).document
    assert (text.text, text.page_starts, text.media_type) == ("Größe: 5\n", (0,), "text/plain")
    source = "# Title\n\nSee *this*.\n"
    markdown = parser.parse(write(folder, "b.markdown", source.encode())).document
    assert (markdown.text, markdown.title) == (source, "Title")
    assert markdown.headings[0].title == "Title"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_every_encoding_works_where_no_file_can_be_opened(
    parser: ChildParser, folder: Path, encoding: str
) -> None:
    text = "Grüße aus Zimmer 5, bitte warten.\n"
    assert parser.parse(write(folder, "a.txt", text.encode(encoding))).document.text == text


PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
WHOLE = pdf_files.pdf([["line " * 12] * 40] * 10)
JAPANESE = "\u5951\u7d04\u66f8\u306f\u7532\u3068\u4e59\u306e\u9593\u3002\n" * 40
REFUSED = [
    ("a.pdf", b"", "0 bytes"),
    ("a.txt", b"", "0 bytes"),
    ("a.txt", b" \r\n\t\n", "no text"),
    ("a.txt", bytes(range(256)) * 9, "binary data, or text in an encoding"),
    ("a.txt", "\u0414\u0430".encode("koi8-r"), "would fit"),
    ("a.txt", JAPANESE.encode("utf-16-le"), "or text in an encoding"),
    ("a.txt", "\u200b\u200d\ufeff\u2060 \u3164\ufe0f\U000e0041\n".encode(), "nobody sees"),
    ("a.md", "\u202e\u2800\u00ad\n".encode(), "nobody sees"),
    ("a.md", PNG, "a picture"),
    ("a.pdf", PNG, "not a PDF, whatever its name says: it is a picture"),
    ("a.pdf", b"<!DOCTYPE html><html>Not found</html>", "it is a web page"),
    ("a.pdf", b"Just words.", "it is text"),
    ("a.txt", archive("[Content_Types].xml", "visio/document.xml"), "an Office document"),
    ("a.docx", b"<!DOCTYPE html><html>Not found</html>", "its name says: it is a web page"),
    ("a.epub", b"Just words.", "its name says: it is text"),
    ("a.md", archive("notes.md"), "a ZIP archive"),
    ("a.txt", b"GGUF" + bytes(100), "a model file"),
    ("a.txt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged or cut off"),
    ("a.pdf", pdf_files.without_pages(), "without pages"),
    ("a.pdf", pdf_files.locked(), "locked with a password"),
    ("a.pdf", pdf_files.locked(handler=b"Foreign"), "encrypted in a way"),
    ("a.pdf", WHOLE[: len(WHOLE) // 2], "cut off"),
    ("a.pdf", WHOLE[:-300], "cut off"),
    ("a.pdf", b"%PDF-1.7\n" + bytes(5000) + b"startxref\n9\n%%EOF", "damaged"),
    ("a.pdf", pdf_files.scan(pages=3), "no text layer: its pages (3) are pictures"),
    ("a.pdf", pdf_files.pdf([[], []]), "as a scanner makes them, or blank"),
    ("a.pdf", pdf_files.crowded(20_001), "20001 pages"),
    ("a.txt", b"x" * (3 << 20), "larger than 2 MiB"),
]


@pytest.mark.parametrize(("name", "data", "says"), REFUSED, ids=range(len(REFUSED)))
def test_refused_with_the_name_the_reason_and_a_remedy(
    parser: ChildParser, folder: Path, name: str, data: bytes, says: str
) -> None:
    path = write(folder, name, data)
    with pytest.raises(DocumentError) as caught:
        parser.parse(path)
    assert says in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_text_in_an_unclear_encoding_is_to_be_named_or_saved_as_utf8(
    parser: ChildParser, folder: Path
) -> None:
    path = write(folder, "a.txt", "\u0414\u0430".encode("koi8-r"))
    with pytest.raises(DocumentError) as caught:
        parser.parse(path)
    assert "--encoding NAME" in caught.value.hint
    assert "save it as UTF-8" in caught.value.hint
    said = parser.parse(path, options=ReadOptions(encoding="koi8-r"))
    assert said.document.text == "\u0414\u0430"


@pytest.mark.parametrize("encoding", CANDIDATES)
def test_old_encodings_are_read_where_no_file_can_be_opened(
    parser: ChildParser, folder: Path, encoding: str
) -> None:
    path = write(folder, "a.txt", b"caf\xe9")
    with contextlib.suppress(DocumentError):  # what these bytes are not
        read = parser.parse(path, options=ReadOptions(encoding=encoding))
        assert read.document.text.startswith("caf")
    found = parser.parse(write(folder, "b.txt", JAPANESE.encode("shift_jis")))
    assert found.document.text == JAPANESE
    assert [note.code for note in found.document.notes] == ["encoding"]


def test_more_text_than_one_document_may_hold(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", b"word " * 6_000_001)
    with (
        ChildParser(Settings(data_dir=tmp_path)) as roomy,
        pytest.raises(DocumentError) as caught,
    ):
        roomy.parse(path)
    assert "30,000,005 characters or more. One document may hold 30,000,000" in caught.value.message
    assert "Split it into 2 or more documents" in caught.value.hint


def test_a_name_cannot_write_to_the_terminal(parser: ChildParser, folder: Path) -> None:
    path = write(folder, "a\n\x1b[31m\u202etxt.pdf", b"")
    with pytest.raises(DocumentError) as caught:
        parser.parse(path)
    assert "<U+202E>" in caught.value.message
    assert caught.value.message.isprintable()


def test_paths_that_are_no_files_never_hang(parser: ChildParser, folder: Path) -> None:
    pipe, loop, gone = folder / "pipe.txt", folder / "loop.txt", folder / "gone.txt"
    mkfifo(pipe)
    loop.symlink_to(loop)
    for path, says in [
        (pipe, "named pipe"),
        (loop, "circle of links"),
        (gone, "does not exist"),
        (folder, "a folder"),
        (Path("/dev/zero"), "a device"),
        (folder / ("n" * 300), "too long"),
        (folder / "nul\x00.txt", "no possible file name"),
    ]:
        with pytest.raises(DocumentError, match=says):
            parser.parse(path)


def test_a_socket_is_no_document(parser: ChildParser, tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    with socket.socket(socket.AF_UNIX) as made:
        try:
            made.bind(str(path))
        except OSError:
            pytest.skip("the path of the test's folder is too long for a socket")
        with pytest.raises(DocumentError, match="socket"):
            parser.parse(path)


def test_a_link_to_a_file_is_read(parser: ChildParser, folder: Path) -> None:
    write(folder, "real.txt", b"Words.")
    (folder / "link.txt").symlink_to("real.txt")
    assert parser.parse(folder / "link.txt").document.text == "Words."


def test_a_file_whose_bytes_cannot_be_read(parser: ChildParser) -> None:
    path = Path("/proc/self/mem")
    if not path.exists():
        pytest.skip("needs Linux's /proc")
    with pytest.raises(DocumentError, match="can't be read: the disk reports an error"):
        parser.parse(path)


def test_a_file_without_the_right_to_read(parser: ChildParser, folder: Path) -> None:
    path = write(folder, "secret.txt", b"Words.")
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        with pytest.raises(DocumentError, match="permission denied"):
            parser.parse(path)
    else:
        pytest.skip("this user may read everything (root)")
