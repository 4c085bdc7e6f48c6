"""The number of threads follows the load."""

from __future__ import annotations

from collections.abc import Callable

from assistant.engine.thread_tuner import RETRY_FEWER, RETRY_MORE, Pace


def run(pace: Pace, tokens: int, seconds: Callable[[int], float]) -> list[int]:
    used = []
    for _ in range(tokens):
        threads = pace.threads()
        pace.took(threads, seconds(threads))
        used.append(threads)
    return used


def quiet(threads: int) -> float:
    return 0.012 / threads


def busy(threads: int) -> float:
    return 0.02 if threads == 1 else 0.1 * threads


def test_all_threads_on_a_quiet_machine() -> None:
    used = run(Pace(4), RETRY_FEWER, quiet)
    assert used[:3] == [4, 2, 1]
    assert used[3:].count(4) == len(used) - 3


def test_one_thread_on_a_busy_machine() -> None:
    used = run(Pace(2), 200, busy)
    assert used.count(1) > 190


def test_it_follows_a_change_both_ways() -> None:
    pace = Pace(2)
    run(pace, 50, quiet)
    assert run(pace, 50, busy)[-20:].count(1) >= 19
    assert run(pace, RETRY_MORE + 20, quiet)[-10:] == [2] * 10


def test_one_core_has_no_choice() -> None:
    assert set(run(Pace(1), 20, quiet)) == {1}
    assert set(run(Pace(0), 20, quiet)) == {1}
