"""How much of a heavy count is run: all of it in `make soak`, a seeded fiftieth in `make test`."""

from __future__ import annotations

import os


def count(full: int, least: int = 1) -> int:
    """Return the share of `full` that ASSISTANT_SOAK asks for (1: all; default a fiftieth).

    `least`: how many it takes to meet every kind of fault once; never fewer are run.
    """
    return max(least, round(full * float(os.environ.get("ASSISTANT_SOAK", "0.02"))))
