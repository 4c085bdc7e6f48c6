"""A review: what a person decides is in the file at once, and a killed process loses nothing."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest

from assistant.errors import AssistantError, SuiteError, UsageError
from assistant.evaluation.draft.journaled_file import JournaledFile, begin_writing
from assistant.evaluation.draft.review import Review
from assistant.evaluation.suite import CUT_OFF, read_suite
from tests.fakes.drafts import AGREEMENT, drafted, read_lines
from tests.fakes.evaluation import write_suite

PAGE = AGREEMENT[1]
OWN = {"id": "own", "question": "Whose?", "answers": ["mine"], "note": "by hand"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    second = drafted(id="d002", question="Who pays?", answers=None)
    third = drafted(id="d003", answers=None, spans=None, unanswerable=True)
    return write_suite(tmp_path / "suite.jsonl", drafted(), OWN, second, third)


def opened(path: Path) -> Review:
    return Review(path)


def test_each_decision_is_in_the_file_at_once(path: Path) -> None:
    review = opened(path)
    assert (len(review), review.left, review.item.id) == (3, 3, "d001")
    review.keep()
    review.to_first_left()
    assert review.item.id == "d002"
    review.drop()
    assert [line.get("review") for line in read_lines(path)] == ["kept", None, "dropped", "draft"]
    assert read_lines(path)[1] == OWN
    assert opened(path).item.id == "d003", "the next time goes on with what is left"
    suite = read_suite(path)
    assert ([item.id for item in suite.items], suite.unreviewed) == (["d001", "own"], 1)
    assert len(read_suite(path, unreviewed=True).items) == 3


def test_a_suite_of_drafts_alone_is_not_asked(tmp_path: Path) -> None:
    path = write_suite(tmp_path / "suite.jsonl", drafted())
    with pytest.raises(SuiteError, match="only 1 that nobody has reviewed") as caught:
        read_suite(path)
    assert "assistant eval review" in caught.value.hint
    opened(path).drop()
    with pytest.raises(SuiteError, match="no question to ask"):
        read_suite(path, unreviewed=True)


def test_a_mended_question(path: Path) -> None:
    review = opened(path)
    review.mend_question("  How long is \n the warranty?\x00 ")
    assert read_lines(path)[0]["question"] == "How long is the warranty?"
    assert read_lines(path)[0]["review"] == "mended"
    review.keep()
    assert read_lines(path)[0]["review"] == "mended", "keeping does not hide that it was mended"
    with pytest.raises(UsageError, match="no question"):
        review.mend_question(" ?? ")


def test_an_answer_on_the_page_moves_the_span_to_the_nearest_place(path: Path) -> None:
    review = opened(path)
    # "the" stands often on the page: the one next to the old span is meant.
    assert review.mend_answer("from the date of   Delivery", PAGE)
    line = read_lines(path)[0]
    start = PAGE.index("from the date of delivery")
    assert line["spans"] == [
        {"document": "agreement.pdf", "page": 2, "start": start, "end": start + 25,
         "text": "from the date of delivery"}
    ]  # fmt: skip
    assert line["answers"] == ["from the date of Delivery"]


def test_an_answer_in_other_words_keeps_the_span(path: Path) -> None:
    review = opened(path)
    before = read_lines(path)[0]["spans"]
    assert not review.mend_answer("two years", PAGE)
    line = read_lines(path)[0]
    assert (line["answers"], line["spans"], line["review"]) == (["two years"], before, "mended")


def test_unanswerable_and_back(path: Path) -> None:
    review = opened(path)
    review.mark_unanswerable()
    line = read_lines(path)[0]
    assert line["unanswerable"]
    assert not {"answers", "spans"} & line.keys()
    review.mend_answer("24 months", "")
    line = read_lines(path)[0]
    assert line["answers"] == ["24 months"]
    assert "unanswerable" not in line
    read_suite(path)


def test_undo_goes_back_step_by_step_and_shows_what_came_back(path: Path) -> None:
    before = path.read_text()
    review = opened(path)
    review.keep()
    review.to_first_left()
    review.mend_question("Other?")
    review.move(1)
    assert review.undo()
    assert review.item.id == "d002"
    assert review.undo()
    assert review.item.id == "d001"
    assert not review.undo()
    assert path.read_text() == before


def test_what_somebody_else_wrote_is_not_overwritten(path: Path) -> None:
    review = opened(path)
    other = path.read_text() + "\n"
    path.write_text(other)
    with pytest.raises(SuiteError, match="changed by another program"):
        review.keep()
    assert path.read_text() == other
    assert review.item.review == "draft"


def test_a_suite_without_drafts_and_one_that_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="no drafted questions"):
        opened(write_suite(tmp_path / "own.jsonl", OWN))
    for review in ("maybe", ["kept"], None, 1):
        path = write_suite(tmp_path / "bad.jsonl", {**OWN, "review": review})
        with pytest.raises(SuiteError, match=r"'review'.*: expected "):
            opened(path)


def test_a_file_that_can_not_be_written_keeps_what_it_was(path: Path) -> None:
    review = opened(path)
    before = path.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 300, limit[1]))
    try:
        with pytest.raises(AssistantError, match="can't be written: File too large"):
            review.keep()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert path.read_bytes() == before
    assert review.item.review == "draft"
    review.keep()
    assert opened(path).item.id == "d002"


# Killed -----------------------------------------------------------------------------------


def steps(old: bytes, new: bytes) -> Iterator[bytes]:
    """What a kill may leave on the disk at any byte of a write."""
    head = f"{hashlib.sha256(new).hexdigest()} {len(new)}\n".encode()
    at = max(len(old), len(new))
    journal = b"\n" + CUT_OFF + head + new
    for done in range(1, len(journal) + 1):
        yield old + b"\0" * (at - len(old)) + journal[:done]
    for done in range(len(new) + 1):
        yield (new[:done] + old[done:]).ljust(at, b"\0") + journal


@pytest.mark.parametrize("longer", [True, False])
def test_a_write_that_was_cut_off_at_any_byte_is_mended(tmp_path: Path, longer: bool) -> None:
    short, long = (
        b'{"id": "a", "question": "Why?", "unanswerable": true, "review": "draft"}\n',
        b'{"id": "a", "question": "Why is that so?", "answers": ["so"], "review": "mended"}\n',
    )
    old, new = (short, long) if longer else (long, short)
    path, seen = tmp_path / "q.jsonl", set()
    for left in steps(old, new):
        path.write_bytes(left)
        kept = JournaledFile(path)
        assert kept.data == path.read_bytes()
        seen.add(kept.data.rstrip(b"\n") + b"\n")  # an empty line is none
    assert seen == {old, new}, "either the old or the new one, never a mixture"


def test_until_it_is_mended_nothing_is_asked_of_it(path: Path) -> None:
    before = path.read_bytes()
    with FileIO(path, "r+") as file:
        begin_writing(file, before.replace(b"Who pays?", b"Who?"), len(before))
    with pytest.raises(SuiteError, match="nothing is lost"):
        read_suite(path)
    assert opened(path).items[1].question == "Who?"
    assert path.read_bytes() == before.replace(b"Who pays?", b"Who?")


@pytest.mark.parametrize("data", [b"\x89PNG\0\0review of it", b'{"id": 1}\n\0other\n', b"\0" * 9])
def test_a_file_that_is_no_suite_is_not_touched(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    with pytest.raises(SuiteError):
        opened(path)
    assert path.read_bytes() == data


KILLED = """
import sys
from collections.abc import Iterator
from pathlib import Path
from assistant.evaluation.draft.review import Review
path = Path(sys.argv[1])
review = Review(path)
while True:
    for n in range(len(review)):
        review.position = n
        (review.drop if review.item.review == "kept" else review.keep)()
        print(n, review.item.review, flush=True)
"""


def test_no_key_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    """Kill -9 at random moments: all that was acknowledged is there, and the file whole."""
    lines = [drafted(id=f"d{n:03d}", note="x" * 3_000) for n in range(12)]
    path = write_suite(tmp_path / "suite.jsonl", *lines)
    rng = random.Random(7)
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        seen = [child.stdout.readline() for _ in range(rng.randrange(1, 25))]
        os.kill(child.pid, signal.SIGKILL)
        seen += child.stdout.readlines()
        child.wait()
        told = {
            int(n): state for n, state in (line.split() for line in seen if line.endswith("\n"))
        }
        review = Review(path)
        states = [item.review for item in review.items]
        newer = [n for n, state in told.items() if states[n] != state]
        # At most the one decision after the last that was told may be there already.
        last = int(seen[-1].split()[0])
        assert newer in ([], [(last + 1) % 12])
