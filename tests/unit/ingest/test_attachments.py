"""What is attached to a mail is a document that knows its mail, and shares its fate."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.documents.sandboxed_parser import ChildParser
from assistant.ingest import Ingester
from assistant.store import StoreKey, open_store
from assistant.types import (
    FileAdded,
    FileFailed,
    FileKnown,
    IngestEvent,
    IngestFinished,
    Parser,
    Store,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.parser import FakeParser
from tests.fakes.store import FakeStore

INVOICE, PLAN = "The pump costs 300 euros.", "The pump is mounted in May."


def mail(subject: str, **attached: str | bytes | EmailMessage) -> EmailMessage:
    """A mail; each attachment is named "name_ending"."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "ann@example.org", "bo@example.org", subject
    made.set_content(f"This is about {subject}.")
    for key, content in attached.items():
        name = key.replace("_", ".")
        if isinstance(content, EmailMessage):
            made.add_attachment(content)
        elif isinstance(content, bytes):
            made.add_attachment(content, "application", "octet-stream", filename=name)
        else:
            made.add_attachment(content, filename=name)
    return made


class Bench:
    def __init__(self, folder: Path, store: Store, parser: Parser) -> None:
        self.folder, self.store, self.parser = folder, store, parser

    def write(self, name: str, content: EmailMessage | str) -> Path:
        path = self.folder / name
        data = content.encode() if isinstance(content, str) else content.as_bytes()
        path.write_bytes(data)
        return path

    def add(self) -> list[IngestEvent]:
        settings = Settings(data_dir=self.folder.parent / "data")
        embedder = FakeEmbedder(dimension=64, token_limit=100_000)
        return list(Ingester(self.store, embedder, self.parser, settings).add([self.folder]))

    def holds(self) -> dict[str, list[str]]:
        """Each document's name, and where it lies below the folder."""
        top = f"{self.folder.resolve()}/"
        sources = self.store.sources()
        return {
            record.name: [s.removeprefix(top) for s, n in sources.items() if n == record.id]
            for record in self.store.documents()
        }


@pytest.fixture(params=["fake", "real"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "mails"
    folder.mkdir()
    if request.param == "fake":
        yield Bench(folder, FakeStore(), FakeParser())
        return
    embedder = FakeEmbedder(dimension=64, token_limit=100_000)
    path = tmp_path / "data" / "library.db"
    with (
        open_store(path, StoreKey(bytes(32)), create=True, embedder=embedder.identity) as store,
        ChildParser(Settings(data_dir=tmp_path / "data")) as parser,
    ):
        yield Bench(folder, store, parser)


def test_attachments_are_documents_of_their_own(bench: Bench) -> None:
    bench.write("a.eml", mail("the pump", invoice_txt=INVOICE, plan_md=f"# May\n\n{PLAN}\n"))
    events = bench.add()
    assert bench.holds() == {
        "a.eml: invoice.txt": ["a.eml/invoice.txt"],
        "a.eml: plan.md": ["a.eml/plan.md"],
        "a.eml": ["a.eml"],
    }
    assert events[-1] == IngestFinished(added=3, known=0, failed=0, cancelled=False)
    record = bench.store.resolve("a.eml: invoice.txt")
    assert bench.store.page_text(record.id, 1).strip() == INVOICE
    assert record.title == "the pump: invoice.txt"
    assert {type(e) for e in bench.add()[-2:]} == {FileKnown, IngestFinished}
    assert len(bench.holds()) == 3


def test_a_renamed_mail_takes_its_attachments_along(bench: Bench) -> None:
    path = bench.write("a.eml", mail("the pump", invoice_txt=INVOICE))
    bench.add()
    path.rename(bench.folder / "b.eml")
    bench.add()
    assert bench.holds() == {"b.eml: invoice.txt": ["b.eml/invoice.txt"], "b.eml": ["b.eml"]}


def test_a_copied_mail_has_its_attachments_at_both_places(bench: Bench) -> None:
    first = mail("the pump", invoice_txt=INVOICE)
    bench.write("a.eml", first)
    bench.add()
    bench.write("b.eml", first)
    bench.add()
    assert bench.holds() == {
        "a.eml: invoice.txt": ["a.eml/invoice.txt", "b.eml/invoice.txt"],
        "a.eml": ["a.eml", "b.eml"],
    }


def test_another_mail_at_its_path_replaces_what_was_attached(bench: Bench) -> None:
    bench.write("a.eml", mail("the pump", invoice_txt=INVOICE, plan_txt=PLAN))
    bench.add()
    bench.write("a.eml", mail("the pump", invoice_txt=INVOICE, offer_txt="It costs 250 euros."))
    bench.add()
    assert bench.holds().keys() == {"a.eml: invoice.txt", "a.eml: offer.txt", "a.eml"}
    bench.write("a.eml", mail("nothing"))
    bench.add()
    assert bench.holds() == {"a.eml": ["a.eml"]}


def test_renamed_and_its_old_path_taken_by_another(bench: Bench) -> None:
    path = bench.write("a.eml", mail("the pump", invoice_txt=INVOICE))
    bench.add()
    path.rename(bench.folder / "b.eml")
    bench.write("a.eml", mail("the roof", invoice_txt="The roof costs 900 euros."))
    bench.add()
    assert bench.holds() == {
        "b.eml: invoice.txt": ["b.eml/invoice.txt"],
        "b.eml": ["b.eml"],
        "a.eml: invoice.txt": ["a.eml/invoice.txt"],
        "a.eml": ["a.eml"],
    }


def test_forgetting_a_mail_forgets_what_came_with_it_and_nothing_else(bench: Bench) -> None:
    bench.write("a.eml", mail("the pump", invoice_txt=INVOICE, plan_txt=PLAN))
    bench.write("a.eml0.txt", "A neighbour in the order of names.")
    bench.write("invoice.txt", INVOICE + "\n")  # an attachment's text ends with a newline
    bench.add()
    assert bench.holds()["a.eml: invoice.txt"] == ["a.eml/invoice.txt", "invoice.txt"]
    bench.store.forget(bench.store.resolve("a.eml").id)
    assert sorted(bench.holds().values()) == [["a.eml0.txt"], ["invoice.txt"]]


def test_an_attachment_that_lies_elsewhere_too_is_there_once(bench: Bench) -> None:
    bench.write("0.txt", INVOICE + "\n")
    bench.write("a.eml", mail("the pump", invoice_txt=INVOICE))
    events = bench.add()
    assert bench.holds() == {"0.txt": ["0.txt", "a.eml/invoice.txt"], "a.eml": ["a.eml"]}
    assert sum(isinstance(event, FileKnown) for event in events) == 1
    bench.write("copy.txt", INVOICE + "\n")  # a new place for the same content keeps the others
    bench.add()
    assert bench.holds()["0.txt"] == ["0.txt", "a.eml/invoice.txt", "copy.txt"]


def test_mails_in_mails_down_to_a_depth(bench: Bench) -> None:
    inner = mail("number 0", note_txt="The innermost note.")
    for number in range(1, 8):
        inner = mail(f"number {number}", inner=inner)
    bench.write("a.eml", inner)
    events = bench.add()
    assert not any(isinstance(event, FileFailed) for event in events)
    assert len(bench.holds()) == 5
    deepest = max(bench.holds(), key=len)
    assert deepest == "a.eml: number 6.eml: number 5.eml: number 4.eml: number 3.eml"
    notes = [event.note for event in events if isinstance(event, FileAdded)]
    assert sum("attachments (1) were left out: number 2.eml" in note for note in notes) == 1
    bench.store.forget(bench.store.resolve("a.eml").id)
    assert bench.holds() == {}


def test_what_can_not_be_read_is_named_in_the_note(bench: Bench) -> None:
    odd = {"x_txt": bytes(range(256)) * 9, "empty_zip": b"PK\x05\x06" + bytes(18)}
    bench.write("a.eml", mail("the pump", invoice_txt=INVOICE, **odd))
    events = bench.add()
    assert bench.holds().keys() == {"a.eml: invoice.txt", "a.eml"}
    noted = next(e for e in events if isinstance(e, FileAdded) and e.document.name == "a.eml")
    assert "x.txt" in noted.note
    assert not any(isinstance(event, FileFailed) for event in events)
    notes = bench.store.notes(noted.document.id)
    assert [note.code for note in notes] == ["attachments_left_out"]
