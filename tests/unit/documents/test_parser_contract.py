"""The fake parser behaves as the real one does: the same tests for both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.documents.sandboxed_parser import ChildParser
from assistant.errors import Cancelled, DocumentError
from assistant.types import CancelToken, Parser
from tests.fakes.parser import FakeParser

TEXT = "The pump is checked every year.\n\nIts seal is replaced.\n"


@pytest.fixture(params=["real", "fake"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Parser]:
    if request.param == "fake":
        yield FakeParser(max_mb=1)
        return
    with ChildParser(Settings(data_dir=tmp_path / "data", max_file_mb=1)) as parser:
        yield parser


def write(tmp_path: Path, content: bytes, name: str = "a.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_text_with_the_hash_of_its_bytes(either: Parser, tmp_path: Path) -> None:
    parsed = either.parse(write(tmp_path, TEXT.encode()))
    assert parsed.document.text == TEXT
    assert parsed.document.page_starts == (0,)
    assert parsed.document.media_type == "text/plain"
    assert parsed.content_hash == hashlib.sha256(TEXT.encode()).hexdigest()
    assert parsed.size == len(TEXT.encode())
    assert either.parse(tmp_path / "a.txt") == parsed


@pytest.mark.parametrize("content", [b"", b" \n\t\n"])
def test_a_file_without_text_is_refused(either: Parser, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentError, match=r"a\.txt") as caught:
        either.parse(write(tmp_path, content))
    assert caught.value.hint


def test_a_file_that_is_not_there(either: Parser, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"absent\.txt"):
        either.parse(tmp_path / "absent.txt")
    with pytest.raises(DocumentError, match="folder"):
        either.parse(tmp_path)


def test_a_file_that_is_too_large(either: Parser, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="larger than 1 MiB"):
        either.parse(write(tmp_path, b"x" * ((1 << 20) + 1)))


def test_bytes_that_are_no_utf_8(either: Parser, tmp_path: Path) -> None:
    assert either.parse(write(tmp_path, b"caf\xe9 is a word")).document.text == "caf\xe9 is a word"
    with pytest.raises(DocumentError, match="binary data"):
        either.parse(write(tmp_path, bytes(range(32)) * 20))


def test_a_cancel(either: Parser, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        either.parse(write(tmp_path, TEXT.encode()), token)
    assert either.parse(tmp_path / "a.txt").document.text == TEXT


def test_it_works_again_after_it_was_closed(either: Parser, tmp_path: Path) -> None:
    path = write(tmp_path, TEXT.encode())
    either.close()  # type: ignore[attr-defined]
    assert either.parse(path).document.text == TEXT
