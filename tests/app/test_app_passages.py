"""The passages: choosing, why they were found, quotes, whole pages."""

from __future__ import annotations

from assistant.tui.screens.page_view import PageScreen
from assistant.tui.widgets.passages_panel import PassagesPanel
from assistant.tui.widgets.question_input import QuestionInput
from assistant.types import Extracted, Finished, Retrieved, SearchResult
from tests.app.helpers import ask, running, said, text_of, wait_until
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import (
    WARRANTY_WORDS,
    Hold,
    answer,
    extract,
    warranty_hits,
)


async def test_passages_are_chosen_by_keys_and_tell_why_they_were_found() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        panel = app._chat.query_one(PassagesPanel)
        await pilot.press("f2")
        assert panel.has_focus_within
        shown = text_of(panel)
        assert "supply-contract.pdf, page 2" in shown
        assert "meaning: cosine 0.712 (rank 1)" in shown
        assert "words: BM25 8.43 (rank 1)" in shown
        assert "fused 0.0328" in shown
        await pilot.press("down")
        assert panel.selected is not None
        assert panel.selected.number == 2
        await pilot.press("4")
        assert panel.selected.number == 4
        assert "BM25" not in text_of(panel)
        await pilot.press("9")
        assert panel.selected.number == 4
        await pilot.press("escape")
        assert app._chat.query_one(QuestionInput).has_focus


async def test_the_first_quoted_passage_is_selected_unless_the_person_chose() -> None:
    fake = FakeWorkspace()
    hits = warranty_hits(fake)
    second = extract(hits, 1, "The liability of the Supplier is limited to the price of the pumps")
    script = [
        Retrieved(SearchResult("q", hits, 0.9, relevant=True)),
        Hold("extract"),
        Extracted(second),
        Finished(answer("", second.text, sentences=[second], hits=hits)),
    ]
    fake._answers = [script, script]
    async with running(fake) as (app, pilot):
        panel = app._chat.query_one(PassagesPanel)
        await ask(pilot, "q")
        await wait_until(pilot, lambda: panel.selected is not None)
        assert panel.selected.number == 1
        fake.release("extract")
        await wait_until(pilot, lambda: panel.selected.number == 2)
        fake.hold("extract")
        await wait_until(pilot, lambda: not app.app_state.busy("answer"))
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "4 passages found" in said(app))
        await pilot.press("f2", "down", "down", "down")
        assert panel.selected.number == 4
        fake.release("extract")
        await wait_until(pilot, lambda: not app.app_state.busy("answer"))
        await pilot.pause()
        assert panel.selected.number == 4


async def test_the_quote_is_highlighted_in_its_passage() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        content = app._chat.query_one("#source-text").render()
        marked = [content.plain[s.start : s.end] for s in content.spans if "underline" in s.style]
        assert "".join(marked) == WARRANTY_WORDS


async def test_the_keyboard_leads_from_the_passage_to_its_page() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        await pilot.press("f2", "enter")
        await wait_until(pilot, lambda: isinstance(app.screen, PageScreen))
        await wait_until(pilot, lambda: "5. Liability" in text_of(app.screen))
        assert "supply-contract.pdf, page 2 of 3" in text_of(app.screen)
        content = app.screen.query_one("#page-text").render()
        marked = [content.plain[s.start : s.end] for s in content.spans if "underline" in s.style]
        assert "".join(marked) == WARRANTY_WORDS
        await pilot.press("right")
        await wait_until(pilot, lambda: "9. Termination" in text_of(app.screen))
        await pilot.press("right")
        await pilot.press("left", "left")
        await wait_until(pilot, lambda: "SUPPLY AGREEMENT" in text_of(app.screen))
        await pilot.press("escape")
        assert not isinstance(app.screen, PageScreen)


async def test_a_click_on_a_citation_shows_its_passage() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        await pilot.press("f2", "3", "f2")
        panel = app._chat.query_one(PassagesPanel)
        assert panel.selected.number == 3
        body = app._chat.query_one(".turn .body")
        rows = str(body.render()).split("\n")
        row = next(
            i
            for i, r in enumerate(body.render().wrap(body.content_size.width))
            if r.plain.startswith("[1] supply")
        )
        assert rows
        await pilot.click(body, offset=(body.styles.padding.left + 1, row))
        await wait_until(pilot, lambda: panel.selected.number == 1)


async def test_a_long_page_is_scrolled_to_the_quote() -> None:
    quote = "The needle stands here."
    text = "filler line\n" * 4000 + quote + "\n" + "more filler\n" * 4000
    fake = FakeWorkspace(pages={"long.txt": (text,)})
    passage = fake.passage("long.txt", 1, quote, quote)
    hit = type(warranty_hits(FakeWorkspace())[0])(passage, warranty_hits(FakeWorkspace())[0].scores)
    sentence = extract([hit], 0, quote)
    fake._answers = [
        [
            Retrieved(SearchResult("q", (hit,), 0.9, True)),
            Finished(answer("", quote, sentences=[sentence], hits=[hit])),
        ]
    ]
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "total" in said(app))
        await pilot.press("f2", "enter")
        await wait_until(pilot, lambda: "characters before" in text_of(app.screen))
        body = app.screen.query_one("#page-body")
        await wait_until(pilot, lambda: body.scroll_offset.y > 0)
        lines = app.screen.query_one("#page-text").render().wrap(body.size.width)
        seen = lines[body.scroll_offset.y : body.scroll_offset.y + body.size.height]
        assert any(quote in line.plain for line in seen)
