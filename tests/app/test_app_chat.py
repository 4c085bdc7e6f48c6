"""The chat: streaming, cancelling, failing, small terminals."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList

from assistant.errors import EngineError
from assistant.tui.screens.dialogs import ErrorDialog
from assistant.tui.turn_state import Phase
from assistant.tui.widgets.conversation import Conversation
from assistant.tui.widgets.passages_panel import PassagesPanel
from assistant.tui.widgets.question_input import QuestionInput
from assistant.types import Extracted, Finished, Generated
from tests.app.helpers import ask, notices, running, said, text_of, type_text, wait_until
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import (
    PAGES,
    WARRANTY_WORDS,
    Forever,
    Hold,
    abstained_script,
    answer,
    extract,
    warranty_hits,
    warranty_script,
    written,
)


def staged() -> FakeWorkspace:
    """A workspace that waits before every stage of the answer."""
    fake = FakeWorkspace()
    fake._answers = [warranty_script(fake, lambda stage: [Hold(stage)])]
    return fake


async def test_the_answer_grows_stage_by_stage() -> None:
    fake = staged()
    async with running(fake) as (app, pilot):
        await ask(pilot, "How long is the warranty?")
        await wait_until(pilot, lambda: "Searching" in said(app))
        assert "How long is the warranty?" in said(app)
        assert app._chat.query_one(QuestionInput).text == ""

        fake.release("retrieved")
        await wait_until(pilot, lambda: "4 passages found" in said(app))
        assert "24 months" not in said(app)
        assert app._chat.query_one("#sources", OptionList).option_count == 4

        fake.release("extracted")
        await wait_until(pilot, lambda: "word for word" in said(app))
        assert "a period of 24 months from the date of delivery.” [1]" in said(app)

        fake.release("generated")
        await wait_until(pilot, lambda: "shipping." in said(app))
        assert "not checked yet" in said(app)
        assert "(unsupported)" not in said(app)

        fake.release("finished")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        assert "not checked yet" not in said(app)
        assert "The warranty lasts 24 months from delivery. [1]" in said(app)
        assert "It also covers shipping. (unsupported)" in said(app)
        assert "[1] supply-contract.pdf, page 2" in said(app)
        assert "total 1.9 s" in said(app)


async def test_escape_stops_the_producer_and_the_app_goes_on() -> None:
    fake = FakeWorkspace(answers=[[Forever()]])
    async with running(fake) as (app, pilot):
        await ask(pilot, "first")
        await wait_until(pilot, lambda: "and so on" in said(app))
        await pilot.press("escape")
        await wait_until(pilot, lambda: "Cancelled." in said(app))
        assert fake.stopped == ["ask"]
        assert "and so on" in said(app)
        produced = fake.produced
        await pilot.pause(0.05)
        assert fake.produced == produced
        await ask(pilot, "second")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        assert fake.questions == ["first", "second"]


async def test_ctrl_c_cancels_first() -> None:
    fake = FakeWorkspace(answers=[[Forever()]])
    async with running(fake) as (app, pilot):
        await ask(pilot, "first")
        await wait_until(pilot, lambda: "and so on" in said(app))
        await pilot.press("ctrl+c")
        await wait_until(pilot, lambda: "Cancelled." in said(app))
        assert fake.stopped == ["ask"]
        assert not fake.closed


async def test_a_cancelled_search_is_not_an_error() -> None:
    fake = FakeWorkspace(answers=[[Hold("never")]])
    async with running(fake) as (app, pilot):
        await ask(pilot, "first")
        await wait_until(pilot, lambda: fake.questions)
        await pilot.press("escape")
        await wait_until(pilot, lambda: "Cancelled." in said(app))
        assert not isinstance(app.screen, ErrorDialog)


async def test_a_second_question_is_refused_and_kept() -> None:
    fake = FakeWorkspace(answers=[[Hold("first")]])
    async with running(fake) as (app, pilot):
        await ask(pilot, "first")
        await wait_until(pilot, lambda: fake.questions)
        await ask(pilot, "second")
        await wait_until(pilot, lambda: any("still being written" in n for n in notices(app)))
        assert app._chat.query_one(QuestionInput).text == "second"
        assert fake.questions == ["first"]
        await pilot.press("escape")
        await wait_until(pilot, lambda: not app.app_state.busy("answer"))
        await pilot.press("enter")
        await wait_until(pilot, lambda: fake.questions == ["first", "second"])


@pytest.mark.parametrize("error", [EngineError("Decoding failed.", hint="Ask again."), KeyError(1)])
async def test_a_failed_answer_shows_a_dialog_and_the_app_goes_on(error: Exception) -> None:
    fake = FakeWorkspace(answers=[[Generated("half an ans"), error]])
    async with running(fake) as (app, pilot):
        await ask(pilot, "first")
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        dialog = text_of(app.screen)
        if isinstance(error, EngineError):
            assert "The model stopped" in dialog
            assert "Decoding failed." in dialog
            assert "What to do: Ask again." in dialog
        else:
            assert "Unexpected error" in dialog
            assert "KeyError at script_player.py:" in dialog
        await pilot.press("escape")
        assert "half an ans" in said(app)
        assert "This question failed" in said(app)
        await ask(pilot, "second")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))


async def test_an_answer_without_an_end_is_reported() -> None:
    fake = FakeWorkspace(answers=[[Generated("half")]])
    async with running(fake) as (app, pilot):
        await ask(pilot, "first")
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "ended before it was finished" in text_of(app.screen)
        assert not app.app_state.busy("answer")


async def test_an_abstained_answer_says_so_and_names_the_nearest_passages() -> None:
    fake = FakeWorkspace()
    fake._answers = [abstained_script(fake)]
    async with running(fake) as (app, pilot):
        await ask(pilot, "Who won the cup?")
        await wait_until(pilot, lambda: "No answer." in said(app))
        assert "does not seem to hold the answer" in said(app)
        assert "Nearest passages" in said(app)
        assert "[1] supply-contract.pdf, page 2" in said(app)


async def test_a_refusal_still_shows_the_closest_sentence_with_its_mark() -> None:
    fake = FakeWorkspace()
    hits = warranty_hits(fake)
    first = extract(hits, 0, WARRANTY_WORDS)
    final = answer("", "No. Closest: ...", sentences=[first], hits=hits, abstained=True)
    fake._answers = [[Extracted(first), Finished(final)]]
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "No answer." in said(app))
        assert "Closest sentence, word for word" in said(app)
        assert "from the date of delivery.” [1]" in said(app)


async def test_truncated_and_several_marks() -> None:
    fake = FakeWorkspace()
    hits = warranty_hits(fake)
    both = written(hits, "Warranty and liability are limited.", 0, "24 months")
    other = written(hits, "", 1, "the price of the pumps")
    both = type(both)(both.text, True, both.quotes + other.quotes, "model")
    final = answer("", both.text, sentences=[both], hits=hits, truncated=True)
    fake._answers = [[Finished(final)]]
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "are limited. [1] [2]" in said(app))
        assert "The model's text was cut" in said(app)


async def test_new_line_history_and_paste() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        box = app._chat.query_one(QuestionInput)
        await type_text(pilot, "one")
        await pilot.press("ctrl+j")
        await type_text(pilot, "two")
        assert box.text == "one\ntwo"
        await pilot.press("enter")
        await wait_until(pilot, lambda: fake.questions == ["one\ntwo"])
        await wait_until(pilot, lambda: not app.app_state.busy("answer"))
        await pilot.press("up")
        assert box.text == "one\ntwo"
        await pilot.press("enter")
        await wait_until(pilot, lambda: len(fake.questions) == 2)


async def test_an_empty_question_is_not_sent() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (_, pilot):
        await ask(pilot, "   ")
        await pilot.pause()
        assert fake.questions == []


async def test_a_new_conversation_clears_the_old_one() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        await pilot.press("ctrl+l")
        await wait_until(pilot, lambda: not app._chat.query(".turn"))
        assert app._chat.query_one(Conversation).turns == []
        assert app._chat.query_one(PassagesPanel).sources == ()


async def test_without_a_chat_model_the_bar_says_quotes_only() -> None:
    fake = FakeWorkspace(model="")
    async with running(fake) as (app, _):
        assert "no chat model: quotes only" in text_of(app.screen)


async def test_a_flood_of_pieces_neither_blocks_nor_loses_any() -> None:
    pieces = [Generated(f"{n} ") for n in range(5000)]
    fake = FakeWorkspace()
    hits = warranty_hits(fake)
    fake._answers = [[*pieces, Hold("end"), Finished(answer("", "x", hits=hits, abstained=True))]]
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        turn = app._chat.query_one(Conversation).turns[0]
        await wait_until(pilot, lambda: turn.draft.endswith("4999 "))
        assert turn.draft == "".join(piece.text for piece in pieces)
        await type_text(pilot, "typing goes on")
        assert app._chat.query_one(QuestionInput).text == "typing goes on"
        fake.release("end")
        await wait_until(pilot, lambda: turn.phase is Phase.DONE)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (40, 12)])
async def test_a_small_terminal_is_usable(size: tuple[int, int]) -> None:
    fake = FakeWorkspace()
    async with running(fake, size=size) as (app, pilot):
        panel = app._chat.query_one(PassagesPanel)
        assert not panel.display
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        await pilot.press("f2")
        assert panel.display
        assert panel.size.width >= size[0] - 4
        assert app._chat.query_one("#source-text").size.width > 0
        await pilot.press("escape")
        assert not panel.display
        assert app._chat.query_one(QuestionInput).has_focus
        assert app._chat.query_one(Conversation).size.height >= 4


async def test_resizing_in_the_middle_of_an_answer() -> None:
    fake = staged()
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        fake.release("retrieved")
        for size in ((60, 20), (200, 60), (20, 5), (3, 2), (1, 1), (120, 36)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        for stage in ("extracted", "generated", "finished"):
            fake.release(stage)
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        assert PAGES["supply-contract.pdf"]
