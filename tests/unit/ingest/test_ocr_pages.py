"""Pages that are pictures: read one by one, with the pace, a cancel, and faults of single pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.documents.sandboxed_parser import ChildParser
from assistant.errors import DocumentError
from assistant.ingest import Ingester, PictureReader
from assistant.types import (
    Attachment,
    CancelToken,
    FileAdded,
    FileFailed,
    FileProgress,
    IngestEvent,
    IngestFinished,
    OcrLine,
    OcrPage,
    PagePicture,
    ReadOptions,
)
from tests.fakes import pdf_files, picture_files
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore

WORDS = "The pump must be drained before the first frost of the year."


class FakeOcr:
    """Reads the same words from each picture; keeps which ones it was shown."""

    def __init__(
        self, text: str = WORDS, *, cancel_after: int = -1, confidence: float = 0.8
    ) -> None:
        self.text, self.cancel_after, self.confidence = text, cancel_after, confidence
        self.seen: list[PagePicture] = []

    def read(self, picture: PagePicture, cancel: CancelToken | None = None) -> OcrPage:
        self.seen.append(picture)
        if len(self.seen) == self.cancel_after and cancel is not None:
            cancel.cancel()
        lines = (OcrLine(self.text, self.confidence, 100, 100, 900, 126),) if self.text else ()
        return OcrPage(picture.height, lines)


class FakeKept:
    """Pages in memory, by file; `times` counts how often something was kept."""

    def __init__(self) -> None:
        self.pages: dict[str, dict[int, OcrPage]] = {}
        self.times = 0

    def kept(self, content_hash: str) -> dict[int, OcrPage]:
        return dict(self.pages.get(content_hash, {}))

    def keep(self, content_hash: str, pages: Mapping[int, OcrPage]) -> None:
        self.times += 1
        self.pages.setdefault(content_hash, {}).update(pages)


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildParser]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    with ChildParser(settings, pictures=True) as made:
        yield made


def added(
    path: Path,
    parser: ChildParser,
    ocr: FakeOcr,
    *,
    drawer: object = None,
    wanted: str = "auto",
    cancel: CancelToken | None = None,
    kept: FakeKept | None = None,
) -> tuple[list[IngestEvent], FakeStore]:
    store = FakeStore()
    settings = Settings(data_dir=path.parent)
    reader = PictureReader(drawer or parser, ocr, kept)  # type: ignore[arg-type]
    ingester = Ingester(store, FakeEmbedder(), parser, settings, reader)
    options = ReadOptions(ocr=wanted)  # type: ignore[arg-type]
    return list(ingester.add([path], cancel, options=options)), store


def test_a_scan_is_added_page_by_page(parser: ChildParser, tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_files.scan(pages=3))
    ocr = FakeOcr()
    events, store = added(path, parser, ocr)
    pace = [e for e in events if isinstance(e, FileProgress) and e.stage == "recognizing"]
    assert [(e.done, e.total) for e in pace] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert pace[0].seconds_left is None
    assert all(e.seconds_left is not None and e.seconds_left >= 0 for e in pace[1:])
    (done,) = [e for e in events if isinstance(e, FileAdded)]
    assert (
        done.note == "pages read by OCR (3): 1, 2, 3; doubtful lines among what OCR read (3): "
        "1, 2, 3"
    )
    assert store.page_text(done.document.id, 2) == WORDS + "\n"
    assert store.page(done.document.id, 2).regions[0].confidence == 0.8
    assert len(ocr.seen) == 3


def test_only_pages_without_text_are_looked_at_unless_all_are_wanted(
    parser: ChildParser, tmp_path: Path
) -> None:
    path = tmp_path / "mixed.pdf"
    path.write_bytes(pdf_files.pdf([["Typed words of page one."], []]))
    ocr = FakeOcr()
    events, store = added(path, parser, ocr)
    (done,) = [e for e in events if isinstance(e, FileAdded)]
    assert len(ocr.seen) == 1
    assert store.page_text(done.document.id, 1) == "Typed words of page one.\n"
    events, store = added(path, parser, ocr, wanted="always")
    assert len(ocr.seen) == 3
    (done,) = [e for e in events if isinstance(e, FileAdded)]
    assert store.page_text(done.document.id, 1) == WORDS + "\n"
    added(path, parser, ocr, wanted="never")
    assert len(ocr.seen) == 3


def test_a_scan_without_writing_is_refused_by_name(parser: ChildParser, tmp_path: Path) -> None:
    path = tmp_path / "blank.pdf"
    path.write_bytes(pdf_files.scan(pages=2))
    events, store = added(path, parser, FakeOcr(""))
    (failed,) = [e for e in events if isinstance(e, FileFailed)]
    assert "No text was found" in failed.error.message
    assert "blank.pdf" in failed.error.message
    assert store.is_empty


def test_a_cancel_ends_it_within_a_page_and_leaves_nothing(
    parser: ChildParser, tmp_path: Path
) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_files.scan(pages=9))
    ocr = FakeOcr(cancel_after=2)
    events, store = added(path, parser, ocr, cancel=CancelToken())
    last = events[-1]
    assert isinstance(last, IngestFinished)
    assert last.cancelled
    assert len(ocr.seen) == 2
    assert store.is_empty


class Stumbling:
    """Draws all pages but some."""

    def __init__(self, parser: ChildParser, fails: tuple[int, ...]) -> None:
        self.parser, self.fails = parser, fails

    def picture(
        self,
        file: Path | Attachment,
        page: int,
        content_hash: str,
        cancel: CancelToken | None = None,
    ) -> PagePicture:
        if page in self.fails:
            raise DocumentError(f"page {page} crashed", hint="Print it.")
        return self.parser.picture(file, page, content_hash, cancel)


def test_a_page_that_cannot_be_drawn_does_not_stop_the_others(
    parser: ChildParser, tmp_path: Path
) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_files.scan(pages=3))
    events, _ = added(path, parser, FakeOcr(), drawer=Stumbling(parser, (2,)))
    (done,) = [e for e in events if isinstance(e, FileAdded)]
    assert "1 of its pages have no text (pictures or blank): 2" in done.note
    events, _ = added(path, parser, FakeOcr(), drawer=Stumbling(parser, (1, 2, 3)))
    (failed,) = [e for e in events if isinstance(e, FileFailed)]
    assert failed.error.message == "page 1 crashed"


def test_a_picture_that_came_with_a_mail_is_read(parser: ChildParser, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "The pump"
    mail.set_content("See the photograph of the plate.")
    photograph = picture_files.encoded(picture_files.pattern("RGB"), "JPEG")
    mail.add_attachment(photograph, maintype="image", subtype="jpeg", filename="plate.jpg")
    path = tmp_path / "a.eml"
    path.write_bytes(bytes(mail))
    events, store = added(path, parser, FakeOcr())
    photo, letter = (e.document for e in events if isinstance(e, FileAdded))
    assert store.page_text(photo.id, 1) == WORDS + "\n"
    assert "See the photograph" in store.page_text(letter.id, 1)


LAYER = "The pump must be drained before the first frost of the year, and filled in spring again. "
POOR = "Tho purnp rnust bc draincd bcforc thc flrst frost of the ycar, and fllled in sprlng agaln. "


@pytest.mark.parametrize(
    ("text", "read", "code", "looked"),
    [
        (LAYER * 4, LAYER * 4, "ocr_layer", 1),
        (POOR * 4, LAYER * 4, "poor_ocr_layer", 1),
        (LAYER * 4, "", "ocr_layer", 1),  # nothing that could be compared
        (LAYER * 4, "Blot.", "ocr_layer", 1),
    ],
)
def test_what_an_earlier_ocr_left_is_tried_on_one_page(
    parser: ChildParser, tmp_path: Path, text: str, read: str, code: str, looked: int
) -> None:
    path = tmp_path / "archive.pdf"
    path.write_bytes(picture_files.pictures_with_text(text, text, text))
    ocr = FakeOcr(read, confidence=0.97)
    events, _ = added(path, parser, ocr)
    (event,) = (e for e in events if isinstance(e, FileAdded))
    assert len(ocr.seen) == looked
    assert ("earlier OCR read 3 of its pages badly" in event.note) == (code == "poor_ocr_layer")
    assert ("what an earlier OCR made" in event.note) == (code == "ocr_layer")


def test_a_person_who_wants_no_ocr_gets_none(parser: ChildParser, tmp_path: Path) -> None:
    path = tmp_path / "archive.pdf"
    path.write_bytes(picture_files.pictures_with_text(POOR * 4))
    ocr = FakeOcr(LAYER * 4, confidence=0.97)
    added(path, parser, ocr, wanted="never")
    assert not ocr.seen


def test_a_stopped_run_goes_on_where_it_was(parser: ChildParser, tmp_path: Path) -> None:
    path, kept, token = tmp_path / "scan.pdf", FakeKept(), CancelToken()
    path.write_bytes(pdf_files.scan(pages=9))
    first = FakeOcr(cancel_after=7)
    added(path, parser, first, cancel=token, kept=kept)
    assert len(first.seen) == 7
    assert {len(pages) for pages in kept.pages.values()} == {7}
    assert kept.times == 2  # five together, and what was read since when it was stopped
    second = FakeOcr()
    events, _ = added(path, parser, second, kept=kept)
    assert len(second.seen) == 2
    pace = [e.done for e in events if isinstance(e, FileProgress) and e.stage == "recognizing"]
    assert pace == [7, 8, 9]
    assert any(isinstance(event, FileAdded) for event in events)


def test_what_was_kept_of_another_file_is_not_taken(parser: ChildParser, tmp_path: Path) -> None:
    kept = FakeKept()
    kept.keep("00" * 32, {1: OcrPage(100, ())})
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_files.scan(pages=2))
    ocr = FakeOcr()
    added(path, parser, ocr, kept=kept)
    assert len(ocr.seen) == 2
