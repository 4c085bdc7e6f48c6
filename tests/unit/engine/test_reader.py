"""The bundled reader: the words that answer, or none; hostile passages; one window one reading."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from assistant.engine.reader import NOTHING_READ, OnnxReader
from assistant.engine.reader_windows import ReaderWindow, TokenizedText, WindowMaker
from assistant.engine.span_search import (
    LONGEST_SPAN,
    MOST_SPANS,
    paragraph_breaks,
    window_spans,
    without_overlaps,
)
from assistant.errors import Cancelled, ModelError
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from assistant.models.installed_readers import reader_info
from assistant.types import CancelToken, Reading

STATION = (
    "The pump station in Emden was built in 1987. Its two pumps, AX-4417/A and BX-100/I, are "
    "tightened with 42 Nm and 17 Nm. Every inspection is signed by Martha Olsen, and the next "
    "one is on 3 May 2027."
)
LEASE = (
    "12. Termination. Either party may end this lease early by giving the other ninety days' "
    "written notice. 13. Deposit. The tenant pays a deposit of 2,400 euros, which the landlord "
    "returns within thirty days after the end of the lease."
)
ASKED = (
    ("When was the pump station built?", STATION, "1987"),
    ("who signs the inspections", STATION, "Martha Olsen"),
    ("When is the next inspection?", STATION, "3 May 2027"),
    ("Where is the pump station?", STATION, "Emden"),
    ("How high is the deposit?", LEASE, "2,400 euros"),
    ("How much notice must be given to end the lease early?", LEASE, "ninety days"),
    ("Within how many days is the deposit returned?", LEASE, "thirty days"),
)


@pytest.fixture(scope="module")
def folder() -> Path:
    entry = load_catalogue().default_reader
    assert entry is not None
    return bundled_models_dir() / entry.folder


@pytest.fixture(scope="module")
def reader(folder: Path) -> OnnxReader:
    return OnnxReader(reader_info(folder), threads=2)


def words(text: str, reading: Reading) -> str:
    return text[reading.spans[0].start : reading.spans[0].end]


@pytest.mark.parametrize(
    ("question", "passage", "answer"), ASKED, ids=[answer for _, _, answer in ASKED]
)
def test_the_words_that_answer_are_found(
    reader: OnnxReader, question: str, passage: str, answer: str
) -> None:
    (reading,) = reader.read(question, [passage])
    assert answer in words(passage, reading)


def test_a_passage_that_answers_is_told_from_one_that_does_not(reader: OnnxReader) -> None:
    for question, passage, _ in ASKED:
        other = LEASE if passage is STATION else STATION
        right, wrong = reader.read(question, [passage, other])
        assert right.relevance > wrong.relevance
        assert right.spans[0].score > wrong.spans[0].score


def test_a_reading_does_not_depend_on_threads_or_company(folder: Path, reader: OnnxReader) -> None:
    texts = [STATION, LEASE, STATION * 9, "pump"]
    together = reader.read("When was the pump station built?", texts)
    alone = OnnxReader(reader_info(folder), threads=1)
    for text, reading in zip(texts, together, strict=True):
        assert alone.read("When was the pump station built?", [text]) == [reading]
    assert reader.read("When?", []) == []


def test_an_answer_far_into_a_long_passage_is_found(reader: OnnxReader) -> None:
    filler = "The committee met in the usual room and spoke about the weather. " * 40
    text = f"{filler}{STATION} {filler}"
    (reading,) = reader.read("Who signs every inspection?", [text])
    assert words(text, reading) == "Martha Olsen"
    ends = sorted((span.start, span.end) for span in reading.spans)
    assert all(a[1] <= b[0] for a, b in pairwise(ends))


@pytest.mark.parametrize(
    "text",
    ["pump", "1 22 333 4,444.5 " * 300, "\ud800 pump", "\x00\x1b]52;c\x07 pump", "\u202epump\u202c",
     "x" * 300_000, "\U0001f6b0 pump " * 40, "Krako\u0301w \u00e9 \ufb01re " * 60],
    ids=["one word", "numbers", "half a character", "control", "bidi", "no space", "emoji",
         "marks"],
)  # fmt: skip
def test_places_are_places_of_the_text_whatever_it_is(reader: OnnxReader, text: str) -> None:
    (reading,) = reader.read("What about the pump?", [text])
    assert 1 <= len(reading.spans) <= MOST_SPANS
    assert np.isfinite([reading.relevance, *(span.score for span in reading.spans)]).all()
    assert all(0 <= span.start < span.end <= len(text) for span in reading.spans)


def test_nothing_to_read_is_no_answer(reader: OnnxReader) -> None:
    assert reader.read("Where?", ["", " \n\t"]) == [NOTHING_READ] * 2
    assert reader.read(" ", [STATION]) == [NOTHING_READ]


def test_a_long_question_is_cut_and_that_can_be_known(reader: OnnxReader) -> None:
    long = "is the pump station in Emden still the same as before " * 280
    assert reader.reads_whole("When was the pump station built?")
    assert not reader.reads_whole(long)
    assert reader.read(long, [STATION]) == reader.read(long[:1500], [STATION])


def test_a_cancel_ends_a_reading_of_thirty_thousand_words(reader: OnnxReader) -> None:
    class Later(CancelToken):
        passed = 0

        def raise_if_cancelled(self) -> None:
            if Later.passed == 3:
                self.cancel()
            super().raise_if_cancelled()
            Later.passed += 1

    with pytest.raises(Cancelled):
        reader.read("Where is the pump?", ["the pump is not here " * 6_000], Later())
    assert Later.passed == 3
    assert reader.read("Where?", ["pump"])


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", 2), ("task", "score"), ("architecture", "gpt2"), ("max_tokens", 3),
     ("model_sha256", "zz"), ("calibration", {"threshold": 7})],
)  # fmt: skip
def test_a_description_of_another_kind_is_refused(
    folder: Path, tmp_path: Path, key: str, value: object
) -> None:
    table = json.loads((folder / "reader.json").read_text("utf-8"))
    (tmp_path / "reader.json").write_text(json.dumps({**table, key: value}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"reader\.json"):
        reader_info(tmp_path)


def test_changed_files_and_other_models_are_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        copy = tmp_path / name
        shutil.copytree(folder, copy)
        (copy / name).write_bytes((folder / name).read_bytes()[:-1] + b"?")
        with pytest.raises(ModelError, match="damaged or was changed"):
            OnnxReader(reader_info(copy), threads=1)
    embedder = load_catalogue().default_embedder
    copy = tmp_path / "embedder"
    shutil.copytree(bundled_models_dir() / embedder.folder, copy)
    table = json.loads((folder / "reader.json").read_text("utf-8"))
    table["model_sha256"] = embedder.model_sha256
    (copy / "reader.json").write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(ModelError, match="is no reader"):
        OnnxReader(reader_info(copy), threads=1)
    with pytest.raises(ModelError):
        reader_info(tmp_path)


def test_a_tokenizer_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "other"
    shutil.copytree(folder, copy)
    table = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    vocabulary = table["model"]["vocab"]
    vocabulary |= {f"##zq{n}": len(vocabulary) + n for n in range(100)}
    (copy / "tokenizer.json").write_text(json.dumps(table), encoding="utf-8")
    described = json.loads((folder / "reader.json").read_text("utf-8"))
    described["tokenizer_sha256"] = hashlib.sha256(
        (copy / "tokenizer.json").read_bytes()
    ).hexdigest()
    (copy / "reader.json").write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(ModelError, match="another tokenizer"):
        OnnxReader(reader_info(copy), threads=1)


def test_windows_cover_a_passage_and_overlap() -> None:
    question = TokenizedText([7] * 5, [(0, 1)] * 5)
    for length in (0, 1, 23, 24, 25, 40, 41, 100, 301):
        passage = TokenizedText(range(100, 100 + length), [(i, i + 1) for i in range(length)])
        windows = list(WindowMaker(1, 2, 32).windows(question, passage, 8))
        assert all(len(w.ids) <= 32 and len(w.ids) == len(w.kinds) for w in windows)
        covered = [offset for w in windows for offset in w.offsets]
        assert set(covered) == {(i, i + 1) for i in range(length)}
        for a, b in pairwise(windows):
            assert len(set(a.offsets) & set(b.offsets)) == 8
        for window in windows:
            assert window.ids[window.first : -1] == tuple(100 + a for a, _ in window.offsets)
            assert (window.ids[0], window.ids[window.first - 1], window.ids[-1]) == (1, 2, 2)
            assert sum(window.kinds) == len(window.offsets) + 1
    long = TokenizedText([7] * 500, [(0, 1)] * 500)
    windows = list(WindowMaker(1, 2, 32).windows(long, passage, 8))
    assert {offset for w in windows for offset in w.offsets} == set(passage.offsets)
    assert all(len(w.ids) <= 32 for w in windows)


def test_the_best_pair_of_scores_is_found_as_by_trying_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        count = int(rng.integers(1, 60))
        window = ReaderWindow(
            (0,) * (count + 4), (0,) * (count + 4), 3, tuple((i, i + 1) for i in range(count))
        )
        starts, ends = rng.normal(size=(2, count + 4)).astype(np.float32)
        found = next(iter(window_spans(window, starts, ends)))
        best = max((starts[3 + a] + ends[3 + b], -a, -b)
                   for a in range(count) for b in range(a, count))  # fmt: skip
        assert (found.start, found.end) == (-best[1], -best[2] + 1)
        assert found.score == pytest.approx(best[0] - starts[0] - ends[0], abs=1e-5)
        chosen = without_overlaps(window_spans(window, starts, ends))
        assert chosen[0] == found


def test_no_span_goes_on_behind_a_blank_line() -> None:
    """A letter's head is not part of the name that begins the next paragraph."""
    text = "Northgate Clinic\n \nAda Quill was admitted.\nShe went home."
    offsets = tuple((m.start(), m.end()) for m in re.finditer(r"\S+", text))
    window = ReaderWindow((0,) * (len(offsets) + 3), (0,) * (len(offsets) + 3), 2, offsets)
    starts, ends = np.zeros((2, len(offsets) + 3), dtype=np.float32)
    starts[2], starts[4], ends[5] = 9.0, 5.0, 9.0
    across, within = (
        next(iter(window_spans(window, starts, ends, breaks)))
        for breaks in ([], paragraph_breaks(text))
    )
    assert text[across.start : across.end] == "Northgate Clinic\n \nAda Quill"
    assert text[within.start : within.end] == "Ada Quill"
    ends[8] = 20.0  # a single line break is the page's, not the writer's
    whole = next(iter(window_spans(window, starts, ends, paragraph_breaks(text))))
    assert text[whole.start : whole.end].startswith("Ada Quill was admitted.\nShe")


def test_no_span_is_longer_than_the_longest() -> None:
    count = LONGEST_SPAN + 40
    window = ReaderWindow((0,) * (count + 3), (0,) * (count + 3), 2,
                          tuple((i, i + 1) for i in range(count)))  # fmt: skip
    starts = np.zeros(count + 3, dtype=np.float32)
    ends = np.zeros(count + 3, dtype=np.float32)
    starts[2], ends[count + 1] = 9.0, 9.0
    spans = list(window_spans(window, starts, ends))
    assert max(span.end - span.start for span in spans) <= LONGEST_SPAN
