"""The whole journey as a script would do it: the real command, models and documents."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from assistant.sample_library import SAMPLE_QUESTION, sample_paths
from tests.soak.scale import count

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

QUESTIONS = tomllib.loads(
    (Path(__file__).parents[1] / "fixtures" / "sample_questions.toml").read_text(encoding="utf-8")
)


PASSPHRASE = "six plain words for a test"


class Command:
    """Runs `assistant` in a data folder and gives back its exit code and JSON.

    The library has a passphrase, in a private file as a script would give it.
    """

    def __init__(self, data_dir: Path, passphrase: Path) -> None:
        self.data_dir = data_dir
        passphrase.touch(mode=0o600)
        passphrase.write_text(PASSPHRASE + "\n", encoding="utf-8")
        self.environment = {
            **os.environ,
            "ASSISTANT_DATA_DIR": str(data_dir),
            "ASSISTANT_PASSPHRASE_FILE": str(passphrase),
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "assistant", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=self.environment,
        )

    def __call__(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        process = self.start(*arguments, "--json")
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in err, err
        return process.returncode, json.loads(out)


@pytest.fixture(scope="module")
def assistant(default_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command on a data folder that holds the default models and the sample library."""
    data_dir = tmp_path_factory.mktemp("journey")
    (data_dir / "models").symlink_to(default_models)
    command = Command(data_dir, tmp_path_factory.mktemp("secret") / "passphrase")
    code, report = command("add", *map(str, sample_paths()))
    assert code == 0
    assert len(report["added"]) == len(sample_paths())
    return command


def independent_page_text(name: str, page: int) -> str:
    """The text of a page, read without the product's own parser."""
    path = next(p for p in sample_paths() if p.name == name)
    if path.suffix != ".pdf":
        return path.read_text(encoding="utf-8")
    with pypdfium2.PdfDocument(path) as document:
        return str(document[page - 1].get_textpage().get_text_range())


def squeezed(text: str) -> str:
    return "".join(text.split())


def check_quotes(answer: dict[str, Any]) -> int:
    """Check every quote of an answer against the file itself; return how many there were."""
    count = 0
    for sentence in answer["sentences"]:
        assert sentence["quotes"] or not sentence["supported"]
        for quote in sentence["quotes"]:
            page = independent_page_text(quote["document"], quote["page"])
            assert squeezed(quote["text"]) in squeezed(page)
            assert quote["end"] - quote["start"] == len(quote["text"])
            count += 1
    return count


def test_sample_question_is_answered_with_the_right_page(assistant: Command) -> None:
    expected = next(q for q in QUESTIONS["answerable"] if q["question"] == SAMPLE_QUESTION)
    code, answer = assistant("ask", SAMPLE_QUESTION)
    assert code == 0
    assert not answer["abstained"]
    assert check_quotes(answer) >= 1
    first = answer["sentences"][0]
    assert expected["fact"] in first["text"]
    assert first["quotes"][0]["document"] == expected["document"]
    assert first["quotes"][0]["page"] == expected["page"]
    assert expected["fact"] in answer["answer"]
    assert expected["fact"] in answer["short"]["text"]
    assert answer["model"]


def test_most_sample_questions_get_their_sentence_and_page(assistant: Command) -> None:
    """The extract alone answers at least four in five of our own sample questions.

    Half of them in `make test`, all in `make soak`.
    """
    right, all_of_them = 0, len(QUESTIONS["answerable"])
    asked = QUESTIONS["answerable"][: count(all_of_them, least=(all_of_them + 1) // 2)]
    for number, expected in enumerate(asked):
        way = "auto" if number % 4 == 0 else "extract"  # the model is slow, and another matter
        code, answer = assistant("ask", "--reading", way, expected["question"])
        assert code == 0
        check_quotes(answer)
        first = answer["sentences"][0] if answer["sentences"] else {"text": "", "quotes": []}
        places = {(q["document"], q["page"]) for q in first["quotes"]}
        right += expected["fact"] in " ".join(first["text"].split()) and (
            (expected["document"], expected["page"]) in places
        )
    assert right / len(asked) >= 0.8


def test_questions_on_other_matters_are_not_answered(assistant: Command) -> None:
    easy = [q for q in QUESTIONS["unanswerable"] if not q["near"]]
    assert easy
    for question in easy:
        code, answer = assistant("ask", question["question"])
        assert code == 0
        assert answer["abstained"], question
        assert answer["timings"]["first_token_ms"] is None


def test_search_tells_why(assistant: Command) -> None:
    code, found = assistant("search", "torque of the casing bolts", "--limit", "3")
    assert code == 0
    assert len(found["passages"]) == 3
    best = found["passages"][0]
    assert best["document"] == "pump-repair-manual.md"
    assert best["scores"]["dense_rank"] == 1 or best["scores"]["bm25_rank"] == 1


def test_adding_again_changes_nothing(assistant: Command) -> None:
    code, report = assistant("add", *map(str, sample_paths()))
    assert code == 0
    assert report["added"] == []
    assert len(report["known"]) == len(sample_paths())


def test_forgotten_document_is_not_found_again(assistant: Command, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The spare key of the boathouse hangs behind the blue cabinet.\n")
    question = "Where does the spare key of the boathouse hang?"
    assert assistant("add", str(note))[0] == 0
    _, before = assistant("ask", question)
    assert "blue cabinet" in before["answer"]
    assert assistant("forget", "note.txt", "--yes")[0] == 0
    _, after = assistant("ask", question)
    assert "blue cabinet" not in json.dumps(after)


def test_bad_files_are_named_and_the_others_added(assistant: Command, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.txt").write_text("The lamp oil is kept in the shed at the north gate.\n")
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "truncated.pdf").write_bytes(sample_paths()[0].read_bytes()[:3000])
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    code, report = assistant("add", str(folder))
    assert code == 1
    assert [d["name"].rsplit("/", 1)[-1] for d in report["added"]] == ["good.txt"]
    failed = {Path(f["path"]).name: f["error"] for f in report["failed"]}
    assert {"empty.pdf", "truncated.pdf", "binary.txt"} <= set(failed)
    for error in failed.values():
        assert error["message"]
        assert error["hint"]
    assert assistant("forget", report["added"][0]["name"], "--yes")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "error_code"),
    [
        (["ask", "   "], 2, "usage"),
        (["forget", "no such document", "--yes"], 2, "usage"),
        (
            ["ask", "--reading", "together", "How long does the warranty last? " * 400],
            2,
            "context_overflow",
        ),
        (["models", "add", "/nonexistent.gguf"], 5, "model"),
    ],
)
def test_errors_have_codes(
    assistant: Command, arguments: list[str], exit_code: int, error_code: str
) -> None:
    code, failure = assistant(*arguments)
    assert (code, failure["error"]["code"]) == (exit_code, error_code)
    assert failure["error"]["hint"]


def test_interrupted_ask_ends_soon_and_cleanly(assistant: Command) -> None:
    log = assistant.data_dir / "library.audit"
    size, deadline = log.stat().st_size, time.monotonic() + 60
    process = assistant.start("ask", SAMPLE_QUESTION)
    while log.stat().st_size == size:  # the library is opened, and then the models
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    before = time.monotonic()
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - before < 10
    assert process.returncode in (0, 130)
    assert "Traceback" not in err
    assert assistant("docs")[0] == 0


def test_doctor_finds_everything_in_order(assistant: Command) -> None:
    code, report = assistant("doctor")
    assert code == 0, report
    assert report["healthy"]
    assert {c["name"] for c in report["checks"]} >= {"processor", "library", "chat model"}


def test_a_whole_library_in_ciphertext_only(assistant: Command) -> None:
    """No word of the documents can be read in any file of the data folder."""
    markers = (b"warranty", b"Pumps", b"torque", b"patient", PASSPHRASE.encode())
    files = [p for p in assistant.data_dir.rglob("*") if p.is_file()]
    files = [p for p in files if "models" not in p.parts]
    assert files
    for path in files:
        raw = path.read_bytes()
        assert not any(marker in raw for marker in markers), path
        assert not raw.startswith(b"SQLite format 3")
