"""How much of a heavy count is run: all of it in `make soak`, a seeded tenth in `make test`."""

from __future__ import annotations

import os


def count(full: int) -> int:
    """Return the share of `full` that ASSISTANT_SOAK asks for (1: all; default a tenth)."""
    return max(1, round(full * float(os.environ.get("ASSISTANT_SOAK", "0.1"))))
