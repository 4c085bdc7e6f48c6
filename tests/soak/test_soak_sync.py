"""300 kills in the middle of a sync: nothing acknowledged is lost, twice, or wrongly forgotten."""

from __future__ import annotations

import os

import pytest

from tests.soak.scale import count
from tests.soak.trials import outcome_of

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the trials fork")
def test_no_kill_loses_or_doubles_a_document() -> None:
    trials = count(300, least=30)
    outcome = outcome_of("sync_trials", trials, seed=7)
    assert outcome["trials"] == trials
    assert outcome["killed"] > trials / 3
    for kind in ("acknowledged", "forgotten", "change", "move", "swap", "copy", "delete"):
        assert outcome[kind] > 0, kind
