"""Whatever stands in a suite or in a saved run: it is read, or refused in words."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

from assistant.errors import SuiteError
from assistant.evaluation.html_report import html_page
from assistant.evaluation.run_comparison import compare
from assistant.evaluation.run_table import run_table
from assistant.evaluation.saved_run import read_run, write_run
from assistant.evaluation.suite import read_suite
from tests.fakes.evaluation import arm_run, rows

SUITE = (
    b'{"id": "w1", "question": "How long?", "answers": ["24 months"], "spans": [{"document":'
    b' "a.pdf", "page": 3, "start": 1, "end": 9, "text": "x"}], "note": "n"}\n'
    b'{"id": "x1", "question": "How far?", "unanswerable": true}\n'
)
ABOUT = {
    "made_at": "2026-11-21T10:00:00+00:00",
    "version": "0.1",
    "suite": {
        "name": "s.jsonl", "sha256": "b" * 64, "questions": 4, "answerable": 4, "unanswerable": 0,
    },
    "library": {"name": "library", "sha256": "c" * 64, "documents": 2},
    "embedder": "mini",
    "machine": "Linux",
}  # fmt: skip
PIECES = (
    b"\x00", b"\xff", b'"', b"\\ud800", b"1e999", b"-1", b"NaN", b"true", b"null", b"[[[[", b"}",
    b"9" * 400, b"\n",
)  # fmt: skip
TRIALS = 1_500


def mutated(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    cut = chance.choice((0, 1, 1, 5, 40))
    return data[:at] + chance.choice((b"", *PIECES)) + data[at + cut :]


def test_a_mutated_suite_is_read_or_refused(tmp_path: Path) -> None:
    chance, path, read = random.Random(4), tmp_path / "s.jsonl", 0
    for _ in range(TRIALS):
        path.write_bytes(mutated(SUITE, chance))
        with suppress(SuiteError):
            suite = read_suite(path)
            assert all(item.digest for item in suite.items)
            read += 1
    assert 0 < read < TRIALS


def test_a_mutated_run_is_compared_or_refused(tmp_path: Path) -> None:
    now = arm_run("current", rows([True, False, True, True]))
    table = run_table(ABOUT, [now])
    write_run(tmp_path, table, html_page(table), ())
    path = tmp_path / "run.json"
    data, chance, read = path.read_bytes(), random.Random(4), 0
    assert compare(read_run(tmp_path), [now])[0].worse == ()
    for trial in range(TRIALS):
        path.write_bytes(mutated(data, chance))
        with suppress(SuiteError):
            saved = read_run(path)
            read += 1
            if trial % 30 == 0:
                with suppress(SuiteError):
                    compare(saved, [now])
    assert 0 < read < TRIALS


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    now = arm_run("current", rows([True, False]))
    write_run(tmp_path, run_table(ABOUT, [now]), "page", [{"id": "q0"}])
    assert read_run(tmp_path).arms == (now,)
    assert json.loads((tmp_path / "texts.jsonl").read_text()) == {"id": "q0"}
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
