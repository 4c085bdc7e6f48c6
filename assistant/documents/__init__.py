"""Files to documents: finding, parsing in a limited child process, sentences, chunks.

The parser is imported when it is asked for, so that the child process, which imports
this package too, stays small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.documents.sandboxed_parser import ChildParser

__all__ = ["ChildParser"]


def __getattr__(name: str) -> Any:
    if name == "ChildParser":
        from assistant.documents.sandboxed_parser import ChildParser

        return ChildParser
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
