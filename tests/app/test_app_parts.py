"""The app's parts without a screen: outbox, workers, sources, cleaning foreign text."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest
from textual.message import Message

import assistant.tui
from assistant.errors import Cancelled, StoreError
from assistant.tui import safe_content, workers
from assistant.tui.citation_numbers import numbers_of, sources_of
from assistant.tui.ingest_progress import Progress
from assistant.tui.messages import (
    AnswerEnded,
    DocumentsListed,
    PageLoaded,
    WarmedUp,
    WorkFailed,
    WorkspaceFailed,
    WorkspaceOpened,
)
from assistant.tui.why_found import why
from assistant.tui.workers import Outbox, merge_answer, merge_ingest
from assistant.types import (
    CancelToken,
    Citation,
    Extracted,
    FileProgress,
    FilesFound,
    Generated,
    Hit,
    PageStart,
    Passage,
    Scores,
    Sentence,
)
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import warranty_hits

HOSTILE = "a\x1b]52;c;QUJD\x07b\x9b31mc\u202ed\u200be\x1b[2Jf\x7f\x00\ud800"


# Outbox ----------------------------------------------------------------------------------


def test_the_outbox_tells_once_for_each_batch_and_joins_pieces() -> None:
    told: list[object] = []
    box: Outbox = Outbox(told.append, merge_answer)
    extracted = Extracted(Sentence("s", True, (), "extract"))
    for event in (Generated("a"), Generated("b"), extracted, Generated("c")):
        box.put(event)
    assert told == [box]
    assert box.take() == [Generated("ab"), extracted, Generated("c")]
    assert box.take() == []
    box.put(Generated("d"))
    assert told == [box, box]
    assert box.take() == [Generated("d")]


def test_the_outbox_keeps_only_the_newest_progress_of_a_file() -> None:
    box: Outbox = Outbox(lambda _: None, merge_ingest)
    one, two = Path("1"), Path("2")
    first, last = FileProgress(one, 0, "reading", 1, 9), FileProgress(one, 0, "embedding", 5, 9)
    other = FileProgress(two, 1, "reading", 1, 1)
    for event in (FilesFound(2), first, last, other):
        box.put(event)
    assert box.take() == [FilesFound(2), last, other]


def test_nothing_is_lost_between_two_threads() -> None:
    seen: list[str] = []
    ready = threading.Event()
    box: Outbox = Outbox(lambda _: ready.set(), merge_answer)
    pieces = [f"{number} " for number in range(3000)]

    def produce() -> None:
        for piece in pieces:
            box.put(Generated(piece))

    thread = threading.Thread(target=produce)
    thread.start()
    while thread.is_alive() or ready.is_set():
        if ready.wait(0.01):
            ready.clear()
            seen += [event.text for event in box.take()]
    assert "".join(seen) == "".join(pieces)


# Workers ---------------------------------------------------------------------------------


def _posted() -> tuple[list[Message], workers.Post]:
    posted: list[Message] = []
    return posted, posted.append


def test_opening_tells_of_the_library_and_then_of_the_models() -> None:
    posted, post = _posted()
    workers.open_library(lambda: FakeWorkspace(forbidden=0), post)
    assert [type(message) for message in posted] == [WorkspaceOpened, WarmedUp]


def test_a_library_that_can_not_list_its_documents_is_closed_again() -> None:
    class Broken(FakeWorkspace):
        def documents(self):  # type: ignore[no-untyped-def]
            raise StoreError("damaged page 7")

    fake = Broken(forbidden=0)
    posted, post = _posted()
    workers.open_library(lambda: fake, post)
    assert isinstance(posted[0], WorkspaceFailed)
    assert posted[0].problem.message == "damaged page 7"
    assert fake.closed


@pytest.mark.parametrize(("error", "failed"), [(Cancelled(), False), (RuntimeError("x"), True)])
def test_a_question_always_ends(error: Exception, failed: bool) -> None:
    fake = FakeWorkspace(forbidden=0, answers=[[error]])
    posted, post = _posted()
    workers.answer(fake, "q", CancelToken(), post)
    assert isinstance(posted[-1], AnswerEnded)
    assert (posted[-1].problem is not None) is failed


def test_a_page_is_loaded_around_the_quote() -> None:
    fake = FakeWorkspace(forbidden=0, pages={"a.txt": ("x" * 30_000 + "Q" + "y" * 30_000,)})
    posted, post = _posted()
    workers.load_page(fake, 1, 1, (30_000, 30_001), post)
    page = posted[0]
    assert isinstance(page, PageLoaded)
    assert page.text[30_000 - page.offset] == "Q"
    assert page.before == page.offset == 30_000 - workers.PAGE_WINDOW
    assert page.before + len(page.text) + page.after == 60_001


def test_a_failed_forget_still_lists_what_is_there() -> None:
    fake = FakeWorkspace(forbidden=0, forgetting=[StoreError("busy")])
    posted, post = _posted()
    workers.forget(fake, 1, post)
    assert [type(message) for message in posted] == [WorkFailed, DocumentsListed]


def test_progress_counts_only_what_the_events_say() -> None:
    progress = Progress()
    assert progress.headline == "Looking for files ..."
    progress.apply(FilesFound(0))
    progress.end(None)
    assert progress.headline == "Added 0."


# Sources ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "left", "said"),
    [
        (0, None, "scan.pdf: reading by OCR, page 1 of 40"),
        (6, 45.0, "scan.pdf: reading by OCR, page 7 of 40, 45 s left"),
        (6, 132.0, "scan.pdf: reading by OCR, page 7 of 40, 2 min left"),
        (40, 0.0, "scan.pdf: reading by OCR, page 40 of 40, 0 s left"),
    ],
)
def test_reading_by_ocr_tells_the_page_and_the_time_left(
    done: int, left: float | None, said: str
) -> None:
    progress = Progress()
    progress.apply(FileProgress(Path("scan.pdf"), 0, "recognizing", done, 40, left))
    assert progress.file_line == said


def test_quotes_get_the_number_of_the_first_passage_that_holds_them() -> None:
    fake = FakeWorkspace(forbidden=0)
    hits = warranty_hits(fake)
    liability = hits[1].passage
    at = liability.text.index("price")
    quote = liability.cite(at, at + 5)[0]
    sources = sources_of(hits, [quote, quote])
    assert [source.number for source in sources] == [1, 2, 3, 4]
    assert sources[1].quotes == (quote,)
    assert [sources[1].text[a:b] for a, b in sources[1].spans] == ["price"]
    assert fake.page_text(1, 2)[slice(*sources[1].page_spans(2)[0])] == "price"
    assert numbers_of([quote], sources) == (2,)


def test_a_quote_over_a_page_break_is_shown_on_both_pages() -> None:
    passage = Passage(
        chunk_id=1,
        document_id=1,
        document="d",
        heading="",
        start=5,
        end=25,
        text="end of one. Start of",
        pages=(PageStart(1, 0), PageStart(2, 17)),
    )
    quotes = passage.cite(7, 17)
    assert [quote.page for quote in quotes] == [1, 2]
    (source,) = sources_of([Hit(passage, Scores(1.0))], quotes)
    assert source.place == "pages 1-2"
    assert [source.text[a:b] for a, b in source.spans] == [quote.text for quote in quotes]
    assert source.page_spans(2) == [(0, quotes[1].end)]
    (bare,) = sources_of([Hit(passage, Scores(1.0))], [])
    assert bare.page_spans(1) == [(5, 17)]
    assert bare.page_spans(2) == [(0, 8)]
    assert bare.page_spans(3) == []


def test_a_quote_of_no_passage_gets_a_source_of_its_own() -> None:
    stray = Citation(9, "other.pdf", 4, 100, 105, "words")
    sources = sources_of(warranty_hits(FakeWorkspace(forbidden=0)), [stray])
    assert sources[-1].number == 5
    assert sources[-1].place == "page 4"
    assert [sources[-1].text[a:b] for a, b in sources[-1].spans] == ["words"]
    assert sources[-1].page_spans(4) == [(100, 105)]
    assert why(sources[-1].scores).startswith("Cited by the answer")


# Foreign text --------------------------------------------------------------------------------


def _is_safe(shown: str) -> bool:
    bad = set(shown) & (set(map(chr, range(0x20))) - {"\n", "\t"})
    return not bad and not set(shown) & set("\x7f\x9b\u202e\u200b\ud800")


@pytest.mark.parametrize(
    "made",
    [
        safe_content.plain(HOSTILE),
        safe_content.plain_line(HOSTILE),
        safe_content.block(HOSTILE).plain,
        safe_content.line(HOSTILE).plain,
        safe_content.join(HOSTILE, (HOSTILE, "bold"), safe_content.line(HOSTILE)).plain,
        safe_content.lines([safe_content.block(HOSTILE)]).plain,
        safe_content.cell(HOSTILE).plain,
        safe_content.link(HOSTILE, "screen.x", 1).plain,
        safe_content.highlighted(HOSTILE, [(1, 4), (3, 9)]).plain,
        safe_content.shortened_name(HOSTILE * 4, 20),
    ],
)
def test_every_builder_is_a_gate(made: str) -> None:
    assert _is_safe(made)
    assert made[0] == "a"


def test_highlights_follow_the_offsets_of_the_text_as_it_came() -> None:
    raw = "x\x00\x00y[bold]quote[/bold]\u202ez"
    start = raw.index("quote")
    content = safe_content.highlighted(raw, [(start, start + 5)])
    (span,) = [span for span in content.spans if "underline" in span.style]
    assert content.plain[span.start : span.end] == "quote"
    assert "[bold]" in content.plain


def test_only_the_gate_makes_what_widgets_show() -> None:
    """No other module builds content, Rich text or markup, so none can show text uncleaned."""
    makers = {"Content", "Text", "from_markup", "Markdown", "RichLog", "Log", "Label", "Style"}
    folder = Path(assistant.tui.__path__[0])
    found: list[str] = []
    for path in sorted(folder.rglob("*.py")):
        if path.name == "safe_content.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                callee = node.func
                name = getattr(callee, "id", getattr(callee, "attr", ""))
                owner = getattr(getattr(callee, "value", None), "id", "")
                if name in makers or owner in makers:
                    found.append(f"{path.name}:{node.lineno} {ast.unparse(callee)}")
                if name in {"Static", "update"} and node.args and _is_raw(node.args[0]):
                    found.append(f"{path.name}:{node.lineno} {ast.unparse(node)}")
                if name == "notify" and not any(k.arg == "markup" for k in node.keywords):
                    found.append(f"{path.name}:{node.lineno} notify reads markup")
    assert found == []


def _is_raw(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)


def test_shortened_texts() -> None:
    assert safe_content.shortened("one two  three", 8) == "one…"
    assert safe_content.shortened("short", 8) == "short"
    assert safe_content.shortened("x" * 20, 8) == "x" * 7 + "…"
    assert safe_content.shortened_name("a-very-long-contract-name.pdf", 16) == "a-very-lon…e.pdf"
