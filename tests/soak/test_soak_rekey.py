"""1,000 kills in the middle of a rekey: 0 libraries that can't be read afterwards."""

from __future__ import annotations

import os

import pytest

from tests.soak.scale import count
from tests.soak.trials import outcome_of

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the trials fork")
def test_no_kill_makes_a_library_unreadable() -> None:
    trials = count(1000, least=30)
    outcome = outcome_of("rekey_trials", trials, seed=5)
    assert outcome["trials"] == trials
    assert outcome.get("not killed", 0) < trials / 2
    # Kills before, in the middle of and after the switch were among them.
    assert sum(n for name, n in outcome.items() if "interrupted" in name) > trials / 20
