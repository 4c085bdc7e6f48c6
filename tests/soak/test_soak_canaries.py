"""500 kills while documents are added, asked about and rekeyed: no planted word on the disk."""

from __future__ import annotations

import base64
import gzip
import json
import os
import unicodedata
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote

import apsw
import pytest

from tests.soak.canaries import hits
from tests.soak.scale import count
from tests.soak.trials import outcome_of

pytestmark = pytest.mark.slow

WORD = "Quillfeather"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the trials fork")
def test_no_planted_word_is_on_the_disk() -> None:
    trials = count(500, least=15)
    outcome = outcome_of("canary_trials", trials, seed=17)
    assert outcome.pop("hits") == []
    assert sum(outcome.values()) == trials
    assert sum(number for name, number in outcome.items() if "end" not in name) > trials / 3


@pytest.mark.parametrize(
    "raw",
    [
        WORD.encode(),
        WORD.encode("utf-16-le"),
        WORD.upper().encode(),
        WORD.encode().hex().encode(),
        base64.b64encode(b"x" + WORD.encode() + b"yz"),
        base64.b64encode(b"xy" + WORD.encode() + b"z"),
        base64.urlsafe_b64encode(b"x" + WORD.encode() + b"yz"),
        WORD.encode().hex(" ").encode(),
        WORD.encode("utf-32-le"),
        WORD[:9].lower().encode(),
        zlib.compress(b"it was " * 50 + WORD.encode()),
        gzip.compress(WORD.encode()),
    ],
    ids=range(12),
)
def test_the_search_finds_what_is_there(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "file").write_bytes(bytes(5000) + raw + bytes(5000))
    assert hits(tmp_path, [WORD.encode()])


@pytest.mark.parametrize(
    "raw",
    [
        "Müllerhausen".encode(),
        "Müllerhausen".encode("latin-1"),
        unicodedata.normalize("NFD", "Müllerhausen").encode(),
        json.dumps("Müllerhausen").encode(),
        quote("Müllerhausen").encode(),
    ],
)
def test_the_search_knows_how_letters_are_written(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "file").write_bytes(bytes(100) + raw)
    assert hits(tmp_path, ["Müllerhausen".encode()])


def test_the_search_looks_into_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("entry", "it was " * 50 + WORD)
    assert hits(tmp_path, [WORD.encode()])


def test_random_bytes_hold_no_word(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(os.urandom(1 << 20))
    assert hits(tmp_path, [WORD.encode(), os.urandom(32)]) == []


def test_the_search_finds_words_in_a_plain_database_and_in_names(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "plain.db"))
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (?)", (f"seen: {WORD}",))
    connection.close()
    assert hits(tmp_path, [WORD.encode()])
    (tmp_path / "plain.db").unlink()
    assert hits(tmp_path, [WORD.encode()]) == []
    (tmp_path / f"{WORD}.txt").touch()
    assert hits(tmp_path, [WORD.encode()])
