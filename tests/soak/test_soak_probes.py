"""Every probe, for every user, again and again: none gets through, and no control fails.

`make soak` makes ten rounds, one of them while both processors are kept busy, so that what
depends on timing (threads, an io_uring that the kernel polls) is met in other orders.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from assistant.prove.probe_runner import GOOD, run_probes, users
from tests.soak.scale import count

ROUNDS = count(10)

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the probes are for Linux"),
    pytest.mark.skipif(
        ROUNDS == 1, reason="one round is made by tests/acceptance/test_prove_offline.py"
    ),
]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_round_of_all_probes(number: int) -> None:
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(os.cpu_count() or 1)
        if number == 0
    ]
    try:
        findings = run_probes([])
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert [f for f in findings if f.verdict not in GOOD] == []
    tally = Counter((f.user, f.verdict) for f in findings)
    assert all(tally[user, "denied"] >= 60 for user in users()), tally
