"""The sample library: six short documents of our own, to try the assistant on.

They tell of one fictional clinic group and its pump supplier, and fit together: a clinic
guideline, a supply contract with an amendment (PDF), a repair manual and a data protection
policy (Markdown), and a station log (text). The PDFs are made from `docs/sample_library/`
by `docs/make_sample_pdfs.py`.
"""

from __future__ import annotations

from pathlib import Path

SAMPLE_QUESTION = "How long does the warranty on the pumps last?"
"""A question that the supply contract answers in one sentence."""

_NAMES = (
    "clinic-guideline.pdf",
    "contract-amendment.pdf",
    "data-protection-policy.md",
    "pump-repair-manual.md",
    "station-log.txt",
    "supply-contract.pdf",
)


def sample_paths() -> tuple[Path, ...]:
    """Return the paths of the sample documents, sorted by name."""
    folder = Path(__file__).parent
    return tuple(folder / name for name in _NAMES)
