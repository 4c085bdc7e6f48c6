"""Pictures of pages, and what is read in them: the seam between parsers and the OCR engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assistant.types.cancel import CancelToken
from assistant.types.documents import Attachment

PixelBox = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; the last two are just outside."""

MOST_QUOTES = 40


@dataclass(frozen=True, slots=True)
class PageView:
    """How a page is drawn: `width` pixels for its whole width (0: 200 dots an inch).

    `part` is what is drawn of it: left, top, right, bottom as shares of its sides. `quotes` are
    looked for on the page (`MOST_QUOTES` at most), so that they can be marked.
    """

    width: int = 0
    part: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    quotes: tuple[str, ...] = ()


WHOLE_PAGE = PageView()


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A grey picture: `width` x `height` bytes row by row from the top, 0 is black.

    `marks` are the lines of the quotes that were looked for, those that lie in the picture.
    """

    width: int
    height: int
    grey: bytes
    marks: tuple[PixelBox, ...] = ()


@dataclass(frozen=True, slots=True)
class OcrLine:
    """Words that stand on one line without a wide gap, and how sure their characters are (0..1).

    The sides are pixels of the page as a reader holds it: upright, its tilt taken out.
    """

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class OcrPage:
    """What was read in a picture, in no order; `height` is that of the upright page, in pixels.

    `illegible` counts the places that look like lines of writing and could not be read.
    """

    height: float
    lines: tuple[OcrLine, ...]
    illegible: int = 0


class PageDrawer(Protocol):
    """Draws pages of files in a limited child process, as `Parser` reads them."""

    def picture(
        self,
        file: Path | Attachment,
        page: int,
        content_hash: str,
        cancel: CancelToken | None = None,
        view: PageView = WHOLE_PAGE,
    ) -> PagePicture:
        """Return page `page` (from 1) of a file, or of one that came with a mail, as a picture.

        `content_hash` is that of the bytes that were parsed. Raises `DocumentError`, also if
        the file has changed since.
        """
        ...


class Ocr(Protocol):
    """Reads the text of pictures. Calls are safe from any thread (own lock)."""

    def read(self, picture: PagePicture, cancel: CancelToken | None = None) -> OcrPage:
        """Return the lines of a picture, none where there is no writing.

        A picture that was read before in this run is not read again. Raises `EngineError`, and
        `Cancelled` within a few lines after a cancel.
        """
        ...


class KeptPages(Protocol):
    """Pages that were read of files which are not in the library yet (SHA-256 of the file)."""

    def kept(self, content_hash: str) -> dict[int, OcrPage]: ...

    def keep(self, content_hash: str, pages: Mapping[int, OcrPage]) -> None: ...
