"""Upper limits of a document's size, whatever the settings say."""

from __future__ import annotations

MAX_PAGES = 20_000
MAX_CHARACTERS = 30_000_000
"""Of text: some 10,000 pages. Its chunks and their vectors are held in memory at once."""

MAX_REPLY = 4 * MAX_CHARACTERS + 64 * 1024 * 1024
