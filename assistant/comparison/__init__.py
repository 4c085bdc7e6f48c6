"""Comparison of two versions of a document: what was added, dropped, changed, moved."""

from assistant.comparison.compare_versions import compare_versions
from assistant.comparison.document_text import document_text

__all__ = ["compare_versions", "document_text"]
