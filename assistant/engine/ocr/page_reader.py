"""Reading a page's picture: find its lines, set the page upright, read them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.engine.embedder import load_session
from assistant.engine.ocr.components import Box
from assistant.engine.ocr.detector import Detector
from assistant.engine.ocr.page_frame import PageFrame, joined, levelled, standing, turned_over
from assistant.engine.ocr.recognizer import LINE_HEIGHT, Reading, Recognizer
from assistant.engine.ocr.sampling import LineCutter
from assistant.errors import AssistantError, EngineError
from assistant.models.catalogue import OcrEntry
from assistant.models.ocr_models import DETECTOR_FILE, RECOGNIZER_FILE
from assistant.types import CancelToken, OcrLine, OcrPage, PagePicture

if TYPE_CHECKING:
    from assistant.engine.ocr.sampling import Grey

_KEPT_PAGES = 20_000
_BLANK_CONTRAST = 24
"""Between the darkest and the lightest of a page's pixels, of 255: less is no writing."""

_TRIED = 6
_SURE = 0.9
_UNREADABLE = 0.5
"""What is read with less confidence is no text but a drawing, a stamp's edge, or dirt."""

_STROKES = frozenset("\u4e00\u4e28\u4e36\u4e3f")
"""Ideographs of one stroke: what a drawn line is taken for."""

_WORDS = 4.0
"""Times its height that a box of a few words is long."""

_AT_ONCE = 8
_MARGIN = 0.15
"""Of its height: by how much the box of a line is wider than its letters on each side."""


class PageReader:
    """Implements `types.Ocr`. The models are loaded with the first picture, and checked.

    What it has read is kept, by the picture's own hash, until the object goes: a run that was
    cancelled goes on at the page where it stopped.
    """

    def __init__(self, entry: OcrEntry, folder: Path, threads: int) -> None:
        self._entry, self._folder, self._threads = entry, folder, max(1, threads)
        self._models: tuple[Detector, Recognizer] | None = None
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, OcrPage] = OrderedDict()

    def read(self, picture: PagePicture, cancel: CancelToken | None = None) -> OcrPage:
        """Return the lines of a picture; see `types.Ocr`."""
        if len(picture.grey) != picture.width * picture.height or not picture.grey:
            raise EngineError(
                "A picture has another size than it says.",
                hint="This is a fault of the program: please report it.",
            )
        size = f"{picture.width}x{picture.height}:".encode()
        key = hashlib.sha256(size + picture.grey).digest()
        with self._lock:
            if key not in self._known:
                self._known[key] = self._read(picture, cancel or CancelToken())
                while len(self._known) > _KEPT_PAGES:
                    self._known.popitem(last=False)
            return self._known[key]

    def _read(self, picture: PagePicture, cancel: CancelToken) -> OcrPage:
        pixels = np.frombuffer(picture.grey, dtype=np.uint8)
        if int(pixels.max()) - int(pixels.min()) < _BLANK_CONTRAST:
            return OcrPage(picture.height, ())
        grey = pixels.reshape(picture.height, picture.width).astype(np.float32)
        detector, recognizer = self._loaded()
        try:
            return _PageRun(detector, recognizer, cancel).read(grey)
        except AssistantError:
            raise
        except Exception as error:  # ONNX Runtime's own exceptions share no base
            raise EngineError(f"A page could not be read by OCR: {error}.") from error

    def _loaded(self) -> tuple[Detector, Recognizer]:
        if self._models is None:
            entry, folder, threads = self._entry, self._folder, self._threads
            detector = load_session(folder / DETECTOR_FILE, entry.detector_sha256, threads)
            recognizer = load_session(folder / RECOGNIZER_FILE, entry.recognizer_sha256)
            pool = ThreadPoolExecutor(threads, thread_name_prefix="ocr")
            self._models = Detector(detector), Recognizer(recognizer, pool)
        return self._models


class _PageRun:
    """The reading of one page."""

    def __init__(self, detector: Detector, recognizer: Recognizer, cancel: CancelToken) -> None:
        self._detector, self._recognizer, self._cancel = detector, recognizer, cancel

    def read(self, grey: Grey) -> OcrPage:
        boxes = self._detector.find(grey)
        if standing(boxes):
            grey = np.ascontiguousarray(np.rot90(grey))
            boxes = self._detector.find(grey)
        self._cancel.raise_if_cancelled()
        if not boxes:
            return OcrPage(grey.shape[0], ())
        if self._is_upside_down(grey, boxes):
            grey = np.ascontiguousarray(np.rot90(grey, 2))
            boxes = turned_over(boxes, *grey.shape)
        frame = PageFrame.of(boxes, *grey.shape)
        boxes = joined([levelled(box, frame) for box in boxes], frame)
        readings = self._readings(LineCutter(grey, LINE_HEIGHT), boxes)
        found = [_line(*pair, frame) for pair in zip(boxes, readings, strict=True)]
        illegible = sum(map(_is_illegible, boxes, readings))
        lines = tuple(line for line in found if line is not None)
        return OcrPage(grey.shape[0], lines, illegible)

    def _is_upside_down(self, grey: Grey, boxes: Sequence[Box]) -> bool:
        """Read a few lines as they are; only where that goes badly, turned over as well."""
        cutter = LineCutter(grey, LINE_HEIGHT)
        by_length = sorted(boxes, key=lambda box: abs(box.length / max(box.height, 1.0) - 10.0))
        tried = [cutter.cut(box) for box in by_length[:_TRIED]]
        as_is = _mean(self._recognizer.read(tried))
        return as_is < _SURE and as_is < _mean(
            self._recognizer.read([_turned(line) for line in tried])
        )

    def _readings(self, cutter: LineCutter, boxes: Sequence[Box]) -> list[Reading]:
        found: list[Reading | None] = [None] * len(boxes)
        order = sorted(range(len(boxes)), key=lambda n: -boxes[n].length / boxes[n].height)
        for at in range(0, len(order), _AT_ONCE):
            self._cancel.raise_if_cancelled()
            some = order[at : at + _AT_ONCE]
            for number, reading in zip(some, self._both_ways(cutter, boxes, some), strict=True):
                found[number] = reading
        return [reading for reading in found if reading is not None]

    def _both_ways(
        self, cutter: LineCutter, boxes: Sequence[Box], some: Sequence[int]
    ) -> list[Reading]:
        """Read boxes; those that stand on the page are tried from below and from above."""
        lying = [_laid(boxes[number]) for number in some]
        lines = [cutter.cut(box) for box in lying]
        readings = self._recognizer.read(lines)
        stood = [n for n, number in enumerate(some) if lying[n] is not boxes[number]]
        again = self._recognizer.read([_turned(lines[n]) for n in stood])
        for n, other in zip(stood, again, strict=True):
            readings[n] = max(readings[n], other, key=lambda reading: reading.confidence)
        return readings


def _laid(box: Box) -> Box:
    """Return a box that stands (a note along the margin) as lying; any other as it is."""
    if box.height < 2.5 * box.length:
        return box
    return replace(box, length=box.height, height=box.length, angle=box.angle + np.pi / 2)


def _turned(line: Grey) -> Grey:
    return np.ascontiguousarray(line[::-1, ::-1])


def _mean(readings: Sequence[Reading]) -> float:
    return sum(reading.confidence for reading in readings) / max(1, len(readings))


def _is_illegible(box: Box, reading: Reading) -> bool:
    """Whether a box has the shape of a few words or more, and they can't be read."""
    return reading.confidence < _UNREADABLE and box.length > _WORDS * box.height


def _line(box: Box, reading: Reading, frame: PageFrame) -> OcrLine | None:
    text = " ".join(reading.text.split())
    if not text:
        return None
    said = any(c.isalnum() and c not in _STROKES for c in text)
    if reading.confidence < (_UNREADABLE if said else _SURE):
        return None
    place, margin = frame.upright(box), _MARGIN * min(box.height, box.length)
    return OcrLine(
        text,
        min(1.0, reading.confidence),
        place.left + margin,
        place.top + margin,
        place.right - margin,
        place.bottom - margin,
    )
