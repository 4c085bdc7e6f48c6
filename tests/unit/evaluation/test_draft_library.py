"""Drafting from a whole library: variety, what is ambiguous, what can't be answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import Cancelled, UsageError
from assistant.evaluation.draft.candidates import KINDS
from assistant.evaluation.draft.draft_suite import Draft, Wanted, draft
from assistant.evaluation.draft.suite_lines import as_bytes, suite_lines
from assistant.evaluation.draft.unanswerable import FAR
from assistant.evaluation.gold_spans import Pages, find_gold_spans
from assistant.evaluation.suite import read_suite
from assistant.types import CancelToken
from tests.app.hostile import POISON
from tests.fakes.drafts import AGREEMENT, LIBRARY, MANUAL, library
from tests.fakes.workspace import FakeWorkspace


def make(fake: FakeWorkspace | None = None, **wanted: object) -> Draft:
    said: list[tuple[str, int, int]] = []
    chosen = Wanted(**wanted)  # type: ignore[arg-type]
    made = draft(fake or library(), chosen, CancelToken(), lambda *step: said.append(step))
    assert said[-1] == ("choosing", made.pages, made.pages)
    return made


def test_the_suite_loads_and_every_span_is_found(tmp_path: Path) -> None:
    fake, path = library(), tmp_path / "suite.jsonl"
    path.write_bytes(as_bytes(suite_lines(make(fake, count=100))))
    suite = read_suite(path, unreviewed=True)
    places = find_gold_spans(suite, fake.documents(), Pages(fake))
    answerable = [item for item in suite.items if item.answerable]
    assert len(answerable) >= 15
    assert all(places[item.id] for item in answerable)
    assert len({item.question for item in suite.items}) == len(suite.items)


def test_every_kind_and_every_document_has_its_turn() -> None:
    made = make(count=20)
    assert {c.kind for c in made.questions} == set(KINDS)
    assert {c.document for c in made.questions} == set(LIBRARY)
    scores = [c.score for c in made.questions]
    assert max(scores) == scores[0]


def test_the_same_seed_drafts_the_same_and_another_one_not() -> None:
    first = as_bytes(suite_lines(make(count=12, seed=1)))
    assert first == as_bytes(suite_lines(make(count=12, seed=1)))
    assert first != as_bytes(suite_lines(make(count=12, seed=2)))


@pytest.mark.parametrize(
    ("count", "share", "absent"), [(8, 0.25, 2), (8, 0, 0), (4, 1, 4), (1, 0.25, 0)]
)
def test_the_share_of_unanswerable_ones(count: int, share: float, absent: int) -> None:
    made = make(count=count, unanswerable_share=share)
    assert (len(made.questions), len(made.unanswerable)) == (count - absent, absent)


def test_what_is_said_to_be_absent_is_absent() -> None:
    fake = library()
    text = " ".join(p for pages in LIBRARY.values() for p in pages).lower()
    made = make(fake, count=40, unanswerable_share=0.5)
    assert len({a.sort for a in made.unanswerable}) == 3
    for absent in made.unanswerable:
        if '"' in absent.why and absent.why.startswith("no page holds"):
            for word in absent.why.split('"')[1].lower().split():
                assert word not in text, absent
        else:
            asked_of, spoken_in = absent.why.split('"')[1::2]
            assert asked_of != spoken_in
            assert absent.document == asked_of


def test_a_topic_that_a_page_holds_is_not_far() -> None:
    far = " ".join(
        a.question for a in make(count=100, unanswerable_share=1).unanswerable if a.sort == FAR
    )
    assert "piano tuning" in far
    with_piano = library(**{"a.txt": ("The piano was tuned in May of that year by somebody.",)})
    made = make(with_piano, count=100, unanswerable_share=1)
    assert "piano" not in " ".join(a.question for a in made.unanswerable)


def test_what_two_documents_define_names_the_one_that_is_meant() -> None:
    other = AGREEMENT[0].replace("part B", "part C").replace("Northfield", "Southfield")
    made = make(library(**{"agreement.pdf": AGREEMENT, "lease.pdf": (other,)}), count=60)
    spare = [c.question for c in made.questions if "Spare Parts" in c.question]
    assert sorted(spare) == [
        'In "Agreement": what does "Spare Parts" mean?',
        'In "Lease": what does "Spare Parts" mean?',
    ]


def test_hostile_titles_and_names_do_no_harm(tmp_path: Path) -> None:
    class Hostile(FakeWorkspace):
        def documents(self):  # type: ignore[no-untyped-def]
            return [replace(r, title=f"Title {r.id} {POISON[:24]}") for r in super().documents()]

    names = {f"a{POISON}.pdf": AGREEMENT, f"b{POISON}\n.pdf": AGREEMENT, "c\udc80.pdf": AGREEMENT}
    fake = Hostile(pages=names, forbidden=-1)
    made = make(fake, count=60, unanswerable_share=0.4)
    assert made.left_out == ("c\udc80.pdf",)
    assert any(c.question.startswith('In "Title') for c in made.questions)
    data = as_bytes(suite_lines(made))
    assert data.isascii()
    assert b"\x1b" not in data
    path = tmp_path / "q.jsonl"
    path.write_bytes(data)
    suite = read_suite(path, unreviewed=True)
    assert all(item.question.isprintable() for item in suite.items)
    find_gold_spans(suite, fake.documents(), Pages(fake))


def test_without_a_title_of_its_own_an_ambiguous_question_is_left_out() -> None:
    fake = FakeWorkspace(pages={"a.pdf": AGREEMENT, "b.pdf": AGREEMENT}, forbidden=-1)
    with pytest.raises(UsageError, match="Nothing in these documents"):
        make(fake)


def test_documents_and_kinds_can_be_chosen() -> None:
    made = make(count=50, documents=(2,), kinds=("table",), unanswerable_share=0)
    assert {(c.document, c.kind) for c in made.questions} == {("manual.md", "table")}
    # One cell of a row is enough: three rows, three questions.
    assert len(made.questions) == 3


def test_a_name_that_two_documents_have_can_not_be_in_a_suite() -> None:
    class Doubled(FakeWorkspace):
        def documents(self):  # type: ignore[no-untyped-def]
            return [replace(r, name="same.md" if r.id < 3 else r.name) for r in super().documents()]

    fake = Doubled(pages={"a.pdf": AGREEMENT, "b.pdf": AGREEMENT, "c.md": (MANUAL,)}, forbidden=-1)
    made = make(fake, unanswerable_share=0)
    assert made.left_out == ("same.md",)
    assert {c.document for c in made.questions} == {"c.md"}


def test_an_empty_library_and_one_with_nothing_to_ask() -> None:
    with pytest.raises(UsageError, match="empty"):
        make(FakeWorkspace(pages={}, forbidden=-1))
    with pytest.raises(UsageError, match="Nothing in these documents"):
        make(library(**{"a.txt": ("",), "b.txt": ("hello world\n",)}))


def test_a_cancel_stops_between_two_pages() -> None:
    token, fake = CancelToken(), library()

    def progress(what: str, done: int, total: int) -> None:
        if done == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        draft(fake, Wanted(), token, progress)
    assert sum(name == "page_text" for name, _ in fake.calls) == 2
