"""The app over a library in which everything is hostile: run by test_app_terminal.py.

Each text carries `POISON` (whole, and cut in two in the stream) and a word in capitals by
which the test sees that it reached the screen.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

from assistant.errors import DocumentError, StoreError
from assistant.tui.app import AssistantApp
from assistant.types import (
    DocumentRecord,
    Extracted,
    FileAdded,
    FileFailed,
    FileProgress,
    FilesFound,
    Finished,
    Generated,
    Hit,
    Retrieved,
    Scores,
    SearchResult,
)
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import Hold, answer, extract, record, written

POISON = (
    "\x1b]52;c;UE9JU09O\x07"  # clipboard
    "\x1b]0;POISON\x1b\\"  # title
    "\x1b[31337m\x1b[6n\x1b[5i\x1bc\x1bP+q\x1b\\"  # colour, report, printer, reset, DCS
    "\x9b31337m\x9d52;c;UE9JU09O\x9c\x90\x85"  # the same as C1
    "\u202e\u2066\u200b\u200f\ufeff\u2028"  # direction and invisible
    "\x00\x08\x7f\x0e[bold red]"  # controls, markup
)
TEXT = f"PASSAGEWORD {POISON} tail of the passage.\nSecond line {POISON}."


class HostileWorkspace(FakeWorkspace):
    library_name_text = f"LIBRARYWORD{POISON}"

    def documents(self) -> list[DocumentRecord]:
        known = super().documents()
        return [replace(d, media_type=f"TYPEWORD{POISON}", added_at=POISON) for d in known]

    def page_text(self, document_id: int, page: int) -> str:
        return f"PAGEWORD {POISON}\n{super().page_text(document_id, page)}"


def workspace() -> HostileWorkspace:
    fake = HostileWorkspace(
        pages={f"DOCWORD{POISON}.pdf": (TEXT,), f"other{POISON}": ("x",)},
        model=f"MODELWORD{POISON}",
        forbidden=threading.main_thread().ident,
        forgetting=[StoreError(f"FORGETWORD {POISON}", hint=POISON, title=POISON)],
    )
    name = f"DOCWORD{POISON}.pdf"
    hit = Hit(fake.passage(name, 1, "PASSAGEWORD", "Second line", f"HEADWORD{POISON}"), Scores(1))
    first = extract([hit], 0, f"PASSAGEWORD {POISON} tail")
    final = answer(
        "",
        POISON,
        sentences=[first, written([hit], f"UNBACKED {POISON}"), written([hit], POISON, 0, "tail")],
        hits=[hit],
    )
    stream = [Generated(piece) for piece in ("STREAMWORD ", *POISON, POISON[:9], POISON[9:])]
    fake._answers = [
        [
            Retrieved(SearchResult(POISON, (hit,), 0.9, relevant=True)),
            Extracted(first),
            *stream,
            Hold("never"),
        ],
        [
            Retrieved(SearchResult(POISON, (hit,), 0.9, relevant=True)),
            Finished(replace(final, model=f"NAMEWORD{POISON}")),
        ],
        [DocumentError(f"ERRORWORD {POISON}", hint=POISON, title=POISON)],
        [Finished(answer("", f"ABSTAINWORD {POISON}", hits=[hit], abstained=True))],
    ]
    bad = Path(f"/x/FILEWORD{POISON}.pdf")
    error = DocumentError(f"FAILWORD {POISON}", hint=POISON, title=POISON)
    fake._ingests = [
        [
            FilesFound(2),
            FileAdded(bad, 0, record(70, f"ADDEDWORD{POISON}", ("x",))),
            FileProgress(bad, 0, "embedding", 1, 2),
            FileFailed(bad, 1, error),
        ]
    ]
    return fake


if __name__ == "__main__":
    AssistantApp(workspace).run()
    sys.exit(0)
