"""Upper limits of a document's size, whatever the settings say."""

from __future__ import annotations

MAX_PAGES = 20_000
MAX_CHARACTERS = 30_000_000
"""Of text: some 10,000 pages. Its chunks and their vectors are held in memory at once."""

MAX_ATTACHMENTS = 200
"""Of one mail."""

MAX_ATTACHED = 100 * 1024 * 1024
"""Bytes of all attachments of one mail."""

MAX_PICTURE = 16_000_000
"""Pixels of a page that is drawn for OCR, a byte each."""

MAX_REPLY = 4 * MAX_CHARACTERS + MAX_ATTACHED + 64 * 1024 * 1024
