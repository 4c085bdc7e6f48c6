"""The number of threads follows the load."""

from __future__ import annotations

from collections.abc import Callable

from assistant.engine.thread_tuner import RETRY_FEWER, RETRY_MORE, ThreadTuner


def run(tuner: ThreadTuner, tokens: int, seconds: Callable[[int], float]) -> list[int]:
    used = []
    for _ in range(tokens):
        threads = tuner.threads()
        tuner.took(threads, seconds(threads))
        used.append(threads)
    return used


def quiet(threads: int) -> float:
    return 0.012 / threads


def busy(threads: int) -> float:
    return 0.02 if threads == 1 else 0.1 * threads


def test_all_threads_on_a_quiet_machine() -> None:
    used = run(ThreadTuner(4), RETRY_FEWER, quiet)
    assert used[:3] == [4, 2, 1]
    assert used[3:].count(4) == len(used) - 3


def test_one_thread_on_a_busy_machine() -> None:
    used = run(ThreadTuner(2), 200, busy)
    assert used.count(1) > 190


def test_it_follows_a_change_both_ways() -> None:
    tuner = ThreadTuner(2)
    run(tuner, 50, quiet)
    assert run(tuner, 50, busy)[-20:].count(1) >= 19
    assert run(tuner, RETRY_MORE + 20, quiet)[-10:] == [2] * 10


def test_one_core_has_no_choice() -> None:
    assert set(run(ThreadTuner(1), 20, quiet)) == {1}
    assert set(run(ThreadTuner(0), 20, quiet)) == {1}
