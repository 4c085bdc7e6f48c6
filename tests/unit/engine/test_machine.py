"""What is found out about the machine: processor, cores, memory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from assistant.engine.cpu_features import CpuReport, cpu_report, missing_flags, not_portable
from assistant.engine.thread_count import physical_cores, threads_for


def test_what_a_build_asks_of_a_processor() -> None:
    assert not_portable(("AVX2", "OPENMP", "REPACK")) == ()
    assert not_portable(("AVX2", "AVX512", "AMX_INT8")) == ("AVX512", "AMX_INT8")
    assert missing_flags(("AVX2", "FMA"), ("fma", "sse2")) == ("AVX2",)
    assert missing_flags(("AVX2",), ()) == ()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_report_of_this_machine() -> None:
    report = cpu_report()
    assert isinstance(report, CpuReport)
    assert report.model
    assert report.memory_total > report.memory_available > 0
    assert report.onnxruntime_version


def test_physical_cores_count_siblings_once(tmp_path: Path) -> None:
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    for number in usable:
        folder = tmp_path / f"cpu{number}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text("all\n", encoding="ascii")
    assert physical_cores(tmp_path) == 1
    assert physical_cores(tmp_path / "nowhere") == len(usable)


def test_there_are_never_more_threads_than_processors() -> None:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert threads_for(100_000) == usable
    assert threads_for(1) == 1
    assert threads_for(0) == min(physical_cores(), usable or 1)
    assert threads_for(-5) >= 1
