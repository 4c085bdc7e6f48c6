"""OCR's own arithmetic: components, boxes, resampling, decoding, how a page lies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import cos, pi, sin

import numpy as np
import pytest

from assistant.engine.ocr.components import Box, convex_hull, find_components, smallest_box
from assistant.engine.ocr.detector import Detector, grown
from assistant.engine.ocr.page_frame import PageFrame, joined, levelled, standing, turned_over
from assistant.engine.ocr.page_reader import _is_illegible, _line
from assistant.engine.ocr.recognizer import LINE_HEIGHT, Reading, Recognizer
from assistant.engine.ocr.sampling import LineCutter, halved, resized
from assistant.errors import ModelError


def drawn(box: Box, shape: tuple[int, int]) -> np.ndarray:
    """Return a map in which the pixels of a box are 1."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    along = (x - box.x) * cos(box.angle) + (y - box.y) * sin(box.angle)
    across = (y - box.y) * cos(box.angle) - (x - box.x) * sin(box.angle)
    inside = (abs(along) <= box.length / 2) & (abs(across) <= box.height / 2)
    return inside.astype(np.float32)


@pytest.mark.parametrize("degrees", [-40, -12, -3, 0, 2, 20, 44])
def test_a_tilted_bar_is_found_with_its_angle(degrees: float) -> None:
    bar = Box(150.0, 110.0, 160.0, 20.0, degrees * pi / 180)
    (found,) = find_components(drawn(bar, (220, 300)), 0.3, smallest=3, most=10)
    assert found.score == pytest.approx(1.0)
    assert abs(found.box.x - bar.x) < 1.5
    assert abs(found.box.y - bar.y) < 1.5
    assert abs(found.box.length - bar.length) < 3
    assert abs(found.box.height - bar.height) < 3
    assert abs(found.box.angle - bar.angle) < 0.02


def test_what_touches_at_a_corner_hangs_together_and_nothing_else_does() -> None:
    values = np.zeros((40, 60), np.float32)
    values[2:8, 2:10] = values[8:14, 10:20] = 0.9  # corner to corner
    values[20:26, 2:10] = 0.8
    values[2:8, 30:36] = values[2:14, 36:38] = values[8:14, 30:38] = 0.7  # a bowl
    values[30, 50] = 1.0  # too small
    found = find_components(values, 0.3, smallest=3, most=10)
    assert sorted(round(c.score, 2) for c in found) == [0.7, 0.8, 0.9]
    assert len(find_components(values, 0.3, smallest=3, most=2)) == 2
    assert find_components(np.zeros((4, 4), np.float32), 0.3, smallest=1, most=9) == []


def test_the_components_are_those_of_a_flood() -> None:
    random = np.random.default_rng(4)
    for _ in range(20):
        mask = random.random((24, 31)) > 0.6
        left, floods = mask.copy(), 0
        while left.any():
            floods += 1
            pending = [tuple(np.argwhere(left)[0])]
            while pending:
                y, x = pending.pop()
                if 0 <= y < 24 and 0 <= x < 31 and left[y, x]:
                    left[y, x] = False
                    pending += [(y + a, x + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        found = find_components(mask.astype(np.float32), 0.5, smallest=0, most=10_000)
        assert len(found) == floods


def test_hull_and_smallest_box() -> None:
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4], [2, 2], [1, 3]], float)
    assert sorted(map(tuple, convex_hull(square))) == [(0, 0), (0, 4), (4, 0), (4, 4)]
    diamond = np.array([[5, 0], [10, 5], [5, 10], [0, 5]], float)
    box = smallest_box(diamond)
    assert (box.length, box.height) == (pytest.approx(50**0.5), pytest.approx(50**0.5))


def test_a_core_grows_back_on_all_sides() -> None:
    box = grown(Box(0, 0, 100, 10, 0.0))
    by = 100 * 10 * 1.6 / 220
    assert (box.length, box.height) == (pytest.approx(100 + 2 * by), pytest.approx(10 + 2 * by))


class Session:
    """Stands for ONNX Runtime: gives back what it was made with, keeps what it was fed."""

    def __init__(self, answer: np.ndarray, characters: str = "a\nb\nc\n") -> None:
        self.answer, self.fed = answer, np.zeros(0)
        self.custom_metadata_map = {"character": characters} if characters else {}

    def run(self, _names: None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.fed = feed["x"]
        return [self.answer]

    def get_modelmeta(self) -> Session:
        return self


def test_the_detector_gives_boxes_in_pixels_of_the_picture() -> None:
    bar = Box(320, 96, 400, 24, 0.0)
    session = Session(drawn(bar, (320, 640))[None, None])
    (found,) = Detector(session, longest_side=640).find(np.full((640, 1280), 255, np.float32))
    assert session.fed.shape == (1, 3, 320, 640)
    assert session.fed.max() == pytest.approx(1.0)
    assert (found.x, found.y) == (pytest.approx(640, abs=2), pytest.approx(192, abs=2))
    assert found.height == pytest.approx(2 * grown(bar).height, abs=3)


@dataclass
class Steps:
    """Probabilities of a line: for each step the class and how sure it is."""

    steps: list[tuple[int, float]]

    def array(self) -> np.ndarray:
        made = np.zeros((1, len(self.steps), 5), np.float32)
        for n, (number, sure) in enumerate(self.steps):
            made[0, n, number] = sure
        return made


def test_ctc_repeats_count_once_unless_a_blank_parts_them() -> None:
    steps = Steps([(0, 0.9), (1, 0.8), (1, 0.9), (0, 0.9), (1, 0.6), (4, 0.7), (3, 0.5), (3, 0.4)])
    session = Session(steps.array())
    with ThreadPoolExecutor(1) as pool:
        (read,) = Recognizer(session, pool).read([np.zeros((LINE_HEIGHT, 61), np.float32)])
        assert session.fed.shape == (1, 3, LINE_HEIGHT, 64)
        session.answer = Steps([(0, 0.9)] * 4).array()
        (nothing,) = Recognizer(session, pool).read([np.zeros((LINE_HEIGHT, 64), np.float32)])
        with pytest.raises(ModelError, match="names no characters"):
            Recognizer(Session(session.answer, ""), pool)
    assert read.text == "aa c"
    assert read.confidence == pytest.approx((0.8 + 0.6 + 0.7 + 0.5) / 4)
    assert (nothing.text, nothing.confidence) == ("", 0.0)


def test_resizing_keeps_brightness_and_thin_strokes() -> None:
    picture = np.full((300, 200), 255, np.float32)
    picture[:, 97] = 0
    for height, width in ((300, 200), (97, 64), (40, 30), (450, 310)):
        small = resized(picture, height, width)
        assert small.shape == (height, width)
        assert small.mean() == pytest.approx(picture.mean(), abs=2.5)
        assert small.min() < 255 * (1 - min(1.0, width / 200) / 3)
    assert halved(picture).shape == (150, 100)


@pytest.mark.parametrize("degrees", [0, 7, -20, 90])
@pytest.mark.parametrize("height", [20.0, 48.0, 300.0])
def test_a_line_is_cut_out_upright(degrees: float, height: float) -> None:
    box = Box(600.0, 500.0, 2.5 * height, height, degrees * pi / 180)
    left = replace(
        box,
        x=box.x - box.length / 4 * cos(box.angle),
        y=box.y - box.length / 4 * sin(box.angle),
        length=box.length / 2,
    )
    picture = (255 - 255 * drawn(left, (1000, 1200))).astype(np.float32)
    cut = LineCutter(picture, LINE_HEIGHT).cut(box)
    assert cut.shape == (LINE_HEIGHT, 120)
    assert cut[4:-4, 4:56].mean() < 12
    assert cut[4:-4, 64:].mean() > 243
    assert LineCutter(picture, LINE_HEIGHT, widest=90).cut(box).shape == (LINE_HEIGHT, 90)


def test_the_page_lies_as_its_long_lines_do() -> None:
    lines = [Box(300, 50 * n, 500, 20, 0.03) for n in range(9)] + [Box(50, 50, 22, 20, 0.6)]
    frame = PageFrame.of(lines, 500, 600)
    assert frame.angle == 0.03
    assert levelled(lines[-1], frame).angle == 0.03
    assert levelled(lines[0], frame) == lines[0]
    assert PageFrame.of(lines[-1:], 500, 600).angle == 0.0
    place = frame.upright(lines[3])
    again = frame.box(place)
    assert (again.x, again.y) == (pytest.approx(lines[3].x), pytest.approx(lines[3].y))
    assert (again.length, again.height) == (pytest.approx(500), pytest.approx(20))


def test_a_page_on_its_side_and_upside_down() -> None:
    up = [Box(50 * n, 300, 20, 500, 0.0) for n in range(5)]
    assert standing(up)
    assert not standing([Box(300, 50, 500, 20, 0.0), up[0], Box(9, 9, 20, 20, 0.0)])
    (turned,) = turned_over([Box(10, 20, 8, 4, 0.1)], 100, 200)
    assert (turned.x, turned.y) == (190, 80)


def test_only_boxes_of_one_row_that_overlap_are_joined() -> None:
    frame = PageFrame(0.0, 0.0, 0.0)
    number, text = Box(40, 100, 44, 30, 0.0), Box(300, 102, 480, 30, 0.0)
    column, below = Box(700, 100, 200, 30, 0.0), Box(300, 150, 480, 30, 0.0)
    big = Box(560, 100, 60, 90, 0.0)
    found = joined([text, column, number, below, big], frame)
    assert len(found) == 4
    assert any(b.length == pytest.approx(522) and b.x == pytest.approx(279) for b in found)
    assert {column, below, big} <= set(found)


def test_drawn_lines_are_no_text_and_signs_only_where_they_are_sure() -> None:
    frame, box = PageFrame(0.0, 0.0, 0.0), Box(50, 50, 100, 20, 0.0)
    kept = {
        text: _line(box, Reading(text, sure), frame) is not None
        for text, sure in (
            ("\u4e00", 0.73),
            ("|", 0.8),
            ("-", 0.99),
            ("word", 0.6),
            ("blot", 0.4),
            (" ", 0.99),
            ("\u4e00\u4e8c", 0.6),
        )
    }
    assert [text for text, is_kept in kept.items() if is_kept] == ["-", "word", "\u4e00\u4e8c"]


def test_only_what_is_as_long_as_words_counts_as_illegible() -> None:
    long, short = Box(50, 50, 100, 20, 0.0), Box(50, 50, 60, 20, 0.0)
    assert _is_illegible(long, Reading("blot", 0.4))
    assert _is_illegible(long, Reading("", 0.0))
    assert not _is_illegible(short, Reading("blot", 0.4))
    assert not _is_illegible(long, Reading("word", 0.6))
