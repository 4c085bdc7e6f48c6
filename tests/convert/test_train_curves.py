"""Curves, report and displays: well-formed, self-contained, and safe whatever stands in them."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from xml.etree import ElementTree

from rich.console import Console

from assistant.html_page.charts import thinned, ticks
from convert.train.html_report import report_html
from convert.train.loss_curves import MovingAverage, curves_svg
from convert.train.loss_history import Evaluation, History, TrainingStepRecord
from convert.train.progress_display import LiveDisplay, duration, watching
from convert.train.settings import TrainSettings
from convert.train.terminal_plot import HELD_OUT, plot
from convert.train.training_events import (
    Evaluated,
    Notice,
    PreparationProgress,
    Saved,
    Started,
    StepDone,
)

HOSTILE = 'x</svg><script src="http://evil">\x1b]52;c;AAAA\x07'


def history(steps: int = 60) -> History:
    records = [
        TrainingStepRecord(n, 0, 3.0 / n, 1e-3 / n, 1.0, 32, 2000, 100, 0.5)
        for n in range(1, steps + 1)
    ]
    seen = [
        Evaluation(n, 2.5 / (n + 1), 1.0, 8, 0.3, 0.4, 0.5, 0.1, None, 0.45)
        for n in range(0, steps + 1, 20)
    ]
    return History(records, seen, [HOSTILE], 12.0)


def started(done: int = 0) -> Started:
    return Started(done, 60, 320, 9000, 27000, 4_000_000, "cpu", 1, History())


def stepped(record: TrainingStepRecord) -> StepDone:
    return StepDone(record, 60, 100.0, 64.0, 4000.0)


def test_the_svg_is_well_formed_and_asks_for_nothing() -> None:
    root = ElementTree.fromstring(curves_svg(history()))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "rect", "g", "text", "path", "polyline", "circle"}
    text = " ".join(element.text or "" for element in root.iter())
    for name in ("held out", "exact match", "unanswerable refused", "Learning rate"):
        assert name in text


def test_the_held_out_curve_stands_where_its_values_are() -> None:
    root = ElementTree.fromstring(curves_svg(history()))
    dots = [e for e in root.iter() if e.tag.endswith("circle") and e.get("fill") == "#c2410c"]
    heights = [float(dot.get("cy", "")) for dot in dots]
    assert len(heights) == 4
    assert heights == sorted(heights)  # the loss falls: SVG counts downwards


def test_a_run_without_steps_or_with_a_single_value_has_curves_too() -> None:
    for one in (History(), replace(history(1), evaluations=[])):
        ElementTree.fromstring(curves_svg(one))
    nan = TrainingStepRecord(1, 0, float("nan"), 0.0, float("inf"), 1, 1, 1, 0.0)
    drawn = curves_svg(History([nan], []))
    ElementTree.fromstring(drawn)
    assert 'points="nan' not in drawn


def test_the_report_is_one_file_without_script_or_link() -> None:
    page = report_html(HOSTILE, history(), TrainSettings())
    assert "<script" not in page
    assert "\x1b" not in page
    assert not re.search(r"(?:src|href|url)\s*[=(]", re.sub(r"&lt;.*?&gt;", "", page))
    assert "://" not in re.sub(r"&lt;.*?&gt;", "", page)
    assert "samples_per_step" in page
    assert '<tr class="good"' in page


def test_smoothing_starts_at_the_first_value() -> None:
    assert MovingAverage([(1, 4.0), (2, 4.0)]).points[0] == (1, 4.0)
    values = [y for _, y in MovingAverage((n, float(n % 2)) for n in range(200)).points]
    assert abs(values[-1] - 0.5) < 0.06


def test_ticks_are_round_and_many_points_become_few() -> None:
    assert ticks(0, 1) == [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
    assert ticks(2, 2) == [2]
    points = [(float(n), 0.0) for n in range(10_000)]
    assert len(thinned(points)) < 1000
    assert thinned(points)[-1] == points[-1]


def test_the_plot_shows_a_falling_line_and_the_marks() -> None:
    line = [(float(n), 3.0 - n / 25) for n in range(1, 51)]
    rows = plot(line, [(25.0, 2.5)], 50, 60, 10)
    lines = ["".join(text for text, _ in row) for row in rows]
    assert HELD_OUT in "".join(lines)
    first = [min(i for i, c in enumerate(row[9:] + "\u2800") if c >= "\u2800") for row in lines]
    assert first[1] < first[-2]  # high losses stand on the left
    assert all(len(text) == 60 for text in lines)


def test_without_a_terminal_there_are_plain_lines() -> None:
    written = io.StringIO()
    with watching(Console(file=written, force_terminal=False, width=40)) as watch:
        watch(PreparationProgress("loading the base"))
        watch(started())
        for record in history().steps:
            watch(stepped(record))
        watch(Evaluated(history().evaluations[1], best=True))
        watch(Notice(HOSTILE))
    lines = written.getvalue().splitlines()
    assert len(lines) == 6  # of sixty steps the first and the last
    assert "\x1b" not in written.getvalue()
    assert "64.0 samples/s" in lines[2]
    assert "EM 0.30" in lines[4]
    assert "(best)" in lines[4]


def test_in_a_terminal_there_is_a_live_plot() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100, height=40, color_system=None)
    screen = LiveDisplay(console)
    for event in (started(), *(stepped(r) for r in history().steps), Saved(60), Notice(HOSTILE)):
        screen(event)
    screen(Evaluated(history().evaluations[1], best=False))
    console.print(screen)
    shown = written.getvalue()
    assert "step 60/60" in shown
    assert HELD_OUT in shown
    assert any("\u2800" < c <= "\u28ff" for c in shown)
    assert "\x1b]52" not in shown
    assert "2m left" in shown


def test_durations_read_well() -> None:
    assert [duration(s) for s in (5, 89, 600, 11_100)] == ["5s", "89s", "10m", "3h05m"]
