"""Asking again: the last question as it was, or changed; the commands by a slash."""

from __future__ import annotations

from textual.command import CommandPalette

from assistant.tui.widgets.conversation import Conversation
from assistant.tui.widgets.question_input import QuestionInput
from tests.app.helpers import ask, notices, running, said, type_text, wait_until
from tests.app.test_app_chat import staged
from tests.fakes.workspace import FakeWorkspace


async def test_the_last_question_is_asked_again_and_a_draft_stays() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await pilot.press("ctrl+r")
        assert notices(app) == ["No question has been asked yet."]
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        await wait_until(pilot, lambda: not app.app_state.busy("answer"))
        await type_text(pilot, "draft")
        await pilot.press("ctrl+r")
        await wait_until(pilot, lambda: said(app).count("each sentence checked") == 2)
        turns = app._chat.query_one(Conversation).turns
        assert [turn.question for turn in turns] == ["q", "q"]
        assert app._chat.query_one(QuestionInput).text == "draft"


async def test_nothing_is_asked_again_while_an_answer_is_written() -> None:
    fake = staged()
    async with running(fake) as (app, pilot):
        await ask(pilot, "q")
        fake.release("retrieved")
        await pilot.press("ctrl+r")
        await wait_until(pilot, lambda: "still being written" in " ".join(notices(app)))
        assert len(app._chat.query_one(Conversation).turns) == 1


async def test_the_last_question_is_edited_unless_words_stand_in_the_box() -> None:
    async with running(FakeWorkspace()) as (app, pilot):
        await ask(pilot, "q")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        box = app._chat.query_one(QuestionInput)
        await type_text(pilot, "draft")
        app._chat.action_edit()
        assert box.text == "draft"
        await wait_until(pilot, lambda: "words in the box" in " ".join(notices(app)))
        box.clear()
        app._chat.action_edit()
        await pilot.press("x")
        assert box.text == "qx"


async def test_a_slash_in_an_empty_box_opens_the_commands() -> None:
    async with running(FakeWorkspace()) as (app, pilot):
        await type_text(pilot, "a/b")
        box = app._chat.query_one(QuestionInput)
        assert box.text == "a/b"
        box.clear()
        await pilot.press("slash")
        await wait_until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"edit", "space", *"last")
        await pilot.press("escape")
        assert box.text == ""
