"""The real OCR models on pages that the tests draw: as scanned, turned, tilted, in columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from assistant.config import Settings
from assistant.documents.ocr_text import with_ocr
from assistant.documents.sandboxed_parser import ChildParser
from assistant.engine.engine_loader import load_ocr
from assistant.engine.ocr.page_reader import PageReader
from assistant.errors import Cancelled
from assistant.ingest import Ingester, PictureReader
from assistant.types import (
    CancelToken,
    FileAdded,
    Ocr,
    PagePicture,
    ParsedDocument,
)
from tests.bench.ocr_pages import KnownPage, made_pages, rendered
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.picture_files import encoded
from tests.fakes.store import FakeStore

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]


@pytest.fixture(scope="module")
def ocr(default_models: Path) -> Ocr:
    found = load_ocr(Settings(data_dir=default_models.parent))
    if found is None:
        pytest.skip("the OCR models are missing: run `make models`")
    return found


@pytest.fixture(scope="module")
def page() -> KnownPage:
    """Large print: few lines, so that a test takes a second or two."""
    return next(page for page in made_pages() if page.name.startswith("Helvetica 14"))


@pytest.fixture(scope="module")
def top(page: KnownPage) -> Image.Image:
    """The upper third of the page, some ten lines."""
    image = rendered(page, "clean", 0)
    return image.crop((0, 0, image.width, image.height // 3))


def text_of(image: Image.Image, ocr: Ocr) -> str:
    read = ocr.read(PagePicture(*image.size, image.tobytes()))
    return with_ocr(ParsedDocument("", (0,), "image/png"), {1: read}).text


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 3, -4])
def test_a_page_is_read_however_it_lies(
    turn: int, top: Image.Image, page: KnownPage, ocr: Ocr
) -> None:
    turned = top.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    lines = text_of(turned, ocr).split("\n")
    for line in page.text.split("\n")[:9]:
        assert line in lines


def test_columns_are_read_one_after_the_other(ocr: Ocr) -> None:
    page = next(page for page in made_pages() if page.name.startswith("Helvetica-Bold 10"))
    image = rendered(page, "clean", 0)
    found = text_of(image.crop((0, 0, image.width, image.height // 4)), ocr)
    known = page.text.split("\n")
    rows = found.replace("\n\n", "\n").strip().split("\n")
    half = len(rows) // 2
    assert half > 10
    wanted = known[: half - 1], known[len(known) // 2 :][: half - 1]
    right = sum(row in wanted[0] for row in rows[:half]) + sum(
        row in known[half:] for row in rows[half:]
    )
    assert right >= 0.9 * len(rows)
    assert not any(row in known[half:] for row in rows[: half - 1])


def test_a_blank_page_and_a_drawing_give_no_text(ocr: Ocr) -> None:
    white = Image.new("L", (1240, 1754), 250)
    assert ocr.read(PagePicture(*white.size, white.tobytes())).lines == ()
    white.paste(0, (300, 300, 900, 320))
    white.paste(0, (300, 300, 320, 1200))
    assert ocr.read(PagePicture(*white.size, white.tobytes())).lines == ()


def test_a_cancel_is_seen_and_what_was_read_is_kept(top: Image.Image, ocr: Ocr) -> None:
    assert isinstance(ocr, PageReader)
    cancelled = CancelToken()
    cancelled.cancel()
    other = top.rotate(1, fillcolor=255)
    with pytest.raises(Cancelled):
        ocr.read(PagePicture(*other.size, other.tobytes()), cancelled)
    known = ocr.read(PagePicture(*top.size, top.tobytes()))
    assert ocr.read(PagePicture(*top.size, top.tobytes()), cancelled) is known


def test_a_photograph_becomes_a_document_that_is_found(
    top: Image.Image, page: KnownPage, ocr: Ocr, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "page.jpg").write_bytes(encoded(top.convert("RGB"), "JPEG", quality=80))
    (files / "pages.tif").write_bytes(
        encoded(top, "TIFF", save_all=True, append_images=[top.rotate(180)], compression="tiff_lzw")
    )
    settings, store = Settings(data_dir=tmp_path / "data"), FakeStore()
    with ChildParser(settings, pictures=True) as parser:
        reader = PictureReader(parser, ocr)
        ingester = Ingester(store, FakeEmbedder(), parser, settings, reader)
        added = [e for e in ingester.add([files]) if isinstance(e, FileAdded)]
    assert [(e.document.name, e.document.pages) for e in added] == [
        ("page.jpg", 1),
        ("pages.tif", 2),
    ]
    line = page.text.split("\n")[4]
    assert line in store.page_text(added[0].document.id, 1)
    assert line in store.page_text(added[1].document.id, 2)
    assert "pages read by OCR (2): 1, 2" in added[1].note
