"""Pictures: every common way of storing one is drawn as it is, hostile ones are refused by name."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.config import Settings
from assistant.documents.file_type import picture_kind
from assistant.documents.page_picture import count_pictures, page_picture
from assistant.documents.parse_errors import ParseFault
from assistant.documents.sandboxed_parser import ChildParser
from assistant.errors import DocumentError
from assistant.types import PagePicture, ReadOptions
from tests.fakes import pdf_files, picture_files
from tests.fakes.picture_files import encoded, pattern, pictures_with_text

NOISE = zlib.compress(bytes(1 << 16))


def drawn(data: bytes, number: int = 1) -> PagePicture:
    kind = picture_kind(data)
    assert kind is not None
    assert 1 <= number <= count_pictures(bytearray(data), kind)
    return page_picture(bytearray(data), kind, number)


def pixels(picture: PagePicture) -> np.ndarray:
    return np.frombuffer(picture.grey, np.uint8).reshape(picture.height, picture.width)


def assert_same(picture: PagePicture, image: Image.Image, most: float = 2.0) -> None:
    wanted = np.asarray(image.convert("L"), dtype=float)
    assert (picture.width, picture.height) == image.size
    assert float(np.abs(pixels(picture) - wanted).max()) <= most


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "LA", "RGBA", "I;16"])
def test_png(mode: str) -> None:
    if mode == "I;16":
        deep = Image.fromarray(np.asarray(pattern(), np.uint16) * 257)
        assert_same(drawn(encoded(deep, "PNG")), pattern())
    else:
        assert_same(drawn(encoded(pattern(mode), "PNG")), pattern())


def test_what_is_transparent_is_white() -> None:
    image = pattern("RGBA")
    clear = np.array(image)
    clear[:, 10:20] = (0, 0, 0, 0)
    shown = pixels(drawn(encoded(Image.fromarray(clear), "PNG")))
    assert (shown[:, 10:20] > 250).all()
    assert (shown[5, 3:7] < 5).all()


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg(mode: str, *, progressive: bool) -> None:
    data = encoded(pattern(mode), "JPEG", quality=95, progressive=progressive, subsampling=0)
    assert_same(drawn(data), pattern(), most=60.0)


@pytest.mark.parametrize(("turn", "quarters"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_a_photograph_is_turned_as_the_camera_says(turn: int, quarters: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    data = encoded(pattern(), "JPEG", quality=95, exif=exif)
    wanted = Image.fromarray(np.rot90(np.asarray(pattern()), quarters))
    assert_same(drawn(data), wanted, most=60.0)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff(mode: str, compression: str) -> None:
    most = 40.0 if mode == "CMYK" else 3.0  # black ink alone is no pure black
    assert_same(drawn(encoded(pattern(mode), "TIFF", compression=compression)), pattern(), most)


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_tiff_as_fax_machines_make_them(compression: str) -> None:
    data = encoded(pattern("1"), "TIFF", compression=compression)
    assert_same(drawn(data), pattern())


def test_tiff_in_strips_and_pages() -> None:
    first, second = pattern("L", (60, 200)), pattern("RGB", (50, 90))
    data = encoded(
        first, "TIFF", save_all=True, append_images=[second], compression="tiff_lzw", strip_size=900
    )
    assert_same(drawn(data, 1), first)
    assert_same(drawn(data, 2), second)


def test_tiff_with_jpeg_inside() -> None:
    assert_same(drawn(encoded(pattern("RGB"), "TIFF", compression="jpeg")), pattern(), 60.0)


def test_tiff_in_tiles() -> None:
    image = np.zeros((32, 48), np.uint8)
    image[:16, 16:32] = 200
    tiles = b"".join(image[y : y + 16, x : x + 16].tobytes() for y in (0, 16) for x in (0, 16, 32))
    entries = {256: (48,), 257: (32,), 258: (8,), 259: (1,), 262: (1,), 277: (1,), 322: (16,)}
    entries |= {323: (16,), 325: (256,) * 6}
    begin = len(picture_files.tiff(entries | {324: (0,) * 6}))
    entries[324] = tuple(begin + 256 * n for n in range(6))
    assert (pixels(drawn(picture_files.tiff(entries, tiles))) == image).all()


def test_a_broken_colour_profile_is_never_read() -> None:
    profile = picture_files.png_chunk(b"iCCP", b"x\0\0" + b"\xff" * 400)
    rows = b"".join(b"\0" + bytes(range(9)) for _ in range(4))
    assert drawn(picture_files.png(9, 4, zlib.compress(rows), more=profile)).width == 9
    data = encoded(pattern("RGB"), "JPEG", icc_profile=b"\xff" * 5000)
    assert_same(drawn(data), pattern(), most=60.0)


def test_a_page_of_a_pdf_has_200_dots_an_inch_and_an_upper_limit() -> None:
    data = pdf_files.pdf([["Words."]])
    shown = page_picture(bytearray(data), "pdf", 1)
    assert (shown.width, shown.height) == (1700, 2200)
    assert pixels(shown).min() < 60
    huge = data.replace(b"[0 0 612 792]", b"[0 0 14000 14000]")
    assert page_picture(bytearray(huge), "pdf", 1).width <= 4001


GIANT = 100_000
STRIP = {258: (8,), 259: (8,), 262: (1,), 277: (1,), 278: (GIANT,), 279: (5,)}
HOSTILE = {
    "a PNG of 100,000 x 100,000": (picture_files.png(GIANT, GIANT, NOISE), "10,000 megapixels"),
    "a TIFF of 100,000 x 100,000": (
        picture_files.tiff({256: (GIANT,), 257: (GIANT,), 273: (8,)} | STRIP),
        "10,000 megapixels",
    ),
    "a JPEG of 65,535 x 65,535": (picture_files.jpeg_header(65_535, 65_535), "4,294 megapixels"),
    "a PNG of no width": (picture_files.png(0, 7, NOISE), "damaged"),
    "a JPEG of no height": (picture_files.jpeg_header(9, 0), "damaged"),
    "a PNG cut off": (picture_files.png(9, 9, NOISE)[:60], "damaged"),
    "a JPEG cut off": (encoded(pattern(), "JPEG")[:-2], "damaged"),
    "an interlaced PNG": (picture_files.png(9, 9, NOISE, interlaced=1), "in a way"),
    "a PNG of 3 bits": (picture_files.png(9, 9, NOISE, bits=3), "in a way"),
    "a PNG with a palette of nothing": (picture_files.png(9, 9, NOISE, colour=3), "damaged"),
    "a TIFF with a strip behind its end": (
        picture_files.tiff({256: (9,), 257: (9,), 273: (9_999,)} | STRIP),
        "damaged",
    ),
    "a TIFF with a directory behind its end": (b"II*\0" + b"\xff" * 40, "damaged"),
    "a TIFF with strips of nothing": (
        picture_files.tiff({256: (9,), 257: (9,)} | STRIP | {278: (0,), 273: (8,)}),
        "damaged",
    ),
    "a TIFF with an unknown compression": (
        picture_files.tiff({256: (9,), 257: (9,), 273: (8,)} | STRIP | {259: (34712,)}),
        "in a way",
    ),
}


@pytest.fixture(scope="module")
def looking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildParser]:
    """A parser whose caller reads pictures by OCR."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), max_file_mb=8)
    with ChildParser(settings, pictures=True) as made:
        yield made


def write(folder: Path, data: bytes) -> Path:
    path = folder / "picture.png"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_pictures_are_refused_with_the_reason(
    what: str, looking: ChildParser, folder: Path
) -> None:
    data, reason = HOSTILE[what]
    with pytest.raises(DocumentError) as caught:
        looking.parse(write(folder, data))
    assert reason in caught.value.message
    assert caught.value.hint


def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


def test_bombs_are_unpacked_no_further_than_their_pixels(
    looking: ChildParser, folder: Path
) -> None:
    bomb = _bomb(1 << 30)
    inside = {256: (64,), 257: (64,), 273: (200,)} | STRIP | {278: (64,), 279: (len(bomb),)}
    for data in (
        picture_files.png(64, 64, bomb),
        picture_files.tiff(inside).ljust(200, b"\0") + bomb,
    ):
        path = write(folder, data)
        began = time.monotonic()
        parsed = looking.parse(path)
        assert parsed.pictures == (1,)
        shown = looking.picture(path, 1, parsed.content_hash)
        assert (shown.width, shown.height) == (64, 64)
        assert time.monotonic() - began < 20


def test_a_chain_of_directories_that_bites_its_tail_ends(folder: Path) -> None:
    entries = {256: (9,), 257: (9,), 273: (8,)} | STRIP | {278: (9,)}
    assert count_pictures(bytearray(picture_files.tiff(entries, following=8)), "tiff") == 1


def test_too_many_pictures_in_one_file() -> None:
    count = 6_000
    chain = b"".join(
        struct.pack(">HI", 0, 8 + 6 * (n + 1) if n < count else 0) for n in range(count + 1)
    )
    with pytest.raises(ParseFault, match="too_many_pages"):
        count_pictures(bytearray(b"MM\0*" + struct.pack(">I", 8) + chain), "tiff")


def test_without_ocr_a_picture_is_refused_with_the_way_out(
    parser: ChildParser, looking: ChildParser, folder: Path
) -> None:
    path = write(folder, encoded(pattern(), "PNG"))
    with pytest.raises(DocumentError, match="is a picture") as caught:
        parser.parse(path)
    assert "--ocr" in caught.value.hint
    with pytest.raises(DocumentError, match="is a picture"):
        looking.parse(path, None, ReadOptions(ocr="never"))


def test_which_pages_are_to_be_looked_at(looking: ChildParser, folder: Path) -> None:
    path = folder / "a.pdf"
    path.write_bytes(pdf_files.pdf([["Words on page one."], [], ["And on page three."]]))
    for wanted, pages in (("auto", (2,)), ("always", (1, 2, 3)), ("never", ())):
        options = ReadOptions(ocr=wanted)  # type: ignore[arg-type]
        assert looking.parse(path, None, options).pictures == pages
    path.write_bytes(pdf_files.scan(pages=3))
    scanned = looking.parse(path)
    assert scanned.pictures == (1, 2, 3)
    assert (scanned.document.text, scanned.document.page_count) == ("", 3)


def test_a_file_that_changed_meanwhile_is_refused(looking: ChildParser, folder: Path) -> None:
    path = folder / "a.pdf"
    path.write_bytes(pdf_files.scan(pages=1))
    parsed = looking.parse(path)
    path.write_bytes(pdf_files.scan(pages=2))
    with pytest.raises(DocumentError, match="changed while"):
        looking.picture(path, 1, parsed.content_hash)


@pytest.mark.parametrize(
    ("text", "side", "looked_at"),
    [
        ("", 612, True),
        ("ABC-000123", 612, True),
        ("Received by fax on 3 May 2025, page 1 of 4", 500, True),
        ("The text that OCR has put upon the picture before. " * 6, 612, False),
        ("A short letter with a logo.", 200, False),
    ],
)
def test_a_scan_with_a_stamp_is_looked_at_as_a_whole(
    text: str, side: float, *, looked_at: bool, looking: ChildParser, folder: Path
) -> None:
    path = folder / "a.pdf"
    path.write_bytes(
        pictures_with_text("The first page has text enough to be read. " * 5, text, side=side)
    )
    assert looking.parse(path).pictures == ((2,) if looked_at else ())


def test_without_ocr_a_stamp_is_read_as_it_is(parser: ChildParser, folder: Path) -> None:
    path = folder / "a.pdf"
    path.write_bytes(pictures_with_text("ABC-000123"))
    assert parser.parse(path).document.text == "ABC-000123\n"
