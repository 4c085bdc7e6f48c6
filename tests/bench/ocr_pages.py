"""Pages with known text for `bench_ocr`: of the sample library, and made from its texts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image, ImageFilter
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen import canvas

from tests.bench.report import ROOT

DOTS_AN_INCH = 150
SAMPLES = ROOT / "assistant" / "sample_library"
DEGRADATIONS = ("clean", "tilted", "noisy")
_MARGIN = 56.0
_GUTTER = 24.0


@dataclass(frozen=True)
class KnownPage:
    """A page as a PDF (one page of it), and its text in reading order."""

    name: str
    data: bytes
    index: int
    text: str


def library_pages() -> Iterator[KnownPage]:
    """Give the pages of the sample library's PDFs; their lines from the top."""
    for path in sorted(SAMPLES.glob("*.pdf")):
        data = path.read_bytes()
        document = pypdfium2.PdfDocument(data)
        for index in range(len(document)):
            yield KnownPage(f"{path.stem} {index + 1}", data, index, _lines(document[index]))


def _lines(page: pypdfium2.PdfPage) -> str:
    textpage = page.get_textpage()
    raw = textpage.get_text_range()
    found, at = [], 0
    for line in raw.split("\r\n"):
        if line.strip():
            left, bottom, _, top = textpage.get_charbox(at + len(line) - len(line.lstrip()))
            found.append((-round((bottom + top) / 8), left, line))
        at += len(line) + 2
    return "\n".join(re.sub("[\ufffe\x02]", "-", line) for _, _, line in sorted(found))


def made_pages() -> Iterator[KnownPage]:
    """Give pages set from the library's plain texts, without the signs of Markdown.

    They have different fonts, sizes, and one to three columns.
    """
    words: list[str] = []
    for path in sorted([*SAMPLES.glob("*.md"), *SAMPLES.glob("*.txt")]):
        text = re.sub(r"[^\x20-\x7e\n]|[|*#`]|--+", " ", path.read_text(encoding="utf-8"))
        words += text.split()
    designs = [
        ("Times-Roman", 11, 1), ("Helvetica", 9, 2), ("Courier", 10, 1), ("Times-Italic", 12, 1),
        ("Helvetica", 8, 3), ("Times-Roman", 8, 2), ("Helvetica-Bold", 10, 2), ("Courier", 8, 1),
        ("Times-Roman", 7, 1), ("Helvetica", 14, 1),
    ]  # fmt: skip
    at = 0
    for font, size, columns in designs:
        data, text, used = _set(words[at : at + 900], font, size, columns)
        at = (at + used) % (len(words) - 900)
        yield KnownPage(f"{font} {size} pt in {columns}", data, 0, text)


def _set(words: list[str], font: str, size: int, columns: int) -> tuple[bytes, str, int]:
    width = (A4[0] - 2 * _MARGIN - (columns - 1) * _GUTTER) / columns
    rows = int((A4[1] - 2 * _MARGIN) / (1.25 * size))
    lines: list[str] = []
    used = 0
    while used < len(words) and len(lines) < rows * columns:
        line = [words[used]]
        used += 1
        while used < len(words) and stringWidth(" ".join([*line, words[used]]), font, size) < width:
            line.append(words[used])
            used += 1
        lines.append(" ".join(line))
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=A4)
    page.setFont(font, size)
    for n, line in enumerate(lines):
        left = _MARGIN + n // rows * (width + _GUTTER)
        page.drawString(left, A4[1] - _MARGIN - size - n % rows * 1.25 * size, line)
    page.save()
    return out.getvalue(), "\n".join(lines), used


def rendered(page: KnownPage, how: str, seed: int) -> Image.Image:
    """Return the page with 150 dots an inch, degraded.

    "tilted": by up to 2.5 degrees, and blurred over a dot. "noisy": grey paper, grey ink,
    Gaussian noise, and dust.
    """
    document = pypdfium2.PdfDocument(page.data)
    bitmap = document[page.index].render(scale=DOTS_AN_INCH / 72, grayscale=True)
    image = bitmap.to_pil().convert("L")
    random = np.random.default_rng(seed)
    if how == "tilted":
        image = image.rotate(random.uniform(-2.5, 2.5), Image.Resampling.BICUBIC, fillcolor=255)
        return image.filter(ImageFilter.GaussianBlur(1.0))
    if how == "noisy":
        grey = 60 + np.asarray(image) * (185 / 255) + random.normal(0, 28, image.size[::-1])
        dust = random.random(grey.shape)
        grey[dust < 0.003], grey[dust > 0.997] = 0, 255
        return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    return image


def scans(folder: Path) -> Iterator[tuple[str, Image.Image, str]]:
    """Give scanned files whose text is known: name, picture with 200 dots an inch, text."""
    known = folder / "docs" / "ocrmypdf" / "linn.txt"
    if known.is_file():
        for name in ("linn.pdf", "skew.pdf"):
            document = pypdfium2.PdfDocument(known.with_name(name))
            picture = document[0].render(scale=200 / 72, grayscale=True).to_pil().convert("L")
            yield name, picture, known.read_text(encoding="utf-8")
