"""How much one document may be, whatever the settings say."""

from __future__ import annotations

MAX_PAGES = 20_000
MAX_CHARACTERS = 100 * 1024 * 1024
MAX_REPLY = 4 * MAX_CHARACTERS + 64 * 1024 * 1024
