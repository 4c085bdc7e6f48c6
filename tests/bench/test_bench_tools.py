"""The benches' own tools: what they measure and write must be right as well."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from tests.bench.bench_ocr import as_printed
from tests.bench.bench_side_by_side import Bench
from tests.bench.measure import run_measured
from tests.bench.report import Figure, at_least, at_most, publish
from tests.bench.results_page import (
    BEGIN,
    END,
    Run,
    _row,
    bench_names,
    code_of,
    mark_older,
    number,
    write_page,
)
from tests.bench.run_all import QUICK, _verdict

HOLD = "import time; block = bytearray(60_000_000); time.sleep(1.0)"


def test_memory_of_a_child_counts() -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}], check=True)"
    alone = run_measured([sys.executable, "-c", HOLD])
    both = run_measured([sys.executable, "-c", f"block = bytearray(60_000_000); {child}"])
    assert 60 < alone.peak_mb < 100
    assert alone.peak_mb + 55 < both.peak_mb < 2 * 100


def test_a_short_peak_is_not_missed() -> None:
    """Shorter than the sampling interval: the kernel's own peak has it."""
    code = "import time; bytearray(200_000_000); time.sleep(0.3)"
    brief = run_measured([sys.executable, "-c", code])
    assert brief.peak_mb > 200


def test_status_output_and_start_reach_their_ends() -> None:
    code = "import os, sys, time; print(time.monotonic() - float(os.environ['BENCH_STARTED']))"
    done = run_measured([sys.executable, "-c", f"{code}; sys.exit(3)"])
    assert done.returncode == 3
    assert 0 < float(done.output) < done.wall_s


def test_a_command_that_hangs_is_killed() -> None:
    with pytest.raises(TimeoutError):
        run_measured([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.5)


def test_goals_are_compared_the_right_way_round() -> None:
    assert at_most("a", 0.25, 0.25).met is True
    assert at_most("a", 0.26, 0.25).met is False
    assert at_least("a", 1.5, 1.5).met is True
    assert at_least("a", 1.4, 1.5).met is False


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.71234, "0.7123"), (12, "12"), (1234.56, "1,235"), (0.0, "0"), (99.95, "99.95")],
)
def test_numbers_are_shown_with_four_digits(value: float, shown: str) -> None:
    assert number(value) == shown


def test_what_a_bench_publishes_is_read_back(tmp_path: Path) -> None:
    target = tmp_path / "new" / "bench.json"
    publish("x", [Figure("speed", 2.5, "x", ">= 1.5", True, "a | b")], {"n": 1}, target)
    assert _verdict(0, "", target) == ("ok", "")
    run = Run("bench_x", "ok", "", "2025-01-01", 1.0, "python x", "a CPU", "12ab34cd")
    row = _row(Figure("speed", 2.5, "x", ">= 1.5", True, "a | b"), run)
    assert row == "| speed | >= 1.5 | 2.5 x (a \\| b) | met | 2025-01-01 | x | 12ab34cd |"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"figures": [{"value": 1}]}'])
def test_a_bench_with_another_shape_has_failed(text: str, tmp_path: Path) -> None:
    target = tmp_path / "bench.json"
    target.write_text(text, encoding="utf-8")
    assert _verdict(0, "", target)[0] == "failed"


def test_a_skipped_and_a_crashed_bench_are_told_apart(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.json"
    assert _verdict(77, "skipped: no data", nothing) == ("skipped", "no data")
    assert _verdict(1, "boom", nothing) == ("failed", "exit status 1: boom")


def test_only_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_page(page, "new")
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    page.write_text("no markers", encoding="utf-8")
    with pytest.raises(ValueError, match="markers"):
        write_page(page, "new")


def test_rows_of_older_code_are_marked_once() -> None:
    head = "| Figure | Goal | Measured | | Date | Command | Code |\n|---|---|---|---|---|---|---|\n"
    today = f"| a |  | 1 |  | 2026-11-30 | search | {code_of('bench_search')} |\n"
    older = "| b |  | 1 |  | 2026-11-21 | search | 0123abcd |\n"
    unknown = "| c |  | 1 |  | 2026-11-21 | search | - |\n"
    marked = mark_older(head + today + older + unknown)
    assert marked.startswith(head + today)
    assert marked.count("\N{DAGGER}") == 2
    assert mark_older(marked) == marked


def test_small_settings_are_those_of_benches() -> None:
    assert {f"bench_{name}" for name in QUICK} <= set(bench_names())


def test_answers_that_come_whole_have_no_speed_and_break_nothing(tmp_path: Path) -> None:
    """A model that is held to quotes writes one piece: no second token to time."""
    bench = Bench(argparse.Namespace(), tmp_path, tmp_path, {})
    whole = {"first_token_s": 0.5, "tokens_per_s": None, "total_s": 0.6}
    bench.runs["ours ask"] = [{"answers": [whole, whole | {"first_token_s": 0.7}]}]
    assert bench.per_question("ours ask", "tokens_per_s") is None
    assert bench.first_word("ours ask") == 0.6
    bench.runs["ours ask"] = [{"answers": [whole | {"first_token_s": None}]}]
    with pytest.raises(RuntimeError, match="no question"):
        bench.first_word("ours ask")


def test_heads_of_columns_count_once_as_they_are_printed() -> None:
    read = "The fees\nBerth | Summer | Winter\nUp to 9 m | Summer: 20 | Winter: 13\n9 | 12 | 14"
    printed = "The fees\nBerth Summer Winter\nUp to 9 m 20 13\n9 12 14"
    assert as_printed(read) == printed
